package formula

import (
	"strings"
	"testing"
)

func testSlots(name string) (int, Kind) {
	if name[0] == 's' {
		return 9, KindText
	}
	return int(name[0] - 'a'), KindNumber
}

// The length of a program is the price of an evaluation: an operand of its own
// only where nothing can carry it, and constants computed beforehand.
func TestProgramSize(t *testing.T) {
	for _, c := range []struct {
		text         string
		instructions int
		mixed, deep  bool
	}{
		{`42`, 1, false, false},
		{`1 + 2 * 3`, 1, false, false},
		{`-(2 + 3) / 4 > 1 AND !0`, 1, false, false},
		{`$(a)`, 1, false, false},
		{`$(a) + 1`, 2, false, false},
		{`$(a) * 1.8 + 32`, 3, false, false},
		{`$(a) * (9 / 5) + 32`, 3, false, false},
		{`$(a) * 9 / 5 + 32`, 4, false, false},
		{`1 + $(a)`, 2, false, false},
		{`1 - ($(a) + 2)`, 4, false, false},
		{`$(a) > 1 AND $(b) > 1`, 5, false, false},
		{`$(a) ? 1 : 2`, 5, false, false},
		{`"x"`, 1, true, false},
		{`"x" = "x"`, 2, true, false},
		{`$(s) = "x"`, 2, true, false},
		{`UPPER($(s))`, 2, true, false},
		{strings.Repeat("1 - ($(a) + ", 4) + "1" + strings.Repeat(")", 4), 13, false, false},
		{strings.Repeat("$(a) + (", 9) + "$(b) + 1" + strings.Repeat(")", 9), 20, false, true},
	} {
		p, err := Compile(Formula, c.text, testSlots)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if len(p.code) != c.instructions || p.mixed != c.mixed || p.deep != c.deep {
			t.Errorf("%s: %d instructions, mixed %v, deep %v, want %d, %v, %v", c.text,
				len(p.code), p.mixed, p.deep, c.instructions, c.mixed, c.deep)
		}
		if len(p.at) != len(p.code) {
			t.Errorf("%s: %d offsets for %d instructions", c.text, len(p.at), len(p.code))
		}
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // kinds, see tokenLetters
	}{
		{``, ``},
		{`1+2`, `n+n`},
		{`5--3`, `n--n`},
		{`!!1`, `!!n`},
		{`a-1`, `w`},
		{`a -1`, `w-n`},
		{`2-1`, `n-n`},
		{`$(a)-1`, `r-n`},
		{`$$( a.b-c_d )`, `c`},
		{`a==b!=c>=d<=e`, `w=w#w]w[w`},
		{`a>b<c=d`, `w>w<w=w`},
		{`1&&0||1`, `n&n|n`},
		{`AND or Not LIKE`, `&|!~`},
		{`ANDY _or NOTE likely`, `wwww`},
		{`NOT(1)`, `!(n)`},
		{`UPPER("a")`, `fw)`},
		{`UPPER ("a")`, `w(w)`},
		{`1?2:3`, `n?n:n`},
		{`5. .5 0.5`, `nnn`},
		{`1AND 2`, `n&n`},
		{`"a b" "c"`, `ww`},
		{`öl ŒUVRE`, `ww`},
		{`LI` + "\u212a" + `E`, `w`}, // the Kelvin sign is no K
	} {
		if got := tokenLetters(c.text); got != c.want {
			t.Errorf("%q: tokens %s, want %s", c.text, got, c.want)
		}
	}
}

// tokenLetters gives one letter for each token.
func tokenLetters(text string) string {
	operators := map[op]byte{
		opAdd: '+', opSubtract: '-', opNot: '!', opEqual: '=', opNotEqual: '#', opGreater: '>', opGreaterEqual: ']',
		opLess: '<', opLessEqual: '[', opAnd: '&', opOr: '|', opLike: '~',
	}
	kinds := map[tokenKind]byte{
		tokenNumber: 'n', tokenText: 'w', tokenCall: 'f', tokenOpen: '(', tokenClose: ')', tokenQuestion: '?', tokenColon: ':',
	}
	l := lexer{text: text}
	var out []byte
	for {
		token := l.next()
		switch {
		case token.kind == tokenEnd:
			return string(out)
		case token.kind == tokenIllegal:
			return string(out) + " illegal"
		case token.kind == tokenOperator:
			out = append(out, operators[token.op])
		case token.kind == tokenReference && token.op == opCurrent:
			out = append(out, 'c')
		case token.kind == tokenReference:
			out = append(out, 'r')
		default:
			out = append(out, kinds[token.kind])
		}
	}
}

func TestPrecedence(t *testing.T) {
	for _, c := range []struct{ loose, tight string }{
		{"OR", "AND"}, {"AND", "="}, {"=", "+"}, {"+", "*"},
	} {
		looseFirst, err := Parse(Formula, "$(a) "+c.loose+" $(b) "+c.tight+" $(c)")
		if err != nil {
			t.Fatal(err)
		}
		grouped, err := Parse(Formula, "$(a) "+c.loose+" ($(b) "+c.tight+" $(c))")
		if err != nil {
			t.Fatal(err)
		}
		other, err := Parse(Formula, "($(a) "+c.loose+" $(b)) "+c.tight+" $(c)")
		if err != nil {
			t.Fatal(err)
		}
		if looseFirst.String() != grouped.String() || looseFirst.String() == other.String() {
			t.Errorf("%s binds no tighter than %s", c.tight, c.loose)
		}
	}
	for _, level := range [][]op{
		{opMultiply, opDivide, opModulo}, {opAdd, opSubtract},
		{opEqual, opNotEqual, opGreater, opGreaterEqual, opLess, opLessEqual, opLike}, {opAnd}, {opOr},
	} {
		for _, o := range level {
			if o.precedence() != level[0].precedence() {
				t.Errorf("%s and %s have different precedence", spellings[o], spellings[level[0]])
			}
		}
	}
	for _, o := range []op{opNone, opNumber, opMinus, opNot, opUpper, opTernary, opLoad} {
		if o.precedence() != 0 {
			t.Errorf("operator %d has precedence %d as if it had two operands", o, o.precedence())
		}
	}
}
