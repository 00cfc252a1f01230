package formula_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// The rows are operators, the columns pairs of operands; every cell stands in
// docs/protocol/policies.md §11.3. A dash is NaN.
const operatorTable = `
         2,3   3,2   2,2   0,-0  -,1   1,-   -,-   -,0   0,-   0,0   5,0  -1,1
+        5     5     4     0     -     -     -     -     -     0     5     0
-        -1    1     0     0     -     -     -     -     -     0     5    -2
*        6     6     4     0     -     -     -     -     -     0     0    -1
%        2     1     0     -     -     -     -     -     -     -     -     0
=        0     0     1     1     0     0     1     0     0     1     0     0
!=       1     1     0     0     1     1     0     1     1     0     1     1
>        0     1     0     0     0     1     0     0     1     0     1     0
>=       0     1     1     1     0     1     1     0     1     1     1     0
<        1     0     0     0     0     1     0     0     1     0     0     1
<=       1     0     1     1     0     1     1     0     1     1     0     1
AND      1     1     1     0     0     0     0     0     0     0     0     1
OR       1     1     1     0     1     1     0     0     0     0     1     1
LIKE     0     0     0     0     0     0     0     0     0     0     0     0
`

func tableNumber(t *testing.T, cell string) float64 {
	t.Helper()
	if cell == "-" {
		return math.NaN()
	}
	var f float64
	if _, err := fmt.Sscan(cell, &f); err != nil {
		t.Fatalf("cell %q: %v", cell, err)
	}
	if cell == "-0" {
		return math.Copysign(0, -1)
	}
	return f
}

// Each cell is computed in the three ways a program has: with the right operand
// from an attribute, from the stack, and by the evaluator that knows texts.
func TestOperatorTable(t *testing.T) {
	slots := func(name string) (int, formula.Kind) { return int(name[0] - 'x'), formula.KindNumber }
	rows := strings.Split(strings.TrimSpace(operatorTable), "\n")
	pairs := strings.Fields(rows[0])
	for _, row := range rows[1:] {
		cells := strings.Fields(row)
		for i, pair := range pairs {
			left, right, _ := strings.Cut(pair, ",")
			env := &formula.Values{Stored: []formula.Value{
				formula.NumberValue(tableNumber(t, left)), formula.NumberValue(tableNumber(t, right))}}
			for _, form := range []string{
				"$(x) %s $(y)",
				"$$(x) %s $$(y)",
				"$(x) %s (0 ? 1 : $(y))",
				`("a" = "a" ? $(x) : 0) %s $(y)`,
			} {
				text := strings.Replace(form, "%s", cells[0], 1)
				program, err := formula.Compile(formula.Formula, text, slots)
				if err != nil {
					t.Fatal(err)
				}
				got, err := program.EvalNumber(env)
				want := tableNumber(t, cells[i+1])
				if err != nil || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("%s with %s: %v, %v, want %s", text, pair, got, err, cells[i+1])
				}
			}
		}
	}
}

func TestOneOperand(t *testing.T) {
	slots := func(string) (int, formula.Kind) { return 0, formula.KindNumber }
	nan := math.NaN()
	for _, c := range []struct {
		x, minus, plus, not float64
	}{
		{1, -1, 1, 0},
		{0, 0, 0, 1},
		{5, -5, 5, 1},
		{-1, 1, -1, 1},
		{0.999, -0.999, 0.999, 1},
		{nan, nan, nan, 1},
	} {
		env := &formula.Values{InProcess: []formula.Value{formula.NumberValue(c.x)}}
		for text, want := range map[string]float64{
			"-$(x)": c.minus, "+$(x)": c.plus, "!$(x)": c.not, "NOT $(x)": c.not, `-$(x) + 0 * ("a" = "a")`: c.minus,
		} {
			program, err := formula.Compile(formula.Formula, text, slots)
			if err != nil {
				t.Fatal(err)
			}
			got, err := program.EvalNumber(env)
			if err != nil || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s with %v: %v, %v, want %v", text, c.x, got, err, want)
			}
		}
	}
}

// The condition of ?: must be exactly 1.
func TestConditional(t *testing.T) {
	slots := func(string) (int, formula.Kind) { return 0, formula.KindNumber }
	for _, text := range []string{`$(x) ? 10 : 20`, `$(x) ? 10 : ("a" = "a") * 20`} {
		program, err := formula.Compile(formula.Formula, text, slots)
		if err != nil {
			t.Fatal(err)
		}
		for x, want := range map[float64]float64{1: 10, 0: 20, 2: 20, -1: 20, 0.5: 20, math.Inf(1): 20} {
			env := &formula.Values{Stored: []formula.Value{formula.NumberValue(x)}}
			if got, err := program.EvalNumber(env); err != nil || got != want {
				t.Errorf("%s with %v: %v, %v, want %v", text, x, got, err, want)
			}
		}
		if got, err := program.EvalNumber(&formula.Values{}); err != nil || got != 20 {
			t.Errorf("%s without a value: %v, %v, want 20", text, got, err)
		}
	}
}

// In-process values come first, and false, 0 and the empty text are values.
func TestValues(t *testing.T) {
	none, zero, empty := formula.Value{}, formula.BooleanValue(false), formula.TextValue("")
	two, word := formula.NumberValue(2), formula.TextValue("word")
	for _, c := range []struct {
		name           string
		env            formula.Values
		slot           int
		value, current formula.Value
	}{
		{"nothing", formula.Values{}, 0, none, none},
		{"stored only", formula.Values{Stored: []formula.Value{two}}, 0, two, two},
		{"in process only", formula.Values{InProcess: []formula.Value{two}}, 0, two, none},
		{"zero in process", formula.Values{InProcess: []formula.Value{zero}, Stored: []formula.Value{two}}, 0, zero, two},
		{"empty text in process", formula.Values{InProcess: []formula.Value{empty}, Stored: []formula.Value{word}}, 0, empty, word},
		{"no value in process", formula.Values{InProcess: []formula.Value{none}, Stored: []formula.Value{two}}, 0, two, two},
		{"slot beyond the values in process", formula.Values{InProcess: []formula.Value{zero}, Stored: []formula.Value{zero, two}}, 1, two, two},
		{"slot beyond all values", formula.Values{InProcess: []formula.Value{zero}, Stored: []formula.Value{two}}, 7, none, none},
	} {
		if got := c.env.Value(c.slot); got != c.value {
			t.Errorf("%s: value %v, want %v", c.name, got, c.value)
		}
		if got := c.env.Current(c.slot); got != c.current {
			t.Errorf("%s: current %v, want %v", c.name, got, c.current)
		}
	}
}

// One program serves all devices that have its policy.
func TestConcurrentEval(t *testing.T) {
	slots := func(name string) (int, formula.Kind) { return 0, formula.KindNumber }
	program, err := formula.Compile(formula.Formula, `($(x) + 1) * ($(x) - 1) = $(x) * $(x) - 1 ? $(x) : -1`, slots)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			env := &formula.Values{Stored: make([]formula.Value, 1)}
			for i := range 500 {
				x := float64(worker*1000 + i)
				env.Stored[0] = formula.NumberValue(x)
				if got, err := program.EvalNumber(env); err != nil || got != x {
					t.Errorf("%v, %v, want %v", got, err, x)
				}
			}
		})
	}
	wg.Wait()
}
