package wire

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
)

// UUID identifies a message on the sender's side: the clientId of
// docs/protocol/messages.md §2. The zero value is the nil UUID.
type UUID [16]byte

// NewUUID gives a random (version 4) UUID from crypto/rand. It allocates
// nothing, cannot fail and is safe for concurrent use. A caller that makes many
// may keep a UUIDSource instead.
func NewUUID() UUID {
	var u UUID
	rand.Read(u[:]) // never fails since Go 1.24: the program ends instead
	u.setVersion4()
	return u
}

func (u *UUID) setVersion4() {
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
}

// ParseUUID reads the 36 character text form, in either letter case. The error
// wraps ErrUUID.
func ParseUUID(text string) (UUID, error) {
	u, ok := parseUUID(text)
	if !ok {
		return UUID{}, fmt.Errorf("%w: %q", ErrUUID, text)
	}
	return u, nil
}

func parseUUID(text string) (u UUID, ok bool) {
	if len(text) != 36 {
		return UUID{}, false
	}
	at := 0
	for i := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			if text[at] != '-' {
				return UUID{}, false
			}
			at++
		}
		high, low := hexDigit(text[at]), hexDigit(text[at+1])
		if high > 15 || low > 15 {
			return UUID{}, false
		}
		u[i] = high<<4 | low
		at += 2
	}
	return u, true
}

// hexDigit gives the value of a hexadecimal digit, 0xff for any other byte.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// IsZero reports whether u is the nil UUID.
func (u UUID) IsZero() bool { return u == UUID{} }

// String gives the text form, 36 characters in lower case.
func (u UUID) String() string {
	var text [36]byte
	u.encode(&text)
	return string(text[:])
}

// AppendText appends the text form to dst. It implements
// encoding.TextAppender; the error is always nil.
func (u UUID) AppendText(dst []byte) ([]byte, error) { return u.append(dst), nil }

func (u UUID) append(dst []byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, 36)[:at+36]
	u.encode((*[36]byte)(dst[at:]))
	return dst
}

func (u *UUID) encode(text *[36]byte) {
	binary.LittleEndian.PutUint64(text[0:], hex8(u[0:4]))
	text[8] = '-'
	middle := hex8(u[4:8])
	binary.LittleEndian.PutUint32(text[9:], uint32(middle))
	text[13] = '-'
	binary.LittleEndian.PutUint32(text[14:], uint32(middle>>32))
	text[18] = '-'
	middle = hex8(u[8:12])
	binary.LittleEndian.PutUint32(text[19:], uint32(middle))
	text[23] = '-'
	binary.LittleEndian.PutUint32(text[24:], uint32(middle>>32))
	binary.LittleEndian.PutUint64(text[28:], hex8(u[12:16]))
}

// hex8 gives the eight hexadecimal digits of four bytes, the first one in the
// lowest byte.
func hex8(b []byte) uint64 {
	x := uint64(binary.LittleEndian.Uint32(b))
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x>>4 | x<<8) & 0x0f0f0f0f0f0f0f0f // a byte for every nibble, the high one first
	letters := (x + ones*6) >> 4 & ones    // 1 for each of a to f
	return x + ones*'0' + letters*('a'-'0'-10)
}

// UUIDSource gives random (version 4) UUIDs several times as fast as NewUUID:
// from a ChaCha8 generator, seeded from crypto/rand at first use. The zero value
// is ready; it is safe for concurrent use and must not be copied after first
// use. Its UUIDs are as unique as those of NewUUID; like them they identify, and
// keep no secret.
type UUIDSource struct {
	mu     sync.Mutex
	seeded bool
	random mathrand.ChaCha8
}

// New gives the next UUID. It allocates nothing and cannot fail.
func (s *UUIDSource) New() UUID {
	var u UUID
	s.mu.Lock()
	if !s.seeded {
		s.seed()
	}
	binary.LittleEndian.PutUint64(u[0:], s.random.Uint64())
	binary.LittleEndian.PutUint64(u[8:], s.random.Uint64())
	s.mu.Unlock()
	u.setVersion4()
	return u
}

func (s *UUIDSource) seed() {
	var seed [32]byte
	rand.Read(seed[:])
	s.random.Seed(seed)
	s.seeded = true
}
