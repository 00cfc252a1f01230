package objects

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"time"
)

// tokenPrefix is that of the tokens of Swift-like stores.
const tokenPrefix = "AUTH_tk"

// Tokens gives out tokens and knows them again. Nothing is kept of a token: it says itself whose it is and until when it counts, under
// a signature. So any number of them may be good at the same time (docs/protocol/storage.md §9). It is safe for concurrent use.
type Tokens struct{ key [sha256.Size]byte }

// NewTokens makes one whose tokens end with it.
func NewTokens() *Tokens {
	t := new(Tokens)
	rand.Read(t.key[:]) // never fails since Go 1.24: the program ends instead
	return t
}

// OpenTokens makes one whose key is kept in the file, so that its tokens outlive it. A file that holds no key is replaced.
func OpenTokens(path string) (*Tokens, error) {
	t := NewTokens()
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) == len(t.key) {
		copy(t.key[:], kept)
		return t, nil
	}
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("objects: %w", err)
	}
	if err := os.WriteFile(path, t.key[:], 0o600); err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	return t, nil
}

func (t *Tokens) sign(claims []byte) []byte {
	mac := hmac.New(sha256.New, t.key[:])
	mac.Write(claims)
	return mac.Sum(nil)
}

const nonceSize = 8 // bytes; makes tokens of the same moment differ

// Issue makes a token for its owner that counts for the time. It is another one every time.
func (t *Tokens) Issue(owner string, life time.Duration) string {
	claims := make([]byte, nonceSize, nonceSize+8+len(owner))
	rand.Read(claims) // never fails, as above
	claims = binary.BigEndian.AppendUint64(claims, uint64(time.Now().Add(life).UnixMilli()))
	claims = append(claims, owner...)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(append(t.sign(claims), claims...))
}

// Owner gives the owner of a token. ok is false for texts that are no tokens of t, and for those whose time is over.
func (t *Tokens) Owner(text string) (owner string, ok bool) {
	text, ok = strings.CutPrefix(text, tokenPrefix)
	if !ok {
		return "", false
	}
	signed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(signed) < sha256.Size+nonceSize+8 {
		return "", false
	}
	claims := signed[sha256.Size:]
	if !hmac.Equal(signed[:sha256.Size], t.sign(claims)) {
		return "", false
	}
	claims = claims[nonceSize:]
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(claims)))
	return string(claims[8:]), expires.After(time.Now())
}
