package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

func (s *site) addFault(text string) {
	s.t.Helper()
	fault, err := emulator.ParseFault(text)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.server.AddFault(fault); err != nil {
		s.t.Fatal(err)
	}
}

// fired gives how often the faults happened, as "1/3" for one in three calls.
func (s *site) fired() string {
	var all []string
	for _, f := range s.server.Faults() {
		all = append(all, fmt.Sprintf("%d/%d", f.Fired, f.Calls))
	}
	return strings.Join(all, " ")
}

// try makes a call that may fail: what came of the body, and the error.
func (d *rawDevice) try(method, path string, body []byte) (status int, text []byte, err error) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, d.url+path, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	request.Header.Set("X-EndpointId", d.id)
	response, err := d.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

const messagesPath = "/iot/api/v2/messages?acceptBytes=0"

func TestStatusFault(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("status=503,retry-after=1500ms,route=messages,nth=2")
	d.send(d.data()).want(t, 202)
	a := d.send(d.data()).wantProblem(t, 503)
	if a.header.Get("Retry-After") != "2" {
		t.Errorf("header %v", a.header)
	}
	d.send(d.data()).want(t, 202)
	d.call("GET", "/iot/api/v2/deviceModels/"+pumpURN, nil).want(t, 200)
	if len(s.stored()) != 2 || s.fired() != "1/3" {
		t.Errorf("%d messages, fired %s", len(s.stored()), s.fired())
	}
	s.addFault("status=429")
	if a := d.send().wantProblem(t, 429); a.header.Get("Retry-After") != "" {
		t.Errorf("header %v", a.header)
	}
	s.asUser("GET", "/devices", "").want(t, 200) // people are spared
	s.asUser("GET", "/deviceModels/"+pumpURN, "").want(t, 200)
}

func TestLatencyFault(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("latency=300ms,method=POST")
	begin := time.Now()
	d.call("GET", "/iot/api/v2/deviceModels/"+pumpURN, nil).want(t, 200)
	quick := time.Since(begin)
	d.send(d.data()).want(t, 202)
	if slow := time.Since(begin); slow < 300*time.Millisecond || quick > 250*time.Millisecond {
		t.Errorf("%v, then %v", quick, slow)
	}
}

// A server that closes does not wait for what it delays.
func TestLatencyFaultAtTheEnd(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("latency=10m")
	done := make(chan error, 1)
	go func() {
		_, _, err := d.try("POST", messagesPath, nil)
		done <- err
	}()
	for s.fired() != "1/1" {
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	closeServer(t, s.server)
	if err := <-done; err != nil || time.Since(begin) > 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestConnectionFaults(t *testing.T) {
	tests := []struct {
		fault    string
		answered int  // bytes of the body that come
		stored   bool // the message arrives
	}{
		{"reset,nth=1", 0, false},
		{"lost-answer,nth=1", 0, true},
		{"truncate,nth=1", 1, true},
	}
	for _, tc := range tests {
		t.Run(tc.fault, func(t *testing.T) {
			s := start(t)
			d := s.activated("dev", false)
			s.addFault(tc.fault)
			message := encode(t, []any{d.data()})
			status, body, err := d.try("POST", messagesPath, message)
			if err == nil || len(body) != tc.answered || (status != 0) != (tc.answered > 0) {
				t.Errorf("status %d, body %q, %v", status, body, err)
			}
			if tc.answered > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%v, want the end of the body in its middle", err)
			}
			if got := len(s.stored()) == 1; got != tc.stored {
				t.Errorf("stored: %v", got)
			}
			status, body, err = d.try("POST", messagesPath, message) // on a new connection
			if err != nil || status != 202 || string(body) != "[]" {
				t.Errorf("the second time: %d %q %v", status, body, err)
			}
			if n := len(s.stored()); n != 1 || (s.server.Duplicates() == 1) != tc.stored {
				t.Errorf("%d messages, %d duplicates", n, s.server.Duplicates())
			}
		})
	}
}

// Of a refusal the body can be cut as well.
func TestTruncatedRefusal(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("truncate")
	status, body, err := d.try("GET", "/iot/api/v2/deviceModels/urn:test:none", nil)
	if status != 404 || len(body) < 50 || json.Valid(body) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d %q %v", status, body, err)
	}
	if _, _, err := d.try("POST", messagesPath, []byte("nonsense")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

func TestRepeatFault(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("repeat,route=messages")
	s.write(d, 5)
	a := d.call("POST", "/iot/api/v2/messages?acceptBytes=4190&iot.sync&iot.timeout=5", encode(t, []any{d.data()})).want(t, 202)
	if got := requests(t, a); len(got) != 1 {
		t.Errorf("the request was given to nobody: %s", a.body)
	}
	if n := len(s.stored()); n != 2 || s.server.Duplicates() != 1 { // the request to the device is one of them
		t.Errorf("%d messages, %d duplicates", n, s.server.Duplicates())
	}
	fresh := s.register("fresh")
	fresh.login()
	s.addFault("repeat,device=fresh,route=activation/*")
	if a := fresh.call("POST", direct, encode(t, fresh.activationBody(pumpURN))); a.status < 400 {
		t.Errorf("the second activation: %v", a)
	}
	if got, _ := s.server.DeviceByHardwareID("fresh"); got.State != "ACTIVATED" || s.fired() != "1/1 1/1" {
		t.Errorf("%+v, fired %s", got, s.fired())
	}
}

func TestRedeliverFault(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("redeliver,times=1")
	d.call("GET", "/iot/api/v2/deviceModels/"+pumpURN, nil).want(t, 200)
	if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 0 || s.fired() != "0/0" {
		t.Errorf("%d requests, fired %s", len(got), s.fired())
	}
	s.write(d, 5)
	first, second := requests(t, d.poll("acceptBytes=4190")), requests(t, d.poll("acceptBytes=4190"))
	if len(first) != 1 || len(second) != 1 || first[0].ID != second[0].ID {
		t.Fatalf("%d requests, then %d", len(first), len(second))
	}
	d.respond(first[0], 202, "")
	if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 0 || s.fired() != "1/2" {
		t.Errorf("then %d requests, fired %s", len(got), s.fired())
	}
}

func TestExpiredTokenFault(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("expired-token,nth=2")
	d.send(d.data()).want(t, 202)
	for range 2 { // once expired, always expired
		d.send(d.data()).wantProblem(t, 401)
	}
	s.server.ClearFaults()
	d.send(d.data()).wantProblem(t, 401)
	d.login()
	d.send(d.data()).want(t, 202)
}

func TestSkewFault(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.addFault("skew=1h")
	currentTime := func(a answer) time.Duration {
		var p struct{ CurrentTime int64 }
		a.wantProblem(t, 400).into(t, &p)
		return time.Until(time.UnixMilli(p.CurrentTime)).Round(time.Minute)
	}
	if got := currentTime(d.askToken(d.keyAssertion(time.Now().Add(15*time.Minute)), "")); got != time.Hour {
		t.Errorf("the server is ahead by %v", got)
	}
	d.askToken(d.keyAssertion(time.Now().Add(75*time.Minute)), "").want(t, 200)
	a := d.send(d.data()).want(t, 202)
	date, err := http.ParseTime(a.header.Get("Date"))
	if ahead := time.Until(date).Round(time.Minute); err != nil || ahead != time.Hour {
		t.Errorf("Date is ahead by %v, %v", ahead, err)
	}
	s.server.ClearFaults()
	s.addFault("skew=-48h,device=dev")
	if got := currentTime(d.askToken(d.keyAssertion(time.Now().Add(-time.Minute)), "")); got != -48*time.Hour {
		t.Errorf("the server is ahead by %v", got)
	}
	if a := d.askToken("nonsense", ""); currentTime(a) != 0 {
		t.Errorf("a caller without a name meets a fault of a device: %v", a)
	}
	s.asUser("GET", "/devices", "").want(t, 200)
}

// Before its activation a device is known by its hardware id, in its token call too.
func TestFaultsByDevice(t *testing.T) {
	s := start(t)
	d, other := s.register("one"), s.register("two")
	s.addFault("status=500,device=one,every=2")
	for _, want := range []int{200, 500, 200} {
		d.askToken(d.secretAssertion(time.Now().Add(time.Minute)), "oracle/iot/activation").want(t, want)
		other.askToken(other.secretAssertion(time.Now().Add(time.Minute)), "oracle/iot/activation").want(t, 200)
	}
	if s.fired() != "1/3" {
		t.Errorf("fired %s", s.fired())
	}
}

// With the same seed the same calls fail.
func TestFaultsAreDeterministic(t *testing.T) {
	run := func(seed int) string {
		s := start(t)
		d := s.activated("dev", false)
		s.addFault(fmt.Sprintf("status=503,route=messages,p=0.3,seed=%d", seed))
		var b strings.Builder
		for range 40 {
			b.WriteByte("x."[min(1, d.send().status/503^1)])
		}
		return b.String()
	}
	first := run(1)
	if again, other := run(1), run(2); first != again || first == other || !strings.Contains(first, "x") {
		t.Errorf("%s, %s; with another seed %s", first, again, other)
	}
}

func TestFaultCalls(t *testing.T) {
	s := start(t, emulator.WithFaults(emulator.Fault{Kind: emulator.FaultReset, Nth: 1000}))
	var created struct {
		ID    int
		Rule  string
		Calls int
		Links []any
	}
	s.asUser("POST", "/emulator/faults", `{"rule":"status=503,retry-after=2s,p=1"}`).want(t, 201).into(t, &created)
	if created.ID != 2 || created.Rule != "status=503,retry-after=2s,p=1" || len(created.Links) != 1 {
		t.Errorf("created %+v", created)
	}
	s.asUser("POST", "/emulator/faults", "latency=1ms\n").want(t, 201)
	for text, status := range map[string]int{"boom": 400, `{"rule":""}`: 400, `{"rule":7}`: 400, "{": 400, "": 400, strings.Repeat("x", 70_000): 413} {
		s.asUser("POST", "/emulator/faults", text).wantProblem(t, status)
	}
	d := s.register("dev")
	d.askToken("x", "").wantProblem(t, 503)
	if got := s.asUser("GET", "/emulator/faults?totalResults=true", "").policies(t); len(got) != 3 || got[1]["fired"] != 1.0 || got[0]["calls"] != 1.0 {
		t.Errorf("listed %v", got)
	}
	s.asUser("GET", "/emulator/faults/2", "").want(t, 200).into(t, &created)
	if created.Calls != 1 {
		t.Errorf("got %+v", created)
	}
	s.asUser("DELETE", "/emulator/faults/2", "").want(t, 204)
	for _, path := range []string{"/emulator/faults/2", "/emulator/faults/x"} {
		s.asUser("GET", path, "").wantProblem(t, 404)
		s.asUser("DELETE", path, "").wantProblem(t, 404)
	}
	s.asUser("DELETE", "/emulator/faults", "").want(t, 204)
	if got := s.server.Faults(); len(got) != 0 {
		t.Errorf("left %v", got)
	}
	a := s.activated("activated", false)
	a.call("GET", "/iot/api/v2/emulator/faults", nil).wantProblem(t, 403)
	s.do("POST", "/iot/api/v2/emulator/faults", []byte("reset")).wantProblem(t, 401)
	for range 1000 {
		s.addFault("reset,nth=5")
	}
	s.asUser("POST", "/emulator/faults", "reset").wantProblem(t, 503)
	if _, err := emulator.New(emulator.WithFaults(emulator.Fault{})); !errors.Is(err, emulator.ErrFault) {
		t.Errorf("the empty fault: %v", err)
	}
	if _, err := s.server.AddFault(emulator.Fault{Kind: emulator.FaultStatus, Code: 200}); !errors.Is(err, emulator.ErrFault) {
		t.Errorf("status 200: %v", err)
	}
}
