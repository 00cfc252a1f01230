package formula_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// tree is a formula in its plainest form, built and computed without the package
// under test.
type tree struct {
	op       string // "leaf", or an operator; "u-", "u+", "!" have one operand, "?" three
	text     string // of a leaf
	value    any    // of a leaf: float64 or string
	operands []*tree
}

// full writes a tree with all its parentheses.
func (n *tree) full() string {
	switch {
	case n.op == "leaf":
		return n.text
	case n.op == "?":
		return fmt.Sprintf("(%s ? %s : %s)", n.operands[0].full(), n.operands[1].full(), n.operands[2].full())
	case n.op == "UPPER" || n.op == "LOWER":
		return n.op + "(" + n.operands[0].full() + ")"
	case len(n.operands) == 1:
		return "(" + strings.TrimPrefix(n.op, "u") + " " + n.operands[0].full() + ")"
	}
	return "(" + n.operands[0].full() + " " + n.op + " " + n.operands[1].full() + ")"
}

// compute follows the table of docs/protocol/policies.md §11.3 row by row; ok is
// false for an error.
func (n *tree) compute() (result any, ok bool) {
	if n.op == "leaf" {
		return n.value, true
	}
	if n.op == "?" {
		c, ok := n.operands[0].compute()
		if _, isText := c.(string); !ok || isText {
			return nil, false
		}
		if c == 1.0 {
			return n.operands[1].compute()
		}
		return n.operands[2].compute()
	}
	args := make([]any, len(n.operands))
	for i, operand := range n.operands {
		if args[i], ok = operand.compute(); !ok {
			return nil, false
		}
	}
	if len(args) == 1 {
		return computeOne(n.op, args[0])
	}
	return computeTwo(n.op, args[0], args[1])
}

func computeOne(op string, x any) (any, bool) {
	text, isText := x.(string)
	if isText != (op == "UPPER" || op == "LOWER") {
		return nil, false
	}
	switch op {
	case "UPPER":
		return strings.ToUpper(text), true
	case "LOWER":
		return strings.ToLower(text), true
	case "u-":
		return -x.(float64), true
	case "!":
		if x == 1.0 {
			return 0.0, true
		}
		return 1.0, true
	}
	return x, true
}

func computeTwo(op string, l, r any) (any, bool) {
	leftText, l1 := l.(string)
	rightText, r1 := r.(string)
	switch {
	case op == "LIKE":
		return one(l1 && r1 && slowMatch(leftText, rightText)), true
	case op == "=" || op == "!=":
		equal := l == r
		if !l1 && !r1 {
			equal = equal || math.IsNaN(l.(float64)) && math.IsNaN(r.(float64))
		}
		return one(equal == (op == "=")), true
	case op == "+" && l1 && r1:
		return leftText + rightText, true
	case l1 || r1:
		return nil, false
	}
	return computeNumbers(op, l.(float64), r.(float64)), true
}

func computeNumbers(op string, x, y float64) float64 {
	leftNaN, rightNaN := math.IsNaN(x), math.IsNaN(y)
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	case "%":
		return math.Mod(x, y)
	case "AND":
		return one(!leftNaN && x != 0 && !rightNaN && y != 0)
	case "OR":
		return one(!leftNaN && x != 0 || !rightNaN && y != 0)
	}
	equal := op == ">=" || op == "<="
	switch {
	case leftNaN:
		return one(equal && rightNaN)
	case rightNaN:
		return 1
	case equal && x == y:
		return 1
	}
	return one((op[0] == '>') == (x > y) && x != y)
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func slowMatch(text, pattern string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '%':
		return slowMatch(text, pattern[1:]) || text != "" && slowMatch(text[1:], pattern)
	case text == "":
		return false
	}
	return (pattern[0] == '_' || pattern[0] == text[0]) && slowMatch(text[1:], pattern[1:])
}

// grow makes a random tree of at most depth levels.
func grow(random *rand.Rand, leaves []*tree, depth int) *tree {
	if depth == 0 || random.IntN(6) == 0 {
		return leaves[random.IntN(len(leaves))]
	}
	ops := []string{"+", "-", "*", "/", "%", "=", "!=", ">", ">=", "<", "<=", "LIKE", "AND", "OR", "u-", "u+", "!", "UPPER", "LOWER", "?"}
	n := &tree{op: ops[random.IntN(len(ops))]}
	count := 2
	switch n.op {
	case "u-", "u+", "!", "UPPER", "LOWER":
		count = 1
	case "?":
		count = 3
	}
	for range count {
		n.operands = append(n.operands, grow(random, leaves, depth-1))
	}
	return n
}

// numberLeaves and allLeaves belong to the values of oracleEnv.
func oracleLeaves() (numberLeaves, allLeaves []*tree) {
	leaf := func(text string, value any) *tree { return &tree{op: "leaf", text: text, value: value} }
	numberLeaves = []*tree{
		leaf("0", 0.0), leaf("1", 1.0), leaf("2.5", 2.5), leaf("7.", 7.0), leaf(".25", 0.25),
		leaf("$(a)", 20.0), leaf("$$(a)", 2.0), leaf("$(n)", -4.0), leaf("$(none)", math.NaN()), leaf("$$(none)", math.NaN()),
	}
	allLeaves = append([]*tree{}, numberLeaves...)
	for _, text := range []string{"", "abc", "ABC", "a%", "%", "_b_", "12"} {
		allLeaves = append(allLeaves, leaf(`"`+text+`"`, text))
	}
	return numberLeaves, append(allLeaves, leaf("word", "word"),
		leaf("$(s)", "new"), leaf("$$(s)", "old"), leaf("$(blank)", ""), leaf("$$(silent)", math.NaN()))
}

func oracleEnv() *table {
	return &table{
		stored:    map[string]any{"a": 2.0, "n": -4.0, "s": "old", "blank": "x"},
		inProcess: map[string]any{"a": 20.0, "s": "new", "blank": "", "silent2": "x"},
	}
}

func TestAgainstOracle(t *testing.T) {
	numberLeaves, allLeaves := oracleLeaves()
	for _, c := range []struct {
		name   string
		leaves []*tree
	}{
		{"numbers", numberLeaves},
		{"numbers and texts", allLeaves},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, 4))
			computed := 0
			for range 5_000 {
				n := grow(random, c.leaves, 5)
				want, ok := n.compute()
				if ok {
					computed++
				}
				names := oracleEnv()
				for _, text := range []string{n.full(), canonical(t, n.full())} {
					checkOracle(t, text, names, want, ok)
				}
			}
			if computed < 1_000 {
				t.Errorf("only %d of the random formulas have a result", computed)
			}
		})
	}
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	e, err := formula.Parse(formula.Formula, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e.String()
}

func checkOracle(t *testing.T, text string, names *table, want any, ok bool) {
	t.Helper()
	program, err := formula.Compile(formula.Formula, text, names.slot)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, err := program.Eval(names.env())
	if (err == nil) != ok {
		t.Fatalf("%s: %v, want a result: %v", text, err, ok)
	}
	if ok && !same(got, valueOf(want)) {
		t.Fatalf("%s = %v %q, want %v", text, got.Number(), got.Text(), want)
	}
}

// same compares results; NaN is the same as NaN.
func same(a, b formula.Value) bool {
	return a == b || a.Kind() == formula.KindNumber && b.Kind() == formula.KindNumber &&
		math.IsNaN(a.Number()) && math.IsNaN(b.Number())
}
