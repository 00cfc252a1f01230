package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

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

// device gives something of package device.
func device(name string) *jen.Statement { return jen.Qual(devicePath, name) }

// handler gives the parameter fn, a function.
func handler(results jen.Code, params ...jen.Code) jen.Code {
	return jen.Id("fn").Func().Params(params...).Add(results)
}

// bounds gives the sentence about a range. An INTEGER without one has that of its type.
func bounds(t plan.Type, r *plan.Range) string {
	switch {
	case r != nil:
		return "From " + r.Doc + "."
	case devicemodel.Type(t) == devicemodel.Integer:
		return "Any integer of 32 bits."
	}
	return ""
}

func defaultSentence(d *plan.Default) string {
	if d == nil {
		return ""
	}
	return "Default " + d.Doc + "."
}

// refusals gives the errors with which a setter refuses a value.
func refusals(t plan.Type, r *plan.Range) string {
	switch devicemodel.Type(t) {
	case devicemodel.Integer:
		return "[*device.RangeError], "
	case devicemodel.Number:
		if r != nil {
			return "[*device.RangeError], [device.ErrNotFinite], "
		}
		return "[device.ErrNotFinite], "
	case devicemodel.String:
		return "[*device.LengthError], [device.ErrNotUTF8], "
	case devicemodel.DateTime:
		return "[device.ErrZeroTime], [*device.RangeError], "
	case devicemodel.URI:
		return "[device.ErrEmptyURI], "
	}
	return ""
}
