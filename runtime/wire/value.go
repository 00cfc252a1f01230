package wire

import (
	"math"
)

// Kind is the kind of a Value.
type Kind uint8

// The kinds, one for each value type of a device model
// (docs/protocol/messages.md §6). A decoded value is never KindDateTime or
// KindURI: JSON carries those as numbers and strings.
const (
	KindNone Kind = iota // no value: JSON null
	KindInteger
	KindNumber
	KindBoolean
	KindDateTime
	KindString
	KindURI
)

// String gives the name of the model type, such as "INTEGER"; "NONE" for
// KindNone.
func (k Kind) String() string {
	switch k {
	case KindNone:
		return "NONE"
	case KindInteger:
		return "INTEGER"
	case KindNumber:
		return "NUMBER"
	case KindBoolean:
		return "BOOLEAN"
	case KindDateTime:
		return "DATETIME"
	case KindString:
		return "STRING"
	case KindURI:
		return "URI"
	}
	return number("Kind", uint8(k))
}

// Value is one value of an attribute or of a format's field, kept without
// boxing. Values are immutable and comparable; == tells kinds apart and compares
// numbers bit by bit, Same compares as the protocol does. The zero value has
// KindNone.
//
// It is four words: a fifth would make the compiler keep values in memory instead
// of registers, which costs an update of six values 140 ns.
type Value struct {
	form *form  // nil: KindNone
	bits uint64 // int64, float64 bits, 0 or 1
	text string
}

// form says what a value is. Values of a kind share one, but those that stand for
// an attachment have one of their own.
type form struct {
	kind       Kind
	attachment Attachment // of KindURI; goes before the text
}

// The forms of values without attachment. They are never changed.
var (
	integerForm  = &form{kind: KindInteger}
	numberForm   = &form{kind: KindNumber}
	booleanForm  = &form{kind: KindBoolean}
	dateTimeForm = &form{kind: KindDateTime}
	stringForm   = &form{kind: KindString}
	uriForm      = &form{kind: KindURI}
)

// Item is one named value of DATA or ALERT.
type Item struct {
	Name  string
	Value Value
}

// IntegerValue gives a value of KindInteger. Readers that keep numbers as
// doubles hold it exactly up to 2^53 (docs/protocol/messages.md §6).
func IntegerValue(v int64) Value { return Value{form: integerForm, bits: uint64(v)} }

// NumberValue gives a value of KindNumber. NaN and the infinities have no wire
// form: CheckValue refuses them.
func NumberValue(v float64) Value { return Value{form: numberForm, bits: math.Float64bits(v)} }

// BooleanValue gives a value of KindBoolean.
func BooleanValue(v bool) Value {
	if v {
		return Value{form: booleanForm, bits: 1}
	}
	return Value{form: booleanForm}
}

// DateTimeValue gives a value of KindDateTime, in milliseconds since the epoch.
func DateTimeValue(ms int64) Value { return Value{form: dateTimeForm, bits: uint64(ms)} }

// StringValue gives a value of KindString.
func StringValue(v string) Value { return Value{form: stringForm, text: v} }

// URIValue gives a value of KindURI.
func URIValue(v string) Value { return Value{form: uriForm, text: v} }

// Kind tells what the value holds.
func (v Value) Kind() Kind {
	if v.form == nil {
		return KindNone
	}
	return v.form.kind
}

// IsZero reports whether there is no value (KindNone).
func (v Value) IsZero() bool { return v.form == nil }

// Integer gives the number of KindInteger and the milliseconds of KindDateTime,
// 0 for every other kind. AsInteger converts.
func (v Value) Integer() int64 {
	if v.form == integerForm || v.form == dateTimeForm {
		return int64(v.bits)
	}
	return 0
}

// Number gives the number of KindNumber, 0 for every other kind. AsNumber
// converts.
func (v Value) Number() float64 {
	if v.form == numberForm {
		return math.Float64frombits(v.bits)
	}
	return 0
}

// Boolean gives the truth value of KindBoolean, false for every other kind.
func (v Value) Boolean() bool { return v.form == booleanForm && v.bits != 0 }

// Text gives the text of KindString and KindURI, "" for every other kind.
func (v Value) Text() string {
	if v.form != nil && v.form.attachment != nil {
		return v.form.attachment.Reference()
	}
	return v.text
}

// AsInteger gives the value as an integer if it is a number without fraction
// that fits, whatever its kind: clients write integers and dates in exponent
// form too (docs/protocol/messages.md §6).
func (v Value) AsInteger() (int64, bool) {
	switch v.Kind() {
	case KindInteger, KindDateTime:
		return int64(v.bits), true
	case KindNumber:
		return integral(math.Float64frombits(v.bits))
	}
	return 0, false
}

// AsNumber gives the value as a float64 if it is a number of any kind. Integers
// beyond 2^53 are rounded.
func (v Value) AsNumber() (float64, bool) {
	switch v.Kind() {
	case KindInteger, KindDateTime:
		return float64(int64(v.bits)), true
	case KindNumber:
		return math.Float64frombits(v.bits), true
	}
	return 0, false
}

// integral converts a float64 without fraction inside the range of int64.
func integral(f float64) (int64, bool) {
	// 2^63 itself is a float64 but no int64; its negative is both.
	if f >= -1<<63 && f < 1<<63 && f == math.Trunc(f) {
		return int64(f), true
	}
	return 0, false
}

// Same reports whether two values are equal on the wire: numbers, integers and
// dates by their number (an integer and a float exactly, not rounded), strings
// and URIs by their text, booleans by truth. NaN is the same as nothing, itself
// included.
func (v Value) Same(w Value) bool {
	switch {
	case v.isNumeric() && w.isNumeric():
		return sameNumber(v, w)
	case v.isText() && w.isText():
		return v.Text() == w.Text()
	}
	return v.form == w.form && v.bits == w.bits
}

func (v Value) isNumeric() bool {
	return v.form == integerForm || v.form == numberForm || v.form == dateTimeForm
}

func (v Value) isText() bool { return v.form == stringForm || v.Kind() == KindURI }

func sameNumber(v, w Value) bool {
	if v.form == numberForm && w.form == numberForm {
		return v.Number() == w.Number() // 0 and -0 are the same
	}
	a, okA := v.AsInteger()
	b, okB := w.AsInteger()
	return okA && okB && a == b
}
