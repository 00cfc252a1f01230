package formula_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		name, text      string
		offset          int
		expected, found string
	}{
		{"empty", ``, 0, `an operand`, `end of text`},
		{"blank", " \t", 2, `an operand`, `end of text`},
		{"no right operand", `1 +`, 3, `an operand`, `end of text`},
		{"no left operand", `* 2`, 0, `an operand`, `"*"`},
		{"two operators", `2 ** 3`, 3, `an operand`, `"*"`},
		{"three equal signs", `$(a) === 2`, 7, `an operand`, `"="`},
		{"missing parenthesis", `(1 + 2`, 6, `an operator or ")"`, `end of text`},
		{"missing parenthesis after reference", `($(b)`, 5, `an operator or ")"`, `end of text`},
		{"too many parentheses", `1)`, 1, `an operator or the end of the formula`, `")"`},
		{"empty parentheses", `()`, 1, `an operand`, `")"`},
		{"two operands", `1 2`, 2, `an operator or the end of the formula`, `"2"`},
		{"two words", `too hot`, 4, `an operator or the end of the formula`, `"hot"`},
		{"conditional without else", `1 ? 2`, 5, `an operator or ":"`, `end of text`},
		{"conditional closed early", `(1 ? 2)`, 6, `an operator or ":"`, `")"`},
		{"single bar", `1 | 2`, 2, `an operand or an operator`, `"|"`},
		{"single ampersand", `1&2`, 1, `an operand or an operator`, `"&"`},
		{"power", `2 ^ 3`, 2, `an operand or an operator`, `"^"`},
		{"hash", `#`, 0, `an operand or an operator`, `"#"`},
		{"single quotes", `'abc'`, 0, `an operand or an operator`, `"'"`},
		{"other letter form", `1 × 2`, 2, `an operand or an operator`, `"×"`},
		{"invalid UTF-8", "\xff", 0, `an operand or an operator`, `"\xff"`},
		{"invalid UTF-8 in a text", "\"a\xff\"", 0, `valid UTF-8`, `"\"a\xff"`},
		{"exponent", `1e3`, 0, `a number without exponent or unit`, `"1e3"`},
		{"unit", `30C`, 0, `a number without exponent or unit`, `"30C"`},
		{"two points", `1.2.3`, 0, `a number with one point`, `"1.2."`},
		{"only a point", `1 + .`, 4, `a digit beside the point`, `"."`},
		{"open text", `"unterminated`, 0, `a text that ends with a quotation mark`, `"\"unterminated"`},
		{"doubled quotation mark", `"say ""hi"""`, 0, `a text without quotation marks inside`, `"\"say \"\""`},
		{"lone dollar", `$a`, 0, `"$(" or "$$("`, `"$"`},
		{"three dollars", `$$$(a)`, 0, `"$(" or "$$("`, `"$$"`},
		{"reference without name", `$()`, 2, `an attribute name`, `")"`},
		{"reference cut off", `$( `, 3, `an attribute name`, `end of text`},
		{"name starts with a digit", `$(1a)`, 2, `an attribute name`, `"1"`},
		{"name is a keyword", `$(and)`, 2, `an attribute name`, `"and"`},
		{"two words as a name", `$(temp and)`, 7, `")" after the attribute name`, `"a"`},
		{"reference not closed", `$(temp`, 6, `")" after the attribute name`, `end of text`},
		{"unknown function", `1 + abs(-1)`, 4, `the function UPPER or LOWER`, `"abs("`},
		{"function without argument", `UPPER()`, 6, `an operand`, `")"`},
		{"function with two arguments", `UPPER("a","b")`, 9, `an operand or an operator`, `","`},
		{"conditional as an argument", `UPPER(1 ? "a" : "b")`, 8, `an operator or ")"`, `"?"`},
		{"blank before the argument", `UPPER ("abc")`, 6, `an operator or the end of the formula`, `"("`},
		{"long word", `1 ` + strings.Repeat("x", 50), 2, `an operator or the end of the formula`,
			`"` + strings.Repeat("x", 30) + `"...`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := formula.Parse(formula.Formula, c.text)
			var got *formula.SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("%q: %v, want a *SyntaxError", c.text, err)
			}
			want := formula.SyntaxError{Offset: c.offset, Expected: c.expected, Found: c.found}
			if *got != want {
				t.Errorf("%q:\n got %v\nwant %v", c.text, got, &want)
			}
		})
	}
}

func TestNumberRange(t *testing.T) {
	if _, err := formula.Parse(formula.Formula, "1"+strings.Repeat("0", 308)); err != nil {
		t.Errorf("1e308 in digits: %v", err)
	}
	_, err := formula.Parse(formula.Formula, "1"+strings.Repeat("0", 309))
	var syntax *formula.SyntaxError
	if !errors.As(err, &syntax) || syntax.Expected != "a number within the range of a double" {
		t.Errorf("1e309 in digits: %v", err)
	}
}

// Text after a condition is ignored if it starts with something that could be
// part of a formula; a broken token there is refused, because half a condition
// that was meant to go on is worse than none.
func TestConditionRest(t *testing.T) {
	for _, c := range []struct {
		text    string
		ignored int // -1: none; -2: refused
	}{
		{`$(a) > 1`, -1},
		{`$(a) > 1   `, -1},
		{`$(a) > 1 ? 5 : 6`, 9},
		{`1)`, 1},
		{`1 2`, 2},
		{`1 2 #`, 2},
		{`$(a) > 1 ANDY 1`, 9},
		{`$(a) > 1 & $(b) > 1`, -2},
		{`$(a) > 1 | $(b) > 1`, -2},
		{`$(a) > 1e3`, -2},
		{`$(a) = "x" "`, -2},
	} {
		e, err := formula.Parse(formula.Condition, c.text)
		if c.ignored == -2 {
			if !errors.Is(err, formula.ErrSyntax) {
				t.Errorf("%q: %v, want a syntax error", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		offset, ok := e.Ignored()
		if ok != (c.ignored >= 0) || ok && offset != c.ignored {
			t.Errorf("%q: ignored from %d, %v, want %d", c.text, offset, ok, c.ignored)
		}
	}
}

func TestReferences(t *testing.T) {
	e, err := formula.Parse(formula.Formula, `$( a ) - $$(a) > $(höhe-1.2) ? UPPER($(s)) : b`)
	if err != nil {
		t.Fatal(err)
	}
	want := []formula.Reference{
		{Offset: 0, Name: "a"},
		{Offset: 9, Name: "a", Current: true},
		{Offset: 17, Name: "höhe-1.2"},
		{Offset: 38, Name: "s"},
	}
	got := e.References()
	if len(got) != len(want) {
		t.Fatalf("references %+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("reference %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestUnknownAttribute(t *testing.T) {
	_, slots := numbers()
	for _, text := range []string{`1 + $(nosuch)`, `$(a) > $$(nosuch)`, `-$(nosuch)`, `$(a) ? 1 : (2 * $(nosuch))`} {
		_, err := formula.Compile(formula.Formula, text, slots)
		var attribute *formula.AttributeError
		if !errors.As(err, &attribute) || !errors.Is(err, formula.ErrUnknownAttribute) {
			t.Errorf("%s: %v, want an *AttributeError", text, err)
			continue
		}
		if attribute.Name != "nosuch" || attribute.Offset != strings.Index(text, "$(nosuch)")-strings.Count(text, "$$") {
			t.Errorf("%s: %+v", text, attribute)
		}
	}
	if _, err := formula.Compile(formula.Formula, `$(a)`, nil); !errors.Is(err, formula.ErrUnknownAttribute) {
		t.Errorf("no attributes at all: %v", err)
	}
}
