package formula_test

import (
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`1+2*3`, `1 + 2 * 3`},
		{`(1+2)*3`, `(1 + 2) * 3`},
		{`((1+2))`, `1 + 2`},
		{`(1-2)-3`, `1 - 2 - 3`},
		{`1-(2-3)`, `1 - (2 - 3)`},
		{`10/(2*5)`, `10 / (2 * 5)`},
		{`-(2+3)`, `-(2 + 3)`},
		{`- - 5`, `--5`},
		{`5--3`, `5 - -3`},
		{`NOT not 1`, `!!1`},
		{`NOT $(a) > 1`, `!$(a) > 1`},
		{`not ($(a) > 1)`, `!($(a) > 1)`},
		{`$( a )==2`, `$(a) = 2`},
		{`$(a) > 1 && $(b) > 1 || $(c)`, `$(a) > 1 AND $(b) > 1 OR $(c)`},
		{`$(a) and ($(b) or $(c))`, `$(a) AND ($(b) OR $(c))`},
		{`true`, `"true"`},
		{`$$(s) like abc`, `$$(s) LIKE "abc"`},
		{`upper( $(s) )+"x"`, `UPPER($(s)) + "x"`},
		{`Lower((1 ? "a" : "b"))`, `LOWER((1 ? "a" : "b"))`},
		{`1 ? 2 : 0 ? 3 : 4`, `1 ? 2 : 0 ? 3 : 4`},
		{`(1 ? 2 : 0) ? 3 : 4`, `(1 ? 2 : 0) ? 3 : 4`},
		{`1 ? (2 ? 3 : 4) : 5`, `1 ? 2 ? 3 : 4 : 5`},
		{`(1 > 0 ? 5 : 6) + 1`, `(1 > 0 ? 5 : 6) + 1`},
		{`5.`, `5`},
		{`.50`, `0.5`},
		{`100000000000000000000000`, `100000000000000000000000`},
		{`0.00000001`, `0.00000001`},
		{"1\n+\t2\r\n", `1 + 2`},
	} {
		e, err := formula.Parse(formula.Formula, c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%q: canonical form %q, want %q", c.text, got, c.want)
		}
	}
}

// A conditional at the top of a condition needs its parentheses: without them
// everything from the question mark on would be ignored.
func TestCanonicalFormOfConditions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`(1 ? 2 : 3)`, `(1 ? 2 : 3)`},
		{`$(a) > 1 ? 5 : 6`, `$(a) > 1`},
		{`1) + 3`, `1`},
	} {
		e, err := formula.Parse(formula.Condition, c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%q: canonical form %q, want %q", c.text, got, c.want)
		}
		if e.Source() != c.text || e.Entry() != formula.Condition {
			t.Errorf("%q: source %q, entry %d", c.text, e.Source(), e.Entry())
		}
	}
}
