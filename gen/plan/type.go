package plan

import (
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Type is a value type. In JSON it is the text of the model, such as "INTEGER".
type Type devicemodel.Type

// String gives the model's text.
func (t Type) String() string { return devicemodel.Type(t).String() }

// MarshalText gives the model's text.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes the model's text; any other is an error.
func (t *Type) UnmarshalText(text []byte) error {
	m, ok := devicemodel.ParseType(string(text))
	if !ok {
		return fmt.Errorf("%q is no value type", text)
	}
	*t = Type(m)
	return nil
}

// Go gives the Go type of values, with its package: "int64", "time.Time", "device.URI".
func (t Type) Go() string {
	switch devicemodel.Type(t) {
	case devicemodel.String:
		return "string"
	case devicemodel.Number:
		return "float64"
	case devicemodel.Integer:
		return "int64"
	case devicemodel.Boolean:
		return "bool"
	case devicemodel.DateTime:
		return "time.Time"
	case devicemodel.URI:
		return "device.URI"
	}
	return ""
}

// Word gives the type's part of method names in the runtime, as in SetDateTime.
func (t Type) Word() string {
	switch devicemodel.Type(t) {
	case devicemodel.String:
		return "String"
	case devicemodel.Number:
		return "Number"
	case devicemodel.Integer:
		return "Integer"
	case devicemodel.Boolean:
		return "Boolean"
	case devicemodel.DateTime:
		return "DateTime"
	case devicemodel.URI:
		return "URI"
	}
	return ""
}
