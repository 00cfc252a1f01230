package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// A plain character of a JSON string is an ASCII character that stands for
// itself: no control character, no quote, no backslash. Names and URNs have no
// others, so both directions look at them eight at a time.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, by the high bit of its byte, the lowest byte of w that is no
// plain character; bytes above it may be marked wrongly. It is zero when all are
// plain.
func special(w uint64) uint64 {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	// Bytes from 0x80 up have the bit; bytes below 0x20, and those that the
	// exclusive or has made zero, get it by borrowing.
	return (w | (w - ones*0x20) | (quote - ones) | (slash - ones)) & highs
}

func isPlain(c byte) bool {
	return 0x20 <= c && c < utf8.RuneSelf && c != '"' && c != '\\'
}

// plainPrefix gives the index of the first byte of s, from i on, that is not a
// plain character; len(s) when there is none.
func plainPrefix(s string, i int) int {
	for ; len(s)-i >= 8; i += 8 {
		if found := special(load64(s, i)); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if !isPlain(s[i]) {
			return i
		}
	}
	return i
}

// copyPlain copies s to the beginning of dst, which must be long enough. It
// reports whether all characters are plain; the copy is of no use if not.
func copyPlain(dst []byte, s string) bool {
	// Where the length is no multiple, the last word overlaps the one before.
	if len(s) >= 8 {
		var found uint64
		for i := 0; i <= len(s)-8; i += 8 {
			w := load64(s, i)
			found |= special(w)
			binary.LittleEndian.PutUint64(dst[i:], w)
		}
		w := load64(s, len(s)-8)
		binary.LittleEndian.PutUint64(dst[len(s)-8:], w)
		return found|special(w) == 0
	}
	if len(s) >= 4 {
		first, last := load32(s, 0), load32(s, len(s)-4)
		binary.LittleEndian.PutUint32(dst, first)
		binary.LittleEndian.PutUint32(dst[len(s)-4:], last)
		return special(uint64(first)|uint64(last)<<32) == 0
	}
	for i := range len(s) {
		if !isPlain(s[i]) {
			return false
		}
		dst[i] = s[i]
	}
	return true
}

func load32(s string, i int) uint32 {
	b := s[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func load64(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
