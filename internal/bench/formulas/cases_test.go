package formulas

import (
	"encoding/json"
	"os"
	"testing"
)

// comparison is one formula of the vectors and what stands for it in the other
// languages. $$(a) is the variable last_a there.
type comparison struct {
	id       string // of the vector
	expr     string
	cel      string
	valuate  string
	operands []string
}

var comparisons = []comparison{
	{"f014", `a - last_a`, `a - last_a`, `a - last_a`, []string{"a", "last_a"}},
	{"f101", `a > 1 ? b : c`, `a > 1.0 ? b : c`, `a > 1 ? b : c`, []string{"a", "b", "c"}},
	{"f105", `a > 1 && b > 1 ? 10 : 20`, `a > 1.0 && b > 1.0 ? 10.0 : 20.0`, `a > 1 && b > 1 ? 10 : 20`, []string{"a", "b"}},
	{"f150", `name matches "^Pump-.$"`, `name.matches("^Pump-.$")`, `name =~ "^Pump-.$"`, []string{"name"}},
	{"f225", `s == "abc" && a == 2`, `s == "abc" && a == 2.0`, `s == "abc" && a == 2`, []string{"s", "a"}},
	{"f238", `a > 1 && (b > 1 || c > 100)`, `a > 1.0 && (b > 1.0 || c > 100.0)`, `a > 1 && (b > 1 || c > 100)`, []string{"a", "b", "c"}},
	{"f247", `a - b - c - neg`, `a - b - c - neg`, `a - b - c - neg`, []string{"a", "b", "c", "neg"}},
	{"f261", `a >= 2 && b <= 3 && c != 4`, `a >= 2.0 && b <= 3.0 && c != 4.0`, `a >= 2 && b <= 3 && c != 4`, []string{"a", "b", "c"}},
	{"f277", `a * b + c`, `a * b + c`, `a * b + c`, []string{"a", "b", "c"}},
	{"f279", `(a + b) * c - d / 7`, `(a + b) * c - d / 7.0`, `(a + b) * c - d / 7`, []string{"a", "b", "c", "d"}},
}

// vector is a case of formulas.json.
type vector struct {
	ID          string         `json:"id"`
	Entry       string         `json:"entry"`
	Formula     string         `json:"formula"`
	Values      map[string]any `json:"values"`
	InProcess   map[string]any `json:"inProcessValues"`
	Expected    result         `json:"expected"`
	Recommended *result        `json:"recommended"`
}

type result struct {
	Value any `json:"value"`
}

func (v vector) want() float64 {
	r := v.Expected
	if v.Recommended != nil {
		r = *v.Recommended
	}
	return r.Value.(float64)
}

// variables gives the values under the names that the peers use.
func (v vector) variables(names []string) map[string]any {
	all := make(map[string]any, len(names))
	for _, name := range names {
		switch value, inProcess := v.InProcess[name]; {
		case name == "last_a":
			all[name] = v.Values["a"]
		case inProcess:
			all[name] = value
		default:
			all[name] = v.Values[name]
		}
	}
	return all
}

func readVectors(tb testing.TB) map[string]vector {
	tb.Helper()
	data, err := os.ReadFile("../../../testdata/policies/formulas.json")
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		tb.Fatal(err)
	}
	all := make(map[string]vector, len(file.Cases))
	for _, v := range file.Cases {
		all[v.ID] = v
	}
	return all
}
