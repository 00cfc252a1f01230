package wire

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

// testMessage gives a DATA message without fault.
func testMessage() *Message {
	return &Message{
		Header: *testHeader(), Type: TypeData,
		Data: &DataPayload{Format: "urn:com:acme:pump:attributes", Items: []Item{{"x", IntegerValue(1)}}},
	}
}

func testPayload(t MessageType) *Message {
	m := &Message{Header: *testHeader(), Type: t}
	switch t {
	case TypeData:
		return testMessage()
	case TypeAlert:
		m.Alert = &AlertPayload{Format: "f", Severity: SeverityLow, Description: "d"}
	case TypeRequest:
		m.Request = &Request{Method: "GET", URL: "u"}
	case TypeResponse:
		m.Response = &Response{StatusCode: 200}
	case TypeResourcesReport:
		m.Report = &ResourcesReport{
			ReportType: ReportUpdate, EndpointName: "e", Resources: []Resource{{Name: "n", Path: "p", Methods: []string{"GET"}}},
		}
	}
	return m
}

// Messages of a device are the same whichever way they are written.
func TestAppendIsTheEncoders(t *testing.T) {
	for _, kind := range []MessageType{TypeData, TypeAlert, TypeRequest, TypeResponse, TypeResourcesReport} {
		m := testPayload(kind)
		var want []byte
		switch kind {
		case TypeData:
			want = AppendData(nil, &m.Header, m.Data.Format, m.Data.Items)
		case TypeAlert:
			want = AppendAlert(nil, &m.Header, m.Alert.Format, m.Alert.Description, m.Alert.Severity, m.Alert.Items)
		case TypeRequest:
			m.ID = "i"
			want = AppendRequest(nil, &m.Header, "i", m.Request)
		case TypeResponse:
			want = AppendResponse(nil, &m.Header, m.Response)
		case TypeResourcesReport:
			want = AppendResourcesReport(nil, &m.Header, m.Report)
		}
		got, err := m.Append([]byte("["))
		if err != nil || string(got) != "["+string(want) {
			t.Errorf("%v: %v\n got %s\nwant %s", kind, err, got, want)
		}
	}
}

func TestAppendServerView(t *testing.T) {
	m := testMessage()
	m.ID, m.ClientText, m.Direction, m.ReceivedTime, m.SentTime = "i", "Any \"text\"", FromDevice, 8, 9
	m.Properties = map[string][]string{"a": {"b"}}
	got, err := m.Append(nil)
	want := `{"id":"i","clientId":"Any \"text\"","source":"0-DCD-A001","destination":"","sender":"","priority":"LOW",` +
		`"reliability":"BEST_EFFORT","eventTime":1511805927387,"receivedTime":8,"sentTime":9,"type":"DATA",` +
		`"direction":"FROM_DEVICE","properties":{"a":["b"]},"payload":{"format":"urn:com:acme:pump:attributes","data":{"x":1}}}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	back, err := DecodeMessage(got)
	if err != nil {
		t.Fatal(err)
	}
	m.ClientID = UUID{} // the text was written in its place
	if !reflect.DeepEqual(m, back) {
		t.Errorf("read back %+v, want %+v", back, m)
	}
}

func TestAppendWithoutClientID(t *testing.T) {
	m := testMessage()
	m.ClientID = UUID{}
	got, err := m.Append(nil)
	if err != nil || strings.Contains(string(got), "clientId") {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	const bad = "\xff"
	for name, c := range map[string]struct {
		kind    MessageType
		change  func(m *Message)
		pointer string
		code    Code
		cause   error
	}{
		"no type": {TypeData, func(m *Message) { m.Type = 0 }, "/payload", CodeType, ErrPayload},
		"other type": {
			TypeData, func(m *Message) { m.Type = TypeAlert },
			"/payload", CodeType, ErrPayload,
		},
		"unknown type": {
			TypeData, func(m *Message) { m.Type, m.Data = 99, nil },
			"/payload", CodeType, ErrPayload,
		},
		"no payload": {
			TypeData, func(m *Message) { m.Data = nil },
			"/payload", CodeType, ErrPayload,
		},
		"two payloads": {
			TypeData, func(m *Message) { m.Request = &Request{} },
			"/payload", CodeType, ErrPayload,
		},
		"no source": {
			TypeData, func(m *Message) { m.Source = "" },
			"/source", CodeNoSource, ErrMissing,
		},
		"source": {
			TypeData, func(m *Message) { m.Source = bad },
			"/source", CodeOther, ErrNotUTF8,
		},
		"destination": {
			TypeData, func(m *Message) { m.Destination = bad },
			"/destination", CodeOther, ErrNotUTF8,
		},
		"sender": {
			TypeData, func(m *Message) { m.Sender = bad },
			"/sender", CodeOther, ErrNotUTF8,
		},
		"id": {TypeData, func(m *Message) { m.ID = bad }, "/id", CodeOther, ErrNotUTF8},
		"client text": {
			TypeData, func(m *Message) { m.ClientText = bad },
			"/clientId", CodeOther, ErrNotUTF8,
		},
		"priority": {
			TypeData, func(m *Message) { m.Priority = 5 },
			"/priority", CodePriority, ErrUnknownValue,
		},
		"reliability": {
			TypeData, func(m *Message) { m.Reliability = 3 },
			"/reliability", CodeReliability, ErrUnknownValue,
		},
		"eventTime": {
			TypeData, func(m *Message) { m.EventTime = -1 },
			"/eventTime", CodeOther, ErrNumber,
		},
		"direction": {
			TypeData, func(m *Message) { m.Direction = "UP" },
			"/direction", CodeOther, ErrUnknownValue,
		},
		"property name": {
			TypeData, func(m *Message) { m.Properties = map[string][]string{"": {}} },
			"/properties/", CodePropertyName, ErrEmptyKey,
		},
		"property value": {
			TypeData, func(m *Message) { m.Properties = map[string][]string{"a": {bad}} },
			"/properties/a/0", CodePropertyValue, ErrNotUTF8,
		},
		"diagnostic type": {
			TypeData, func(m *Message) { m.Diagnostics = map[string]any{"a": 5} },
			"/diagnostics/a", CodeOther, ErrWrongType,
		},
		"diagnostic name": {
			TypeData, func(m *Message) { m.Diagnostics = map[string]any{bad: true} },
			"/diagnostics/" + bad, CodeOther, ErrNotUTF8,
		},
		"diagnostic text": {
			TypeData, func(m *Message) { m.Diagnostics = map[string]any{"a": bad} },
			"/diagnostics/a", CodeOther, ErrNotUTF8,
		},
		"diagnostic NaN": {
			TypeData, func(m *Message) { m.Diagnostics = map[string]any{"a": math.NaN()} },
			"/diagnostics/a", CodeOther, ErrNotFinite,
		},

		"no format": {
			TypeData, func(m *Message) { m.Data.Format = "" },
			"/payload/format", CodeDataFormat, ErrMissing,
		},
		"format": {
			TypeData, func(m *Message) { m.Data.Format = bad },
			"/payload/format", CodeOther, ErrNotUTF8,
		},
		"no items": {
			TypeData, func(m *Message) { m.Data.Items = nil },
			"/payload/data", CodeDataItems, ErrEmpty,
		},
		"item name": {
			TypeData, func(m *Message) { m.Data.Items[0].Name = "" },
			"/payload/data/", CodeDataItems, ErrEmptyKey,
		},
		"item no value": {
			TypeData, func(m *Message) { m.Data.Items[0].Value = Value{} },
			"/payload/data/x", CodeDataItems, ErrNoValue,
		},
		"item NaN": {
			TypeData, func(m *Message) { m.Data.Items[0].Value = NumberValue(math.NaN()) },
			"/payload/data/x", CodeDataItems, ErrNotFinite,
		},
		"item twice": {
			TypeData, func(m *Message) { m.Data.Items = append(m.Data.Items, m.Data.Items[0]) },
			"/payload/data/x", CodeDataItems, ErrDuplicate,
		},

		"no alert format": {
			TypeAlert, func(m *Message) { m.Alert.Format = "" },
			"/payload/format", CodeAlertFormat, ErrMissing,
		},
		"alert format": {
			TypeAlert, func(m *Message) { m.Alert.Format = bad },
			"/payload/format", CodeOther, ErrNotUTF8,
		},
		"severity": {
			TypeAlert, func(m *Message) { m.Alert.Severity = 5 },
			"/payload/severity", CodeAlertSeverity, ErrUnknownValue,
		},
		"description": {
			TypeAlert, func(m *Message) { m.Alert.Description = bad },
			"/payload/description", CodeOther, ErrNotUTF8,
		},
		"alert item": {
			TypeAlert, func(m *Message) { m.Alert.Items = []Item{{"a", StringValue(bad)}} },
			"/payload/data/a", CodeAlertItems, ErrNotUTF8,
		},

		"request, no clientId": {
			TypeRequest, func(m *Message) { m.ClientID = UUID{} },
			"/clientId", CodeID, ErrMissing,
		},
		"no method": {
			TypeRequest, func(m *Message) { m.Request.Method = "" },
			"/payload/method", CodeMethod, ErrMissing,
		},
		"method": {
			TypeRequest, func(m *Message) { m.Request.Method = bad },
			"/payload/method", CodeOther, ErrNotUTF8,
		},
		"no url": {
			TypeRequest, func(m *Message) { m.Request.URL = "" },
			"/payload/url", CodeURL, ErrMissing,
		},
		"url": {
			TypeRequest, func(m *Message) { m.Request.URL = bad },
			"/payload/url", CodeOther, ErrNotUTF8,
		},
		"empty header": {
			TypeRequest, func(m *Message) { m.Request.Headers = map[string][]string{"": nil} },
			"/payload/headers/", CodeOther, ErrEmptyKey,
		},
		"header name": {
			TypeRequest, func(m *Message) { m.Request.Headers = map[string][]string{"é": nil} },
			"/payload/headers/é", CodeOther, ErrNotPrintable,
		},
		"header value": {
			TypeRequest, func(m *Message) { m.Request.Headers = map[string][]string{"a": {"ok", "\r\n"}} },
			"/payload/headers/a/1", CodeOther, ErrNotPrintable,
		},
		"header twice": {
			TypeRequest, func(m *Message) { m.Request.Headers = map[string][]string{"A": nil, "a": nil} },
			"/payload/headers/a", CodeOther, ErrDuplicate,
		},
		"param name": {
			TypeRequest, func(m *Message) { m.Request.Params = map[string]string{bad: ""} },
			"/payload/params/" + bad, CodeOther, ErrNotUTF8,
		},
		"param value": {
			TypeRequest, func(m *Message) { m.Request.Params = map[string]string{"a": bad} },
			"/payload/params/a", CodeOther, ErrNotUTF8,
		},

		"response url": {
			TypeResponse, func(m *Message) { m.Response.URL = bad },
			"/payload/url", CodeOther, ErrNotUTF8,
		},
		"request id": {
			TypeResponse, func(m *Message) { m.Response.RequestID = bad },
			"/payload/requestId", CodeOther, ErrNotUTF8,
		},
		"response header": {
			TypeResponse, func(m *Message) { m.Response.Headers = map[string][]string{"a": {"\x7f"}} },
			"/payload/headers/a/0", CodeOther, ErrNotPrintable,
		},

		"no report type": {
			TypeResourcesReport, func(m *Message) { m.Report.ReportType = 0 },
			"/payload/value/reportType", CodeOther, ErrMissing,
		},
		"report type": {
			TypeResourcesReport, func(m *Message) { m.Report.ReportType = 4 },
			"/payload/value/reportType", CodeOther, ErrUnknownValue,
		},
		"no endpoint": {
			TypeResourcesReport, func(m *Message) { m.Report.EndpointName = "" },
			"/payload/value/endpointName", CodeOther, ErrMissing,
		},
		"endpoint": {
			TypeResourcesReport, func(m *Message) { m.Report.EndpointName = bad },
			"/payload/value/endpointName", CodeOther, ErrNotUTF8,
		},
		"mark": {
			TypeResourcesReport, func(m *Message) { m.Report.ReconciliationMark = bad },
			"/payload/value/reconciliationMark", CodeOther, ErrNotUTF8,
		},
		"empty update": {
			TypeResourcesReport, func(m *Message) { m.Report.Resources = nil },
			"/payload/value/resources", CodeOther, ErrEmpty,
		},
		"no methods": {
			TypeResourcesReport, func(m *Message) { m.Report.Resources[0].Methods = nil },
			"/payload/value/resources/0/methods", CodeOther, ErrMissing,
		},
		"resource name": {
			TypeResourcesReport, func(m *Message) { m.Report.Resources[0].Name = bad },
			"/payload/value/resources/0/name", CodeOther, ErrNotUTF8,
		},
		"resource path": {
			TypeResourcesReport, func(m *Message) { m.Report.Resources[0].Path = bad },
			"/payload/value/resources/0/path", CodeOther, ErrNotUTF8,
		},
		"resource endpoint": {
			TypeResourcesReport, func(m *Message) { m.Report.Resources[0].EndpointName = bad },
			"/payload/value/resources/0/endpointName", CodeOther, ErrNotUTF8,
		},
		"resource method": {
			TypeResourcesReport, func(m *Message) { m.Report.Resources[0].Methods[0] = bad },
			"/payload/value/resources/0/methods", CodeOther, ErrNotUTF8,
		},
	} {
		m := testPayload(c.kind)
		c.change(m)
		dst, err := m.Append([]byte("["))
		invalid(t, name, err, c.pointer, c.code, c.cause)
		if string(dst) != "[" {
			t.Errorf("%s: wrote %s", name, dst)
		}
	}
}

func TestAppendTakes(t *testing.T) {
	for name, c := range map[string]struct {
		kind   MessageType
		change func(m *Message)
	}{
		"diagnostic beyond the limit of texts": {TypeData, func(m *Message) {
			m.Diagnostics = map[string]any{"a": strings.Repeat("x", MaxText+1), "b": 1.5, "c": int64(1), "d": true}
		}},
		"time before the epoch":          {TypeData, func(m *Message) { m.EventTime = -2 }},
		"alert without items":            {TypeAlert, func(m *Message) { m.Alert.Items = nil }},
		"alert of default severity":      {TypeAlert, func(m *Message) { m.Alert.Severity = 0 }},
		"request with other client text": {TypeRequest, func(m *Message) { m.ClientID, m.ClientText = UUID{}, "x" }},
		"headers":                        {TypeResponse, func(m *Message) { m.Response.Headers = map[string][]string{"A": {" ~"}, "b": nil} }},
		"other status":                   {TypeResponse, func(m *Message) { m.Response.StatusCode = -1 }},
		"removal without methods": {TypeResourcesReport, func(m *Message) {
			m.Report.Resources[0].Methods, m.Report.Resources[0].Removed = nil, true
		}},
		"deletion of all": {TypeResourcesReport, func(m *Message) { m.Report.ReportType, m.Report.Resources = ReportDelete, nil }},
	} {
		m := testPayload(c.kind)
		c.change(m)
		text, err := m.Append(nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := DecodeMessage(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckHeader(t *testing.T) {
	if err := CheckHeader(testHeader()); err != nil {
		t.Error(err)
	}
	invalid(t, "empty", CheckHeader(&Header{}), "/source", CodeNoSource, ErrMissing)
}
