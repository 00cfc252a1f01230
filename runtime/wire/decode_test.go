package wire

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, text string) *Message {
	t.Helper()
	m, err := DecodeMessage([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

func TestDecodeRequest(t *testing.T) {
	got := decode(t, typicalRequest)
	id, _ := ParseUUID("c13fa818-5efa-433e-b5a0-0d850ad5b966")
	want := &Message{
		ID: "570a1b37-d324-4496-9081-4dd8a0a1e584",
		Header: Header{
			ClientID: id, Source: "0-APP-1", Destination: "0-DCD-A001", EventTime: 1795341081964,
			Priority: Medium, Reliability: BestEffort,
		},
		ClientText: "c13fa818-5efa-433e-b5a0-0d850ad5b966",
		Type:       TypeRequest,
		Request: &Request{
			Method: "PUT", URL: "deviceModels/urn:com:example:iot:device:humidity_sensor/attributes/maxThreshold",
			Headers: map[string][]string{"content-type": {"application/json"}},
			Body:    []byte(`{"value":85}`),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := got.CheckRequest(); err != nil {
		t.Error(err)
	}
}

func TestDecodeServerView(t *testing.T) {
	got := decode(t, `{"direction":"TO_DEVICE","receivedTime":1.511805927500E12,"sentTime":7,"sender":"me",
		"diagnostics":{"createdTime":5,"clientAddress":"::1","on":true,"load":0.5,"list":[1, 2],"none":null},
		"properties":{"a":["x","y"],"b":"z","c":5,"d":[],"e":null},
		"clientId":"not a UUID","source":"s","type":"DATA","eventTimeAsString":"2017-07-18T20:47:06Z",
		"payload":{"extra":{"format":[]},"data":{},"format":"f"},"priority":"LOWEST","reliability":"NO_GUARANTEE"}`)
	want := &Message{
		Header: Header{
			Source: "s", Sender: "me", Priority: Lowest, Reliability: NoGuarantee,
			Properties: map[string][]string{"a": {"x", "y"}, "b": {"z"}, "c": nil, "d": nil, "e": nil},
			Diagnostics: map[string]any{
				"createdTime": int64(5), "clientAddress": "::1", "on": true, "load": 0.5, "list": "[1, 2]",
			},
		},
		ClientText: "not a UUID", Type: TypeData, Direction: ToDevice, ReceivedTime: 1511805927500, SentTime: 7,
		Data:   &DataPayload{Format: "f"},
		Absent: MemberID | MemberDestination | MemberEventTime,
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Value) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeValues(t *testing.T) {
	for text, want := range map[string]Value{
		`5`: IntegerValue(5), `-5`: IntegerValue(-5), `0`: IntegerValue(0),
		`-0`: NumberValue(math.Copysign(0, -1)), `2.0`: NumberValue(2), `1.0E7`: NumberValue(1e7),
		`1.511805927387E12`: NumberValue(1511805927387), `1.0E-4`: NumberValue(0.0001),
		`9223372036854775807`: IntegerValue(math.MaxInt64), `9223372036854775808`: NumberValue(1 << 63),
		`true`: BooleanValue(true), `false`: BooleanValue(false), `null`: {},
		`""`: StringValue(""), `"2017-07-18T20:47:06Z"`: StringValue("2017-07-18T20:47:06Z"),
		`"<\/a>"`: StringValue("</a>"), `1e-400`: NumberValue(0),
	} {
		m := decode(t, `{"type":"DATA","payload":{"format":"f","data":{"x":`+text+`}}}`)
		if got := m.Data.Items; len(got) != 1 || got[0] != (Item{"x", want}) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

// The payload may come before the type: Java writes members in hash order.
func TestDecodeAnyOrder(t *testing.T) {
	a := decode(t, `{"type":"ALERT","payload":{"format":"f","severity":"LOW","data":{"x":1},"description":"d"},"source":"s"}`)
	b := decode(t, `{"payload":{"data":{"x":1},"description":"d","severity":"LOW","format":"f"},"source":"s","type":"ALERT"} `)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
	if a.Alert.Severity != SeverityLow || a.Alert.Description != "d" || len(a.Alert.Items) != 1 {
		t.Errorf("%+v", a.Alert)
	}
}

func TestDecodeTellsWhatIsAbsent(t *testing.T) {
	const header = MemberID | MemberClientID | MemberSource | MemberDestination | MemberPriority | MemberReliability | MemberEventTime
	for text, want := range map[string]Members{
		`{"type":"DATA","payload":{}}`:                                 header | MemberFormat | MemberData,
		`{"type":"DATA","payload":{"format":null,"data":null}}`:        header | MemberFormat | MemberData,
		`{"type":"DATA","payload":{"format":"","data":{}}}`:            header,
		`{"type":"ALERT","payload":{}}`:                                header | MemberFormat | MemberData | MemberSeverity,
		`{"type":"REQUEST","payload":{}}`:                              header | MemberMethod | MemberURL | MemberHeaders | MemberBody,
		`{"type":"RESPONSE","payload":{}}`:                             header | MemberStatusCode | MemberRequestID | MemberURL | MemberHeaders | MemberBody,
		`{"type":"RESOURCE","payload":{"value":{}}}`:                   header | MemberReportType | MemberEndpointName | MemberResources,
		`{"payload":{"value":{"resources":[]}},"type":"RESOURCE"}`:     header | MemberReportType | MemberEndpointName,
		`{"id":"","clientId":"","type":"DATA","payload":{"data":{}}}`:  header&^(MemberID|MemberClientID) | MemberFormat,
		`{"id":null,"priority":null,"type":"DATA","payload":{"x":1}}`:  header | MemberFormat | MemberData,
		`{"eventTime":0,"priority":"LOW","type":"DATA","payload":{} }`: header&^(MemberEventTime|MemberPriority) | MemberFormat | MemberData,
	} {
		m := decode(t, text)
		if m.Absent != want {
			t.Errorf("%s: absent %v, want %v", text, m.Absent, want)
		}
		if m.Priority != Low || m.Reliability != BestEffort {
			t.Errorf("%s: defaults %v, %v", text, m.Priority, m.Reliability)
		}
	}
}

func TestDecodeHeadersAndParams(t *testing.T) {
	m := decode(t, `{"type":"REQUEST","payload":{"method":"put","url":"u","body":null,
		"headers":{"Content-Type":["a"],"content-type":["b","c"],"X":"d","Y":5,"Z":null,"E":[]},
		"params":{"s":"1","n":2.50,"b":true,"z":null}}}`)
	want := &Request{
		Method: "PUT", URL: "u",
		Headers: map[string][]string{"content-type": {"a", "b", "c"}, "x": {"d"}, "y": nil, "z": nil, "e": nil},
		Params:  map[string]string{"s": "1", "n": "2.50", "b": "true", "z": ""},
	}
	if diff := cmp.Diff(want, m.Request); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeBody(t *testing.T) {
	for text, want := range map[string]string{
		``: "", `T0s=`: "OK", `T0\r\ns=`: "OK", `AAEC\/w==`: "\x00\x01\x02\xff", `\u0054\u0030s=`: "OK",
		strings.Repeat("QUJD", 1000): strings.Repeat("ABC", 1000),
	} {
		m := decode(t, `{"type":"RESPONSE","payload":{"statusCode":2.0E2,"body":"`+text+`"}}`)
		if string(m.Response.Body) != want || m.Response.StatusCode != 200 {
			t.Errorf("%q: %q, status %d", text, m.Response.Body, m.Response.StatusCode)
		}
	}
}

func TestDecodeResourcesReport(t *testing.T) {
	m := decode(t, `{"type":"RESOURCES_REPORT","payload":{"type":"JSON","value":{"reportType":"UPDATE","endpointName":"e",
		"reconciliationMark":"m","resources":[
		{"name":"a","path":"b","status":"ADDED","methods":"GET,PUT","endpointName":"e"},
		{"name":"c","path":"d","methods":" get , ,Put"},{"path":"f","status":"GONE"},{"status":"REMOVED"},{"status":null}]}}}`)
	want := &ResourcesReport{
		ReportType: ReportUpdate, EndpointName: "e", ReconciliationMark: "m",
		Resources: []Resource{
			{EndpointName: "e", Name: "a", Path: "b", Methods: []string{"GET", "PUT"}},
			{Name: "c", Path: "d", Methods: []string{"GET", "PUT"}},
			{Path: "f", Removed: true}, {Removed: true}, {},
		},
	}
	if diff := cmp.Diff(want, m.Report); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeManyItems(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"type":"DATA","payload":{"format":"f","data":{`)
	for i := range 1000 {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(`"n` + strings.Repeat("x", i) + `":1`)
	}
	m := decode(t, text.String()+`}}}`)
	if len(m.Data.Items) != 1000 {
		t.Errorf("%d items", len(m.Data.Items))
	}
	_, err := DecodeMessage([]byte(text.String() + `,"nxxxxxxxxxxxxxxxxxxxx":1}}}`))
	if !errors.Is(err, ErrDuplicate) {
		t.Errorf("duplicate of the twenty-first: %v", err)
	}
}

func TestDecodeDoesNotShareInput(t *testing.T) {
	data := []byte(typicalRequest)
	m, err := DecodeMessage(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if diff := cmp.Diff(decode(t, typicalRequest), m); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzDecodeMessage(f *testing.F) {
	for _, seed := range seedMessages(f) {
		f.Add(seed)
	}
	f.Add([]byte(`{"type":"REQUEST","id":"1","payload":{"headers":{"A":"b","a":[]},"params":{"x":1},"body":"T0s="}}`))
	f.Add([]byte(`{"properties":{"a":1},"diagnostics":{"b":[],"c":1e5},"payload":{"data":{"x":null,"y":-0}},"type":"DATA"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := DecodeMessage(data)
		if err != nil {
			var wrong *DecodeError
			if !errors.As(err, &wrong) || wrong.Code == 0 || wrong.Err == nil || wrong.Offset < 0 || wrong.Offset > int64(len(data)) {
				t.Fatalf("%q: %#v", data, err)
			}
			return
		}
		m.CheckRequest()
		m.CheckFromDevice()
		if _, err := m.Append(nil); err != nil {
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("%q: %#v", data, err)
			}
		}
		if m.Report != nil && m.Report.ReportType == 0 {
			return // has no default to write
		}
		text := m.append(nil)
		again, err := DecodeMessage(text)
		if err != nil {
			t.Fatalf("%q: wrote %s: %v", data, text, err)
		}
		if back := again.append(nil); string(back) != string(text) {
			t.Fatalf("%q: wrote %s, then %s", data, text, back)
		}
		m.Absent, again.Absent = 0, 0
		if !reflect.DeepEqual(normal(m), normal(again)) {
			t.Fatalf("%q: %+v, read back %+v", data, m, again)
		}
	})
}

// normal removes what writing may change: numbers that read as integers, a
// severity that was absent.
func normal(m *Message) *Message {
	var items []Item
	switch m.Type {
	case TypeData:
		items = m.Data.Items
	case TypeAlert:
		items = m.Alert.Items
		if m.Alert.Severity == 0 {
			m.Alert.Severity = SeveritySignificant
		}
	}
	for i := range items {
		if f, ok := items[i].Value.AsNumber(); ok {
			items[i].Value = NumberValue(f)
		}
	}
	for name, value := range m.Diagnostics {
		if n, ok := value.(int64); ok {
			m.Diagnostics[name] = float64(n)
		}
	}
	return m
}
