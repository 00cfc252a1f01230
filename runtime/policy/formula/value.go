package formula

import "math"

// Kind tells what a Value holds.
type Kind uint8

const (
	// KindNone is the kind of the zero Value: an attribute without a value. In
	// a formula it counts as NaN.
	KindNone Kind = iota
	// KindNumber is a double. Attributes of type NUMBER, INTEGER, BOOLEAN
	// (true is 1, false is 0) and DATETIME (milliseconds since the epoch) are
	// numbers.
	KindNumber
	// KindText is a text. Attributes of type STRING and URI are texts.
	KindText
)

// String gives "none", "number" or "text".
func (k Kind) String() string {
	switch k {
	case KindNumber:
		return "number"
	case KindText:
		return "text"
	default:
		return "none"
	}
}

// Value is a number, a text, or nothing. The zero Value is nothing. Values are
// small, comparable with ==, and hold no reference besides the text.
type Value struct {
	kind   Kind
	number float64
	text   string
}

// NumberValue makes a number.
func NumberValue(f float64) Value { return Value{kind: KindNumber, number: f} }

// TextValue makes a text.
func TextValue(s string) Value { return Value{kind: KindText, text: s} }

// BooleanValue makes the number that stands for a boolean: 1 or 0.
func BooleanValue(b bool) Value { return NumberValue(truth(b)) }

// Kind tells what v holds.
func (v Value) Kind() Kind { return v.kind }

// Number gives the number, and NaN when v is not a number.
func (v Value) Number() float64 {
	if v.kind != KindNumber {
		return math.NaN()
	}
	return v.number
}

// Text gives the text, and "" when v is not a text.
func (v Value) Text() string { return v.text }
