package device_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// messageScenario is a scenario of testdata/policies whose messages the
// application makes itself.
type messageScenario struct {
	ID      string          `json:"id"`
	API     string          `json:"api"`
	Gateway bool            `json:"gateway"`
	Policy  json.RawMessage `json:"policy"`
	Steps   []struct {
		T        int64            `json:"t"`
		Messages []map[string]any `json:"messages"`
		Changed  json.RawMessage  `json:"policyChanged"`
		Sent     []map[string]any `json:"sent"`
	} `json:"steps"`
}

// messageScenarios reads the scenarios, ours in the place of the official ones,
// and their device model.
func messageScenarios(t *testing.T) (model []byte, all []messageScenario) {
	t.Helper()
	var official, ours struct {
		Model     json.RawMessage   `json:"deviceModel"`
		Scenarios []messageScenario `json:"scenarios"`
	}
	for name, into := range map[string]any{"pipelines.json": &official, "pipelines-ours.json": &ours} {
		text, err := os.ReadFile(filepath.Join("../../testdata/policies", name))
		must(t, err)
		must(t, json.Unmarshal(text, into))
	}
	for _, s := range official.Scenarios {
		if s.API != "message" {
			continue
		}
		if i := slices.IndexFunc(ours.Scenarios, func(o messageScenario) bool { return o.ID == s.ID }); i >= 0 {
			s.Steps = ours.Scenarios[i].Steps
		}
		all = append(all, s)
	}
	return official.Model, all
}

const policyModelURN = "urn:com:example:policy:device"

// TestOfferMessagesVectors runs the scenarios with a whole device: what it sends is
// what the emulator got. The device has run before, so that it knows its policy
// from the first message on, as in the recordings.
func TestOfferMessagesVectors(t *testing.T) {
	model, scenarios := messageScenarios(t)
	if len(scenarios) != 12 {
		t.Fatalf("%d scenarios, want 12", len(scenarios))
	}
	for _, s := range scenarios {
		t.Run(s.ID, func(t *testing.T) {
			store := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				r := newOfferRig(t, model, &s, store)
				first := r.open()
				for _, source := range r.sources {
					must(t, first.OfferMessages(r.message(source, time.Now(), map[string]any{"count": 1.0})))
				}
				time.Sleep(time.Minute)
				must(t, first.Close(t.Context()))
				r.run(r.open())
			})
		})
	}
}

// offerRig is a device or a gateway under a policy.
type offerRig struct {
	*cloud
	scenario *messageScenario
	assets   *trust.Memory
	store    string            // folder of policies
	sources  map[string]string // endpoint id by that of the scenario
	seen     uint64
}

func newOfferRig(t *testing.T, model []byte, s *messageScenario, store string) *offerRig {
	r := &offerRig{cloud: newCloud(t), scenario: s, store: store, sources: make(map[string]string)}
	_, err := r.AddModel(model)
	must(t, err)
	if s.Gateway {
		_, err := r.Register(emulator.Registration{HardwareID: "GW-1", Secret: []byte("secret of GW-1")})
		must(t, err)
		r.assets, err = trust.NewMemory(trust.MemoryConfig{Config: r.trust("GW-1")})
		must(t, err)
		r.gateway()
	} else {
		r.assets = r.cloud.assets("D-1", true, policyModelURN)
		r.sources["E1"] = r.assets.EndpointID()
	}
	id, err := r.AddPolicy(policyModelURN, s.Policy)
	must(t, err)
	must(t, r.AssignPolicy(id, slices.Sorted(maps.Values(r.sources))...))
	return r
}

// gateway activates the gateway and registers the devices behind it.
func (r *offerRig) gateway() {
	r.t.Helper()
	g, err := device.OpenGatewayAssets(r.t.Context(), r.assets, r.options(nil)...)
	must(r.t, err)
	must(r.t, g.Activate(r.t.Context()))
	for _, id := range []string{"ICD-1", "ICD-2"} {
		r.sources[id], err = g.RegisterDevice(r.t.Context(), device.Registration{HardwareID: id, Models: []string{policyModelURN}})
		must(r.t, err)
	}
	must(r.t, g.Close(r.t.Context()))
}

func (r *offerRig) open() *device.Device {
	r.t.Helper()
	opts := r.options([]device.Option{device.WithPolicyStore(r.store)})
	var d *device.Device
	if r.scenario.Gateway {
		g, err := device.OpenGatewayAssets(r.t.Context(), r.assets, opts...)
		must(r.t, err)
		d = g.Device
	} else {
		var err error
		d, err = device.OpenAssets(r.t.Context(), r.assets, opts...)
		must(r.t, err)
	}
	_, err := d.Model(r.t.Context(), policyModelURN)
	must(r.t, err)
	return d
}

func (r *offerRig) run(d *device.Device) {
	r.t.Helper()
	start := time.Now()
	r.sent(start) // what came before
	var early []string
	for i, step := range r.scenario.Steps {
		time.Sleep(time.Until(start.Add(time.Duration(step.T) * time.Millisecond)))
		var ms []*wire.Message
		for _, values := range step.Messages {
			source, _ := values["source"].(string)
			ms = append(ms, r.message(r.sources[cmp.Or(source, "E1")], time.Now(), values))
		}
		must(r.t, d.OfferMessages(ms...))
		if step.Changed != nil { // all of them take the policy away
			must(r.t, r.UnassignPolicy("POL-1", r.sources["E1"]))
			synctest.Wait()
			early = r.sent(start) // "with the next offer or at once", says the note
			continue
		}
		synctest.Wait()
		var want []string
		for _, m := range step.Sent {
			want = append(want, compact(r.t, m))
		}
		slices.Sort(want)
		got := append(early, r.sent(start)...)
		if early = nil; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			r.t.Errorf("step %d at %d: sent\n %s\nwant\n %s", i, step.T, strings.Join(got, "\n "), strings.Join(want, "\n "))
		}
	}
	must(r.t, d.Close(r.t.Context()))
}

// message makes a DATA message of numbers, or an ALERT of the given severity.
func (r *offerRig) message(source string, at time.Time, values map[string]any) *wire.Message {
	m := &wire.Message{
		Header: wire.Header{Source: source, EventTime: at.UnixMilli(), Priority: wire.Low, Reliability: wire.BestEffort},
		Type:   wire.TypeData,
		Data:   &wire.DataPayload{Format: policyModelURN + ":attributes"},
	}
	if text, ok := values["severity"].(string); ok {
		severity, _ := wire.ParseSeverity(text)
		m.Type, m.Data, m.Priority = wire.TypeAlert, nil, wire.Highest
		m.Alert = &wire.AlertPayload{Format: policyModelURN + ":tooHot", Description: "x", Severity: severity,
			Items: []wire.Item{{Name: "temp", Value: wire.NumberValue(1)}}}
		return m
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if n, ok := values[name].(float64); ok {
			m.Data.Items = append(m.Data.Items, wire.Item{Name: name, Value: wire.NumberValue(n)})
		}
	}
	return m
}

// sent gives what came since the last call as the scenarios write it.
func (r *offerRig) sent(start time.Time) (all []string) {
	r.t.Helper()
	messages, _, err := r.Messages(r.seen)
	must(r.t, err)
	for _, m := range messages {
		r.seen = m.Seq
		if m.Type != wire.TypeData && m.Type != wire.TypeAlert {
			continue
		}
		var text map[string]any
		must(r.t, json.Unmarshal(m.JSON, &text))
		plain := map[string]any{"eventTime": text["eventTime"].(float64) - float64(start.UnixMilli())}
		for _, key := range []string{"type", "priority", "reliability", "payload"} {
			plain[key] = text[key]
		}
		for name, id := range r.sources {
			if id == text["source"] {
				plain["source"] = name
			}
		}
		all = append(all, compact(r.t, plain))
	}
	slices.Sort(all)
	return all
}

// compact is JSON with sorted keys.
func compact(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}
