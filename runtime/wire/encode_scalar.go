package wire

import (
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the JSON form of the value (docs/protocol/messages.md §6):
// integers and dates as integers, numbers as the shortest decimal that
// round-trips (integral ones without fraction, exponents from 1e21 up and below
// 1e-6). It appends null for KindNone and, as a last defence, for NaN and the
// infinities.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case KindInteger, KindDateTime:
		return strconv.AppendInt(dst, int64(v.bits), 10)
	case KindNumber:
		return appendNumber(dst, math.Float64frombits(v.bits))
	case KindBoolean:
		return strconv.AppendBool(dst, v.bits != 0)
	case KindString, KindURI:
		return appendString(dst, v.text)
	}
	return append(dst, "null"...)
}

func appendNumber(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return appendExponent(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// appendExponent writes one exponent digit where one is enough, as ES6 and
// encoding/json do: 1e-7, not 1e-07.
func appendExponent(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendString appends s as a JSON string. Quotes, backslashes and control
// characters are escaped, everything else is copied; bytes that are no UTF-8
// become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends the inside of a JSON string.
func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := plainPrefix(s, 0); i < len(s); i = plainPrefix(s, i) {
		if s[i] >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, s[i])
		i++
		start = i
	}
	return append(dst, s[start:]...)
}

func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// plainPrefix gives the index of the first byte of s, from i on, that is not a
// plain ASCII character of a JSON string: a control character, a quote, a
// backslash or a byte of a longer character. It is len(s) when there is none.
func plainPrefix(s string, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; len(s)-i >= 8; i += 8 {
		w := load64(s, i)
		quote := w ^ ones*'"'
		slash := w ^ ones*'\\'
		// A high bit is set in each byte that is >= 0x80, below 0x20, or zero
		// after the exclusive or; bytes above a true hit may be wrong, the
		// lowest one never is.
		if found := (w | (w - ones*0x20) | (quote - ones) | (slash - ones)) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return i
}

func load64(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
