package policy

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// functionCase is one case of testdata/policies/functions.json.
type functionCase struct {
	ID            string            `json:"id"`
	Function      string            `json:"function"`
	Parameters    json.RawMessage   `json:"parameters"`
	Attribute     string            `json:"attribute"`
	AttributeType string            `json:"attributeType"`
	CurrentValues map[string]any    `json:"currentValues"`
	Network       *string           `json:"clientNetworkCost"`
	Inputs        []functionInput   `json:"inputs"`
	Outputs       []json.RawMessage `json:"outputs"`
	Recommended   map[string]json.RawMessage
}

type functionInput struct {
	T      int64          `json:"t"`
	Offer  any            `json:"offer"`
	Expire bool           `json:"expire"`
	Set    map[string]any `json:"set"`
	As     string         `json:"as"`
}

func (c *functionCase) want(t *testing.T, step int) map[string]any {
	t.Helper()
	data := c.Outputs[step]
	if recommended, ok := c.Recommended[strconv.Itoa(step)]; ok {
		data = recommended
	}
	var want map[string]any
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func (c *functionCase) policy(t *testing.T) *Policy {
	t.Helper()
	attribute := c.Attribute
	if c.AttributeType == "MESSAGE" {
		attribute = DeviceLevel
	}
	data, err := json.Marshal(map[string]any{
		"id": "POL-1", "lastModified": 1, "pipelines": []any{map[string]any{
			"attributeName": attribute,
			"pipeline":      []any{map[string]any{"id": c.Function, "parameters": c.Parameters}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFunctions(t *testing.T) {
	var file struct {
		Model json.RawMessage `json:"deviceModel"`
		Cases []struct {
			functionCase
			Recommended map[string]json.RawMessage `json:"recommendedOutputs"`
		} `json:"cases"`
	}
	vectorFile(t, "functions.json", &file)
	if len(file.Cases) != 175 {
		t.Fatalf("%d cases, want 175", len(file.Cases))
	}
	model := loadModel(t, file.Model)
	for _, c := range file.Cases {
		c.functionCase.Recommended = c.Recommended
		t.Run(c.ID, func(t *testing.T) {
			plan, problems := Compile(c.policy(t), model)
			if c.AttributeType == "MESSAGE" {
				runBatchCase(t, plan, &c.functionCase)
			} else {
				runValueCase(t, plan, &c.functionCase)
			}
			if t.Failed() {
				t.Log(problems)
			}
		})
	}
}

// valueStep drives the one function of a plan.
type valueStep struct {
	host      *testHost
	engine    *Engine
	step      step
	attribute int
}

func runValueCase(t *testing.T, plan *Plan, c *functionCase) {
	host := newTestHost(t, plan.Model())
	for name, v := range c.CurrentValues {
		i := host.attribute(name)
		host.values[i] = valueOf(t, plan.Model().Attributes[i].Type, v)
	}
	s := valueStep{host: host, engine: plan.Start(host, "E1", 0), attribute: host.attribute(c.Attribute)}
	s.step = s.engine.pipelines[0].steps[0]
	for i, in := range c.Inputs {
		for name, v := range in.Set {
			k := host.attribute(name)
			host.values[k] = valueOf(t, plan.Model().Attributes[k].Type, v)
		}
		got, want := s.take(t, in, c.AttributeType), c.want(t, i)
		if !sameOutput(got, want) {
			t.Errorf("step %d %+v: got %v, want %v", i, in, got, want)
		}
	}
}

// take runs one step and gives its outcome in the form of the vectors.
func (s *valueStep) take(t *testing.T, in functionInput, attributeType string) map[string]any {
	t.Helper()
	got := map[string]any{}
	s.host.sent, s.host.calls = nil, nil
	e := s.engine
	defer e.end(e.begin(in.T))
	var result wire.Value
	if in.Expire {
		result, _, _ = s.step.(*window).expire(in.T)
		got["value"] = result
	} else {
		if in.As != "" {
			attributeType = in.As
		}
		kind, _ := devicemodel.ParseType(attributeType)
		v := valueOf(t, kind, in.Offer)
		e.setInProcess(s.attribute, v)
		out, pass, err := s.step.apply(e, in.T, v)
		if err != nil {
			got["error"] = true
		} else {
			got["passed"] = pass
		}
		if err == nil && pass {
			result = out
			got["value"] = out
		}
	}
	if !result.IsZero() {
		s.host.values[s.attribute] = result
	}
	e.dropInProcess(s.attribute)
	if emitted := s.emitted(t); len(emitted) > 0 {
		got["emitted"] = emitted
	}
	return got
}

// emitted gives the alerts and calls of a step in the form of the vectors.
func (s *valueStep) emitted(t *testing.T) []any {
	var all []any
	for _, m := range s.host.sent {
		message := plainMessage(t, m.JSON)
		delete(message, "eventTime")
		all = append(all, message)
	}
	for _, call := range s.host.calls {
		var arguments any
		if len(call.arguments) > 0 {
			var list []any
			for _, v := range call.arguments {
				var argument any
				if !v.IsZero() {
					if err := json.Unmarshal(v.AppendJSON(nil), &argument); err != nil {
						t.Fatal(err)
					}
				}
				list = append(list, argument)
			}
			arguments = list
		}
		all = append(all, map[string]any{"action": call.name, "arguments": arguments})
	}
	return all
}

func sameOutput(got, want map[string]any) bool {
	for _, name := range []string{"passed", "error", "emitted"} {
		if !reflect.DeepEqual(got[name], want[name]) {
			return false
		}
	}
	wantValue, there := want["value"]
	gotValue, ok := got["value"].(wire.Value)
	if !there {
		return !ok || gotValue.IsZero()
	}
	return ok && sameValue(gotValue, wantValue)
}

func runBatchCase(t *testing.T, plan *Plan, c *functionCase) {
	host := newTestHost(t, plan.Model())
	network := Ethernet
	if c.Network != nil {
		network, _ = ParseCost(*c.Network)
	}
	e := plan.Start(host, "E1", 0, WithNetworkCost(func() Cost { return network }))
	for i, in := range c.Inputs {
		host.sent = nil
		if in.Expire {
			e.report(e.batch.store.Release(host.Emit))
		} else {
			m := Message{Encoded: wire.Encoded{Type: wire.TypeData, JSON: []byte(in.Offer.(string))}}
			if err := e.Admit(in.T, &m); err != nil {
				t.Fatal(err)
			}
		}
		var got []any
		for _, m := range host.sent {
			got = append(got, string(m.JSON))
		}
		want := c.want(t, i)
		wantSent, _ := want["value"].([]any)
		if !reflect.DeepEqual(got, wantSent) || want["passed"] != nil && want["passed"] != (got != nil) {
			t.Errorf("step %d %+v: sent %v, want %v", i, in, got, want)
		}
	}
}
