package assertion

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Audience is the value of the claim aud.
const Audience = "oracle/iot/oauth2/token"

// ErrMalformed is wrapped by every error of [Parse].
var ErrMalformed = errors.New("assertion: malformed")

// MaxSize is the number of bytes of the largest assertion that [Parse] looks at. Real ones have about 600.
const MaxSize = 16 << 10

// Algorithm is a signature algorithm.
type Algorithm string

// The algorithms of the platform.
const (
	HS256 Algorithm = "HS256" // HMAC-SHA256 with the shared secret: devices before activation, integrations
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256: activated devices
)

// Assertion is one token, its signature not yet verified.
type Assertion struct {
	Algorithm Algorithm
	Issuer    string    // claim iss: activation id, endpoint id or integration id; never empty
	Expires   time.Time // claim exp

	signed    string // header and claims as received
	signature []byte
}

// Parse reads an assertion. Unknown members are ignored; sub may be absent, but must equal iss when it is there.
func Parse(text string) (*Assertion, error) {
	if len(text) > MaxSize {
		return nil, malformed("%d bytes, at most %d allowed", len(text), MaxSize)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, malformed("%d segments instead of 3", len(parts))
	}
	header := struct {
		Algorithm Algorithm `json:"alg"`
	}{}
	if err := decodeSegment(parts[0], &header); err != nil {
		return nil, malformed("header: %w", err)
	}
	if header.Algorithm != HS256 && header.Algorithm != RS256 {
		return nil, malformed("algorithm %.20q, want HS256 or RS256", header.Algorithm)
	}
	claims := struct {
		Issuer   string   `json:"iss"`
		Subject  *string  `json:"sub"`
		Audience string   `json:"aud"`
		Expires  *float64 `json:"exp"`
	}{}
	if err := decodeSegment(parts[1], &claims); err != nil {
		return nil, malformed("claims: %w", err)
	}
	switch {
	case claims.Issuer == "":
		return nil, malformed("no iss")
	case claims.Subject != nil && *claims.Subject != claims.Issuer:
		return nil, malformed("sub differs from iss")
	case claims.Audience != Audience:
		return nil, malformed("audience %.60q, want %q", claims.Audience, Audience)
	case claims.Expires == nil:
		return nil, malformed("no exp")
	}
	signature, err := decodeBase64(parts[2])
	if err != nil {
		return nil, malformed("signature: %w", err)
	}
	return &Assertion{
		Algorithm: header.Algorithm,
		Issuer:    claims.Issuer,
		Expires:   seconds(*claims.Expires),
		signed:    text[:len(parts[0])+1+len(parts[1])],
		signature: signature,
	}, nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, args...))
}

// VerifySecret tells whether the signature is an HS256 one made with the secret. An empty secret verifies nothing.
func (a *Assertion) VerifySecret(secret []byte) bool {
	if a.Algorithm != HS256 || len(secret) == 0 {
		return false
	}
	return a.verify(func(text string) bool {
		mac := hmac.New(sha256.New, secret)
		io.WriteString(mac, text)
		return hmac.Equal(mac.Sum(nil), a.signature)
	})
}

// VerifyKey tells whether the signature is an RS256 one made with the private key that belongs to the public one.
func (a *Assertion) VerifyKey(key *rsa.PublicKey) bool {
	if a.Algorithm != RS256 || key == nil {
		return false
	}
	return a.verify(func(text string) bool {
		sum := sha256.Sum256([]byte(text))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], a.signature) == nil
	})
}

// verify tries the text as received, then as the JavaScript client signed it when an id has the characters ~, > or ?: before it
// replaced + and / (docs/protocol/transport.md §4).
func (a *Assertion) verify(matches func(text string) bool) bool {
	if matches(a.signed) {
		return true
	}
	standard := toStandard.Replace(a.signed)
	return standard != a.signed && matches(standard)
}

var toStandard = strings.NewReplacer("-", "+", "_", "/")

func decodeSegment(segment string, into any) error {
	text, err := decodeBase64(segment)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("text behind the object")
	}
	return nil
}

// decodeBase64 takes both alphabets, with and without padding.
func decodeBase64(segment string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(toStandard.Replace(strings.TrimRight(segment, "=")))
}

// seconds converts seconds since 1970, bounded so that arithmetic with the result cannot overflow.
func seconds(s float64) time.Time {
	const most = 253402300799 // the end of the year 9999
	return time.Unix(int64(max(0, min(s, most))), 0)
}
