package formula_test

import (
	"errors"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

func TestCheck(t *testing.T) {
	types := func(name string) formula.Kind {
		switch name {
		case "a", "b":
			return formula.KindNumber
		case "s":
			return formula.KindText
		}
		return formula.KindNone
	}
	type problem struct {
		offset  int
		warning bool
		err     error
	}
	operand := func(offset int) []problem { return []problem{{offset, false, formula.ErrOperand}} }
	for _, c := range []struct {
		text     string
		entry    formula.Entry
		result   formula.Kind
		problems []problem
	}{
		{`$(a) + $$(b) * 2`, formula.Formula, formula.KindNumber, nil},
		{`$(s) + "x"`, formula.Formula, formula.KindText, nil},
		{`$(a) > 1 ? "hot" : "cold"`, formula.Formula, formula.KindText, nil},
		{`$(a) > 1 ? "hot" : 2`, formula.Formula, formula.KindNone, nil},
		{`LOWER($(s)) LIKE "a%" AND !$(a) = 1`, formula.Condition, formula.KindNumber, nil},
		{`1 + $(nosuch)`, formula.Formula, formula.KindNumber, []problem{{4, false, formula.ErrUnknownAttribute}}},
		{`$(x) = $$(y)`, formula.Formula, formula.KindNumber, []problem{
			{0, false, formula.ErrUnknownAttribute}, {7, false, formula.ErrUnknownAttribute}}},
		{`$(s) - 1`, formula.Formula, formula.KindNumber, operand(5)},
		{`$(s) + 1`, formula.Formula, formula.KindNone, operand(5)},
		{`($(s) + 1) * 2`, formula.Formula, formula.KindNumber, operand(6)},
		{`1 > $(s)`, formula.Formula, formula.KindNumber, operand(2)},
		{`1 AND $(s)`, formula.Formula, formula.KindNumber, operand(2)},
		{`-$(s)`, formula.Formula, formula.KindNumber, operand(0)},
		{`NOT $(s) = "x"`, formula.Formula, formula.KindNumber, []problem{
			{0, false, formula.ErrOperand}, {9, true, formula.ErrNeverEqual}}},
		{`UPPER($(a))`, formula.Formula, formula.KindText, operand(0)},
		{`$(s) ? 1 : 2`, formula.Formula, formula.KindNumber, operand(5)},
		{`$(a) = true`, formula.Formula, formula.KindNumber, []problem{{5, true, formula.ErrNeverEqual}}},
		{`$(s) != 1`, formula.Formula, formula.KindNumber, []problem{{5, true, formula.ErrNeverEqual}}},
		{`$(a) LIKE "2"`, formula.Formula, formula.KindNumber, []problem{{5, true, formula.ErrOperand}}},
		{`$(s)`, formula.Formula, formula.KindText, nil},
		{`$(s)`, formula.Condition, formula.KindText, operand(0)},
		{`$(a) > 1 ? 5 : 6`, formula.Condition, formula.KindNumber, []problem{{9, true, formula.ErrIgnored}}},
	} {
		e, err := formula.Parse(c.entry, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		result, problems := formula.Check(e, types)
		if result != c.result || len(problems) != len(c.problems) {
			t.Errorf("%s: %v %v, want %v %v", c.text, result, problems, c.result, c.problems)
			continue
		}
		for i, want := range c.problems {
			got := problems[i]
			if got.Offset != want.offset || got.Warning != want.warning || !errors.Is(got, want.err) || got.Error() == "" {
				t.Errorf("%s: problem %+v, want %+v", c.text, got, want)
			}
		}
	}
}

func TestCheckWithoutAttributes(t *testing.T) {
	e, err := formula.Parse(formula.Formula, `$(a) > 1`)
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := formula.Check(e, nil); len(problems) != 1 || !errors.Is(problems[0], formula.ErrUnknownAttribute) {
		t.Errorf("problems %v", problems)
	}
}

// What Check passes without a finding can be evaluated once every attribute has
// a value.
func TestCheckAgreesWithEval(t *testing.T) {
	for _, c := range readVectors(t) {
		names := &table{stored: c.Values, inProcess: c.InProcess}
		e, err := formula.Parse(c.entry(), c.Formula)
		if err != nil {
			continue
		}
		_, problems := formula.Check(e, names.kind)
		faults := 0
		for _, p := range problems {
			if !p.Warning {
				faults++
			}
		}
		program, err := e.Compile(names.slot)
		if err != nil {
			t.Fatal(err)
		}
		_, err = program.Eval(names.env())
		if c.entry() == formula.Condition {
			_, err = program.EvalNumber(names.env())
		}
		if (err != nil) != (faults > 0) {
			t.Errorf("%s %q: evaluation %v, problems %v", c.ID, c.Formula, err, problems)
		}
	}
}
