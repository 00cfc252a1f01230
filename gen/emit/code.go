package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Pieces of code that jennifer renders without the blanks that gofmt would take out again: see layout.

// glue puts pieces next to each other.
func glue(pieces ...jen.Code) *jen.Statement { return jen.Custom(jen.Options{}, pieces...) }

// call is a call, or the head of a function: name(a, b).
func call(name string, arguments ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: name + "(", Close: ")", Separator: ", "}, arguments...)
}

// literal is a composite literal on one line.
func literal(typ string, elements ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: typ + "{", Close: "}", Separator: ", "}, elements...)
}

// rows are the elements of a composite literal, one a line.
func rows(elements []jen.Code) jen.Code {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, elements...)
}

// entry is one member of a composite literal.
func entry(name string, value jen.Code) jen.Code { return jen.Id(name + ":").Add(value) }

// structure is a struct type.
func structure(fields ...jen.Code) jen.Code { return jen.Id("struct").Block(fields...) }

// device is something of package device.
func device(name string) *jen.Statement { return jen.Qual(devicePath, name) }

// variadic is a parameter that takes any number of values.
func variadic(name string, typ jen.Code) jen.Code { return jen.Id(name).Add(glue(jen.Id("..."), typ)) }

// goType gives the Go type of values.
func (f *file) goType(t plan.Type) jen.Code {
	switch devicemodel.Type(t) {
	case devicemodel.DateTime:
		return f.time
	case devicemodel.URI:
		return f.uri
	}
	return jen.Id(t.Go())
}

// value gives the parameter v of a setter.
func (f *file) value(t plan.Type) jen.Code { return jen.Id("v").Add(f.goType(t)) }

// method begins a method of the main type.
func (f *file) method(name string, parameters ...jen.Code) *jen.Statement {
	return jen.Func().Add(f.main).Add(call(name, parameters...))
}

// binding calls a method of the main type's binding.
func (f *file) binding(method string, arguments ...jen.Code) *jen.Statement {
	return call(f.p.Receiver+".binding."+method, arguments...)
}

// handler gives the parameter fn, a function.
func handler(result jen.Code, parameters ...jen.Code) jen.Code {
	return jen.Id("fn").Add(call("func", parameters...)).Add(result)
}
