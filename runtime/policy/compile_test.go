package policy

import (
	"errors"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

func TestCompileProblems(t *testing.T) {
	const step = "/pipelines/0/pipeline/0"
	alert := func(rest string) string {
		return function("alertCondition", `"condition":"1","alert":{"urn":"urn:test:pump:hot",`+rest+`}`)
	}
	for _, c := range []struct {
		name, attribute string
		steps           []string
		pointer         string // "": no problem
		warning         bool
		err             error
	}{
		{"fine", "temp", []string{function("mean", `"window":1000`)}, "", false, nil},
		{"parameters of other functions", "temp", []string{function("mean", `"window":1000,"rate":"x","batchSize":"y","networkCost":"z","condition":1`)}, "", false, nil},
		{"unknown attribute", "nosuch", []string{function("mean", `"window":1000`)}, "/pipelines/0/attributeName", true, ErrUnknownAttribute},
		{"alias or other case", "Temp", []string{function("mean", `"window":1000`)}, "/pipelines/0/attributeName", true, ErrUnknownAttribute},
		{"unknown function", "temp", []string{function("noSuch", ``)}, step + "/id", true, ErrUnknownFunction},
		{"batch function", "temp", []string{function("batchBySize", ``)}, step + "/id", true, ErrMisplaced},
		{"no window", "temp", []string{function("max", ``)}, step + "/parameters/window", true, ErrNoWindow},
		{"window 0", "temp", []string{function("max", `"window":0`)}, step + "/parameters/window", true, ErrNoWindow},
		{"longest window", "temp", []string{function("max", `"window":2678400000`)}, "", false, nil},
		{"window too long", "temp", []string{function("max", `"window":2678400001`)}, step + "/parameters/window", false, ErrBound},
		{"window too long with slides", "temp", []string{function("max", `"window":2678400001,"slide":10000000`)}, step + "/parameters/window", false, ErrBound},
		{"longest slide", "temp", []string{function("max", `"window":1000,"slide":2678400000`)}, "", false, nil},
		{"slide too long", "temp", []string{function("max", `"window":1000,"slide":2678400001`)}, step + "/parameters/window", false, ErrBound},
		{"longest window of duplicates", "temp", []string{function("eliminateDuplicates", `"window":2678400000`)}, "", false, nil},
		{"window of duplicates too long", "temp", []string{function("eliminateDuplicates", `"window":2678400001`)}, step + "/parameters/window", false, ErrBound},
		{"window of duplicates far too long", "temp", []string{function("detectDuplicates", `"window":9223372036854775807,"alert":{"urn":"urn:test:pump:hot","fields":{}}`)}, step + "/parameters/window", false, ErrBound},
		{"shortest slide", "temp", []string{function("max", `"window":10000,"slide":10`)}, "", false, nil},
		{"slide too short", "temp", []string{function("max", `"window":1000,"slide":9`)}, step + "/parameters/window", false, ErrBound},
		{"most slides in a window", "temp", []string{function("max", `"window":100099,"slide":100`)}, "", false, nil},
		{"too many slides in a window", "temp", []string{function("max", `"window":100100,"slide":100`)}, step + "/parameters/window", false, ErrBound},
		{"rate", "temp", []string{function("sampleQuality", `"rate":"often"`)}, step + "/parameters/rate", true, ErrReadAs},
		{"formula", "temp", []string{function("computedMetric", `"formula":"1 +"`)}, step + "/parameters/formula", false, formula.ErrSyntax},
		{"unknown name", "temp", []string{function("computedMetric", `"formula":"$(nosuch)"`)}, step + "/parameters/formula", false, formula.ErrUnknownAttribute},
		{"text result", "temp", []string{function("computedMetric", `"formula":"$(name)"`)}, step + "/parameters/formula", true, formula.ErrOperand},
		{"never equal", "temp", []string{function("filterCondition", `"condition":"$(on) = true"`)}, step + "/parameters/condition", true, formula.ErrNeverEqual},
		{"ignored text", "temp", []string{function("filterCondition", `"condition":"$(on) 1"`)}, step + "/parameters/condition", true, formula.ErrIgnored},
		{"unknown format", "temp", []string{function("detectDuplicates", `"alert":{"urn":"urn:x","fields":{}}`)}, step + "/parameters/alert/urn", true, ErrUnknownFormat},
		{"unknown field", "temp", []string{alert(`"fields":{"a/b":"1"}`)}, step + "/parameters/alert/fields/a~1b", true, ErrUnknownField},
		{"field that is no formula", "temp", []string{alert(`"fields":{"text":"too hot"}`)}, step + "/parameters/alert/fields/text", true, formula.ErrSyntax},
		{"field with an unknown name", "temp", []string{alert(`"fields":{"temp":"$(nosuch)"}`)}, step + "/parameters/alert/fields/temp", true, formula.ErrUnknownAttribute},
		{"severity", "temp", []string{alert(`"fields":{},"severity":"URGENT"`)}, step + "/parameters/alert/severity", true, ErrReadAs},
		{"unknown action", "temp", []string{function("actionCondition", `"condition":"1","action":{"name":"x"}`)}, step + "/parameters/action/name", true, ErrUnknownAction},
		{"arguments for none", "temp", []string{function("actionCondition", `"condition":"1","action":{"name":"reset","arguments":[1]}`)}, step + "/parameters/action/arguments", true, ErrArguments},
		{"no key", "name", []string{function("privacyPolicy", `"level":"two-way"`)}, step + "/parameters/hashingKey", true, ErrNoKey},
		{"random", "name", []string{function("privacyPolicy", `"level":"random"`)}, step + "/parameters/level", true, ErrRandomLevel},
		{"unknown level", "name", []string{function("privacyPolicy", `"level":"high"`)}, step + "/parameters/level", true, ErrUnknownLevel},
		{"value function for the device", "*", []string{function("mean", `"window":1000`)}, step + "/id", true, ErrMisplaced},
		{"unknown function for the device", "*", []string{function("noSuch", ``)}, step + "/id", true, ErrUnknownFunction},
		{"second function for the device", "*", []string{function("batchBySize", `"batchSize":2`), function("batchBySize", ``)}, "/pipelines/0/pipeline/1", true, ErrOnlyFirst},
		{"batch size", "*", []string{function("batchBySize", `"batchSize":0`)}, step + "/parameters/batchSize", true, ErrReadAs},
		{"cost", "*", []string{function("batchByCost", `"networkCost":"wifi"`)}, step + "/parameters/networkCost", true, ErrReadAs},
		{"no delay", "*", []string{function("batchByTime", ``)}, step + "/parameters/delayLimit", true, ErrNoWindow},
		{"delay too long", "*", []string{function("batchByTime", `"delayLimit":2678400001`)}, step + "/parameters/delayLimit", true, ErrBound},
		{"delay too short", "*", []string{function("batchByTime", `"window":9`)}, step + "/parameters/delayLimit", true, ErrBound},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := Check(mustParse(t, document(c.attribute, c.steps...)), testModel())
			if c.pointer == "" {
				if len(problems) > 0 {
					t.Errorf("problems %v", problems)
				}
				return
			}
			if len(problems) != 1 {
				t.Fatalf("%d problems %v, want one", len(problems), problems)
			}
			if got := problems[0]; got.Pointer != c.pointer || got.Warning != c.warning || !errors.Is(got, c.err) || got.Error() == "" {
				t.Errorf("%+v, want %v at %s, warning %v", got, c.err, c.pointer, c.warning)
			}
		})
	}
}

// Of two pipelines for one attribute the last one wins.
func TestReplacedPipeline(t *testing.T) {
	p := mustParse(t, document("temp", function("filterCondition", `"condition":"1"`)))
	p.Pipelines = append(p.Pipelines, mustParse(t, document("temp", function("filterCondition", `"condition":"0"`))).Pipelines...)
	m := testModel()
	plan, problems := Compile(p, m)
	if len(problems) != 1 || !errors.Is(problems[0], ErrReplaced) || problems[0].Pointer != "/pipelines/0" {
		t.Errorf("problems %v", problems)
	}
	host := newTestHost(t, m)
	e := plan.Start(host, "E1", 0)
	if err := e.Offer(0, DefaultHead(), host.item("temp", 1.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host, "0 temp=1")
	if e.Plan() != plan || plan.Policy() != p || plan.Model() != m || !plan.Handles(0) || plan.Handles(1) || plan.Handles(-1) || plan.Handles(99) {
		t.Error("what the plan tells about itself")
	}
}

// The windows of a policy share one allowance: those beyond it are broken.
func TestPanesAllowance(t *testing.T) {
	p := mustParse(t, document("temp"))
	steps := mustParse(t, document("temp", function("mean", `"window":100099,"slide":100`))).Pipelines[0].Steps
	for range MaxSteps + 1 {
		p.Pipelines[0].Steps = append(p.Pipelines[0].Steps, steps...)
	}
	problems := Check(p, testModel())
	if want := MaxSteps + 1 - MaxPanes/2003; len(problems) != want {
		t.Errorf("%d problems, want %d", len(problems), want)
	}
	for _, problem := range problems {
		if !errors.Is(problem, ErrBound) || problem.Warning {
			t.Errorf("problem %v", problem)
		}
	}
}

func TestTriggers(t *testing.T) {
	for text, want := range map[string]int{
		`$(temp) + $(hum)`:                 2,
		`$(temp) + $( temp )`:              1,
		`$$(temp) + $(count)`:              0, // only itself
		`$(count) * $(limit)`:              1,
		`1`:                                0,
		`$(temp) > 1 ? $(hum) : $$(limit)`: 2,
	} {
		plan, _ := Compile(mustParse(t, document("count", function("computedMetric", `"formula":"`+text+`"`))), testModel())
		got := 0
		if len(plan.computed) > 0 {
			got = len(plan.computed[0].triggers)
		}
		if got != want {
			t.Errorf("%s: %d triggers, want %d", text, got, want)
		}
	}
}
