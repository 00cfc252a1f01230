package emulator_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func TestIngest(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	alert := d.data(with("type", "ALERT"), with("priority", "HIGHEST"), with("remainingRetries", 3), with("payload", map[string]any{
		"format": "urn:test:pump:hot", "severity": "CRITICAL", "description": "", "data": map[string]any{"temp": 99.5}, "reliability": "BEST_EFFORT"}))
	a := d.send(d.data(), alert).want(t, 202)
	if string(a.body) != "[]" || a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Min-Acceptbytes") != "" {
		t.Errorf("answer %v %v", a.header, a)
	}
	stored := s.stored()
	if len(stored) != 2 {
		t.Fatalf("%d messages stored", len(stored))
	}
	first, second := stored[0], stored[1]
	if first.Data == nil || first.Source != d.id || first.ID == "" || first.Direction != "FROM_DEVICE" || first.ReceivedTime == 0 || first.Violations != nil {
		t.Errorf("stored %+v", first)
	}
	if second.Alert == nil || second.Alert.Severity != wire.SeverityCritical || second.ReceivedTime <= first.ReceivedTime || second.Seq != 2 {
		t.Errorf("stored %+v", second)
	}
	if n, ok := s.server.Values(d.id, pumpURN)["speed"].AsInteger(); !ok || n != 12 {
		t.Errorf("values %v", s.server.Values(d.id, pumpURN))
	}
}

func TestEmptyCalls(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	for _, path := range []string{"?acceptBytes=4190", "", "?acceptBytes=0", "/?acceptBytes=10"} {
		for _, body := range [][]byte{nil, {}, []byte("[]"), []byte(" [ ] ")} {
			if a := d.call("POST", "/iot/api/v2/messages"+path, body).want(t, 202); string(a.body) != "[]" {
				t.Errorf("%s: %v", path, a)
			}
		}
	}
	if len(s.stored()) != 0 {
		t.Error("something was stored")
	}
}

// One message that is wrong in its envelope makes the whole call wrong (docs/protocol/messages.md §12).
func TestEnvelopeErrors(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	other := s.activated("other", false)
	gateway := s.activated("gw", true)
	foreign := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil)))
	for name, bad := range map[string]map[string]any{
		"no source":              d.data(without("source")),
		"another device":         d.data(with("source", other.id)),
		"a device of a gateway":  d.data(with("source", foreign)),
		"unknown endpoint":       d.data(with("source", "0-NONE")),
		"no type":                d.data(without("type")),
		"unknown type":           d.data(with("type", "NEWS")),
		"a type of the server":   d.data(with("type", "WAKEUP")),
		"a request":              d.data(with("type", "REQUEST"), with("payload", map[string]any{"method": "GET", "url": "x", "headers": map[string]any{}, "body": ""})),
		"no eventTime":           d.data(without("eventTime")),
		"eventTime as text":      d.data(with("eventTime", "now")),
		"no priority":            d.data(without("priority")),
		"unknown priority":       d.data(with("priority", "URGENT")),
		"no reliability":         d.data(without("reliability")),
		"no payload":             d.data(without("payload")),
		"no format":              d.data(with("payload", map[string]any{"data": map[string]any{"speed": 1}})),
		"no data":                d.data(with("payload", map[string]any{"format": "urn:test:pump:attributes"})),
		"data is a list":         d.data(withPayload("data", []any{1})),
		"composite value":        d.data(withPayload("data", map[string]any{"speed": map[string]any{}})),
		"alert without severity": d.data(with("type", "ALERT")),
		"long text":              d.data(withPayload("data", map[string]any{"label": strings.Repeat("x", 70_000)})),
		"report for another":     d.data(with("type", "RESOURCES_REPORT"), with("payload", reportPayload(other.id, "UPDATE", "x", "GET"))),
		"large message":          d.data(with("filler", strings.Repeat("x", 1<<20))),
	} {
		t.Run(name, func(t *testing.T) {
			a := d.send(d.data(), bad).wantProblem(t, 400)
			if !strings.Contains(string(a.body), "message 2 of 2") {
				t.Errorf("the problem does not say which message: %s", a.body)
			}
		})
	}
	for name, body := range map[string]string{
		"no JSON": "hello", "an object": `{"a":1}`, "a number": "1", "cut": `[{"a":`, "two arrays": "[][]", "numbers in it": "[1]",
		"many": "[" + strings.Repeat("{},", 10_000) + "{}]", "deep": strings.Repeat("[", 100_000), "not UTF-8": "[{\"type\":\"\xff\"}]",
	} {
		t.Run(name, func(t *testing.T) {
			d.call("POST", "/iot/api/v2/messages?acceptBytes=0", []byte(body)).wantProblem(t, 400)
		})
	}
	d.call("POST", "/iot/api/v2/messages?acceptBytes=0", make([]byte, 17<<20)).wantProblem(t, 413)
	for _, query := range []string{"acceptBytes=-1", "acceptBytes=x", "acceptBytes=10&iot.sync&iot.timeout=x"} {
		d.call("POST", "/iot/api/v2/messages?"+query, encode(t, []any{d.data()})).wantProblem(t, 400)
	}
	if n := len(s.stored()); n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

// What breaks the model is taken, stored, and recorded.
func TestViolations(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	d.send(d.data(withPayload("data", map[string]any{"speed": 9000})), d.data(), d.data(withPayload("format", "urn:x"))).want(t, 202)
	stored := s.stored()
	if len(stored) != 3 || s.server.Violating() != 2 {
		t.Fatalf("%d stored, %d violating", len(stored), s.server.Violating())
	}
	if !slices.Equal(stored[0].Violations, []string{"attribute speed is 9000, outside of its range 0 to 3000"}) || stored[1].Violations != nil || len(stored[2].Violations) != 1 {
		t.Errorf("violations %q %q %q", stored[0].Violations, stored[1].Violations, stored[2].Violations)
	}
	var page struct {
		Items []struct{ Violations []string }
	}
	s.asUser("GET", "/messages?orderBy=receivedTime", "").into(t, &page)
	if len(page.Items) != 3 || len(page.Items[0].Violations) != 1 || page.Items[1].Violations != nil {
		t.Errorf("listed %+v", page)
	}
}

func TestDuplicatesAreStoredOnce(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	twice := d.data()
	d.send(twice, d.data()).want(t, 202)
	d.send(d.data(), twice).want(t, 202)
	if n := len(s.stored()); n != 3 || s.server.Duplicates() != 1 {
		t.Errorf("%d stored, %d duplicates", n, s.server.Duplicates())
	}
}

func TestGatewayMixesSources(t *testing.T) {
	s := start(t)
	gateway := s.activated("gw", true)
	icd := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil)))
	gateway.send(gateway.data(), gateway.data(with("source", icd))).want(t, 202)
	if stored := s.stored(); len(stored) != 2 || stored[1].Source != icd || stored[1].Violations != nil {
		t.Errorf("stored %+v", stored)
	}
}

func reportPayload(endpoint, kind, path, methods string) map[string]any {
	return map[string]any{"type": "JSON", "value": map[string]any{"reportType": kind, "endpointName": endpoint, "reconciliationMark": "47940b8e",
		"resources": []any{map[string]any{"name": path, "path": path, "status": "ADDED", "methods": methods}}}}
}

func TestResourceReports(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	report := func(kind, path, methods string) {
		t.Helper()
		d.send(d.data(with("type", "RESOURCES_REPORT"), with("payload", reportPayload(d.id, kind, path, methods)))).want(t, 202)
	}
	resources := func() map[string][]string {
		t.Helper()
		var page struct {
			Items []struct {
				URL, EndpointID string
				Methods         []string
			}
		}
		s.asUser("GET", "/devices/"+d.id+"/resources", "").want(t, 200).into(t, &page)
		all := make(map[string][]string)
		for _, item := range page.Items {
			all[item.URL] = item.Methods
		}
		return all
	}
	report("UPDATE", "a/b", "GET,PUT")
	report("UPDATE", "a/c", "POST")
	report("UPDATE", "a/c", "POST")
	if got := resources(); !maps.EqualFunc(got, map[string][]string{"a/b": {"GET", "PUT"}, "a/c": {"POST"}}, slices.Equal) {
		t.Errorf("resources %v", got)
	}
	report("DELETE", "a/b", "GET")
	report("RECONCILIATION", "a/d", "GET")
	if got := resources(); !maps.EqualFunc(got, map[string][]string{"a/c": {"POST"}, "a/d": {"GET"}}, slices.Equal) {
		t.Errorf("resources %v", got)
	}
	d.send(d.data(with("type", "RESOURCES_REPORT"), with("payload", map[string]any{"type": "JSON", "value": map[string]any{
		"reportType": "DELETE", "endpointName": d.id, "resources": []any{}}}))).want(t, 202)
	if got := resources(); len(got) != 0 {
		t.Errorf("resources %v", got)
	}
}

// FuzzIngest: whatever a device sends, nothing breaks, and what is refused leaves nothing behind.
func FuzzIngest(f *testing.F) {
	started := start(f)
	known := started.activated("dev", true)
	d := known
	report := d.data(with("type", "RESOURCES_REPORT"), with("payload", reportPayload(d.id, "UPDATE", "a", "GET")))
	response := d.data(with("type", "RESPONSE"), with("payload", map[string]any{"statusCode": 200, "url": "", "requestId": "x", "headers": map[string]any{}, "body": ""}))
	for _, batch := range [][]any{{}, {d.data()}, {d.data(), report}, {response}, {d.data(withPayload("data", map[string]any{"speed": nil}))}, {1}} {
		f.Add(encode(f, batch), "acceptBytes=0")
	}
	f.Add([]byte(`[{"a":"\ud800"}]`), "acceptBytes=1&iot.timeout=1")
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		if strings.ContainsAny(query, " #%") || strings.Contains(query, "iot.sync") || strings.ContainsFunc(query, func(r rune) bool { return r < ' ' || r > '~' }) {
			return // no query that an HTTP client sends, or a poll that is held
		}
		s := &site{t, started.server, started.url, started.client}
		d := &rawDevice{site: s, id: known.id, token: known.token}
		before := len(s.stored())
		a := d.call("POST", "/iot/api/v2/messages?"+query, body)
		var parsed any
		if err := json.Unmarshal(a.body, &parsed); err != nil {
			t.Fatalf("%v: %v", a, err)
		}
		switch a.status {
		case 202:
			s.asUser("GET", "/messages?limit=200", "").want(t, 200)
		case 400:
			if len(s.stored()) != before {
				t.Fatal("a refused call left messages")
			}
		default:
			t.Fatalf("status %v", a)
		}
	})
}
