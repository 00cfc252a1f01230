package wire

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

func TestValueIsSmallAndComparable(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size > 32 {
		t.Errorf("Value has %d bytes", size)
	}
	if five := IntegerValue(5); five != IntegerValue(5) || five == NumberValue(5) || StringValue("a") == URIValue("a") {
		t.Error("== does not tell values apart by kind and content")
	}
}

func TestValueAccessors(t *testing.T) {
	type want struct {
		integer int64
		number  float64
		boolean bool
		text    string
	}
	for name, c := range map[string]struct {
		value Value
		kind  Kind
		want
	}{
		"none":     {Value{}, KindNone, want{}},
		"integer":  {IntegerValue(-7), KindInteger, want{integer: -7}},
		"number":   {NumberValue(2.5), KindNumber, want{number: 2.5}},
		"true":     {BooleanValue(true), KindBoolean, want{boolean: true}},
		"false":    {BooleanValue(false), KindBoolean, want{}},
		"datetime": {DateTimeValue(1511805927387), KindDateTime, want{integer: 1511805927387}},
		"string":   {StringValue("x"), KindString, want{text: "x"}},
		"uri":      {URIValue("http://x"), KindURI, want{text: "http://x"}},
	} {
		v := c.value
		got := want{v.Integer(), v.Number(), v.Boolean(), v.Text()}
		if v.Kind() != c.kind || got != c.want || v.IsZero() != (c.kind == KindNone) {
			t.Errorf("%s: kind %v, %+v, zero %v", name, v.Kind(), got, v.IsZero())
		}
	}
}

func TestAsInteger(t *testing.T) {
	for name, c := range map[string]struct {
		value Value
		want  int64
		ok    bool
	}{
		"integer":           {IntegerValue(math.MinInt64), math.MinInt64, true},
		"datetime":          {DateTimeValue(5), 5, true},
		"whole number":      {NumberValue(1.511805927387e12), 1511805927387, true},
		"negative number":   {NumberValue(-3), -3, true},
		"minus zero":        {NumberValue(math.Copysign(0, -1)), 0, true},
		"lowest":            {NumberValue(-1 << 63), math.MinInt64, true},
		"just too large":    {NumberValue(1 << 63), 0, false},
		"just too small":    {NumberValue(math.Nextafter(-1<<63, math.Inf(-1))), 0, false},
		"fraction":          {NumberValue(0.5), 0, false},
		"NaN":               {NumberValue(math.NaN()), 0, false},
		"infinity":          {NumberValue(math.Inf(1)), 0, false},
		"negative infinity": {NumberValue(math.Inf(-1)), 0, false},
		"boolean":           {BooleanValue(true), 0, false},
		"string":            {StringValue("5"), 0, false},
		"none":              {Value{}, 0, false},
	} {
		if got, ok := c.value.AsInteger(); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
}

func TestAsNumber(t *testing.T) {
	for name, c := range map[string]struct {
		value Value
		want  float64
		ok    bool
	}{
		"integer":  {IntegerValue(-5), -5, true},
		"datetime": {DateTimeValue(1 << 53), 1 << 53, true},
		"number":   {NumberValue(0.25), 0.25, true},
		"boolean":  {BooleanValue(true), 0, false},
		"string":   {StringValue("5"), 0, false},
		"none":     {Value{}, 0, false},
	} {
		if got, ok := c.value.AsNumber(); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}

func TestSame(t *testing.T) {
	minusZero := NumberValue(math.Copysign(0, -1))
	for name, c := range map[string]struct {
		v, w Value
		want bool
	}{
		"integers":                  {IntegerValue(5), IntegerValue(5), true},
		"integers differ":           {IntegerValue(5), IntegerValue(6), false},
		"integer and number":        {IntegerValue(5), NumberValue(5), true},
		"integer and fraction":      {IntegerValue(5), NumberValue(5.5), false},
		"integer and datetime":      {IntegerValue(5), DateTimeValue(5), true},
		"number and datetime":       {NumberValue(1e12), DateTimeValue(1e12), true},
		"beyond 2^53, not rounded":  {IntegerValue(1<<53 + 1), NumberValue(1 << 53), false},
		"large number, no integer":  {IntegerValue(math.MaxInt64), NumberValue(1 << 63), false},
		"numbers":                   {NumberValue(0.1), NumberValue(0.1), true},
		"zeros":                     {NumberValue(0), minusZero, true},
		"zero and minus zero":       {IntegerValue(0), minusZero, true},
		"NaN":                       {NumberValue(math.NaN()), NumberValue(math.NaN()), false},
		"string and URI":            {StringValue("a"), URIValue("a"), true},
		"strings differ":            {StringValue("a"), StringValue("b"), false},
		"booleans":                  {BooleanValue(true), BooleanValue(true), true},
		"booleans differ":           {BooleanValue(true), BooleanValue(false), false},
		"boolean and integer":       {BooleanValue(true), IntegerValue(1), false},
		"false and nothing":         {BooleanValue(false), Value{}, false},
		"zero and nothing":          {IntegerValue(0), Value{}, false},
		"empty string and nothing":  {StringValue(""), Value{}, false},
		"nothing":                   {Value{}, Value{}, true},
		"string of a number":        {StringValue("5"), IntegerValue(5), false},
		"integer and negative zero": {IntegerValue(1), minusZero, false},
	} {
		if c.v.Same(c.w) != c.want || c.w.Same(c.v) != c.want {
			t.Errorf("%s: %v, other way round %v", name, c.v.Same(c.w), c.w.Same(c.v))
		}
	}
}

func TestValueJSON(t *testing.T) {
	for name, c := range map[string]struct {
		value Value
		want  string
	}{
		"none":                {Value{}, "null"},
		"integer":             {IntegerValue(-42), "-42"},
		"integer beyond 2^53": {IntegerValue(math.MaxInt64), "9223372036854775807"},
		"lowest integer":      {IntegerValue(math.MinInt64), "-9223372036854775808"},
		"datetime":            {DateTimeValue(1511805927387), "1511805927387"},
		"before the epoch":    {DateTimeValue(-1000), "-1000"},
		"true":                {BooleanValue(true), "true"},
		"false":               {BooleanValue(false), "false"},
		"string":              {StringValue(`a "b" c`), `"a \"b\" c"`},
		"uri":                 {URIValue("http://x/y?z"), `"http://x/y?z"`},
		"whole number":        {NumberValue(5), "5"},
		"fraction":            {NumberValue(5.25), "5.25"},
		"negative":            {NumberValue(-0.5), "-0.5"},
		"tenth":               {NumberValue(0.1), "0.1"},
		"zeros after point":   {NumberValue(12.005), "12.005"},
		"four places":         {NumberValue(0.0001), "0.0001"},
		"small":               {NumberValue(1e-6), "0.000001"},
		"smaller":             {NumberValue(1e-7), "1e-7"},
		"exponent of two":     {NumberValue(1.5e-10), "1.5e-10"},
		"large":               {NumberValue(1e20), "100000000000000000000"},
		"larger":              {NumberValue(1e21), "1e+21"},
		"largest":             {NumberValue(math.MaxFloat64), "1.7976931348623157e+308"},
		"smallest":            {NumberValue(math.SmallestNonzeroFloat64), "5e-324"},
		"third":               {NumberValue(1.0 / 3), "0.3333333333333333"},
		"zero":                {NumberValue(0), "0"},
		"minus zero":          {NumberValue(math.Copysign(0, -1)), "-0"},
		"just below a tenth":  {NumberValue(math.Nextafter(0.1, 0)), "0.09999999999999999"},
		"just above 21.7":     {NumberValue(math.Nextafter(21.7, 30)), "21.700000000000003"},
		"NaN":                 {NumberValue(math.NaN()), "null"},
		"infinity":            {NumberValue(math.Inf(1)), "null"},
		"negative infinity":   {NumberValue(math.Inf(-1)), "null"},
	} {
		if got := string(c.value.AppendJSON([]byte("x")))[1:]; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestNumbersAreThoseOfEncodingJSON compares with encoding/json, which follows
// ES6, above all around the numbers of few places that have a way of their own.
func TestNumbersAreThoseOfEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	check := func(f float64) {
		t.Helper()
		want, err := json.Marshal(f)
		if err != nil {
			return // NaN and the infinities
		}
		if got := appendNumber(nil, f); string(got) != string(want) {
			t.Fatalf("%b: %s, want %s", f, got, want)
		}
	}
	for range 30000 {
		check(math.Float64frombits(random.Uint64()))
		places := math.Pow(10, float64(random.IntN(7)))
		f := float64(random.Int64N(1<<uint(random.IntN(62)+1))) / places
		for _, f := range []float64{f, math.Nextafter(f, math.Inf(1)), math.Nextafter(f, math.Inf(-1))} {
			check(f)
			check(-f)
		}
	}
}

func FuzzAppendNumber(f *testing.F) {
	for _, v := range []float64{0, 0.1, 21.75, 1e12, 999999999999.999, 1e21, 1e-7, 0.9995, 1.0005} {
		f.Add(math.Float64bits(v))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		v := math.Float64frombits(bits)
		text := string(appendNumber(nil, v))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			if text != "null" {
				t.Fatalf("%v: %s", v, text)
			}
			return
		}
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Float64bits(back) != bits {
			t.Fatalf("%b: %s reads %b, %v", v, text, back, err)
		}
		if want, _ := json.Marshal(v); text != string(want) {
			t.Fatalf("%b: %s, encoding/json %s", v, text, want)
		}
	})
}

func TestValuesDoNotAllocate(t *testing.T) {
	if racetest.Enabled {
		t.Skip("allocation counts mean nothing under the race detector")
	}
	dst := make([]byte, 0, 256)
	for _, v := range []Value{
		{}, IntegerValue(5), NumberValue(0.1), NumberValue(1.0 / 3), NumberValue(1e-9), BooleanValue(true),
		DateTimeValue(1), StringValue(strings.Repeat("x", 100)), StringValue("a\nb\x01é\xff"), URIValue("u"),
	} {
		if n := testing.AllocsPerRun(100, func() { dst = v.AppendJSON(dst[:0]) }); n != 0 {
			t.Errorf("%v: %v allocations", v, n)
		}
	}
}
