package device

import (
	"fmt"
	"math"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// exact bounds DATETIME: beyond ±2⁵³ a JSON number does not hold every
// millisecond (docs/protocol/device-models.md §2.1).
const exact = 1 << 53

// checkAttribute refuses what must not be stored in an attribute.
func checkAttribute(a *Attribute, value wire.Value) error {
	return checkValue(a.Name, a.Type, a.Range, value)
}

// checkValue refuses a value that the wire or the model does not allow. The
// value's kind is that of t already: typed callers guarantee it.
func checkValue(name string, t devicemodel.Type, r *Range, value wire.Value) error {
	switch t {
	case TypeInteger:
		return checkInteger(name, r, value.Integer())
	case TypeNumber:
		return checkNumber(name, r, value.Number())
	case TypeDateTime:
		if ms := value.Integer(); ms > exact || ms < -exact {
			return &RangeError{Attribute: name, Value: float64(ms), Low: -exact, High: exact}
		}
	case TypeString:
		return named(name, wire.CheckText(value.Text()))
	case TypeURI:
		return named(name, checkURI(value))
	}
	return nil
}

func checkInteger(name string, r *Range, v int64) error {
	if v < math.MinInt32 || v > math.MaxInt32 {
		return &RangeError{Attribute: name, Value: float64(v), Low: math.MinInt32, High: math.MaxInt32}
	}
	if r != nil && (float64(v) < r.Low || float64(v) > r.High) {
		return &RangeError{Attribute: name, Value: float64(v), Low: r.Low, High: r.High}
	}
	return nil
}

func checkNumber(name string, r *Range, v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return named(name, ErrNotFinite)
	}
	if r != nil && (v < r.Low || v > r.High) {
		return &RangeError{Attribute: name, Value: v, Low: r.Low, High: r.High}
	}
	return nil
}

// named puts the member's name in front of a refusal.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// timeValue turns t into a value; the zero time is refused.
func timeValue(name string, t time.Time) (wire.Value, error) {
	if t.IsZero() {
		return wire.Value{}, named(name, ErrZeroTime)
	}
	return wire.DateTimeValue(t.UnixMilli()), nil
}

// defaultValue is a default of the model as a value; zero when d is nil.
func defaultValue(t devicemodel.Type, d *Default) wire.Value {
	if d == nil {
		return wire.Value{}
	}
	switch t {
	case TypeInteger:
		return wire.IntegerValue(d.Integer)
	case TypeNumber:
		return wire.NumberValue(d.Number)
	case TypeBoolean:
		return wire.BooleanValue(d.Boolean)
	case TypeDateTime:
		return wire.DateTimeValue(d.Integer)
	case TypeURI:
		return wire.URIValue(d.Text)
	default:
		return wire.StringValue(d.Text)
	}
}

// The Go values of each type. A zero value gives the zero of its Go type.

func integerOf(v wire.Value) int64  { return v.Integer() }
func numberOf(v wire.Value) float64 { return v.Number() }
func stringOf(v wire.Value) string  { return v.Text() }
func booleanOf(v wire.Value) bool   { return v.Boolean() }

func timeOf(v wire.Value) time.Time {
	if v.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(v.Integer()).UTC()
}
