package formula_test

import (
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// tenOperations has ten operators, two pairs of parentheses, and reads
// attributes as well as constants.
const tenOperations = `($(a) + $(b)) * 1.8 - $(c) / 4 > 10 AND $(d) - $$(d) < 0.5 OR $(e) = 3`

func numbers() (*formula.Values, formula.Slots) {
	names := map[string]int{"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "s": 5}
	env := &formula.Values{
		Stored:    make([]formula.Value, len(names)),
		InProcess: make([]formula.Value, len(names)),
	}
	for i := range 5 {
		env.Stored[i] = formula.NumberValue(float64(i) * 2.5)
	}
	env.Stored[5] = formula.TextValue("Pump-17")
	env.InProcess[3] = formula.NumberValue(7)
	slots := func(name string) (int, formula.Kind) {
		slot, ok := names[name]
		switch {
		case !ok:
			return 0, formula.KindNone
		case name == "s":
			return slot, formula.KindText
		}
		return slot, formula.KindNumber
	}
	return env, slots
}

func BenchmarkEval(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"ten operations", tenOperations},
		{"one comparison", `$(a) > 30`},
		{"conversion", `$(a) * 1.8 + 32`},
		{"text", `$(s) LIKE "Pump-%" AND $(a) > 1`},
	} {
		b.Run(c.name, func(b *testing.B) {
			env, slots := numbers()
			p, err := formula.Compile(formula.Formula, c.text, slots)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.EvalNumber(env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	_, slots := numbers()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := formula.Compile(formula.Condition, tenOperations, slots); err != nil {
			b.Fatal(err)
		}
	}
}
