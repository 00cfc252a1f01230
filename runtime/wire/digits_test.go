package wire

import (
	"math"
	"strconv"
	"testing"
)

func TestAppendMillis(t *testing.T) {
	check := func(ms int64) {
		t.Helper()
		if got := string(appendMillis([]byte("x"), ms))[1:]; got != strconv.FormatInt(ms, 10) {
			t.Fatalf("%d: %s", ms, got)
		}
	}
	for _, ms := range []int64{
		0, -1, 1, math.MinInt64, math.MaxInt64, 999999999999, 1e12, 1e12 + 1, 1511805927387, 1795341081953,
		1000000099999, 1000000100000, 1099999999999, 9999999999999, 1e13,
	} {
		check(ms)
	}
	for ms := int64(1e12); ms < 1e13; ms += 999_999_937 {
		check(ms)
	}
}

// Every group of four digits goes through the same multiplications.
func TestEightDigits(t *testing.T) {
	for n := range uint64(10000) {
		for _, n := range []uint64{n, n * 10000, n*10000 + 9999, 99990000 + n} {
			var text [8]byte
			for i, rest := 7, n; i >= 0; i, rest = i-1, rest/10 {
				text[i] = byte('0' + rest%10)
			}
			digits := eightDigits(n)
			for i := range text {
				if got := byte(digits >> (8 * i)); got != text[i] {
					t.Fatalf("eightDigits(%d): digit %d is %q, want %q", n, i, got, text[i])
				}
			}
		}
	}
}
