package formula_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// A text attribute without a value is NaN, which texts are not equal to.
func TestTextAttributeWithoutValue(t *testing.T) {
	_, slots := numbers()
	for _, c := range []struct {
		text string
		want any // nil: an error
	}{
		{`$(s)`, math.NaN()},
		{`$(s) = ""`, 0.0},
		{`$(s) != ""`, 1.0},
		{`$(s) = $$(s)`, 1.0},
		{`$(s) LIKE "%"`, 0.0},
		{`$(s) + 1`, math.NaN()},
		{`$(s) + "x"`, nil},
		{`UPPER($(s))`, nil},
		{`$(s) > 1`, 0.0},
		{`$(s) ? 1 : "x"`, "x"},
	} {
		program, err := formula.Compile(formula.Formula, c.text, slots)
		if err != nil {
			t.Fatal(err)
		}
		got, err := program.Eval(&formula.Values{})
		if c.want == nil {
			if !errors.Is(err, formula.ErrOperand) {
				t.Errorf("%s: %v, want ErrOperand", c.text, err)
			}
		} else if err != nil || !same(got, valueOf(c.want)) {
			t.Errorf("%s = %v %q, %v, want %v", c.text, got.Number(), got.Text(), err, c.want)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	env, slots := numbers()
	for _, c := range []struct {
		text     string
		offset   int
		operator string
	}{
		{`1 + ("abc" - 1)`, 11, "-"},
		{`"abc" + 1`, 6, "+"},
		{`2 * $(s)`, 2, "*"},
		{`"a" < "b"`, 4, "<"},
		{`1 AND $(s)`, 2, "AND"},
		{`-word`, 0, "-"},
		{`not "x"`, 0, "!"},
		{`1 + UPPER(1)`, 4, "UPPER"},
		{`$(s) ? 1 : 2`, 5, "?"},
	} {
		program, err := formula.Compile(formula.Formula, c.text, slots)
		if err != nil {
			t.Fatal(err)
		}
		_, err = program.Eval(env)
		var got *formula.EvalError
		if !errors.As(err, &got) {
			t.Errorf("%s: %v, want an *EvalError", c.text, err)
			continue
		}
		if got.Offset != c.offset || got.Operator != c.operator || got.Err != formula.ErrOperand {
			t.Errorf("%s: %+v, want %s at %d", c.text, got, c.operator, c.offset)
		}
	}
}

// Only the chosen branch of a conditional is evaluated, both sides of AND and OR
// always are.
func TestWhatIsEvaluated(t *testing.T) {
	env, slots := numbers()
	for text, fails := range map[string]bool{
		`1 ? 2 : 1 + "x"`:           false,
		`0 ? 1 + "x" : 2`:           false,
		`2 ? 1 + "x" : 2`:           false,
		`$(a) ? 1 + "x" : 2`:        false,
		`1 ? 1 + "x" : 2`:           true,
		`1 OR 1 + "x"`:              true,
		`0 AND 1 + "x"`:             true,
		`1 + (0 ? 1 + "x" : 2) * 3`: false,
	} {
		program, err := formula.Compile(formula.Formula, text, slots)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := program.Eval(env); (err != nil) != fails {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEvalNumber(t *testing.T) {
	env, slots := numbers()
	for _, c := range []struct {
		text string
		want float64
		err  error
	}{
		{`$(b) * 2`, 5, nil},
		{`$(s) = "Pump-17"`, 1, nil},
		{`$(s)`, 0, formula.ErrOperand},
		{`$(s) - 1`, 0, formula.ErrOperand},
	} {
		program, err := formula.Compile(formula.Condition, c.text, slots)
		if err != nil {
			t.Fatal(err)
		}
		got, err := program.EvalNumber(env)
		if !errors.Is(err, c.err) || err == nil && got != c.want {
			t.Errorf("%s = %v, %v, want %v, %v", c.text, got, err, c.want, c.err)
		}
	}
	program, err := formula.Compile(formula.Condition, `$(s)`, slots)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = program.EvalNumber(env); !strings.Contains(err.Error(), "result") {
		t.Errorf("a text as the result: %v", err)
	}
}

// A text in a slot that was declared a number is no value, as far as a program
// of numbers goes: it never becomes a number by accident.
func TestTextInNumberSlot(t *testing.T) {
	_, slots := numbers()
	program, err := formula.Compile(formula.Formula, `$(a) + 1`, slots)
	if err != nil {
		t.Fatal(err)
	}
	got, err := program.Eval(&formula.Values{Stored: []formula.Value{formula.TextValue("x")}})
	if err != nil || !math.IsNaN(got.Number()) {
		t.Errorf("%v, %v, want NaN", got, err)
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		value formula.Value
		kind  formula.Kind
		name  string
		text  string
	}{
		{formula.Value{}, formula.KindNone, "none", ""},
		{formula.NumberValue(2), formula.KindNumber, "number", ""},
		{formula.TextValue("x"), formula.KindText, "text", "x"},
	} {
		if c.value.Kind() != c.kind || c.value.Text() != c.text || c.value.Kind().String() != c.name {
			t.Errorf("%+v: %v %q", c.value, c.value.Kind(), c.value.Text())
		}
		if number := c.value.Number(); c.kind == formula.KindNumber && number != 2 || c.kind != formula.KindNumber && !math.IsNaN(number) {
			t.Errorf("%+v: number %v", c.value, number)
		}
	}
	if formula.BooleanValue(true) != formula.NumberValue(1) || formula.BooleanValue(false) != formula.NumberValue(0) {
		t.Error("booleans are not 1 and 0")
	}
}

func TestEvalDoesNotAllocate(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector allocates")
	}
	env, slots := numbers()
	deep := strings.Repeat("($(a) + ", 20) + "1" + strings.Repeat(")", 20)
	for _, text := range []string{
		tenOperations,
		`$(a) % 3 = 1 ? $(b) : -$(c)`,
		deep,
		`$(s) LIKE "Pump-%" AND $(a) > 1`,
		`$(s) = "x" OR $$(s) = abc ? "yes" : "no"`,
		`(` + deep + ` = $(s)) + 1`,
	} {
		program, err := formula.Compile(formula.Formula, text, slots)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := program.Eval(env); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}
