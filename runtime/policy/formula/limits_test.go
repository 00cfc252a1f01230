package formula_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

func TestSourceLimits(t *testing.T) {
	repeat := strings.Repeat
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"longest text", `"` + repeat("x", formula.MaxSource-2) + `"`, nil},
		{"text too long", `"` + repeat("x", formula.MaxSource-1) + `"`, formula.ErrTooLong},
		{"deepest parentheses", repeat("(", formula.MaxDepth) + "1" + repeat(")", formula.MaxDepth), nil},
		{"parentheses too deep", repeat("(", formula.MaxDepth+1) + "1" + repeat(")", formula.MaxDepth+1), formula.ErrTooDeep},
		{"10,000 parentheses", repeat("(", 10_000) + "1" + repeat(")", 10_000), formula.ErrTooDeep},
		{"10,000 parentheses, unclosed", repeat("(", 10_000), formula.ErrTooDeep},
		{"10,000 signs", repeat("-", 10_000) + "1", formula.ErrTooDeep},
		{"10,000 negations", repeat("not ", 10_000) + "1", formula.ErrTooDeep},
		{"10,000 calls", repeat("UPPER(", 10_000) + "x", formula.ErrTooDeep},
		{"conditionals in the first branch", repeat("1?", 10_000), formula.ErrTooDeep},
		{"conditionals in the second branch", repeat("1?2:", 10_000) + "3", formula.ErrTooDeep},
		{"largest sum", "1" + repeat("+1", formula.MaxNodes/2-1), nil},
		{"sum too large", "1" + repeat("+1", formula.MaxNodes/2), formula.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := formula.Compile(formula.Formula, c.text, nil)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// The stack of an evaluation holds what waits for a right operand.
func TestStackLimit(t *testing.T) {
	nest := func(n int, operand string) string {
		return strings.Repeat(operand+" + (", n) + operand + " + " + operand + strings.Repeat(")", n)
	}
	_, slots := numbers()
	for _, c := range []struct {
		name    string
		depth   int
		operand string
		want    any
	}{
		{"numbers, small stack", 7, "$(b)", 9 * 2.5},
		{"numbers, last of the small stack", 8, "$(b)", 10 * 2.5},
		{"numbers, large stack", 9, "$(b)", 11 * 2.5},
		{"numbers, last of the large stack", 256, "$(b)", 258 * 2.5},
		{"numbers, too deep", 257, "$(b)", formula.ErrTooDeep},
		{"texts, last of the small stack", 8, "$(s)", strings.Repeat("Pump-17", 10)},
		{"texts, large stack", 9, "$(s)", strings.Repeat("Pump-17", 11)},
		{"texts, last of the large stack", 256, "$(s)", strings.Repeat("Pump-17", 258)},
		{"texts, too deep", 257, "$(s)", formula.ErrTooDeep},
	} {
		t.Run(c.name, func(t *testing.T) {
			env, _ := numbers()
			program, err := formula.Compile(formula.Formula, nest(c.depth, c.operand), slots)
			if want, ok := c.want.(error); ok {
				if !errors.Is(err, want) {
					t.Fatalf("%v, want %v", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := program.Eval(env); err != nil || got != valueOf(c.want) {
				t.Errorf("%v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestTextLimit(t *testing.T) {
	long := formula.TextValue(strings.Repeat("x", formula.MaxText))
	wide := formula.TextValue(strings.Repeat("ⱥ", formula.MaxText/3)) // three bytes; its upper case has two
	grow := formula.TextValue(strings.Repeat("Ⱥ", formula.MaxText/2)) // two bytes; its lower case has three
	for _, c := range []struct {
		text string
		s    formula.Value
		want error
		op   string
	}{
		{`$(s)`, long, nil, ""},
		{`$(s) + ""`, long, nil, ""},
		{`$(s) + "x"`, long, formula.ErrTextTooLong, "+"},
		{`UPPER($(s))`, long, nil, ""},
		{`UPPER($(s))`, wide, nil, ""},
		{`LOWER($(s))`, grow, formula.ErrTextTooLong, "LOWER"},
		{`UPPER($(s))`, formula.TextValue(long.Text() + "x"), formula.ErrTextTooLong, "UPPER"},
		{`UPPER($(s))`, formula.TextValue(wide.Text() + "ⱥⱥ"), formula.ErrTextTooLong, "UPPER"}, // as it is, not as it would be
	} {
		_, slots := numbers()
		program, err := formula.Compile(formula.Formula, c.text, slots)
		if err != nil {
			t.Fatal(err)
		}
		_, err = program.Eval(&formula.Values{Stored: []formula.Value{5: c.s}})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.text, err, c.want)
		}
		var eval *formula.EvalError
		if errors.As(err, &eval) && eval.Operator != c.op {
			t.Errorf("%s: operator %q, want %q", c.text, eval.Operator, c.op)
		}
	}
}

// The worst pattern for LIKE ends after MaxLikeSteps, within milliseconds.
func TestLikeLimit(t *testing.T) {
	_, slots := numbers()
	pattern := "%" + strings.Repeat("x", 10_000) + "y"
	program, err := formula.Compile(formula.Formula, fmt.Sprintf(`$(s) LIKE "%s"`, pattern), slots)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = program.Eval(&formula.Values{Stored: []formula.Value{5: formula.TextValue(strings.Repeat("x", 60_000))}})
	if !errors.Is(err, formula.ErrLikeSteps) {
		t.Errorf("%v, want ErrLikeSteps", err)
	}
	if spent := time.Since(begin); spent > 2*time.Second {
		t.Errorf("took %v", spent)
	}
}
