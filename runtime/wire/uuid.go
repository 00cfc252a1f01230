package wire

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
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
	var text [36]byte
	u.encode(&text)
	return append(dst, text[:]...)
}

func (u *UUID) encode(text *[36]byte) {
	hex.Encode(text[0:8], u[0:4])
	text[8] = '-'
	hex.Encode(text[9:13], u[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], u[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], u[8:10])
	text[23] = '-'
	hex.Encode(text[24:36], u[10:16])
}

// UUIDSource gives random UUIDs like NewUUID, but asks the system for the
// randomness of many at once. The zero value is ready; it is safe for
// concurrent use and must not be copied after first use.
type UUIDSource struct {
	mu   sync.Mutex
	left int // bytes of pool not handed out, at its end
	pool [64 * 16]byte
}

// New gives the next UUID. It allocates nothing and cannot fail.
func (s *UUIDSource) New() UUID {
	s.mu.Lock()
	if s.left == 0 {
		rand.Read(s.pool[:])
		s.left = len(s.pool)
	}
	u := UUID(s.pool[len(s.pool)-s.left:])
	s.left -= len(u)
	s.mu.Unlock()
	u.setVersion4()
	return u
}
