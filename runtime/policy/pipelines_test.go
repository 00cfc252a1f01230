package policy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// scenario is one scenario of testdata/policies/pipelines.json.
type scenario struct {
	ID          string          `json:"id"`
	API         string          `json:"api"`
	Policy      json.RawMessage `json:"policy"`
	LookupFails bool            `json:"lookupFails"`
	Gateway     bool            `json:"gateway"`
	Devices     []string        `json:"devices"`
	Network     string          `json:"clientNetworkCost"`
	Note        string          `json:"note"`
	Steps       []scenarioStep  `json:"steps"`
}

type scenarioStep struct {
	T        int64            `json:"t"`
	Device   string           `json:"device"`
	Offer    map[string]any   `json:"offer"`
	Set      map[string]any   `json:"set"`
	Update   [][3]any         `json:"update"`
	Tick     bool             `json:"tick"`
	Alert    map[string]any   `json:"alert"`
	Severity string           `json:"severity"`
	Messages []map[string]any `json:"messages"`
	Network  string           `json:"clientNetworkCost"`

	Changed json.RawMessage        `json:"policyChanged"`
	Replies map[string]serverReply `json:"serverReplies"`

	Sent            []map[string]any `json:"sent"`
	Gets            []string         `json:"gets"`
	Actions         []map[string]any `json:"actions"`
	AttributeValues map[string]any   `json:"attributeValues"`
	Response        int              `json:"response"`
	Error           bool             `json:"error"`
}

type serverReply struct {
	Body    json.RawMessage `json:"body"`
	Status  int             `json:"status"`
	IOError bool            `json:"ioError"`
}

// TestPipelines runs the scenarios; those of pipelines-ours.json take the place
// of the ones with the same id.
func TestPipelines(t *testing.T) {
	var official, ours struct {
		Model     json.RawMessage `json:"deviceModel"`
		Scenarios []scenario      `json:"scenarios"`
	}
	vectorFile(t, "pipelines.json", &official)
	vectorFile(t, "pipelines-ours.json", &ours)
	if len(official.Scenarios) != 81 {
		t.Fatalf("%d scenarios, want 81", len(official.Scenarios))
	}
	replaced := map[string]scenario{}
	for _, s := range ours.Scenarios {
		replaced[s.ID] = s
	}
	model := loadModel(t, official.Model)
	for _, s := range official.Scenarios {
		if r, ok := replaced[s.ID]; ok {
			s.Steps = r.Steps
		}
		t.Run(s.ID, func(t *testing.T) { newRig(t, model, &s).run() })
	}
}

// rig is a gateway or directly connected device with virtual devices, and the
// server that it talks to.
type rig struct {
	t        *testing.T
	scenario *scenario
	model    *devicemodel.Model
	manager  *Manager
	relay    *Relay
	devices  map[string]*rigDevice
	network  Cost
	now      int64

	replies map[string]serverReply
	gets    []string // of the step
	sent    [][]byte // of the step
	lookups []string // of the scenario, wanted and not seen yet
}

// rigDevice is a virtual device of a rig. The scenarios use one goroutine.
type rigDevice struct {
	*testHost
	rig  *rig
	gate *Gate
}

func (d *rigDevice) Assign(p *Plan) { d.gate.Assign(d.rig.now, p) }

func (d *rigDevice) Emit(m *Message) error {
	d.rig.sent = append(d.rig.sent, slices.Clone(m.JSON))
	return nil
}

func newRig(t *testing.T, m *devicemodel.Model, s *scenario) *rig {
	r := &rig{t: t, scenario: s, model: m, devices: map[string]*rigDevice{}, replies: map[string]serverReply{}}
	r.setNetwork(s.Network)
	r.manager = NewManager(ManagerConfig{EndpointID: "E1", Gateway: s.Gateway, Fetcher: r,
		Report: func(err error) { t.Log("reported:", err) }})
	options := []StartOption{WithNetworkCost(func() Cost { return r.network })}
	r.relay = NewRelay(RelayConfig{Manager: r.manager, Options: func(string) []StartOption { return options }, Now: func() int64 { return r.now },
		Model: func(string) *devicemodel.Model { return m }, Report: func(err error) { t.Log("reported:", err) }})
	if s.API == "message" {
		return r
	}
	if s.Devices == nil {
		s.Devices = []string{"E1"}
	}
	for _, id := range s.Devices {
		d := &rigDevice{testHost: newTestHost(t, m), rig: r}
		d.check = d.inRange
		d.gate = NewGate(d, id, m, 0, false, options...)
		r.devices[id] = d
		r.manager.Attach(m, id, d)
	}
	return r
}

func (d *rigDevice) inRange(attribute int, v wire.Value) error {
	number, numeric := v.AsNumber()
	a := &d.model.Attributes[attribute]
	if numeric && a.Range != nil && !a.Range.Contains(number) {
		return fmt.Errorf("%s: %v is out of range", a.Name, number)
	}
	return nil
}

func (r *rig) setNetwork(text string) {
	if text != "" {
		r.network, _ = ParseCost(text)
	}
}

// Get implements Fetcher.
func (r *rig) Get(_ context.Context, path string) (int, []byte, error) {
	r.gets = append(r.gets, "/iot/privateapi/v2"+path)
	for part, reply := range r.replies {
		if strings.Contains(path, part) {
			if reply.IOError {
				return 0, nil, errors.New("connection lost")
			}
			return cmp.Or(reply.Status, 200), reply.Body, nil
		}
	}
	if r.scenario.LookupFails {
		return 500, nil, nil
	}
	if len(r.scenario.Policy) == 0 || string(r.scenario.Policy) == "null" {
		return 200, []byte(`{"items":[]}`), nil
	}
	if !strings.Contains(path, "devices.id") {
		return 200, r.scenario.Policy, nil
	}
	return 200, []byte(`{"items":[` + string(r.scenario.Policy) + `]}`), nil
}

func isLookup(path string) bool {
	decoded, _ := url.QueryUnescape(path)
	return strings.Contains(decoded, "devices.id")
}

func (r *rig) run() {
	for i := range r.scenario.Steps {
		s := &r.scenario.Steps[i]
		r.now = s.T
		r.gets, r.sent = nil, nil
		r.setNetwork(s.Network)
		maps.Copy(r.replies, s.Replies)
		r.manager.LookUp(context.Background(), time.UnixMilli(s.T))
		failed := r.act(s)
		if failed != nil && !s.Error || failed == nil && s.Error {
			r.t.Errorf("step %d at %d: error %v, want one: %v", i, s.T, failed, s.Error)
		}
		r.compare(i, s)
	}
	if len(r.lookups) > 0 {
		r.t.Errorf("look-ups that were expected and did not come: %q", r.lookups)
	}
}

func (r *rig) act(s *scenarioStep) error {
	if s.Messages != nil {
		return r.messages(s)
	}
	if s.Changed != nil {
		if status, _ := r.manager.Change(context.Background(), time.UnixMilli(s.T), s.Changed); status != s.Response {
			r.t.Errorf("at %d: answer %d, want %d", s.T, status, s.Response)
		}
		return nil
	}
	d := r.devices[cmp.Or(s.Device, r.scenario.Devices[0])]
	switch {
	case s.Tick:
		d.gate.Expire(s.T)
	case s.Update != nil:
		return d.update(s)
	case s.Alert != nil:
		return d.alert(s)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.Offer)) {
		errs = append(errs, d.gate.Offer(s.T, DefaultHead(), d.item(name, s.Offer[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Set)) {
		errs = append(errs, d.gate.Set(s.T, DefaultHead(), d.item(name, s.Set[name])))
	}
	return errors.Join(errs...)
}

func (d *rigDevice) item(name string, v any) Item {
	i := d.attribute(name)
	return Item{i, valueOf(d.t, d.model.Attributes[i].Type, v)}
}

// update runs an update of the scenario, whose calls are all offers or all sets.
func (d *rigDevice) update(s *scenarioStep) error {
	var items []Item
	for _, call := range s.Update {
		if call[0] != s.Update[0][0] {
			d.t.Fatalf("mixed update %v", s.Update)
		}
		items = append(items, d.item(call[1].(string), call[2]))
	}
	if s.Update[0][0] == "offer" {
		return d.gate.Offer(s.T, DefaultHead(), items...)
	}
	return d.gate.Set(s.T, DefaultHead(), items...)
}

// alert raises an alert of the application. Without severity it is made by the
// application's way of making alerts.
func (d *rigDevice) alert(s *scenarioStep) error {
	format := &d.model.Formats[0]
	severity, description, reliability := wire.SeveritySignificant, format.Description, wire.GuaranteedDelivery
	if s.Severity != "" {
		severity, _ = wire.ParseSeverity(s.Severity)
		description, reliability = "x", wire.BestEffort
	}
	h := wire.Header{ClientID: wire.NewUUID(), Source: "E1", EventTime: s.T, Priority: wire.Highest, Reliability: reliability}
	items := []wire.Item{{Name: "temp", Value: wire.NumberValue(s.Alert["temp"].(float64))}}
	m := Message{Severity: severity, Encoded: wire.Encoded{Type: wire.TypeAlert, Source: "E1", EventTime: s.T,
		JSON: wire.AppendAlert(nil, &h, format.URN, description, severity, items)}}
	return d.gate.Admit(s.T, &m)
}

// messages offers the messages of a step, looking up policies of new devices.
func (r *rig) messages(s *scenarioStep) error {
	var errs []error
	for _, values := range s.Messages {
		m := r.message(s.T, values)
		out, err := r.relay.Offer(s.T, m)
		errs = append(errs, err)
		r.manager.LookUp(context.Background(), time.UnixMilli(s.T))
		for _, message := range append(out, r.relay.Ready(s.T)...) {
			r.sent = append(r.sent, message.JSON)
		}
	}
	return errors.Join(errs...)
}

func (r *rig) message(now int64, values map[string]any) *wire.Message {
	source, _ := values["source"].(string)
	m := &wire.Message{
		Header: wire.Header{ClientID: wire.NewUUID(), Source: cmp.Or(source, "E1"), EventTime: now,
			Priority: wire.Low, Reliability: wire.BestEffort},
		Type: wire.TypeData,
		Data: &wire.DataPayload{Format: r.model.AttributesURN()},
	}
	if severity, ok := values["severity"].(string); ok {
		parsed, _ := wire.ParseSeverity(severity)
		m.Type, m.Data, m.Priority = wire.TypeAlert, nil, wire.Highest
		m.Alert = &wire.AlertPayload{Format: r.model.Formats[0].URN, Description: "x", Severity: parsed,
			Items: []wire.Item{{Name: "temp", Value: wire.NumberValue(1)}}}
		return m
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if number, ok := values[name].(float64); ok {
			m.Data.Items = append(m.Data.Items, wire.Item{Name: name, Value: wire.NumberValue(number)})
		}
	}
	return m
}

// compare checks what a step did. Look-ups are compared over the whole scenario,
// because here they come when the device is made.
func (r *rig) compare(i int, s *scenarioStep) {
	r.t.Helper()
	var got []string
	for _, data := range r.sent {
		got = append(got, canonicalJSON(r.t, plainMessage(r.t, data)))
	}
	var want []string
	for _, message := range s.Sent {
		want = append(want, canonicalJSON(r.t, message))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.t.Errorf("step %d at %d: sent\n %s\nwant\n %s", i, s.T, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
	r.compareGets(i, s)
	if s.Actions != nil || s.AttributeValues != nil {
		r.compareDevice(i, s)
	}
}

func (r *rig) compareGets(i int, s *scenarioStep) {
	r.t.Helper()
	var got, want []string
	for _, path := range s.Gets {
		if isLookup(path) {
			r.lookups = append(r.lookups, path)
		} else {
			want = append(want, path)
		}
	}
	for _, path := range r.gets {
		at := slices.Index(r.lookups, path)
		switch {
		case !isLookup(path):
			got = append(got, path)
		case at >= 0:
			r.lookups = slices.Delete(r.lookups, at, at+1)
		case i > 0:
			r.t.Errorf("step %d at %d: look-up that was not expected: %s", i, s.T, path)
		default:
			r.early(path)
		}
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("step %d at %d: GET %q, want %q", i, s.T, got, want)
	}
}

// early accepts a look-up of the first step that the vectors have later.
func (r *rig) early(path string) {
	for i := range r.scenario.Steps[1:] {
		s := &r.scenario.Steps[i+1]
		if at := slices.Index(s.Gets, path); at >= 0 {
			s.Gets = slices.Delete(slices.Clone(s.Gets), at, at+1)
			return
		}
	}
	r.t.Errorf("look-up that was not expected: %s", path)
}

func (r *rig) compareDevice(i int, s *scenarioStep) {
	r.t.Helper()
	d := r.devices[cmp.Or(s.Device, r.scenario.Devices[0])]
	for name, want := range s.AttributeValues {
		if got := d.Current(d.attribute(name)); !sameValue(got, want) {
			r.t.Errorf("step %d at %d: %s is %v, want %v", i, s.T, name, got, want)
		}
	}
	var calls []map[string]any
	for _, call := range d.calls {
		entry := map[string]any{"action": call.name}
		if len(call.arguments) > 0 {
			number, _ := call.arguments[0].AsNumber()
			entry["argument"] = number
		}
		calls = append(calls, entry)
	}
	if s.Actions != nil && !reflect.DeepEqual(calls, s.Actions) {
		r.t.Errorf("step %d at %d: actions %v, want %v", i, s.T, calls, s.Actions)
	}
}

func canonicalJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
