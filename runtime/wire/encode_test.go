package wire

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

func testHeader() *Header {
	h := benchHeader()
	h.EventTime = 1511805927387
	return h
}

const testHeaderText = `"clientId":"5c9ec234-c068-483e-8127-7ef3b0b9b661","source":"0-DCD-A001","destination":"","sender":"",` +
	`"priority":"LOW","reliability":"BEST_EFFORT","eventTime":1511805927387,`

func TestAppendGolden(t *testing.T) {
	answer := testHeader()
	answer.Destination, answer.Sender = "0-APP-1", "me"
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"DATA": {
			AppendData(nil, testHeader(), "urn:com:acme:pump:attributes",
				[]Item{{"speed", NumberValue(12.5)}, {"running", BooleanValue(true)}}),
			`{` + testHeaderText + `"type":"DATA","payload":{"format":"urn:com:acme:pump:attributes",` +
				`"data":{"speed":12.5,"running":true}}}`,
		},
		"DATA without items": {
			AppendData(nil, testHeader(), "f", nil),
			`{` + testHeaderText + `"type":"DATA","payload":{"format":"f","data":{}}}`,
		},
		"ALERT": {
			AppendAlert(nil, testHeader(), "urn:com:acme:pump:hot", "too \"hot\"", SeverityCritical, []Item{{"t", IntegerValue(90)}}),
			`{` + testHeaderText + `"type":"ALERT","payload":{"format":"urn:com:acme:pump:hot","data":{"t":90},` +
				`"severity":"CRITICAL","description":"too \"hot\""}}`,
		},
		"ALERT of default severity": {
			AppendAlert(nil, testHeader(), "f", "", 0, nil),
			`{` + testHeaderText + `"type":"ALERT","payload":{"format":"f","data":{},"severity":"SIGNIFICANT","description":""}}`,
		},
		"RESPONSE": {
			AppendResponse(nil, answer, &Response{StatusCode: 202, RequestID: "a7"}),
			`{"clientId":"5c9ec234-c068-483e-8127-7ef3b0b9b661","source":"0-DCD-A001","destination":"0-APP-1","sender":"me",` +
				`"priority":"LOW","reliability":"BEST_EFFORT","eventTime":1511805927387,` +
				`"type":"RESPONSE","payload":{"statusCode":202,"url":"","requestId":"a7","headers":{},"body":""}}`,
		},
		"RESPONSE to a request without id": {
			AppendResponse(nil, testHeader(), &Response{
				StatusCode: -1, URL: "u", Body: []byte("OK"),
				Headers: map[string][]string{"X-B": {"1", "2"}, "A": nil},
			}),
			`{` + testHeaderText + `"type":"RESPONSE","payload":{"statusCode":-1,"url":"u",` +
				`"headers":{"a":[],"x-b":["1","2"]},"body":"T0s="}}`,
		},
		"REQUEST": {
			AppendRequest(nil, testHeader(), "a7", &Request{
				Method: "PUT", URL: "deviceModels/urn:com:acme:pump/attributes/speed",
				Headers: map[string][]string{"Content-Type": {"application/json"}},
				Params:  map[string]string{"b": "2", "a": "1"},
				Body:    []byte(`{"value":1}`),
			}),
			`{"id":"a7",` + testHeaderText + `"type":"REQUEST","payload":{"method":"PUT",` +
				`"url":"deviceModels/urn:com:acme:pump/attributes/speed","headers":{"content-type":["application/json"]},` +
				`"params":{"a":"1","b":"2"},"body":"eyJ2YWx1ZSI6MX0="}}`,
		},
		"RESOURCES_REPORT": {
			AppendResourcesReport(nil, testHeader(), &ResourcesReport{
				ReportType: ReportUpdate, EndpointName: "0-AB", ReconciliationMark: "fe97",
				Resources: []Resource{
					{EndpointName: "0-AB", Name: "n", Path: "p", Methods: []string{"GET", "PUT"}},
					{Name: "m", Path: "q", Removed: true},
				},
			}),
			`{` + testHeaderText + `"type":"RESOURCES_REPORT","payload":{"type":"JSON","value":{"reportType":"UPDATE",` +
				`"endpointName":"0-AB","reconciliationMark":"fe97","resources":[` +
				`{"endpointName":"0-AB","name":"n","path":"p","status":"ADDED","methods":"GET,PUT"},` +
				`{"name":"m","path":"q","status":"REMOVED"}]}}}`,
		},
		"RESOURCES_REPORT without mark and resources": {
			AppendResourcesReport(nil, testHeader(), &ResourcesReport{ReportType: ReportDelete, EndpointName: "0-AB"}),
			`{` + testHeaderText + `"type":"RESOURCES_REPORT","payload":{"type":"JSON","value":{"reportType":"DELETE",` +
				`"endpointName":"0-AB","resources":[]}}}`,
		},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, c.got, c.want)
		}
		if !json.Valid(c.got) {
			t.Errorf("%s: not JSON", name)
		}
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	got := string(AppendData([]byte("["), testHeader(), "f", nil))
	if want := `[{` + testHeaderText; got[:len(want)] != want {
		t.Errorf("got %s", got)
	}
}

func TestPropertiesAndDiagnostics(t *testing.T) {
	h := testHeader()
	h.Properties = map[string][]string{"b": {"x", "y\n"}, "A": {}, "c": nil}
	h.Diagnostics = map[string]any{
		"createdTime": int64(5), "clientAddress": "::1", "ok": true, "load": 0.5,
		"hot": math.NaN(), "left out": 5, "and this": []string{},
	}
	got := string(AppendData(nil, h, "f", nil))
	want := `{` + testHeaderText + `"type":"DATA","properties":{"A":[],"b":["x","y\n"],"c":[]},` +
		`"diagnostics":{"clientAddress":"::1","createdTime":5,"hot":null,"load":0.5,"ok":true},` +
		`"payload":{"format":"f","data":{}}}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	h.Diagnostics = map[string]any{"left out": 5}
	if got := AppendData(nil, h, "f", nil); !json.Valid(got) {
		t.Errorf("not JSON: %s", got)
	}
}

// Whatever an encoder gets, a server must be able to read the result: one bad
// message makes it refuse the whole array.
func TestEncodersAlwaysWriteJSON(t *testing.T) {
	bad := "\xff\"\\\x00\u2028\xc0\xaf<"
	h := &Header{
		Source: bad, Destination: bad, Sender: bad, Priority: 77, Reliability: 77,
		Properties: map[string][]string{bad: {bad}}, Diagnostics: map[string]any{bad: bad},
	}
	items := []Item{{bad, StringValue(bad)}, {"", NumberValue(math.Inf(1))}, {"x", Value{}}}
	lists := map[string][]string{bad: {bad}}
	for name, text := range map[string][]byte{
		"DATA":     AppendData(nil, h, bad, items),
		"ALERT":    AppendAlert(nil, h, bad, bad, 77, items),
		"REQUEST":  AppendRequest(nil, h, bad, &Request{bad, bad, lists, map[string]string{bad: bad}, []byte(bad)}),
		"RESPONSE": AppendResponse(nil, h, &Response{1, bad, bad, lists, []byte(bad)}),
		"RESOURCES_REPORT": AppendResourcesReport(nil, h, &ResourcesReport{
			77, bad, bad, []Resource{{bad, bad, bad, false, []string{bad}}},
		}),
	} {
		s := scanner{text: string(text)}
		if !json.Valid(text) || !s.skip() || !s.finish() {
			t.Errorf("%s: not JSON: %s", name, text)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncodersDoNotAllocate(t *testing.T) {
	if racetest.Enabled {
		t.Skip("allocation counts mean nothing under the race detector")
	}
	h := benchHeader()
	h.Properties = map[string][]string{"a": {"1"}, "b": {"2", "3"}}
	h.Diagnostics = map[string]any{"createdTime": int64(5), "clientAddress": "::1"}
	headers := map[string][]string{"content-type": {"application/json"}}
	request := &Request{Method: "PUT", URL: "x", Headers: headers, Params: map[string]string{"a": "b"}, Body: []byte("12345")}
	response := &Response{StatusCode: 200, RequestID: "x", Headers: headers, Body: []byte("12345")}
	report := &ResourcesReport{ReportType: ReportUpdate, EndpointName: "x", Resources: []Resource{{Name: "a", Path: "b", Methods: []string{"GET", "PUT"}}}}
	items, dst := sixItems(), make([]byte, 0, 4096)
	for name, f := range map[string]func(){
		"AppendData":            func() { dst = AppendData(dst[:0], h, "format", items) },
		"AppendAlert":           func() { dst = AppendAlert(dst[:0], h, "format", "text\n", 0, items) },
		"AppendRequest":         func() { dst = AppendRequest(dst[:0], h, "id", request) },
		"AppendResponse":        func() { dst = AppendResponse(dst[:0], h, response) },
		"AppendResourcesReport": func() { dst = AppendResourcesReport(dst[:0], h, report) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// "Room" is exact: an encoder must not ask for more than it writes.
func TestEncodersUseTheRoomThereIs(t *testing.T) {
	if racetest.Enabled {
		t.Skip("allocation counts mean nothing under the race detector")
	}
	h, items := benchHeader(), sixItems()
	items = append(items, Item{"escapes", StringValue("a\nb\"c\xff\u00e9")})
	size := len(AppendData(nil, h, "format", items))
	dst := make([]byte, 0, size)
	if n := testing.AllocsPerRun(100, func() { AppendData(dst, h, "format", items) }); n != 0 {
		t.Errorf("%v allocations with room for exactly %d bytes", n, size)
	}
}
