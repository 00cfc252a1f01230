package device

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// convertScalar turns a JSON value of a request into a value of type t, without
// looking at ranges (docs/protocol/messages.md §8.1).
func convertScalar(name string, t devicemodel.Type, s wire.Scalar) (wire.Value, error) {
	switch {
	case t == TypeBoolean && s.Kind == wire.ScalarBoolean:
		return wire.BooleanValue(s.Boolean), nil
	case t == TypeString && s.Kind == wire.ScalarString:
		return wire.StringValue(s.Text), nil
	case t == TypeURI && s.Kind == wire.ScalarString:
		return wire.URIValue(s.Text), nil
	case t == TypeNumber && s.Kind == wire.ScalarNumber:
		return wire.NumberValue(s.Number), nil
	case t == TypeInteger && s.Kind == wire.ScalarNumber:
		if s.Number != math.Trunc(s.Number) {
			return wire.Value{}, fmt.Errorf("%s: %s is no integer", name, decimal(s.Number))
		}
		if math.Abs(s.Number) > exact {
			return wire.Value{}, &RangeError{Attribute: name, Value: s.Number, Low: math.MinInt32, High: math.MaxInt32}
		}
		return wire.IntegerValue(int64(s.Number)), nil
	case t == TypeDateTime && s.Kind == wire.ScalarNumber:
		return millisecondsValue(name, s.Number)
	}
	return wire.Value{}, fmt.Errorf("%s: the value is no %s", name, t)
}

// convertArgument is convertScalar for arguments of actions, where a DATETIME
// may also be a numeric or an ISO 8601 text (docs/protocol/messages.md §8.3).
func convertArgument(name string, t devicemodel.Type, s wire.Scalar) (wire.Value, error) {
	if t != TypeDateTime || s.Kind != wire.ScalarString {
		return convertScalar(name, t, s)
	}
	if ms, err := strconv.ParseFloat(s.Text, 64); err == nil {
		return millisecondsValue(name, ms)
	}
	at, err := time.Parse(time.RFC3339Nano, s.Text)
	if err != nil {
		return wire.Value{}, fmt.Errorf("%s: %q is neither milliseconds nor an ISO 8601 time", name, s.Text)
	}
	return wire.DateTimeValue(at.UnixMilli()), nil
}

func millisecondsValue(name string, ms float64) (wire.Value, error) {
	if ms != math.Trunc(ms) {
		return wire.Value{}, fmt.Errorf("%s: %s is no whole number of milliseconds", name, decimal(ms))
	}
	if math.Abs(ms) > exact || math.IsNaN(ms) {
		return wire.Value{}, &RangeError{Attribute: name, Value: ms, Low: -exact, High: exact}
	}
	return wire.DateTimeValue(int64(ms)), nil
}

// convertAny turns a Go value into a value of type t, without looking at ranges.
// What it accepts is docs/protocol/virtual-devices.md §2.1, last column.
func convertAny(name string, t devicemodel.Type, x any) (wire.Value, error) {
	switch t {
	case TypeInteger:
		if i, ok := integerFrom(x); ok {
			return wire.IntegerValue(i), nil
		}
	case TypeNumber:
		if f, ok := numberFrom(x); ok {
			return wire.NumberValue(f), nil
		}
	case TypeBoolean:
		if b, ok := x.(bool); ok {
			return wire.BooleanValue(b), nil
		}
	case TypeString:
		if s, ok := x.(string); ok {
			return wire.StringValue(s), nil
		}
	case TypeDateTime:
		return dateTimeFrom(name, x)
	case TypeURI:
		return uriFrom(name, x)
	}
	return wire.Value{}, wrongType(name, t, x)
}

func wrongType(name string, t devicemodel.Type, x any) error {
	return fmt.Errorf("%s: %T does not fit %s: %w", name, x, t, ErrWrongType)
}

// integerFrom accepts every Go integer and floats without a fraction.
func integerFrom(x any) (int64, bool) {
	switch n := x.(type) {
	case int:
		return int64(n), true
	case int8:
		return int64(n), true
	case int16:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	case uint:
		return int64(min(n, math.MaxInt32+1)), true // outside the range of INTEGER all the same
	case uint64:
		return int64(min(n, math.MaxInt32+1)), true
	case float32:
		return integral(float64(n))
	case float64:
		return integral(n)
	}
	return 0, false
}

func integral(f float64) (int64, bool) {
	if f != math.Trunc(f) || math.Abs(f) > exact {
		return 0, false
	}
	return int64(f), true
}

// numberFrom accepts every Go number; whether it is finite is checked later.
func numberFrom(x any) (float64, bool) {
	switch n := x.(type) {
	case float64:
		return n, true
	case float32:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case uint:
		return float64(n), true
	}
	i, ok := integerFrom(x)
	return float64(i), ok
}

// dateTimeFrom accepts a time and integer milliseconds.
func dateTimeFrom(name string, x any) (wire.Value, error) {
	if t, ok := x.(time.Time); ok {
		return timeValue(name, t)
	}
	ms, ok := integerFrom(x)
	if _, float := x.(float64); !ok || float {
		return wire.Value{}, wrongType(name, TypeDateTime, x)
	}
	return wire.DateTimeValue(ms), nil
}

func uriFrom(name string, x any) (wire.Value, error) {
	switch u := x.(type) {
	case URI:
		return u.value(), nil
	case *url.URL:
		return wire.URIValue(u.String()), nil
	case string:
		parsed, err := ExternalURI(u)
		return wire.URIValue(parsed.text), named(name, err)
	}
	return wire.Value{}, wrongType(name, TypeURI, x)
}

// anyOf is the Go value of v: int64, float64, bool, time.Time, string or [URI].
func anyOf(v wire.Value) any {
	switch v.Kind() {
	case wire.KindInteger:
		return v.Integer()
	case wire.KindNumber:
		return v.Number()
	case wire.KindBoolean:
		return v.Boolean()
	case wire.KindDateTime:
		return timeOf(v)
	case wire.KindString:
		return v.Text()
	case wire.KindURI:
		return uriOf(v)
	}
	return nil
}
