package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestDecodeErrors(t *testing.T) {
	request := func(payload string) string { return `{"type":"REQUEST","payload":` + payload + `}` }
	data := func(data string) string { return `{"type":"DATA","payload":{"format":"f","data":` + data + `}}` }
	report := func(value string) string { return `{"type":"RESOURCES_REPORT","payload":` + value + `}` }
	for name, c := range map[string]struct {
		text    string
		at      string // text at the offset
		pointer string
		code    Code
		err     error
	}{
		"no text":     {``, ``, "", CodeNoText, ErrSyntax},
		"white space": {` `, ``, "", CodeSyntax, ErrSyntax},
		"cut off":     {`{"type":"DATA","payload":{"da`, ``, "/payload", CodeSyntax, ErrSyntax},
		"bad literal": {
			`{"type":"DATA","payload":{"data":{"x":tru}}}`,
			`}}}`, "/payload/data/x", CodeSyntax, ErrSyntax,
		},
		"more text":         {`{"type":"DATA","payload":{}}{}`, `{}`, "", CodeSyntax, ErrSyntax},
		"syntax before all": {`{"type":5,"x":tru}`, `}`, "/x", CodeSyntax, ErrSyntax},
		"byte order mark":   {"\ufeff{}", "\ufeff{}", "", CodeSyntax, ErrSyntax},
		"too deep": {
			`{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
			`[` + strings.Repeat("]", 64) + `}`, "/x" + strings.Repeat("/0", 63), CodeSyntax, ErrTooDeep,
		},
		"no object":      {`[]`, `[]`, "", CodeSyntax, ErrWrongType},
		"null":           {`null`, `null`, "", CodeSyntax, ErrWrongType},
		"no type":        {`{"payload":{}}`, `{"payload`, "/type", CodeNoType, ErrMissing},
		"null type":      {`{"type":null,"payload":{}}`, `{"type`, "/type", CodeNoType, ErrMissing},
		"type no string": {`{"type":5,"payload":{}}`, `5,`, "/type", CodeType, ErrWrongType},
		"wake-up": {
			`{"type":"WAKEUP","payload":{}}`,
			`"WAKEUP"`, "/type", CodeOther, ErrUnknownType,
		},
		"type in lower case": {
			`{"payload":{},"type":"data"}`,
			`"data"`, "/type", CodeOther, ErrUnknownType,
		},

		"id": {
			`{"id":5,"type":"DATA","payload":{}}`,
			`5,`, "/id", CodeID, ErrWrongType,
		},
		"clientId": {
			`{"clientId":{},"type":"DATA","payload":{}}`,
			`{},`, "/clientId", CodeID, ErrWrongType,
		},
		"source": {
			`{"source":[1],"type":"DATA","payload":{}}`,
			`[1]`, "/source", CodeOther, ErrWrongType,
		},
		"source no UTF-8": {
			"{\"source\":\"\xff\",\"type\":\"DATA\",\"payload\":{}}",
			"\"\xff\"", "/source", CodeOther, ErrNotUTF8,
		},
		"priority no string": {
			`{"priority":1,"type":"DATA","payload":{}}`,
			`1,`, "/priority", CodePriority, ErrWrongType,
		},
		"priority unknown": {
			`{"priority":"URGENT","type":"DATA","payload":{}}`,
			`"URGENT"`, "/priority", CodeOther, ErrUnknownValue,
		},
		"reliability no string": {
			`{"reliability":true,"type":"DATA","payload":{}}`,
			`true`, "/reliability", CodeReliability, ErrWrongType,
		},
		"reliability unknown": {
			`{"reliability":"","type":"DATA","payload":{}}`,
			`""`, "/reliability", CodeOther, ErrUnknownValue,
		},
		"direction unknown": {
			`{"direction":"UP","type":"DATA","payload":{}}`,
			`"UP"`, "/direction", CodeOther, ErrUnknownValue,
		},
		"eventTime a string": {
			`{"eventTime":"1","type":"DATA","payload":{}}`,
			`"1"`, "/eventTime", CodeOther, ErrWrongType,
		},
		"eventTime a fraction": {
			`{"eventTime":1.5,"type":"DATA","payload":{}}`,
			`1.5`, "/eventTime", CodeOther, ErrNumber,
		},
		"eventTime too large": {
			`{"eventTime":1e300,"type":"DATA","payload":{}}`,
			`1e300`, "/eventTime", CodeOther, ErrNumber,
		},
		"receivedTime infinite": {
			`{"receivedTime":1e999,"type":"DATA","payload":{}}`,
			`1e999`, "/receivedTime", CodeOther, ErrNumber,
		},
		"source twice": {
			`{"source":"a","type":"DATA","source":"b","payload":{}}`,
			`"source":"b"`, "/source", CodeSyntax, ErrDuplicate,
		},
		"source null and given": {
			`{"source":null,"type":"DATA","source":"b","payload":{}}`,
			`"source":"b"`, "/source", CodeSyntax, ErrDuplicate,
		},
		"source given and null": {
			`{"source":"a","type":"DATA","source":null,"payload":{}}`,
			`"source":null`, "/source", CodeSyntax, ErrDuplicate,
		},
		"payload twice": {
			`{"type":"DATA","payload":{},"payload":{}}`,
			`"payload":{}}`, "/payload", CodeSyntax, ErrDuplicate,
		},
		"properties a list": {
			`{"properties":[],"type":"DATA","payload":{}}`,
			`[]`, "/properties", CodeOther, ErrWrongType,
		},
		"property no string": {
			`{"properties":{"a":["x",5]},"type":"DATA","payload":{}}`,
			`5]`, "/properties/a/1", CodeOther, ErrWrongType,
		},
		"property no UTF-8": {
			"{\"properties\":{\"\xff\":[]},\"type\":\"DATA\",\"payload\":{}}",
			"\"\xff\"", "/properties/\uFFFD", CodeSyntax, ErrNotUTF8,
		},
		"diagnostics": {
			`{"diagnostics":5,"type":"DATA","payload":{}}`,
			`5,`, "/diagnostics", CodeOther, ErrWrongType,
		},
		"diagnostic twice": {
			`{"diagnostics":{"a":1,"a":2},"type":"DATA","payload":{}}`,
			`"a":2`, "/diagnostics/a", CodeSyntax, ErrDuplicate,
		},
		"diagnostic infinite": {
			`{"diagnostics":{"a":-1e999},"type":"DATA","payload":{}}`,
			`-1e999`, "/diagnostics/a", CodeOther, ErrNumber,
		},

		"no DATA payload": {`{"type":"DATA"}`, `{"type"`, "/payload", CodeNoDataPayload, ErrMissing},
		"no ALERT payload": {
			`{"type":"ALERT","payload":null}`,
			`{"type"`, "/payload", CodeNoAlertPayload, ErrMissing,
		},
		"no REQUEST payload": {
			`{"type":"REQUEST"}`,
			`{"type"`, "/payload", CodeNoRequestPayload, ErrMissing,
		},
		"no RESPONSE payload": {`{"type":"RESPONSE"}`, `{"type"`, "/payload", CodeNoResponse, ErrMissing},
		"no report payload":   {`{"type":"RESOURCE"}`, `{"type"`, "/payload", CodeOther, ErrMissing},
		"DATA payload": {
			`{"type":"DATA","payload":[]}`,
			`[]`, "/payload", CodeNoDataPayload, ErrWrongType,
		},
		"ALERT payload": {
			`{"payload":5,"type":"ALERT"}`,
			`5`, "/payload", CodeNoAlertPayload, ErrWrongType,
		},
		"RESPONSE payload": {
			`{"type":"RESPONSE","payload":"x"}`,
			`"x"`, "/payload", CodeNoResponse, ErrWrongType,
		},

		"format": {
			`{"type":"DATA","payload":{"format":5,"data":{}}}`,
			`5,`, "/payload/format", CodeDataFormat, ErrWrongType,
		},
		"data": {data(`[1]`), `[1]`, "/payload/data", CodeDataItems, ErrWrongType},
		"data object": {
			data(`{"a":1,"b":{"c":2}}`),
			`{"c"`, "/payload/data/b", CodeDataItems, ErrWrongType,
		},
		"data list": {
			data(`{"a/b":[]}`),
			`[]`, "/payload/data/a~1b", CodeDataItems, ErrWrongType,
		},
		"data infinite": {data(`{"a":1e400}`), `1e400`, "/payload/data/a", CodeDataItems, ErrNumber},
		"data twice": {
			data(`{"a":1,"a":1}`),
			`"a":1}`, "/payload/data/a", CodeDataItems, ErrDuplicate,
		},
		"data no UTF-8": {
			data("{\"a\":\"\xc0\"}"),
			"\"\xc0\"", "/payload/data/a", CodeDataItems, ErrNotUTF8,
		},
		"alert format": {
			`{"type":"ALERT","payload":{"format":{}}}`,
			`{}}`, "/payload/format", CodeAlertFormat, ErrWrongType,
		},
		"alert data": {
			`{"type":"ALERT","payload":{"data":7}}`,
			`7`, "/payload/data", CodeAlertItems, ErrWrongType,
		},
		"alert description": {
			`{"type":"ALERT","payload":{"description":7}}`,
			`7`, "/payload/description", CodeAlertDescription, ErrWrongType,
		},
		"severity": {
			`{"type":"ALERT","payload":{"severity":2}}`,
			`2`, "/payload/severity", CodeAlertSeverity, ErrWrongType,
		},
		"severity unknown": {
			`{"type":"ALERT","payload":{"severity":"BAD"}}`,
			`"BAD"`, "/payload/severity", CodeOther, ErrUnknownValue,
		},

		"method": {request(`{"method":[]}`), `[]`, "/payload/method", CodeMethod, ErrWrongType},
		"url":    {request(`{"url":5}`), `5`, "/payload/url", CodeURL, ErrWrongType},
		"headers": {
			request(`{"headers":"x"}`),
			`"x"`, "/payload/headers", CodeOther, ErrWrongType,
		},
		"header value": {
			request(`{"headers":{"a":[{}]}}`),
			`{}]`, "/payload/headers/a/0", CodeOther, ErrWrongType,
		},
		"params": {request(`{"params":[]}`), `[]`, "/payload/params", CodeOther, ErrWrongType},
		"param composite": {
			request(`{"params":{"a":{}}}`),
			`{}}`, "/payload/params/a", CodeOther, ErrWrongType,
		},
		"param twice": {
			request(`{"params":{"a":"1","a":"2"}}`),
			`"a":"2"`, "/payload/params/a", CodeSyntax, ErrDuplicate,
		},
		"body": {request(`{"body":{}}`), `{}`, "/payload/body", CodeNotBase64, ErrWrongType},
		"body not base64": {
			request(`{"body":"{}"}`),
			`"{}"`, "/payload/body", CodeNotBase64, ErrNotBase64,
		},
		"body not padded": {
			request(`{"body":"T0s"}`),
			`"T0s"`, "/payload/body", CodeNotBase64, ErrNotBase64,
		},
		"body URL-safe": {
			request(`{"body":"AAEC_w=="}`),
			`"AAEC_`, "/payload/body", CodeNotBase64, ErrNotBase64,
		},
		"body twice": {
			request(`{"body":"","body":""}`),
			`"body":""}`, "/payload/body", CodeSyntax, ErrDuplicate,
		},

		"status": {
			`{"type":"RESPONSE","payload":{"statusCode":"200"}}`,
			`"200"`, "/payload/statusCode", CodeStatus, ErrWrongType,
		},
		"status fraction": {
			`{"type":"RESPONSE","payload":{"statusCode":200.5}}`,
			`200.5`, "/payload/statusCode", CodeStatus, ErrNumber,
		},
		"status too large": {
			`{"type":"RESPONSE","payload":{"statusCode": 2147483648}}`,
			`2147483648`, "/payload/statusCode", CodeStatus, ErrNumber,
		},
		"request id": {
			`{"type":"RESPONSE","payload":{"requestId":5}}`,
			`5`, "/payload/requestId", CodeRequestID, ErrWrongType,
		},
		"response url": {
			`{"type":"RESPONSE","payload":{"url":5}}`,
			`5`, "/payload/url", CodeOther, ErrWrongType,
		},
		"response body": {
			`{"type":"RESPONSE","payload":{"body":"="}}`,
			`"="`, "/payload/body", CodeResponseBody, ErrNotBase64,
		},
		"report of no JSON": {
			report(`{"type":"XML","value":{}}`),
			`"XML"`, "/payload/type", CodeOther, ErrUnknownValue,
		},
		"report, no value": {
			report(`{"type":"JSON"}`),
			`{"type":"JSON`, "/payload/value", CodeOther, ErrMissing,
		},
		"report value": {report(`{"value":"x"}`), `"x"`, "/payload/value", CodeOther, ErrWrongType},
		"report type": {
			report(`{"value":{"reportType":"ADD"}}`),
			`"ADD"`, "/payload/value/reportType", CodeOther, ErrUnknownValue,
		},
		"resources": {
			report(`{"value":{"resources":{}}}`),
			`{}`, "/payload/value/resources", CodeOther, ErrWrongType,
		},
		"resource": {
			report(`{"value":{"resources":[{},5]}}`),
			`5]`, "/payload/value/resources/1", CodeOther, ErrWrongType,
		},
		"resource path": {
			report(`{"value":{"resources":[{"path":null,"name":5}]}}`),
			`5}`, "/payload/value/resources/0/name", CodeOther, ErrWrongType,
		},
	} {
		m, err := DecodeMessage([]byte(c.text))
		var wrong *DecodeError
		if !errors.As(err, &wrong) || m != nil {
			t.Errorf("%s: %+v, %v", name, m, err)
			continue
		}
		if wrong.Err != c.err || !errors.Is(err, c.err) || wrong.Code != c.code || wrong.Pointer != c.pointer {
			t.Errorf("%s: %v, want %v at %q with %d", name, err, c.err, c.pointer, c.code)
		}
		if rest := c.text[wrong.Offset:]; !strings.HasPrefix(rest, c.at) || c.at == "" && rest != "" {
			t.Errorf("%s: offset %d is at %q, want %q", name, wrong.Offset, rest, c.at)
		}
		if valid := json.Valid([]byte(c.text)); valid == (c.err == ErrSyntax) {
			t.Errorf("%s: valid JSON is %v", name, valid)
		}
	}
}

// A receiver answers a request that it cannot read if it knows to whom
// (docs/protocol/messages.md §8.7).
func TestDecodeErrorTellsWhomToAnswer(t *testing.T) {
	for name, text := range map[string]string{
		"wrong before the rest": `{"priority":"X","id":"i","source":"s","destination":"d","type":"REQUEST","payload":{}}`,
		"wrong payload":         `{"id":"i","type":"REQUEST","payload":{"body":"?"},"source":"s","destination":"d"}`,
		"unknown type":          `{"type":"WAKEUP","id":"i","source":"s","destination":"d"}`,
		"cut off":               `{"id":"i","source":"s","destination":"d","type":"REQUEST","payl`,
	} {
		_, err := DecodeMessage([]byte(text))
		var wrong *DecodeError
		if !errors.As(err, &wrong) || wrong.ID != "i" || wrong.Source != "s" || wrong.Destination != "d" {
			t.Errorf("%s: %+v", name, wrong)
		}
	}
}

func TestFirstErrorIsTold(t *testing.T) {
	_, err := DecodeMessage([]byte(`{"type":"DATA","source":5,"payload":{"format":6}}`))
	want := `wire: offset 24, "/source": wrong JSON type: "5" (1000)`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestErrorDetailIsBounded(t *testing.T) {
	_, err := DecodeMessage([]byte(`{"type":"` + strings.Repeat("x", 10000) + `"}`))
	var wrong *DecodeError
	if !errors.As(err, &wrong) || len(wrong.Detail) != 64 || len(err.Error()) > 200 {
		t.Errorf("%v", err)
	}
}
