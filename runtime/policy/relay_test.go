package policy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// relayFleet is a fleet whose devices send messages of their own.
type relayFleet struct {
	*fleet
	relay *Relay
	now   int64
}

func newRelayFleet(t *testing.T, document string) *relayFleet {
	f := &relayFleet{fleet: newFleet(t, false, nil)}
	f.server.assigned["E1"], f.server.policies["P1"] = "P1", document
	f.relay = NewRelay(RelayConfig{
		Manager: f.manager,
		Now:     func() int64 { return f.now },
		Report:  func(err error) { f.reports = append(f.reports, err) },
		Model: func(urn string) *devicemodel.Model {
			if urn == f.model.URN {
				return f.model
			}
			return nil
		},
	})
	return f
}

// offer offers a message and gives the items of what is to be sent.
func (f *relayFleet) offer(now int64, m *wire.Message) (string, error) {
	f.t.Helper()
	f.now = now
	out, err := f.relay.Offer(now, m)
	return f.texts(out), err
}

func (f *relayFleet) texts(out []*Message) string {
	f.t.Helper()
	var all []string
	for _, m := range out {
		decoded, err := wire.DecodeMessage(m.JSON)
		if err != nil {
			f.t.Fatal(err)
		}
		text := decoded.Type.String()
		switch {
		case decoded.Data != nil:
			for _, item := range decoded.Data.Items {
				text += " " + item.Name + "=" + string(item.Value.AppendJSON(nil))
			}
		case decoded.Request != nil:
			text += " " + decoded.Request.Method + " " + decoded.Request.URL + " " + string(decoded.Request.Body) + " to " + decoded.Destination
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func (f *relayFleet) message(items ...wire.Item) *wire.Message {
	return &wire.Message{
		Header: wire.Header{ClientID: wire.NewUUID(), Source: "E1", EventTime: 77, Priority: wire.High,
			Properties: map[string][]string{"k": {"v"}}},
		Type: wire.TypeData,
		Data: &wire.DataPayload{Format: f.model.AttributesURN(), Items: items},
	}
}

func number(name string, x float64) wire.Item {
	return wire.Item{Name: name, Value: wire.NumberValue(x)}
}

func TestRelayPassesOthers(t *testing.T) {
	f := newRelayFleet(t, policyText("P1", 1, "1"))
	custom := f.message(number("temp", 1))
	custom.Data.Format = "urn:test:pump:log"
	unknown := f.message(number("temp", 1))
	unknown.Data.Format = "urn:other:attributes"
	response := &wire.Message{Header: wire.Header{ClientID: wire.NewUUID(), Source: "E1"}, Type: wire.TypeResponse,
		Response: &wire.Response{StatusCode: 200, RequestID: "r", URL: "u"}}
	alert := &wire.Message{Header: wire.Header{ClientID: wire.NewUUID(), Source: "E1"}, Type: wire.TypeAlert,
		Alert: &wire.AlertPayload{Format: "hot", Severity: wire.SeverityLow, Description: "d"}}
	for name, m := range map[string]*wire.Message{"custom data": custom, "unknown model": unknown, "response": response, "alert without model": alert} {
		if out, err := f.offer(1, m); err != nil || out == "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if _, err := f.offer(1, &wire.Message{Type: wire.TypeData}); err == nil {
		t.Error("a message without payload")
	}
	f.wantAsked()
}

// A message keeps what the application chose about it.
func TestRelayKeepsTheHead(t *testing.T) {
	f := newRelayFleet(t, policyText("P1", 1, "$(temp) > 10"))
	m := f.message(number("hum", 1), number("temp", 2), number("nosuch", 3))
	if out, err := f.offer(1, m); out != "" || err != nil {
		t.Errorf("before the answer: %q, %v", out, err)
	}
	f.lookUp(1)
	out := f.relay.Ready(2)
	if got := f.texts(out); got != "DATA temp=2 hum=1 nosuch=3" {
		t.Errorf("sent %q", got)
	}
	decoded, err := wire.DecodeMessage(out[0].JSON)
	if err != nil || decoded.ClientID != m.ClientID || decoded.EventTime != 77 || decoded.Priority != wire.High || decoded.Properties["k"][0] != "v" {
		t.Errorf("%+v, %v", decoded, err)
	}
	if got, err := f.offer(3, f.message(number("temp", 20))); got != "" || err != nil {
		t.Errorf("filtered message: %q, %v", got, err)
	}
}

func TestRelayWaits(t *testing.T) {
	f := newRelayFleet(t, policyText("P1", 1, "1"))
	for i := range MaxHeldValues {
		if out, err := f.offer(int64(i), f.message(number("temp", 1))); out != "" || err != nil {
			t.Fatalf("%q, %v", out, err)
		}
	}
	f.now = 5
	out, err := f.relay.Offer(5, f.message(number("temp", 1)))
	if err != nil || len(out) != MaxHeldValues+1 || len(f.reports) != 1 || !errors.Is(f.reports[0], ErrNoAnswer) {
		t.Errorf("%d messages, %v, reports %v", len(out), err, f.reports)
	}

	f = newRelayFleet(t, policyText("P1", 1, "1"))
	if _, err := f.offer(100, f.message(number("temp", 1))); err != nil {
		t.Fatal(err)
	}
	if out := f.relay.Ready(100 + MaxHold - 1); len(out) != 0 {
		t.Errorf("%d messages", len(out))
	}
	if out := f.relay.Ready(100 + MaxHold); len(out) != 1 {
		t.Errorf("%d messages", len(out))
	}
}

// An action that a policy calls is a request of the device to itself.
func TestRelayActions(t *testing.T) {
	f := newRelayFleet(t, document("temp",
		function("actionCondition", `"condition":"$(temp) > 5","filter":false,"action":{"name":"speed","arguments":["$(temp) * 2"]}`),
		function("actionCondition", `"condition":"$(temp) > 6","filter":false,"action":{"name":"speed","arguments":["fast"]}`),
		function("actionCondition", `"condition":"$(temp) > 7","action":{"name":"reset"}`)))
	f.server.policies["P1"] = strings.Replace(f.server.policies["P1"], `"id":"P"`, `"id":"P1"`, 1)
	if _, err := f.offer(1, f.message(number("temp", 1))); err != nil {
		t.Fatal(err)
	}
	f.lookUp(1)
	if got := f.texts(f.relay.Ready(1)); got != "DATA temp=1" {
		t.Errorf("sent %q", got)
	}
	const path = "REQUEST POST deviceModels/urn:test:pump/actions/"
	for x, want := range map[float64]string{
		6: path + `speed {"value":12} to E1; DATA temp=6`,
		7: path + `speed {"value":14} to E1; ` + path + `speed {"value":"fast"} to E1; DATA temp=7`,
		8: path + `speed {"value":16} to E1; ` + path + `speed {"value":"fast"} to E1; ` + path + `reset {} to E1`,
	} {
		if got, err := f.offer(2, f.message(number("temp", x))); got != want || err != nil {
			t.Errorf("%v: %q, %v, want %q", x, got, err, want)
		}
	}
}

// What fails is named, and the other items go on.
func TestRelayErrors(t *testing.T) {
	p := mustParse(t, document("temp", function("computedMetric", `"formula":"\"a\""`)))
	p.Pipelines = append(p.Pipelines, mustParse(t, document("hum", function("computedMetric", `"formula":"$(count) + \"x\""`))).Pipelines...)
	f := newRelayFleet(t, "")
	plan, _ := Compile(p, f.model)
	m := f.message(number("count", 1), number("temp", 1))
	if _, err := f.offer(1, m); err != nil {
		t.Fatal(err)
	}
	f.relay.devices[memberKey{f.model.URN, "E1"}].Assign(plan)
	out := f.relay.Ready(2)
	if got := f.texts(out); got != "DATA count=1" {
		t.Errorf("sent %q", got)
	}
	if len(f.reports) != 2 || !errors.Is(f.reports[0], formula.ErrOperand) || !errors.Is(f.reports[1], formula.ErrOperand) {
		t.Errorf("reports %v", f.reports)
	}
	if _, err := f.offer(3, m); !errors.Is(err, formula.ErrOperand) {
		t.Errorf("%v", err)
	}
}

// A policy that is taken away leaves nothing behind, and defaults count again.
func TestRelayUnassigned(t *testing.T) {
	f := newRelayFleet(t, document("temp", function("computedMetric", `"formula":"$(temp) + $$(limit)"`), function("max", `"window":5000`)))
	f.server.policies["P1"] = strings.Replace(f.server.policies["P1"], `"id":"P"`, `"id":"P1"`, 1)
	m := f.message(number("temp", 4))
	_, _ = f.offer(1, m)
	f.lookUp(1)
	if out := f.relay.Ready(2); len(out) != 0 {
		t.Errorf("sent %q", f.texts(out))
	}
	_, _ = f.offer(2, f.message(number("limit", 1), number("temp", 5)))
	f.now = 10
	if status, _ := f.manager.Change(context.Background(), time.UnixMilli(10), []byte(`[{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":2,"op":"unassigned"}]`)); status != 200 {
		t.Fatal(status)
	}
	if got, err := f.offer(11, m); got != "DATA temp=34; DATA temp=4" || err != nil {
		t.Errorf("sent %q, %v", got, err)
	}
}

// A Relay that closes gives what it holds: nothing is lost, nothing comes after.
func TestRelayClose(t *testing.T) {
	held := document("*", function("batchBySize", `"batchSize":10`))
	window := document("temp", function("mean", `"window":60000`))
	for name, c := range map[string]struct {
		document string // "": the server does not answer
		require  bool
		want     string
		report   error
	}{
		"batch":                  {held, false, "DATA temp=1; DATA temp=3", nil},
		"window":                 {window, false, "DATA temp=2", nil},
		"no answer":              {"", false, "DATA temp=1; DATA temp=3", ErrNoAnswer},
		"no answer but required": {"", true, "", ErrHolding},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRelayFleet(t, strings.Replace(c.document, `"id":"P"`, `"id":"P1"`, 1))
			f.relay.config.Require = c.require
			for _, x := range []float64{1, 3} {
				if got, err := f.offer(1, f.message(number("temp", x))); got != "" || err != nil {
					t.Errorf("%v: %q, %v", x, got, err)
				}
				if c.document != "" {
					f.lookUp(1)
				}
			}
			if got := f.texts(f.relay.Close(5)); got != c.want {
				t.Errorf("closing sent %q, want %q", got, c.want)
			}
			if c.report == nil && len(f.reports) > 0 || c.report != nil && (len(f.reports) != 1 || !errors.Is(f.reports[0], c.report)) {
				t.Errorf("reports %v, want %v", f.reports, c.report)
			}
			if got, err := f.offer(6, f.message(number("temp", 1))); got != "" || !errors.Is(err, ErrClosed) {
				t.Errorf("afterwards: %q, %v", got, err)
			}
			f.relay.devices[memberKey{f.model.URN, "E1"}].Assign(nil)
			if rest := append(f.relay.Close(7), f.relay.Ready(8)...); len(rest) > 0 {
				t.Errorf("more came: %q", f.texts(rest))
			}
		})
	}
}

// When a policy is required, messages wait for the answer as long as it takes.
func TestRelayRequire(t *testing.T) {
	f := newRelayFleet(t, strings.Replace(document("temp", function("filterCondition", `"condition":"$(temp) > 5"`)), `"id":"P"`, `"id":"P1"`, 1))
	f.relay.config.Require = true
	for i := range MaxHeldValues {
		if out, err := f.offer(int64(i), f.message(number("temp", float64(5+i%2)))); out != "" || err != nil {
			t.Fatalf("%q, %v", out, err)
		}
	}
	if out, err := f.offer(5, f.message(number("temp", 1))); out != "" || !errors.Is(err, ErrHolding) {
		t.Errorf("one more: %q, %v", out, err)
	}
	if out := f.relay.Ready(1_000_000); len(out) != 0 || !f.relay.Waiting() {
		t.Errorf("%d messages, waiting %v", len(out), f.relay.Waiting())
	}
	f.lookUp(1_000_000)
	if out := f.relay.Ready(1_000_000); len(out) != MaxHeldValues/2 || f.relay.Waiting() || len(f.reports) > 0 {
		t.Errorf("%d messages, waiting %v, reports %v", len(out), f.relay.Waiting(), f.reports)
	}
}
