package activation

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The activation policy. Anything else breaks one official client or the other (docs/protocol/transport.md §5).
const (
	KeyType       = "RSA"
	KeySize       = 2048 // bits
	HashAlgorithm = "SHA256withRSA"
)

const (
	maxKeySize = 8192 // bits: what the emulator is ready to compute with
	maxModels  = 1000
	maxURN     = 1024 // bytes (docs/protocol/device-models.md §5)
)

// ErrMalformed is wrapped by the errors about a request that cannot be read.
var ErrMalformed = errors.New("activation: malformed request")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, args...))
}

// Direct is the request of a directly connected device or gateway, its signature not yet verified.
type Direct struct {
	Subject   string         // activation id
	PublicKey []byte         // DER SubjectPublicKeyInfo
	Key       *rsa.PublicKey // of 2048 bits or more
	Models    []string       // URNs of models and capabilities, each once, in their order

	signedText []byte // what stands before the MAC in the signed bytes
	signature  []byte
}

type directBody struct {
	Info struct {
		Subject string `json:"subject"`
		Key     struct {
			Algorithm           string `json:"algorithm"`
			PublicKey           string `json:"publicKey"`
			Format              string `json:"format"`
			SecretHashAlgorithm string `json:"secretHashAlgorithm"`
		} `json:"subjectPublicKeyInfo"`
		Attributes json.RawMessage `json:"attributes"`
	} `json:"certificationRequestInfo"`
	SignatureAlgorithm string   `json:"signatureAlgorithm"`
	Signature          string   `json:"signature"`
	Models             []string `json:"deviceModels"`
}

// ParseDirect reads the body of a direct activation. Unknown members are ignored, URNs given twice are taken once.
func ParseDirect(body []byte) (*Direct, error) {
	var b directBody
	if err := unmarshal(body, &b); err != nil {
		return nil, err
	}
	info := b.Info
	switch {
	case info.Subject == "":
		return nil, malformed("no subject")
	case info.Key.Algorithm != KeyType:
		return nil, malformed("key algorithm %.40q, want %s", info.Key.Algorithm, KeyType)
	case info.Key.Format != "X.509":
		return nil, malformed("key format %.40q, want X.509", info.Key.Format)
	case info.Key.SecretHashAlgorithm != "HmacSHA256":
		return nil, malformed("secret hash algorithm %.40q, want HmacSHA256", info.Key.SecretHashAlgorithm)
	case b.SignatureAlgorithm != HashAlgorithm:
		return nil, malformed("signature algorithm %.40q, want %s", b.SignatureAlgorithm, HashAlgorithm)
	}
	d := &Direct{Subject: info.Subject}
	var err error
	if d.PublicKey, err = decodeBase64(info.Key.PublicKey); err != nil {
		return nil, malformed("public key: %w", err)
	}
	if d.Key, err = parseKey(d.PublicKey); err != nil {
		return nil, malformed("public key: %w", err)
	}
	if d.signature, err = decodeBase64(b.Signature); err != nil || len(d.signature) == 0 {
		return nil, malformed("signature is no base64")
	}
	if d.Models, err = distinct(b.Models); err != nil {
		return nil, err
	}
	d.signedText = fmt.Appendf(nil, "%s\n%s\n%s\n%s\n", info.Subject, info.Key.Algorithm, info.Key.Format, info.Key.SecretHashAlgorithm)
	d.signedText, err = appendAttributes(d.signedText, info.Attributes)
	return d, err
}

// appendAttributes writes name='value' or name=null and a line end for each attribute, in the order of the request.
func appendAttributes(dst []byte, object json.RawMessage) ([]byte, error) {
	if len(object) == 0 || string(object) == "null" {
		return dst, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, malformed("attributes are no object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, malformed("attributes: %w", err)
		}
		var value *string
		if err := decoder.Decode(&value); err != nil {
			return nil, malformed("attribute %.40q: %w", name, err)
		}
		if value == nil {
			dst = fmt.Appendf(dst, "%s=null\n", name)
		} else {
			dst = fmt.Appendf(dst, "%s='%s'\n", name, *value)
		}
	}
	return dst, nil
}

// Verify tells whether the signature was made with the private key of the request, over bytes that only a holder of the secret can
// make: it proves the possession of both.
func (d *Direct) Verify(secret []byte) bool {
	if len(secret) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	io.WriteString(mac, d.Subject)
	signed := sha256.New()
	signed.Write(d.signedText)
	signed.Write(mac.Sum(nil))
	signed.Write(d.PublicKey)
	return rsa.VerifyPKCS1v15(d.Key, crypto.SHA256, signed.Sum(nil), d.signature) == nil
}

func parseKey(der []byte) (*rsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("a %T, want RSA", parsed)
	}
	if bits := key.N.BitLen(); bits < KeySize || bits > maxKeySize {
		return nil, fmt.Errorf("%d bits, want %d", bits, KeySize)
	}
	return key, nil
}

// distinct gives each URN once, in the order of first appearance: the JavaScript client sends one twice.
func distinct(urns []string) ([]string, error) {
	if len(urns) > maxModels {
		return nil, malformed("%d device models, at most %d allowed", len(urns), maxModels)
	}
	seen := make(map[string]bool, len(urns))
	var once []string
	for _, urn := range urns {
		if urn == "" || len(urn) > maxURN {
			return nil, malformed("device model %.60q", urn)
		}
		if !seen[urn] {
			seen[urn] = true
			once = append(once, urn)
		}
	}
	return once, nil
}

// decodeBase64 takes padded and unpadded text, with line ends in it (docs/protocol/transport.md §6).
func decodeBase64(text string) ([]byte, error) {
	text = strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == ' ' {
			return -1
		}
		return r
	}, text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

func unmarshal(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return malformed("%w", err)
	}
	return nil
}
