package policy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// document makes a policy with one pipeline.
func document(attribute string, steps ...string) string {
	return fmt.Sprintf(`{"id":"P","lastModified":1,"pipelines":[{"attributeName":%q,"pipeline":[%s]}]}`,
		attribute, strings.Join(steps, ","))
}

// function makes a step.
func function(id, parameters string) string {
	return fmt.Sprintf(`{"id":%q,"parameters":{%s}}`, id, parameters)
}

func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParse(t *testing.T) {
	p := mustParse(t, "\ufeff"+`{
		"id": "0f5a", "name": "n", "description": "d", "enabled": false, "lastModified": 1.511805927387e12, "other": [1],
		"pipelines": [
			{"attributeName": "temp", "pipeline": [
				{"id": "mean", "parameters": {"window": 10000, "slide": 5000, "unknown": {}}},
				{"id": "alertCondition", "parameters": {"condition": "$(temp) > 1", "filter": false, "alert": {
					"urn": "urn:x:hot", "severity": "low", "fields": {"b": 1e3, "a": "$(temp)", "c": true, "d": "\"too hot\""}}}},
				{"id": "actionCondition", "parameters": {"condition": "1", "action": {"name": "power", "arguments": ["0", 2.5]}}}
			]},
			{"attributeName": null, "pipeline": [{"id": "batchBySize", "parameters": {"batchSize": 10, "alertSeverity": "SIGNIFICANT"}}]},
			{"pipeline": []}
		]}`)
	if p.ID != "0f5a" || p.Name != "n" || p.Description != "d" || p.Enabled || p.LastModified != 1511805927387 {
		t.Errorf("head %+v", p)
	}
	if len(p.Pipelines) != 3 || p.Pipelines[0].Attribute != "temp" || p.Pipelines[1].Attribute != DeviceLevel || p.Pipelines[2].Attribute != DeviceLevel {
		t.Fatalf("pipelines %+v", p.Pipelines)
	}
	steps := p.Pipelines[0].Steps
	if s := steps[0]; s.Function != Mean || s.Window != 10_000 || s.Slide != 5_000 || s.Pointer != "/pipelines/0/pipeline/0" || !s.Filter {
		t.Errorf("mean %+v", s)
	}
	wantAlert := &Alert{Format: "urn:x:hot", Severity: wire.SeverityLow, Fields: []AlertField{
		{"a", "$(temp)"}, {"b", "1000"}, {"c", "true"}, {"d", `"too hot"`}}}
	if s := steps[1]; s.Filter || s.Condition != "$(temp) > 1" || !reflect.DeepEqual(s.Alert, wantAlert) {
		t.Errorf("alertCondition %+v", s)
	}
	if s := steps[2]; !reflect.DeepEqual(s.Action, &Action{Name: "power", Arguments: []string{"0", "2.5"}}) {
		t.Errorf("actionCondition %+v", s)
	}
	if s := p.Pipelines[1].Steps[0]; s.BatchSize != 10 || s.AlertSeverity != wire.SeveritySignificant || s.NetworkCost != Satellite {
		t.Errorf("batchBySize %+v", s)
	}
}

func TestParseErrors(t *testing.T) {
	steps := func(n int) string {
		return `{"id":"P","lastModified":1,"pipelines":[{"pipeline":[` + strings.TrimSuffix(strings.Repeat(`{"id":"min","parameters":{}},`, n), ",") + `]}]}`
	}
	pipelines := func(n int) string {
		return `{"id":"P","lastModified":1,"pipelines":[` + strings.TrimSuffix(strings.Repeat(`{"pipeline":[]},`, n), ",") + `]}`
	}
	for _, c := range []struct {
		name, text, pointer string
		want                error
	}{
		{"no JSON", `{"id":`, "", ErrSyntax},
		{"no object", `[]`, "", ErrType},
		{"null", `null`, "", ErrType},
		{"no id", `{"lastModified":1}`, "/id", ErrMissing},
		{"empty id", `{"id":"","lastModified":1}`, "/id", ErrMissing},
		{"id no text", `{"id":5,"lastModified":1}`, "/id", ErrType},
		{"no lastModified", `{"id":"P"}`, "/lastModified", ErrMissing},
		{"lastModified no integer", `{"id":"P","lastModified":1.5}`, "/lastModified", ErrType},
		{"lastModified a text", `{"id":"P","lastModified":"1"}`, "/lastModified", ErrType},
		{"enabled no boolean", `{"id":"P","lastModified":1,"enabled":"yes"}`, "/enabled", ErrType},
		{"pipelines no array", `{"id":"P","lastModified":1,"pipelines":{}}`, "/pipelines", ErrType},
		{"pipeline no object", `{"id":"P","lastModified":1,"pipelines":[1]}`, "/pipelines/0", ErrType},
		{"no steps", `{"id":"P","lastModified":1,"pipelines":[{"attributeName":"a"}]}`, "/pipelines/0/pipeline", ErrMissing},
		{"attribute no text", `{"id":"P","lastModified":1,"pipelines":[{"attributeName":1,"pipeline":[]}]}`, "/pipelines/0/attributeName", ErrType},
		{"step without id", document("a", `{"parameters":{}}`), "/pipelines/0/pipeline/0/id", ErrMissing},
		{"step without parameters", document("a", `{"id":"min"}`), "/pipelines/0/pipeline/0/parameters", ErrMissing},
		{"alert no object", document("a", function("alertCondition", `"alert":1`)), "/pipelines/0/pipeline/0/parameters/alert", ErrType},
		{"alert without urn", document("a", function("alertCondition", `"alert":{"fields":{}}`)), "/pipelines/0/pipeline/0/parameters/alert/urn", ErrMissing},
		{"alert without fields", document("a", function("alertCondition", `"alert":{"urn":"u"}`)), "/pipelines/0/pipeline/0/parameters/alert/fields", ErrMissing},
		{"action without name", document("a", function("actionCondition", `"action":{}`)), "/pipelines/0/pipeline/0/parameters/action/name", ErrMissing},
		{"too many arguments", document("a", function("actionCondition", `"action":{"name":"a","arguments":[`+strings.Repeat("1,", MaxSteps)+`1]}`)),
			"/pipelines/0/pipeline/0/parameters/action/arguments", ErrTooMany},
		{"most steps", steps(MaxSteps), "", nil},
		{"too many steps", steps(MaxSteps + 1), "/pipelines/0/pipeline", ErrTooMany},
		{"most pipelines", pipelines(MaxPipelines), "", nil},
		{"too many pipelines", pipelines(MaxPipelines + 1), "/pipelines", ErrTooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Parse([]byte(c.text))
			if c.want == nil {
				if err != nil || p.Excess != nil {
					t.Error(err, p.Excess)
				}
				return
			}
			var fault *DocumentError
			if c.want == ErrTooMany && err == nil && len(p.Pipelines) == 0 && p.Active() {
				err = p.Excess // a policy, though one that drops everything
			}
			if !errors.As(err, &fault) || !errors.Is(err, c.want) || fault.Pointer != c.pointer || err.Error() == "" {
				t.Errorf("%v, want %v at %q", err, c.want, c.pointer)
			}
		})
	}
}

func TestParseLimit(t *testing.T) {
	text := `{"id":"P","lastModified":1,"x":"`
	text += strings.Repeat("x", MaxDocument-len(text)-2) + `"}`
	if _, err := Parse([]byte(text)); err != nil {
		t.Errorf("%d bytes: %v", len(text), err)
	}
	if _, err := Parse([]byte(text + " ")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d bytes: %v", len(text)+1, err)
	}
	deep := `{"id":"P","lastModified":1,"x":` + strings.Repeat("[", 400_000) + strings.Repeat("]", 400_000) + "}"
	if _, err := Parse([]byte(deep)); !errors.Is(err, ErrSyntax) {
		t.Errorf("nested arrays: %v", err)
	}
}

func TestParseParameters(t *testing.T) {
	type problem struct {
		name    string
		warning bool
		err     error
	}
	for _, c := range []struct {
		parameters string
		check      func(Step) bool
		problems   []problem
	}{
		{``, func(s Step) bool {
			return s.Window == 0 && s.BatchSize == 0 && s.Rate == 0 && s.Filter && s.NetworkCost == Satellite && s.AlertSeverity == wire.SeverityCritical
		}, nil},
		{`"window":-5,"slide":0,"delayLimit":null`, func(s Step) bool { return s.Window == 0 && s.Slide == 0 && s.DelayLimit == 0 }, nil},
		{`"window":6e4`, func(s Step) bool { return s.Window == 60_000 }, nil},
		{`"window":"60000"`, func(s Step) bool { return s.Window == 0 }, []problem{{"window", false, ErrType}}},
		{`"slide":1.5`, func(s Step) bool { return s.Slide == 0 }, []problem{{"slide", false, ErrType}}},
		{`"batchSize":0`, func(s Step) bool { return s.BatchSize == 1 }, []problem{{"batchSize", true, ErrReadAs}}},
		{`"batchSize":-3`, func(s Step) bool { return s.BatchSize == 1 }, []problem{{"batchSize", true, ErrReadAs}}},
		{`"rate":200`, func(s Step) bool { return s.Rate == 200 }, nil},
		{`"rate":"200"`, func(s Step) bool { return s.Rate == 200 }, nil},
		{`"rate":"all"`, func(s Step) bool { return s.Rate == 0 }, nil},
		{`"rate":"random"`, func(s Step) bool { return s.Rate == RandomRate }, nil},
		{`"rate":-1`, func(s Step) bool { return s.Rate == RandomRate }, nil},
		{`"rate":-2`, func(s Step) bool { return s.Rate == 0 }, []problem{{"rate", true, ErrReadAs}}},
		{`"rate":"often"`, func(s Step) bool { return s.Rate == 0 }, []problem{{"rate", true, ErrReadAs}}},
		{`"rate":[]`, func(s Step) bool { return s.Rate == 0 }, []problem{{"rate", true, ErrReadAs}}},
		{`"rate":"NaN"`, func(s Step) bool { return s.Rate == 0 }, []problem{{"rate", true, ErrReadAs}}},
		{`"networkCost":"cellular (LTE)"`, func(s Step) bool { return s.NetworkCost == Cellular }, nil},
		{`"networkCost":"bogus"`, func(s Step) bool { return s.NetworkCost == Satellite }, []problem{{"networkCost", true, ErrReadAs}}},
		{`"alertSeverity":"low"`, func(s Step) bool { return s.AlertSeverity == wire.SeverityCritical }, []problem{{"alertSeverity", true, ErrReadAs}}},
		{`"condition":1,"filter":"no"`, func(s Step) bool { return s.Condition == "" && s.Filter }, []problem{{"condition", false, ErrType}, {"filter", false, ErrType}}},
		{`"alert":{"urn":"u","fields":{},"severity":"URGENT"}`, func(s Step) bool { return s.Alert.Severity == wire.SeverityNormal },
			[]problem{{"alert/severity", true, ErrReadAs}}},
		{`"alert":{"urn":"u","fields":{},"severity":7}`, func(s Step) bool { return s.Alert.Severity == wire.SeverityNormal },
			[]problem{{"alert/severity", true, ErrType}}},
	} {
		s := mustParse(t, document("a", function("any", c.parameters))).Pipelines[0].Steps[0]
		if !c.check(s) || len(s.Problems) != len(c.problems) {
			t.Errorf("%s: %+v", c.parameters, s)
			continue
		}
		for i, want := range c.problems {
			got := s.Problems[i]
			if got.Pointer != s.Pointer+"/parameters/"+want.name || got.Warning != want.warning || !errors.Is(got, want.err) {
				t.Errorf("%s: problem %+v, want %+v", c.parameters, got, want)
			}
		}
	}
}

func TestActive(t *testing.T) {
	for text, want := range map[string]bool{
		`{"id":"P","lastModified":1}`:                                               false,
		`{"id":"P","lastModified":1,"pipelines":[]}`:                                false,
		`{"id":"P","lastModified":1,"pipelines":[{"pipeline":[]}]}`:                 true,
		`{"id":"P","lastModified":1,"pipelines":[{"pipeline":[]}],"enabled":false}`: false,
	} {
		if got := mustParse(t, text).Active(); got != want {
			t.Errorf("%s: active %v", text, got)
		}
	}
	if (*Policy)(nil).Active() {
		t.Error("no policy is active")
	}
}

func TestParseCost(t *testing.T) {
	for _, c := range []struct {
		text string
		want Cost
		ok   bool
	}{
		{"ETHERNET", Ethernet, true}, {"cellular", Cellular, true}, {"Satellite", Satellite, true},
		{"Cellular(LTE)", Cellular, true}, {" Cellular (LTE)", Cellular, true}, {"", 0, false}, {"wifi", 0, false}, {"(ETHERNET)", 0, false},
	} {
		if got, ok := ParseCost(c.text); got != c.want || ok != c.ok {
			t.Errorf("%q: %v, %v", c.text, got, ok)
		}
	}
	for _, c := range []Cost{Ethernet, Cellular, Satellite} {
		if got, ok := ParseCost(c.String()); got != c || !ok {
			t.Errorf("%v does not read back", c)
		}
	}
}
