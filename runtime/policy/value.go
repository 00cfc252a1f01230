package policy

import (
	"math"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// value is a value on its way through functions.
type value = wire.Value

// exact bounds DATETIME: beyond, a JSON number does not hold every millisecond
// (docs/protocol/device-models.md §2.1).
const exact = 1<<53 - 1

// operand gives a value as formulas see it.
func operand(v wire.Value) formula.Value {
	switch v.Kind() {
	case wire.KindInteger, wire.KindDateTime:
		return formula.NumberValue(float64(v.Integer()))
	case wire.KindNumber:
		return formula.NumberValue(v.Number())
	case wire.KindBoolean:
		return formula.BooleanValue(v.Boolean())
	case wire.KindString, wire.KindURI:
		return formula.TextValue(v.Text())
	}
	return formula.Value{}
}

// kindOf gives the kind of an attribute's values in formulas.
func kindOf(t devicemodel.Type) formula.Kind {
	if t == devicemodel.String || t == devicemodel.URI {
		return formula.KindText
	}
	return formula.KindNumber
}

// same compares values as the duplicate functions do: numbers by value, and NaN
// equals NaN (docs/protocol/policies.md §8.2).
func same(a, b wire.Value) bool {
	return a.Same(b) || a.Kind() == wire.KindNumber && b.Kind() == wire.KindNumber &&
		math.IsNaN(a.Number()) && math.IsNaN(b.Number())
}

// convert makes the result of a function a value of the attribute's type
// (docs/protocol/policies.md §6.2). An INTEGER beyond 32 bits is refused; the
// official client keeps the low 32 bits.
func convert(v wire.Value, t devicemodel.Type) (wire.Value, error) {
	number, numeric := v.AsNumber()
	switch t {
	case devicemodel.Integer:
		if v.Kind() == wire.KindInteger {
			return v, nil
		}
		number = math.Floor(number + 0.5)
		if numeric && number >= math.MinInt32 && number <= math.MaxInt32 {
			return wire.IntegerValue(int64(number)), nil
		}
	case devicemodel.Number:
		if numeric && (math.IsNaN(number) || math.IsInf(number, 0)) {
			return wire.Value{}, ErrNotFinite
		}
		if numeric {
			return wire.NumberValue(number), nil
		}
	case devicemodel.DateTime:
		if numeric && math.Abs(number) <= exact {
			return wire.DateTimeValue(int64(number)), nil
		}
	case devicemodel.Boolean:
		if v.Kind() == wire.KindBoolean {
			return v, nil
		}
	case devicemodel.String:
		if v.Kind() == wire.KindString || v.Kind() == wire.KindURI {
			return wire.StringValue(v.Text()), nil
		}
	case devicemodel.URI:
		switch v.Kind() {
		case wire.KindURI:
			return v, nil // with what it stands for
		case wire.KindString:
			return wire.URIValue(v.Text()), nil
		}
	}
	return wire.Value{}, ErrResultType
}

// fromFormula makes the result of a formula a field of an alert or an argument
// of an action (docs/protocol/policies.md §10.3).
func fromFormula(v formula.Value, t devicemodel.Type) (wire.Value, error) {
	isText := v.Kind() == formula.KindText
	number := v.Number()
	switch t {
	case devicemodel.String:
		return wire.StringValue(javaText(v)), nil
	case devicemodel.URI:
		return wire.URIValue(javaText(v)), nil
	case devicemodel.Boolean:
		if isText {
			return wire.BooleanValue(strings.EqualFold(v.Text(), "true")), nil
		}
		return wire.BooleanValue(number != 0), nil
	}
	switch {
	case isText:
		return wire.Value{}, ErrNotNumeric
	case t == devicemodel.Integer:
		return wire.IntegerValue(saturate(number)), nil
	case t == devicemodel.DateTime && math.Abs(number) <= exact:
		return wire.DateTimeValue(int64(number)), nil
	case t == devicemodel.DateTime:
		return wire.Value{}, ErrResultType
	case math.IsNaN(number) || math.IsInf(number, 0):
		return wire.Value{}, ErrNotFinite
	}
	return wire.NumberValue(number), nil
}

// saturate truncates a number towards zero and keeps it within 32 bits; NaN
// becomes 0.
func saturate(f float64) int64 {
	if math.IsNaN(f) {
		return 0
	}
	return int64(min(max(f, math.MinInt32), math.MaxInt32))
}

func javaText(v formula.Value) string {
	if v.Kind() == formula.KindText {
		return v.Text()
	}
	return javaNumber(v.Number())
}

// javaNumber writes a double the way Java does: the shortest digits that read
// back, always with a point, in exponent form from 10^7 up and below 10^-3.
func javaNumber(f float64) string {
	switch size := math.Abs(f); {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0 || size >= 1e-3 && size < 1e7:
		text := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return digits + "E" + strconv.Itoa(n)
}

// plainText writes a value the way Java writes an object of its type; this is
// what privacyPolicy hashes (docs/protocol/policies.md §8.9).
func plainText(v wire.Value) string {
	switch v.Kind() {
	case wire.KindInteger, wire.KindDateTime:
		return strconv.FormatInt(v.Integer(), 10)
	case wire.KindNumber:
		return javaNumber(v.Number())
	case wire.KindBoolean:
		return strconv.FormatBool(v.Boolean())
	}
	return v.Text()
}
