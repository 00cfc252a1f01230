package modelschema

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

const (
	longestNumber = 64  // characters that are kept as they are
	largestPower  = 310 // a double ends at 1E308
)

// boundNumbers replaces numbers that the validator would turn into gigantic fractions (1E999999999) by others of the same kind: beyond every
// limit, or between 0 and 1. It changes v and gives it back.
func boundNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = boundNumbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = boundNumbers(e)
		}
	case json.Number:
		return boundNumber(v)
	}
	return v
}

func boundNumber(n json.Number) json.Number {
	if len(n) <= longestNumber && smallPower(string(n)) {
		return n
	}
	v, err := strconv.ParseFloat(string(n), 64)
	switch {
	case math.IsInf(v, 1):
		return "1E400"
	case math.IsInf(v, -1):
		return "-1E400"
	case err == nil && v == 0 && strings.ContainsAny(mantissa(string(n)), "123456789"):
		return "1E-400" // too small for a double, but no zero
	}
	return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
}

func mantissa(n string) string {
	if i := strings.IndexAny(n, "eE"); i >= 0 {
		return n[:i]
	}
	return n
}

func smallPower(n string) bool {
	power := n[len(mantissa(n)):]
	if power == "" {
		return true
	}
	p, err := strconv.Atoi(power[1:])
	return err == nil && -largestPower <= p && p <= largestPower
}
