package wire

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the JSON form of the value (docs/protocol/messages.md §6):
// integers and dates as integers, numbers as the shortest decimal that
// round-trips (integral ones without fraction, exponents from 1e21 up and below
// 1e-6). It appends null for KindNone and, as a last defence, for NaN and the
// infinities.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind() {
	case KindInteger:
		return strconv.AppendInt(dst, int64(v.bits), 10)
	case KindDateTime:
		return appendMillis(dst, int64(v.bits))
	case KindNumber:
		return appendNumber(dst, math.Float64frombits(v.bits))
	case KindBoolean:
		return strconv.AppendBool(dst, v.bits != 0)
	case KindString, KindURI:
		return appendString(dst, v.Text())
	}
	return append(dst, "null"...)
}

func appendNumber(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if short, ok := appendShort(dst, f); ok {
		return short
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return appendExponent(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// appendShort writes what sensors mostly give, numbers of at most three decimal
// places and 15 digits, several times as fast as strconv. If f is the float64
// nearest to such a decimal, that decimal is the shortest that round-trips,
// since no two decimals of up to 15 digits share a float64; the division of two
// exact numbers finds the nearest.
func appendShort(dst []byte, f float64) ([]byte, bool) {
	abs, negative := math.Abs(f), math.Signbit(f)
	if abs >= 1e12 {
		return dst, false
	}
	whole := uint64(abs)
	if float64(whole) == abs {
		if negative {
			dst = append(dst, '-')
		}
		return strconv.AppendUint(dst, whole, 10), true
	}
	n := uint64(abs*1000 + 0.5)
	if float64(n)/1000 != abs {
		return dst, false
	}
	if negative {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, n/1000, 10)
	n %= 1000
	dst = append(dst, '.', byte('0'+n/100))
	if n %= 100; n != 0 {
		dst = append(dst, byte('0'+n/10))
	}
	if n %= 10; n != 0 {
		dst = append(dst, byte('0'+n))
	}
	return dst, true
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
	at := len(dst)
	dst = slices.Grow(dst, len(s)+2)[:at+len(s)+2]
	dst[at] = '"'
	if !copyPlain(dst[at+1:], s) {
		dst = appendEscaped(dst[:at+1], s)
		return append(dst, '"')
	}
	dst[len(dst)-1] = '"'
	return dst
}

// appendName appends a byte, the name of a member and a colon.
func appendName(dst []byte, before byte, name string) []byte {
	at := len(dst)
	dst = slices.Grow(dst, len(name)+4)[:at+len(name)+4]
	dst[at], dst[at+1] = before, '"'
	if !copyPlain(dst[at+2:], name) {
		dst = appendEscaped(dst[:at+2], name)
		return append(dst, '"', ':')
	}
	dst[len(dst)-2], dst[len(dst)-1] = '"', ':'
	return dst
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
