package wire

import (
	"errors"
	"strings"
	"testing"
)

// invalid checks that err is an InvalidError with the given content; "" for the
// pointer means no error.
func invalid(t *testing.T, name string, err error, pointer string, code Code, cause error) {
	t.Helper()
	var wrong *InvalidError
	switch is := errors.As(err, &wrong); {
	case pointer == "":
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	case !is:
		t.Errorf("%s: %v, want %v at %s", name, err, cause, pointer)
	case wrong.Pointer != pointer || wrong.Code != code || !errors.Is(err, cause):
		t.Errorf("%s: %v, want %v at %q (%d)", name, err, cause, pointer, code)
	}
}

func TestCheckRequest(t *testing.T) {
	const payload = `"payload":{"method":"GET","url":"u"}}`
	for name, c := range map[string]struct {
		text    string
		pointer string
		code    Code
		cause   error
	}{
		"as from the server":   {text: typicalRequest},
		"least, with id":       {text: `{"id":"i","source":"s","type":"REQUEST",` + payload},
		"least, with clientId": {text: `{"clientId":"x","source":"s","type":"REQUEST",` + payload},
		"neither": {
			`{"id":"","source":"s","type":"REQUEST",` + payload,
			"/id", CodeNoID, ErrMissing,
		},
		"no source": {
			`{"id":"i","type":"REQUEST",` + payload,
			"/source", CodeNoSource, ErrMissing,
		},
		"empty source": {
			`{"id":"i","source":"","type":"REQUEST",` + payload,
			"/source", CodeNoSource, ErrMissing,
		},
		"no method": {
			`{"id":"i","source":"s","type":"REQUEST","payload":{"url":"u"}}`,
			"/payload/method", CodeMethod, ErrMissing,
		},
		"no url": {
			`{"id":"i","source":"s","type":"REQUEST","payload":{"method":"GET"}}`,
			"/payload/url", CodeURL, ErrMissing,
		},
		"not a message to a device": {
			`{"id":"i","source":"s","type":"DATA","payload":{}}`,
			"/type", CodeOther, ErrNotForDevice,
		},
	} {
		invalid(t, name, decode(t, c.text).CheckRequest(), c.pointer, c.code, c.cause)
	}
	if err := new(Message).CheckRequest(); !errors.Is(err, ErrNotForDevice) {
		t.Errorf("empty message: %v", err)
	}
}

func TestCheckFromDevice(t *testing.T) {
	const header = `{"source":"s","priority":"LOW","reliability":"BEST_EFFORT","eventTime":1,`
	const item = `"payload":{"format":"f","data":{"x":1}}}`
	report := func(value string) string {
		return header + `"type":"RESOURCES_REPORT","payload":{"type":"JSON","value":` + value + `}}`
	}
	for name, c := range map[string]struct {
		text    string
		pointer string
		code    Code
		cause   error
	}{
		"DATA":              {text: header + `"type":"DATA",` + item},
		"DATA with null":    {text: header + `"type":"DATA","payload":{"format":"f","data":{"x":null}}}`},
		"ALERT":             {text: header + `"type":"ALERT","payload":{"format":"f","data":{},"severity":"LOW"}}`},
		"RESPONSE":          {text: header + `"type":"RESPONSE","payload":{"statusCode":0,"url":"","headers":{},"body":""}}`},
		"report":            {text: report(`{"reportType":"UPDATE","endpointName":"e","resources":[{"name":"n","path":"p","methods":"GET"}]}`)},
		"report of removal": {text: report(`{"reportType":"DELETE","endpointName":"e","resources":[{"name":"n","path":"p","status":"REMOVED"}]}`)},
		"empty report":      {text: report(`{"reportType":"RECONCILIATION","endpointName":"e","resources":[]}`)},

		"REQUEST": {
			header + `"id":"i","type":"REQUEST","payload":{"method":"GET","url":"u"}}`,
			"/type", CodeOther, ErrNotForServer,
		},
		"no source": {
			`{"priority":"LOW","reliability":"BEST_EFFORT","eventTime":1,"type":"DATA",` + item,
			"/source", CodeNoSource, ErrMissing,
		},
		"no priority": {
			`{"source":"s","reliability":"BEST_EFFORT","eventTime":1,"type":"DATA",` + item,
			"/priority", CodeNoPriority, ErrMissing,
		},
		"no reliability": {
			`{"source":"s","priority":"LOW","eventTime":1,"type":"DATA",` + item,
			"/reliability", CodeNoReliability, ErrMissing,
		},
		"no eventTime": {
			`{"source":"s","priority":"LOW","reliability":"BEST_EFFORT","type":"DATA",` + item,
			"/eventTime", CodeOther, ErrMissing,
		},
		"eventTime -1": {
			`{"source":"s","priority":"LOW","reliability":"BEST_EFFORT","eventTime":-1,"type":"DATA",` + item,
			"/eventTime", CodeOther, ErrNumber,
		},

		"no format": {
			header + `"type":"DATA","payload":{"data":{"x":1}}}`,
			"/payload/format", CodeDataFormat, ErrMissing,
		},
		"empty format": {
			header + `"type":"DATA","payload":{"format":"","data":{"x":1}}}`,
			"/payload/format", CodeDataFormat, ErrMissing,
		},
		"no data": {
			header + `"type":"DATA","payload":{"format":"f"}}`,
			"/payload/data", CodeDataItems, ErrMissing,
		},
		"no item": {
			header + `"type":"DATA","payload":{"format":"f","data":{}}}`,
			"/payload/data", CodeDataItems, ErrEmpty,
		},
		"empty name": {
			header + `"type":"DATA","payload":{"format":"f","data":{"":1}}}`,
			"/payload/data/", CodeDataItems, ErrEmptyKey,
		},
		"alert format": {
			header + `"type":"ALERT","payload":{"data":{},"severity":"LOW"}}`,
			"/payload/format", CodeAlertFormat, ErrMissing,
		},
		"alert data": {
			header + `"type":"ALERT","payload":{"format":"f","severity":"LOW"}}`,
			"/payload/data", CodeAlertItems, ErrMissing,
		},
		"alert severity": {
			header + `"type":"ALERT","payload":{"format":"f","data":{}}}`,
			"/payload/severity", CodeAlertSeverity, ErrMissing,
		},
		"response status": {
			header + `"type":"RESPONSE","payload":{"url":"","headers":{},"body":""}}`,
			"/payload/statusCode", CodeNoStatus, ErrMissing,
		},
		"response url": {
			header + `"type":"RESPONSE","payload":{"statusCode":1,"headers":{},"body":""}}`,
			"/payload/url", CodeOther, ErrMissing,
		},
		"response header": {
			header + `"type":"RESPONSE","payload":{"statusCode":1,"url":"","body":""}}`,
			"/payload/headers", CodeOther, ErrMissing,
		},
		"response body": {
			header + `"type":"RESPONSE","payload":{"statusCode":1,"url":"","headers":{}}}`,
			"/payload/body", CodeNoResponseBody, ErrMissing,
		},

		"report type": {
			report(`{"endpointName":"e","resources":[]}`),
			"/payload/value/reportType", CodeOther, ErrMissing,
		},
		"report endpoint": {
			report(`{"reportType":"DELETE","endpointName":"","resources":[]}`),
			"/payload/value/endpointName", CodeOther, ErrMissing,
		},
		"report resources": {
			report(`{"reportType":"DELETE","endpointName":"e"}`),
			"/payload/value/resources", CodeOther, ErrMissing,
		},
		"empty update": {
			report(`{"reportType":"UPDATE","endpointName":"e","resources":[]}`),
			"/payload/value/resources", CodeOther, ErrEmpty,
		},
		"resource name": {
			report(`{"reportType":"DELETE","endpointName":"e","resources":[{"path":"p","methods":"GET"}]}`),
			"/payload/value/resources/0/name", CodeOther, ErrMissing,
		},
		"resource path": {
			report(`{"reportType":"DELETE","endpointName":"e","resources":[{"name":"n","methods":"GET"}]}`),
			"/payload/value/resources/0/path", CodeOther, ErrMissing,
		},
		"resource methods": {
			report(`{"reportType":"DELETE","endpointName":"e","resources":[{"name":"n","path":"p"}]}`),
			"/payload/value/resources/0/methods", CodeOther, ErrMissing,
		},
	} {
		invalid(t, name, decode(t, c.text).CheckFromDevice(), c.pointer, c.code, c.cause)
	}
}

func TestCheckFromDeviceLimits(t *testing.T) {
	long, longer := strings.Repeat("k", MaxKey+1), strings.Repeat("v", MaxText+1)
	for name, c := range map[string]struct {
		change  func(m *Message)
		pointer string
		code    Code
	}{
		"item name": {
			func(m *Message) { m.Data.Items[0].Name = long },
			"/payload/data/" + long, CodeDataItems,
		},
		"item text": {
			func(m *Message) { m.Data.Items[0].Value = StringValue(longer) },
			"/payload/data/x", CodeDataItems,
		},
		"property name": {
			func(m *Message) { m.Properties = map[string][]string{long: nil} },
			"/properties/" + long, CodePropertyName,
		},
		"property value": {
			func(m *Message) { m.Properties = map[string][]string{"a": {"", longer}} },
			"/properties/a/1", CodePropertyValue,
		},
	} {
		m := testMessage()
		if err := m.CheckFromDevice(); err != nil {
			t.Fatal(err)
		}
		c.change(m)
		err := m.CheckFromDevice()
		var limit *LimitError
		if !errors.As(err, &limit) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		invalid(t, name, err, c.pointer, c.code, limit)
	}
}

func TestCheckFromDeviceOfMessagesMadeInMemory(t *testing.T) {
	if err := testMessage().CheckFromDevice(); err != nil {
		t.Error(err)
	}
	m := testMessage()
	m.Data = nil
	invalid(t, "no payload", m.CheckFromDevice(), "/type", CodeOther, ErrNotForServer)
	m = testMessage()
	m.Alert = &AlertPayload{}
	invalid(t, "two payloads", m.CheckFromDevice(), "/type", CodeOther, ErrNotForServer)
	invalid(t, "nothing", new(Message).CheckFromDevice(), "/type", CodeOther, ErrNotForServer)
}

func TestInvalidErrorText(t *testing.T) {
	m := testMessage()
	m.Source = ""
	want := `wire: message invalid at "/source": missing (1007)`
	if err := m.CheckFromDevice(); err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
