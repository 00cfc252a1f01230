package emulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// requestView is the status of a request as the clients read it (docs/protocol/management-api.md §9.2).
type requestView struct {
	ID, RequestID, Status, EndpointID, RequestMethod, URL, ResponseStatusCode string
	Complete                                                                  *bool
	Response                                                                  *struct {
		StatusCode int
		Body       *string
		Headers    map[string][]string
	}
	Links []struct{ Rel, Href string }
}

func base(d *rawDevice) string { return "/devices/" + d.id + "/deviceModels/" + pumpURN }

func TestAttributeWrite(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	var r requestView
	s.asUser("PUT", base(d)+"/attributes/speed", `{ "value" : 1300 }`).want(t, 202).into(t, &r)
	if r.ID == "" || r.RequestID != r.ID || r.Status != "RECEIVED" || r.Complete == nil || *r.Complete || r.EndpointID != d.id || r.RequestMethod != "PUT" ||
		r.URL != "deviceModels/"+pumpURN+"/attributes/speed" || r.Response != nil || len(r.Links) != 2 || r.Links[0].Rel != "requests" {
		t.Errorf("request %+v", r)
	}
	path := "/requests/" + r.ID
	s.asUser("GET", path+"/response", "").wantProblem(t, 404)
	got := requests(t, d.poll("acceptBytes=4190"))
	if string(got[0].Request.Body) != `{ "value" : 1300 }` || wire.HeaderValue(got[0].Request.Headers, "content-type") != "application/json" {
		t.Errorf("delivered %+v", got[0].Request)
	}
	if s.asUser("GET", path, "").into(t, &r); r.Status != "DISPATCHED" {
		t.Errorf("request %+v", r)
	}
	d.respond(got[0], 202, "")
	s.asUser("GET", path, "").want(t, 200).into(t, &r)
	if r.Status != "COMPLETED" || !*r.Complete || r.Response == nil || r.Response.StatusCode != 202 || r.Response.Body == nil || *r.Response.Body != "" ||
		r.ResponseStatusCode != "HTTP 202: Accepted" {
		t.Errorf("request %+v", r)
	}
	var response struct{ StatusCode int }
	if s.asUser("GET", path+"/response", "").want(t, 200).into(t, &response); response.StatusCode != 202 {
		t.Errorf("response %+v", response)
	}
	s.asUser("GET", "/requests/unknown", "").wantProblem(t, 404)
	s.asUser("GET", "/requests/unknown/response", "").wantProblem(t, 404)
}

func TestAttributesUpdate(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.asUser("POST", base(d)+"/attributes", `{"speed":5,"since":"2018-01-01T00:00:00Z"}`, "X-HTTP-Method-Override", "PATCH").want(t, 202)
	s.asUser("PATCH", base(d)+"/attributes", `{"rpm":6}`).want(t, 202)
	got := requests(t, d.poll("acceptBytes=4190"))
	if len(got) != 2 {
		t.Fatalf("delivered %d", len(got))
	}
	for i, want := range []string{`{"speed":5,"since":1514764800000}`, `{"rpm":6}`} {
		r := got[i].Request
		if r.Method != "POST" || r.EffectiveMethod() != "PATCH" || r.URL != "deviceModels/"+pumpURN+"/attributes" || string(r.Body) != want {
			t.Errorf("delivered %+v", r)
		}
	}
	s.asUser("POST", base(d)+"/attributes", `{"speed":5}`).wantProblem(t, 405)
}

func TestActionCall(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	for path, body := range map[string][2]string{
		"/actions/stop": {"", "{}"}, "/actions/stop?x": {`{"value": null}`, `{"value": null}`}, "/actions/ramp": {`{"value":50}`, `{"value":50}`},
	} {
		s.asUser("POST", base(d)+path, body[0]).want(t, 202)
		got := requests(t, d.poll("acceptBytes=4190"))
		if len(got) != 1 || string(got[0].Request.Body) != body[1] || got[0].Request.Method != "POST" {
			t.Errorf("%s: delivered %+v", path, got[0].Request)
		}
	}
}

func TestCommandsRefused(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	fresh := s.register("fresh")
	registered, _ := s.server.DeviceByHardwareID("fresh")
	fresh.id = registered.EndpointID
	s.asUser("POST", "/deviceModels", `{"urn":"urn:test:other","name":"Other"}`).want(t, 201)
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"PUT", base(d) + "/attributes/speed", `{"value":9000}`, 400},
		{"PUT", base(d) + "/attributes/speed", `{"value":"a"b"}`, 400},
		{"PUT", base(d) + "/attributes/label", `{"value":"x"}`, 405},
		{"PUT", base(d) + "/attributes/none", `{"value":"x"}`, 404},
		{"POST", base(d) + "/actions/none", `{}`, 404},
		{"POST", base(d) + "/actions/ramp", `{"value":101}`, 400},
		{"PUT", "/devices/0-NONE/deviceModels/" + pumpURN + "/attributes/speed", `{"value":1}`, 404},
		{"PUT", "/devices/" + d.id + "/deviceModels/urn:test:none/attributes/speed", `{"value":1}`, 404},
		{"PUT", "/devices/" + d.id + "/deviceModels/urn:test:other/attributes/speed", `{"value":1}`, 404},
		{"PUT", base(fresh) + "/attributes/speed", `{"value":1}`, 404},
		{"PUT", base(d) + "/attributes/speed?iot.sync&iot.timeout=x", `{"value":1}`, 400},
		{"PUT", base(d) + "/attributes/speed", strings.Repeat(" ", 100_000), 413},
		{"GET", base(d) + "/attributes/none", "", 404},
		{"GET", base(d) + "/attributes?since=x", "", 400},
		{"GET", base(fresh) + "/attributes", "", 404},
		{"GET", "/devices/0-NONE/resources", "", 404},
		{"GET", "/devices/0-NONE/resources/x", "", 404},
		{"GET", "/devices/0-NONE/devices", "", 404},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			s.asUser(test.method, test.path, test.body).wantProblem(t, test.want)
		})
	}
	if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 0 {
		t.Errorf("%d requests reached the device", len(got))
	}
	s.asUser("PATCH", "/devices/"+d.id, `{"state":"DISABLED"}`).want(t, 200)
	s.asUser("PUT", base(d)+"/attributes/speed", `{"value":1}`).wantProblem(t, 409)
}

func TestCommandsUnchecked(t *testing.T) {
	s := start(t, emulator.WithoutRequestChecks())
	d := s.activated("dev", false)
	for _, body := range []string{`{"value":9000}`, `{"value":"a"b"}`} {
		s.asUser("PUT", base(d)+"/attributes/label", body).want(t, 202)
	}
	s.asUser("PUT", "/devices/"+d.id+"/resources/never/reported", "x").want(t, 202)
	s.asUser("PUT", base(d)+"/attributes/speed", strings.Repeat("x", 60_000)).wantProblem(t, 413)
	if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 3 || string(got[1].Request.Body) != `{"value":"a"b"}` {
		t.Errorf("delivered %v", got)
	}
}

func TestAttributesRead(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	read := func(path string) string {
		t.Helper()
		return string(s.asUser("GET", base(d)+path, "").want(t, 200).body)
	}
	if got := read("/attributes"); got != "{}" {
		t.Errorf("before the first value: %s", got)
	}
	if got := read("/attributes/speed"); got != "{}" {
		t.Errorf("before the first value: %s", got)
	}
	d.send(d.data(withPayload("data", map[string]any{"speed": 5, "label": "x"}))).want(t, 202)
	d.send(d.data(withPayload("data", map[string]any{"speed": 7.0}))).want(t, 202)
	if got := read("/attributes"); got != `{"label":"x","speed":7}` {
		t.Errorf("attributes %s", got)
	}
	if got := read("/attributes/rpm"); got != `{"speed":7}` {
		t.Errorf("by alias: %s", got)
	}
	stored := s.stored()
	if got := read("/attributes?since=" + json.Number(timeOf(stored[1])).String()); got != `{"speed":7}` {
		t.Errorf("since the second message: %s", got)
	}
}

func timeOf(m emulator.Message) string {
	text, _ := json.Marshal(m.ReceivedTime)
	return string(text)
}

// serveRequests answers every request of a device until the test ends.
func (d *rawDevice) serveRequests(handle func(r *wire.Request) (status int, body string)) {
	stop, done := make(chan struct{}), make(chan struct{})
	d.t.Cleanup(func() { close(stop); <-done })
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, m := range requests(d.t, d.poll("acceptBytes=4190&iot.sync")) {
				status, body := handle(m.Request)
				d.respond(m, status, body)
			}
		}
	}()
}

func TestSync(t *testing.T) {
	s := start(t, emulator.WithPollLimit(100*time.Millisecond))
	d := s.activated("dev", false)
	d.send(d.data(with("type", "RESOURCES_REPORT"), with("payload", reportPayload(d.id, "UPDATE", "app/page", "GET,PUT")))).want(t, 202)

	begin := time.Now()
	var r requestView
	s.asUser("POST", base(d)+"/actions/stop?iot.sync&iot.timeout=150", "").want(t, 202).into(t, &r)
	if r.Status != "RECEIVED" || time.Since(begin) < 150*time.Millisecond {
		t.Errorf("%+v after %v", r, time.Since(begin))
	}
	d.serveRequests(func(r *wire.Request) (int, string) {
		switch {
		case strings.HasSuffix(r.URL, "stop"):
			return 204, ""
		case r.URL == "app/page":
			return 200, r.Method + " " + r.Params["a"] + " " + string(r.Body) + " " + wire.HeaderValue(r.Headers, "x-mine")
		case strings.HasSuffix(r.URL, "ramp"):
			return 401, "no"
		}
		return 404, "unknown here"
	})
	s.asUser("POST", base(d)+"/actions/stop?iot.sync", "").want(t, 204)
	a := s.asUser("PUT", base(d)+"/attributes/speed?iot.sync=true", `{"value":1}`).want(t, 404)
	if string(a.body) != "unknown here" || a.header.Get("Content-Type") != "text/plain" || a.header.Get("X-Note") != "n" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("answer %v %s", a.header, a.body)
	}
	s.asUser("POST", base(d)+"/actions/ramp?iot.sync", `{"value":1}`).want(t, http.StatusBadGateway)
	a = s.asUser("PUT", "/devices/"+d.id+"/resources/app/page?=&a=b%20c&iot.sync", "text", "X-Mine", "m").want(t, 200)
	if string(a.body) != "PUT b c text m" {
		t.Errorf("answer %s", a.body)
	}
	s.asUser("POST", "/devices/"+d.id+"/resources/app/page?iot.sync", "").wantProblem(t, 405)
	s.asUser("GET", "/devices/"+d.id+"/resources/app/other?iot.sync", "").wantProblem(t, 404)
}

func TestSyncWithDeviceThatGoes(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	time.AfterFunc(100*time.Millisecond, func() {
		if err := s.server.RemoveDevice(d.id); err != nil {
			t.Error(err)
		}
	})
	s.asUser("POST", base(d)+"/actions/stop?iot.sync", "").wantProblem(t, 404)
}

func TestCommandsInProcess(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	var ids []string
	for _, send := range []func() (emulator.Request, error){
		func() (emulator.Request, error) { return s.server.WriteAttribute(d.id, pumpURN, "speed", 1) },
		func() (emulator.Request, error) {
			return s.server.WriteAttributes(d.id, pumpURN, map[string]any{"speed": 1, "since": time.Unix(1, 0).UTC()})
		},
		func() (emulator.Request, error) { return s.server.CallAction(d.id, pumpURN, "stop", nil) },
		func() (emulator.Request, error) {
			return s.server.CallAction(d.id, pumpURN, "ramp", map[string]any{"value": 5})
		},
		func() (emulator.Request, error) {
			return s.server.Send(d.id, &wire.Request{Method: "DELETE", URL: "any/thing"})
		},
	} {
		r, err := send()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	var bodies []string
	for i, m := range requests(t, d.poll("acceptBytes=100000")) {
		if m.ID != ids[i] {
			t.Errorf("request %d is %s, want %s", i, m.ID, ids[i])
		}
		bodies = append(bodies, string(m.Request.Body))
	}
	if got := strings.Join(bodies, " "); got != `{"value":1} {"since":1000,"speed":1} {} {"value":5} ` {
		t.Errorf("bodies %s", got)
	}
	for name, err := range map[string]error{
		"range":          second(s.server.WriteAttribute(d.id, pumpURN, "speed", -1)),
		"unknown device": second(s.server.WriteAttribute("0-NONE", pumpURN, "speed", 1)),
		"unknown model":  second(s.server.CallAction(d.id, "urn:none", "stop", nil)),
		"no JSON form":   second(s.server.WriteAttribute(d.id, pumpURN, "speed", func() {})),
		"send to nobody": second(s.server.Send("0-NONE", &wire.Request{})),
		"await nothing":  second(s.server.Await(t.Context(), "x")),
	} {
		var p *emulator.Problem
		if err == nil || !asProblem(err, &p) || p.Status < 400 || p.Detail == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
