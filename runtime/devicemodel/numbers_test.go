package devicemodel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The grammar of a number in a range, as docs/protocol/device-models.md §2.2 and the JSON Schema have it.
var decimalPattern = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func TestIsDecimalAsPattern(t *testing.T) {
	const alphabet = "01.-+eEx, "
	var walk func(text string, depth int)
	walk = func(text string, depth int) {
		if want := decimalPattern.MatchString(text); isDecimal(text) != want {
			t.Errorf("isDecimal(%q) = %v", text, !want)
		}
		if depth == 0 {
			return
		}
		for i := range len(alphabet) {
			walk(text+alphabet[i:i+1], depth-1)
		}
	}
	walk("", 4)
	walk("-1.0", 2)
	walk("1e", 3)
	walk("1.5E", 3)
}

// Every text of two numbers is read as strconv reads them.
func TestParseRangeOfRandomNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	formats := []byte{'f', 'e', 'E'}
	for range 2000 {
		low, high := r.NormFloat64()*1000, r.NormFloat64()*1000
		if low > high {
			low, high = high, low
		}
		f := formats[r.IntN(len(formats))]
		text := strconv.FormatFloat(low, f, -1, 64) + "," + strconv.FormatFloat(high, f, -1, 64)
		got, problem := parseRange(text)
		if problem != "" || got != (Range{low, high}) {
			t.Errorf("parseRange(%q) = %v, %q", text, got, problem)
		}
		if _, problem := parseRange(text + ",1"); problem == "" {
			t.Errorf("%q with a third number is accepted", text)
		}
		if _, problem := parseRange(strconv.FormatFloat(high, f, -1, 64) + "," + strconv.FormatFloat(low, f, -1, 64)); low < high && problem == "" {
			t.Errorf("%q reversed is accepted", text)
		}
	}
}

func TestHoldsInteger(t *testing.T) {
	tests := []struct {
		low, high float64
		want      bool
	}{
		{0, 0, true},
		{0.1, 0.9, false},
		{0.1, 1, true},
		{-0.9, -0.1, false},
		{-0.9, 0.1, true},
		{-1e300, 1e300, true},
		{math.MaxInt32, math.MaxInt32 + 0.5, true},
		{math.MaxInt32 + 0.5, 1e300, false},
		{-1e300, math.MinInt32 - 0.5, false},
		{-1e300, math.MinInt32, true},
	}
	for _, tt := range tests {
		if got := holdsInteger(Range{tt.low, tt.high}); got != tt.want {
			t.Errorf("holdsInteger(%v,%v) = %v", tt.low, tt.high, got)
		}
	}
}

// parseInteger is exact: it agrees with fractions of any size.
func TestParseIntegerIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.IntN(10)*r.IntN(2))) // many zeros
		}
		return b.String()
	}
	for range 5000 {
		number := strconv.Itoa(r.IntN(100)) + digits(r.IntN(22))
		if r.IntN(2) == 0 {
			number = "-" + number
		}
		if r.IntN(2) == 0 {
			number += "." + digits(1+r.IntN(22))
		}
		if r.IntN(2) == 0 {
			number += fmt.Sprintf("E%+d", r.IntN(60)-30)
		}
		want, ok := new(big.Rat).SetString(number)
		if !ok {
			t.Fatalf("not a number: %s", number)
		}
		v, whole, fits := parseInteger(number)
		if whole != want.IsInt() {
			t.Fatalf("parseInteger(%s): whole %v", number, whole)
		}
		if !whole {
			continue
		}
		if fits != want.Num().IsInt64() || fits && v != want.Num().Int64() {
			t.Fatalf("parseInteger(%s) = %d, %v, want %v", number, v, fits, want)
		}
	}
}

func TestParseIntegerAtTheEdges(t *testing.T) {
	tests := []struct {
		number      string
		v           int64
		whole, fits bool
	}{
		{"9223372036854775807", math.MaxInt64, true, true},
		{"-9223372036854775808", math.MinInt64, true, true},
		{"9223372036854775808", 0, true, false},
		{"922337203685477580.7E1", math.MaxInt64, true, true},
		{"1E18", 1e18, true, true},
		{"1E19", 0, true, false},
		{"1E2147483647", 0, true, false},
		{"1E2147483648", 0, true, false},
		{"1E99999999999999999999", 0, true, false},
		{"1E-2147483648", 0, false, false},
		{"1E-99999999999999999999", 0, false, false},
		{"0E99999999999999999999", 0, true, true},
		{"-0.000E-5", 0, true, true},
		{"0." + strings.Repeat("0", 400) + "5E401", 5, true, true},
		{"5" + strings.Repeat("0", 400) + "E-400", 5, true, true},
	}
	for _, tt := range tests {
		v, whole, fits := parseInteger(tt.number)
		if whole != tt.whole || fits != tt.fits || fits && v != tt.v {
			t.Errorf("parseInteger(%.30s) = %d, %v, %v, want %d, %v, %v", tt.number, v, whole, fits, tt.v, tt.whole, tt.fits)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0:                           "0",
		math.Copysign(0, -1):        "0",
		1:                           "1",
		-0.5:                        "-0.5",
		100000:                      "100000",
		1e20:                        "1e+20",
		1e21:                        "1e+21",
		0.0001:                      "0.0001",
		1e-7:                        "1e-07",
		2147483647:                  "2.147483647e+09",
		math.MaxFloat64:             "1.7976931348623157e+308",
		math.SmallestNonzeroFloat64: "5e-324",
	} {
		if got := formatNumber(v); got != want {
			t.Errorf("formatNumber(%v) = %q, want %q", v, got, want)
		}
	}
}
