package wire

import (
	"math"
	"strconv"
)

// wrong reports a value of the wrong JSON type and passes over it.
func (d *decoder) wrong(code Code) {
	at := d.pos
	if d.skip() {
		d.report(at, code, ErrWrongType, d.text[at:d.pos])
	}
}

// string reads a string; anything else is reported.
func (d *decoder) string(code Code) string {
	if d.peek() != '"' {
		d.wrong(code)
		return ""
	}
	at := d.pos
	t, ok := d.quoted()
	if !ok {
		return ""
	}
	text, ok := d.unquote(t)
	if !ok {
		d.report(at, code, ErrNotUTF8, "")
	}
	return text
}

// enum reads a name of an enumeration. An unknown one has number 1000 in the
// Java client whatever the member.
func enum[T any](d *decoder, code Code, unknown error, parse func(string) (T, bool)) (value T) {
	if d.peek() != '"' {
		d.wrong(code)
		return value
	}
	at := d.pos
	text := d.string(code)
	value, ok := parse(text)
	if !ok && d.err == nil {
		d.report(at, CodeOther, unknown, text)
	}
	return value
}

// integer reads a number without fraction, in exponent form too.
func (d *decoder) integer(code Code) int64 {
	if c := d.peek(); c != '-' && (c < '0' || '9' < c) {
		d.wrong(code)
		return 0
	}
	at := d.pos
	n, ok := d.numeric(code).AsInteger()
	if !ok && d.err == nil {
		d.report(at, code, ErrNumber, d.text[at:d.pos])
	}
	return n
}

// numeric reads a number: a literal without fraction and exponent as
// KindInteger if it fits, everything else as KindNumber.
func (d *decoder) numeric(code Code) Value {
	at := d.pos
	text, integer, ok := d.number()
	if !ok {
		return Value{}
	}
	value, ok := parseNumber(text, integer)
	if !ok {
		d.report(at, code, ErrNumber, text)
	}
	return value
}

// parseNumber reads the text of a number; ok is false when it is beyond the
// range of float64. Minus zero is no integer.
func parseNumber(text string, integer bool) (Value, bool) {
	if integer && text != "-0" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return IntegerValue(n), true
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return Value{}, false
	}
	return NumberValue(f), true
}

// scalar reads a value of any type. Arrays and objects are passed over, ok is
// false then.
func (d *decoder) scalar(code Code) (value Value, ok bool) {
	switch c := d.peek(); c {
	case '"':
		return StringValue(d.string(code)), true
	case 't':
		d.literal("true")
		return BooleanValue(true), true
	case 'f':
		d.literal("false")
		return BooleanValue(false), true
	case 'n':
		d.literal("null")
		return Value{}, true
	case '{', '[':
		d.skip()
		return Value{}, false
	}
	return d.numeric(code), true
}
