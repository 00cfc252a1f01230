package device

import (
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// NamedValue is the value of an attribute or field with its name in the model:
// int64, float64, string, bool, time.Time (UTC) or [URI].
type NamedValue struct {
	Name  string
	Value any
}

// Decode turns the items of a message in one of v's formats into values of the
// model's types: JSON has only numbers, texts and booleans. Items that the model
// does not know are left out.
func (v *Virtual) Decode(format string, items []wire.Item) []NamedValue {
	values := make([]NamedValue, 0, len(items))
	for _, item := range items {
		if t := v.typeOf(format, item.Name); t != 0 {
			values = append(values, NamedValue{Name: item.Name, Value: anyOf(retype(t, item.Value))})
		}
	}
	return values
}

// typeOf returns the type of a member of a format, 0 when there is none.
func (v *Virtual) typeOf(format, name string) devicemodel.Type {
	if format == v.format {
		for i := range v.model.Attributes {
			if v.model.Attributes[i].Name == name {
				return v.model.Attributes[i].Type
			}
		}
		return 0
	}
	if i := v.formatIndex(format); i >= 0 {
		for _, field := range v.model.Formats[i].Fields {
			if field.Name == name {
				return field.Type
			}
		}
	}
	return 0
}

// retype gives a decoded value the type that it has in the model.
func retype(t devicemodel.Type, v wire.Value) wire.Value {
	number, _ := v.AsNumber()
	switch t {
	case TypeInteger:
		return wire.IntegerValue(int64(number))
	case TypeNumber:
		return wire.NumberValue(number)
	case TypeDateTime:
		return wire.DateTimeValue(int64(number))
	case TypeURI:
		return wire.URIValue(v.Text())
	}
	return v
}
