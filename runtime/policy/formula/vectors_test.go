package formula_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// vectorCase is one case of testdata/policies/formulas.json.
type vectorCase struct {
	ID          string         `json:"id"`
	Entry       string         `json:"entry"`
	Formula     string         `json:"formula"`
	Values      map[string]any `json:"values"`
	InProcess   map[string]any `json:"inProcessValues"`
	Expected    vectorResult   `json:"expected"`
	Recommended *vectorResult  `json:"recommended"`
}

type vectorResult struct {
	Kind  string `json:"kind"`
	Value any    `json:"value"`
}

func (c *vectorCase) entry() formula.Entry {
	if c.Entry == "condition" {
		return formula.Condition
	}
	return formula.Formula
}

func (c *vectorCase) want() vectorResult {
	if c.Recommended != nil {
		return *c.Recommended
	}
	return c.Expected
}

func readVectors(t testing.TB) []vectorCase {
	t.Helper()
	data, err := os.ReadFile("../../../testdata/policies/formulas.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []vectorCase `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

// table gives out slots in the order in which names are asked for and holds the
// values of a case. A name without any value is a number.
type table struct {
	names     []string
	stored    map[string]any
	inProcess map[string]any
}

func (x *table) kind(name string) formula.Kind {
	for _, values := range []map[string]any{x.stored, x.inProcess} {
		if _, ok := values[name].(string); ok {
			return formula.KindText
		}
	}
	return formula.KindNumber
}

func (x *table) slot(name string) (int, formula.Kind) {
	for i, n := range x.names {
		if n == name {
			return i, x.kind(name)
		}
	}
	x.names = append(x.names, name)
	return len(x.names) - 1, x.kind(name)
}

func (x *table) env() *formula.Values {
	env := &formula.Values{}
	for _, name := range x.names {
		env.InProcess = append(env.InProcess, valueOf(x.inProcess[name]))
		env.Stored = append(env.Stored, valueOf(x.stored[name]))
	}
	return env
}

func valueOf(v any) formula.Value {
	switch v := v.(type) {
	case float64:
		return formula.NumberValue(v)
	case bool:
		return formula.BooleanValue(v)
	case string:
		return formula.TextValue(v)
	}
	return formula.Value{}
}

func TestVectors(t *testing.T) {
	cases := readVectors(t)
	if len(cases) != 287 {
		t.Fatalf("%d cases, want 287", len(cases))
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			names := &table{stored: c.Values, inProcess: c.InProcess}
			program, err := formula.Compile(c.entry(), c.Formula, names.slot)
			if err != nil {
				checkRefused(t, err, c)
				return
			}
			checkVector(t, program, names.env(), c)
			again, err := formula.Compile(c.entry(), program.String(), names.slot)
			if err != nil {
				t.Fatalf("canonical form %q: %v", program, err)
			}
			if again.String() != program.String() {
				t.Errorf("canonical form %q becomes %q", program, again)
			}
			checkVector(t, again, names.env(), c)
		})
	}
}

func checkRefused(t *testing.T, err error, c vectorCase) {
	t.Helper()
	if c.want().Kind != "parseError" {
		t.Fatalf("%q: %v, want %+v", c.Formula, err, c.want())
	}
	var syntax *formula.SyntaxError
	if !errors.As(err, &syntax) || !errors.Is(err, formula.ErrSyntax) {
		t.Fatalf("%q: %T %v, want a *SyntaxError", c.Formula, err, err)
	}
	if syntax.Offset < 0 || syntax.Offset > len(c.Formula) || syntax.Expected == "" || syntax.Found == "" {
		t.Errorf("%q: incomplete error %+v", c.Formula, syntax)
	}
}

func checkVector(t *testing.T, p *formula.Program, env formula.Env, c vectorCase) {
	t.Helper()
	want := c.want()
	got, err := p.Eval(env)
	if want.Kind == "evalError" {
		if !errors.Is(err, formula.ErrOperand) {
			t.Errorf("%q = %v, %v, want ErrOperand", p, got, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%q: %v, want %+v", p, err, want)
	}
	if !matches(got, want) {
		t.Errorf("%q = %s %v %q, want %+v", p, got.Kind(), got.Number(), got.Text(), want)
	}
}

func matches(got formula.Value, want vectorResult) bool {
	number := got.Number()
	switch want.Kind {
	case "string":
		return got == formula.TextValue(want.Value.(string))
	case "nan":
		return got.Kind() == formula.KindNumber && math.IsNaN(number)
	case "inf":
		return math.IsInf(number, 1)
	case "-inf":
		return math.IsInf(number, -1)
	case "number":
		value := want.Value.(float64)
		return got.Kind() == formula.KindNumber && math.Abs(number-value) <= 1e-12*math.Abs(value)
	}
	return false
}
