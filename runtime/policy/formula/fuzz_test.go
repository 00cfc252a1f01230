package formula_test

import (
	"errors"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// fuzzKinds makes every attribute whose name starts with "s" a text.
func fuzzKinds(name string) formula.Kind {
	if name[0] == 's' {
		return formula.KindText
	}
	return formula.KindNumber
}

// FuzzCompile feeds texts to the compiler. Nothing may panic, errors are typed,
// and the canonical form is a fixed point.
func FuzzCompile(f *testing.F) {
	for _, c := range readVectors(f) {
		f.Add(c.Formula, c.Entry == "condition")
	}
	f.Add(`$(höhe) LIKE "%ü_" ? 1 : -.5`, false)
	f.Fuzz(func(t *testing.T, text string, condition bool) {
		entry := formula.Formula
		if condition {
			entry = formula.Condition
		}
		e, err := formula.Parse(entry, text)
		if err != nil {
			checkParseError(t, text, err)
			return
		}
		_, problems := formula.Check(e, fuzzKinds)
		for _, p := range problems {
			if p.Offset < 0 || p.Offset > len(text) || p.Error() == "" {
				t.Errorf("problem %+v in %q", p, text)
			}
		}
		written := e.String()
		if len(written) > formula.MaxSource {
			return
		}
		again, err := formula.Parse(entry, written)
		if err != nil {
			t.Fatalf("canonical form of %q: %q: %v", text, written, err)
		}
		if again.String() != written {
			t.Errorf("canonical form of %q: %q, then %q", text, written, again)
		}
	})
}

func checkParseError(t *testing.T, text string, err error) {
	t.Helper()
	var syntax *formula.SyntaxError
	switch {
	case errors.As(err, &syntax):
		if syntax.Offset < 0 || syntax.Offset > len(text) || syntax.Expected == "" || syntax.Found == "" {
			t.Errorf("%q: incomplete error %+v", text, syntax)
		}
	case !errors.Is(err, formula.ErrTooLong) && !errors.Is(err, formula.ErrTooDeep) && !errors.Is(err, formula.ErrTooLarge):
		t.Errorf("%q: unexpected error %v", text, err)
	}
}

// FuzzEval evaluates whatever compiles, and its canonical form, on any values.
func FuzzEval(f *testing.F) {
	for _, c := range readVectors(f) {
		f.Add(c.Formula, 2.5, "Pump-1", true)
	}
	f.Add(`$(s) LIKE "%a%b%c%d%"`, 0.0, "aaaabbbbccccddd", false)
	f.Fuzz(func(t *testing.T, text string, number float64, s string, stored bool) {
		slots := func(name string) (int, formula.Kind) {
			if kind := fuzzKinds(name); kind == formula.KindText {
				return 1, kind
			}
			return 0, formula.KindNumber
		}
		program, err := formula.Compile(formula.Formula, text, slots)
		if err != nil {
			return
		}
		env := &formula.Values{InProcess: []formula.Value{formula.NumberValue(number), formula.TextValue(s)}}
		if stored {
			env = &formula.Values{Stored: env.InProcess}
		}
		got, err := program.Eval(env)
		if err == nil && got.Kind() == formula.KindNone || len(got.Text()) > max(formula.MaxText, len(s)) {
			t.Errorf("%q: result %v", text, got)
		}
		again, err2 := formula.Compile(formula.Formula, program.String(), slots)
		if errors.Is(err2, formula.ErrTooLong) {
			return
		}
		if err2 != nil {
			t.Fatalf("canonical form %q: %v", program, err2)
		}
		got2, err2 := again.Eval(env)
		if (err == nil) != (err2 == nil) || err == nil && !same(got, got2) {
			t.Errorf("%q = %v, %v; canonical form %q = %v, %v", text, got, err, program, got2, err2)
		}
	})
}
