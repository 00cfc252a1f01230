package formula_test

import (
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// The attributes of a device model have slots; a formula is compiled once and
// then computed for every value.
func Example() {
	slots := func(name string) (int, formula.Kind) {
		switch name {
		case "temp":
			return 0, formula.KindNumber
		case "name":
			return 1, formula.KindText
		}
		return 0, formula.KindNone
	}
	program, err := formula.Compile(formula.Condition, `$(temp) - $$(temp) > 5 && $(name) LIKE "Pump-%"`, slots)
	if err != nil {
		fmt.Println(err)
		return
	}
	env := &formula.Values{
		Stored:    []formula.Value{formula.NumberValue(20), formula.TextValue("Pump-7")},
		InProcess: []formula.Value{formula.NumberValue(26)},
	}
	result, err := program.EvalNumber(env)
	fmt.Println(result, err)
	fmt.Println(program)
	// Output:
	// 1 <nil>
	// $(temp) - $$(temp) > 5 AND $(name) LIKE "Pump-%"
}

func ExampleParse() {
	_, err := formula.Parse(formula.Formula, `$(temp) * 1.8 + `)
	fmt.Println(err)
	// Output: formula: offset 16: expected an operand, found end of text
}

func ExampleCheck() {
	types := func(name string) formula.Kind {
		return map[string]formula.Kind{"temp": formula.KindNumber, "on": formula.KindNumber}[name]
	}
	e, err := formula.Parse(formula.Formula, `$(on) = true AND $(tmp) > 30`)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, problems := formula.Check(e, types)
	for _, p := range problems {
		fmt.Println(p.Warning, p)
	}
	// Output:
	// true formula: offset 6: =: a text and a number are never equal
	// false formula: offset 17: unknown attribute "tmp"
}
