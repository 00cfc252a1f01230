package policy

import (
	"errors"
	"math"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// What Double.toString gives.
func TestJavaNumber(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", -1: "-1.0", 62: "62.0", 0.5: "0.5", 0.30000000000000004: "0.30000000000000004", 123456.789: "123456.789",
		9999999: "9999999.0", 1e7: "1.0E7", 12345678: "1.2345678E7", -1.5e300: "-1.5E300",
		0.001: "0.001", 0.00099: "9.9E-4", 1e-10: "1.0E-10", math.MaxFloat64: "1.7976931348623157E308",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
	} {
		if got := javaNumber(f); got != want {
			t.Errorf("%v: %q, want %q", f, got, want)
		}
	}
	if got := javaNumber(math.NaN()); got != "NaN" {
		t.Errorf("NaN: %q", got)
	}
	if got := javaNumber(math.Copysign(0, -1)); got != "-0.0" {
		t.Errorf("-0: %q", got)
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		name string
		in   wire.Value
		kind devicemodel.Type
		want wire.Value
		err  error
	}{
		{"rounds up", wire.NumberValue(1.5), devicemodel.Integer, wire.IntegerValue(2), nil},
		{"rounds half up", wire.NumberValue(-1.5), devicemodel.Integer, wire.IntegerValue(-1), nil},
		{"rounds down", wire.NumberValue(2.49), devicemodel.Integer, wire.IntegerValue(2), nil},
		{"largest integer", wire.NumberValue(math.MaxInt32 + 0.4), devicemodel.Integer, wire.IntegerValue(math.MaxInt32), nil},
		{"integer too large", wire.NumberValue(math.MaxInt32 + 1), devicemodel.Integer, wire.Value{}, ErrResultType},
		{"integer NaN", wire.NumberValue(math.NaN()), devicemodel.Integer, wire.Value{}, ErrResultType},
		{"integer of a text", wire.StringValue("1"), devicemodel.Integer, wire.Value{}, ErrResultType},
		{"integer stays", wire.IntegerValue(7), devicemodel.Integer, wire.IntegerValue(7), nil},
		{"number", wire.NumberValue(0.1), devicemodel.Number, wire.NumberValue(0.1), nil},
		{"number of an integer", wire.IntegerValue(3), devicemodel.Number, wire.NumberValue(3), nil},
		{"number NaN", wire.NumberValue(math.NaN()), devicemodel.Number, wire.Value{}, ErrNotFinite},
		{"number infinite", wire.NumberValue(math.Inf(-1)), devicemodel.Number, wire.Value{}, ErrNotFinite},
		{"number of a boolean", wire.BooleanValue(true), devicemodel.Number, wire.Value{}, ErrResultType},
		{"boolean", wire.BooleanValue(true), devicemodel.Boolean, wire.BooleanValue(true), nil},
		{"boolean of a number", wire.NumberValue(1), devicemodel.Boolean, wire.Value{}, ErrResultType},
		{"text", wire.StringValue("a"), devicemodel.String, wire.StringValue("a"), nil},
		{"text of a number", wire.NumberValue(1), devicemodel.String, wire.Value{}, ErrResultType},
		{"URI", wire.URIValue("a"), devicemodel.URI, wire.URIValue("a"), nil},
		{"URI of a text", wire.StringValue("a"), devicemodel.URI, wire.URIValue("a"), nil},
		{"time", wire.NumberValue(1500.9), devicemodel.DateTime, wire.DateTimeValue(1500), nil},
		{"time before the epoch", wire.NumberValue(-1500.9), devicemodel.DateTime, wire.DateTimeValue(-1500), nil},
		{"time too far", wire.NumberValue(1e300), devicemodel.DateTime, wire.Value{}, ErrResultType},
		{"time NaN", wire.NumberValue(math.NaN()), devicemodel.DateTime, wire.Value{}, ErrResultType},
	} {
		if got, err := convert(c.in, c.kind); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func TestFromFormula(t *testing.T) {
	number, text, nan := formula.NumberValue, formula.TextValue, formula.NumberValue(math.NaN())
	for _, c := range []struct {
		name string
		in   formula.Value
		kind devicemodel.Type
		want wire.Value
		err  error
	}{
		{"number", number(1.5), devicemodel.Number, wire.NumberValue(1.5), nil},
		{"number NaN", nan, devicemodel.Number, wire.Value{}, ErrNotFinite},
		{"number of a text", text("1"), devicemodel.Number, wire.Value{}, ErrNotNumeric},
		{"integer truncates", number(4.9), devicemodel.Integer, wire.IntegerValue(4), nil},
		{"integer truncates towards zero", number(-4.9), devicemodel.Integer, wire.IntegerValue(-4), nil},
		{"integer NaN", nan, devicemodel.Integer, wire.IntegerValue(0), nil},
		{"integer too large", number(1e300), devicemodel.Integer, wire.IntegerValue(math.MaxInt32), nil},
		{"integer too small", number(math.Inf(-1)), devicemodel.Integer, wire.IntegerValue(math.MinInt32), nil},
		{"boolean 0", number(0), devicemodel.Boolean, wire.BooleanValue(false), nil},
		{"boolean 0.5", number(0.5), devicemodel.Boolean, wire.BooleanValue(true), nil},
		{"boolean NaN", nan, devicemodel.Boolean, wire.BooleanValue(true), nil},
		{"boolean word", text("TRUE"), devicemodel.Boolean, wire.BooleanValue(true), nil},
		{"boolean other word", text("yes"), devicemodel.Boolean, wire.BooleanValue(false), nil},
		{"time", number(1.5e12), devicemodel.DateTime, wire.DateTimeValue(1500000000000), nil},
		{"time too far", number(math.Inf(1)), devicemodel.DateTime, wire.Value{}, ErrResultType},
		{"time NaN", nan, devicemodel.DateTime, wire.Value{}, ErrResultType},
		{"text", text("a"), devicemodel.String, wire.StringValue("a"), nil},
		{"text of a number", number(62), devicemodel.String, wire.StringValue("62.0"), nil},
		{"text NaN", nan, devicemodel.String, wire.StringValue("NaN"), nil},
		{"URI", text("http://x"), devicemodel.URI, wire.URIValue("http://x"), nil},
	} {
		if got, err := fromFormula(c.in, c.kind); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func TestOperandAndText(t *testing.T) {
	for _, c := range []struct {
		in   wire.Value
		want formula.Value
		text string
	}{
		{wire.Value{}, formula.Value{}, ""},
		{wire.IntegerValue(-3), formula.NumberValue(-3), "-3"},
		{wire.NumberValue(2.5), formula.NumberValue(2.5), "2.5"},
		{wire.BooleanValue(true), formula.NumberValue(1), "true"},
		{wire.DateTimeValue(1500), formula.NumberValue(1500), "1500"},
		{wire.StringValue("s"), formula.TextValue("s"), "s"},
		{wire.URIValue("u"), formula.TextValue("u"), "u"},
	} {
		if got := operand(c.in); got != c.want {
			t.Errorf("%v: operand %v, want %v", c.in, got, c.want)
		}
		if got := plainText(c.in); got != c.text {
			t.Errorf("%v: text %q, want %q", c.in, got, c.text)
		}
	}
	nan := wire.NumberValue(math.NaN())
	if !same(nan, nan) || same(nan, wire.NumberValue(0)) || !same(wire.IntegerValue(5), wire.NumberValue(5)) {
		t.Error("equality of the duplicate functions")
	}
}
