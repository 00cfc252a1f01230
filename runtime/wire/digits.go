package wire

import (
	"encoding/binary"
	"strconv"
)

// appendMillis is strconv.AppendInt in base 10, twice as fast for thirteen
// digits: for every time from 2001 to 2286, and every message has one.
func appendMillis(dst []byte, ms int64) []byte {
	if ms < 1e12 || ms >= 1e13 {
		return strconv.AppendInt(dst, ms, 10)
	}
	var text [13]byte
	binary.LittleEndian.PutUint64(text[0:], eightDigits(uint64(ms)/1e5))
	binary.LittleEndian.PutUint64(text[5:], eightDigits(uint64(ms)%1e8)) // overlaps by three
	return append(dst, text[:]...)
}

// eightDigits gives the decimal digits of n < 1e8 as text, the first in the
// lowest byte. It halves the number three times, all parts of a step at once;
// the multiplications by reciprocals are exact in these ranges.
func eightDigits(n uint64) uint64 {
	x := n/1e4 | n%1e4<<32                         // two numbers below 1e4
	quotients := x * 5243 >> 19 & 0x7f_0000_007f   // both / 100
	x = quotients | (x-quotients*100)<<16          // four numbers below 100
	quotients = x * 103 >> 10 & 0xf_000f_000f_000f // all / 10
	return (quotients | (x-quotients*10)<<8) + ones*'0'
}
