package trust

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// keyPair is an RSA key with the very bytes that the file has of it.
type keyPair struct {
	signer     *rsaSigner
	privateDER []byte // PKCS#8
	publicDER  []byte // SubjectPublicKeyInfo
}

// parseKeyPair reads tags 6 and 7; without tag 6 there is no key. A public key
// that belongs to another private key is damage that nothing else would show.
func parseKeyPair(private, public []byte) (*keyPair, error) {
	if len(private) == 0 {
		return nil, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return nil, errors.New("the private key does not parse") // the cause might quote it
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not an RSA key")
	}
	pair := &keyPair{signer: &rsaSigner{key}, privateDER: slices.Clone(private)}
	if len(public) > 0 {
		parsed, err := x509.ParsePKIXPublicKey(public)
		if err != nil || !key.PublicKey.Equal(parsed) {
			return nil, errors.New("the public key is not that of the private key")
		}
		pair.publicDER = slices.Clone(public)
		return pair, nil
	}
	pair.publicDER, err = x509.MarshalPKIXPublicKey(&key.PublicKey)
	return pair, err
}

// newKeyPair encodes key.
func newKeyPair(key *rsa.PrivateKey) (*keyPair, error) {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &keyPair{&rsaSigner{key}, private, public}, nil
}

func (p *keyPair) bits() int { return p.signer.key.N.BitLen() }

// same is true of two pairs with the same key, nil being no key.
func (p *keyPair) same(other *keyPair) bool {
	if p == nil || other == nil {
		return p == other
	}
	return bytes.Equal(p.publicDER, other.publicDER) || p.signer.key.Equal(other.signer.key)
}

// generateRSA makes a key of a size that checkKeyBits accepts.
func generateRSA(bits int) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("generating a key of %d bits: %w", bits, err)
	}
	return key, nil
}

func checkKeyBits(bits int) error {
	if bits < MinKeyBits || bits > MaxKeyBits {
		return fmt.Errorf("%w: %d bits, not within %d…%d", ErrKeySize, bits, MinKeyBits, MaxKeyBits)
	}
	return nil
}

// SignSHA256 returns the RSASSA-PKCS1-v1_5 signature of data with SHA-256, what
// the protocol calls SHA256withRSA: raw bytes, as long as the key. The key must be
// an RSA key; it may lie in a TPM.
func SignSHA256(key crypto.Signer, data []byte) ([]byte, error) {
	if _, ok := key.Public().(*rsa.PublicKey); !ok {
		return nil, fmt.Errorf("signing with a %T: the protocol knows RSA only", key.Public())
	}
	digest := sha256.Sum256(data)
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing with the private key: %w", err)
	}
	return signature, nil
}

// rsaSigner keeps a key where no formatting verb, type assertion or encoder finds
// its numbers.
type rsaSigner struct{ key *rsa.PrivateKey }

// Public returns the *rsa.PublicKey.
func (s *rsaSigner) Public() crypto.PublicKey { return &s.key.PublicKey }

// Sign signs a digest as rsa.PrivateKey does.
func (s *rsaSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.Sign(random, digest, opts)
}

func (s *rsaSigner) String() string {
	return fmt.Sprintf("RSA key of %d bits %s", s.key.N.BitLen(), redacted)
}
func (s *rsaSigner) GoString() string             { return s.String() }
func (s *rsaSigner) LogValue() slog.Value         { return slog.StringValue(s.String()) }
func (s *rsaSigner) Format(f fmt.State, _ rune)   { io.WriteString(f, s.String()) }
func (s *rsaSigner) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
