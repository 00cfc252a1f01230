package fidelity_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// secrets of the devices in the recordings, by activation id
// (testdata/captures/README.md).
var secrets = map[string]string{
	"JAVA-DCD-1": "java-secret-1", "JAVA-GW-1": "java-gw-secret", "JS-DCD-1": "js-secret-1", "JS-GW-1": "js-gw-secret",
	"T1": "t1-secret", "T2": "t2-secret", "T3": "t3-secret", "T4": "t4-secret",
}

// assertion is the JWT of a token call, taken apart.
type assertion struct {
	header, claims map[string]any
	claimsText     string
	segments       [3]string // as sent
	scope          string
	issuer         string
	expires        time.Time
}

// parseAssertion reads the form of a token call.
func parseAssertion(form []byte) (a assertion, err error) {
	// The assertion is not escaped: a plus sign in it would stay one.
	v, err := url.ParseQuery(strings.ReplaceAll(string(form), "+", "%2B"))
	if err != nil {
		return a, err
	}
	parts := strings.Split(v.Get("client_assertion"), ".")
	if len(parts) != 3 {
		return a, fmt.Errorf("an assertion of %d segments", len(parts))
	}
	copy(a.segments[:], parts)
	a.scope = v.Get("scope")
	for i, into := range []*map[string]any{&a.header, &a.claims} {
		text, err := decodeSegment(parts[i])
		if err != nil {
			return a, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return a, err
		}
		a.claimsText = string(text)
	}
	a.issuer, _ = a.claims["iss"].(string)
	seconds, _ := a.claims["exp"].(float64)
	a.expires = time.Unix(int64(seconds), 0)
	return a, nil
}

// decodeSegment takes base64url with and without padding.
func decodeSegment(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// verify checks the signature over the text as it was sent: with the secret if
// key is nil (docs/protocol/transport.md §4).
func (a *assertion) verify(secret string, key *rsa.PublicKey) error {
	signed := []byte(a.segments[0] + "." + a.segments[1])
	signature, err := decodeSegment(a.segments[2])
	if err != nil {
		return err
	}
	if key == nil {
		if !hmac.Equal(mac(secret, signed), signature) {
			return errors.New("the HMAC of the assertion is wrong")
		}
		return nil
	}
	sum := sha256.Sum256(signed)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
}

func mac(secret string, text []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(text)
	return m.Sum(nil)
}

// verifyActivation checks the signature of a direct activation and returns the
// key that it proves the possession of. The signed bytes are written out here as
// docs/protocol/transport.md §6 has them, apart from the code that signs.
func verifyActivation(body []byte) (*rsa.PublicKey, error) {
	var d struct {
		Info struct {
			Subject string `json:"subject"`
			Key     struct {
				Algorithm string `json:"algorithm"`
				Format    string `json:"format"`
				Hash      string `json:"secretHashAlgorithm"`
				PublicKey []byte `json:"publicKey"`
			} `json:"subjectPublicKeyInfo"`
		} `json:"certificationRequestInfo"`
		Signature []byte `json:"signature"`
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	public, err := x509.ParsePKIXPublicKey(d.Info.Key.PublicKey)
	if err != nil {
		return nil, err
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("a key of type %T", public)
	}
	secret, known := secrets[d.Info.Subject]
	if !known {
		return nil, fmt.Errorf("no secret of %q", d.Info.Subject)
	}
	signed := []byte(strings.Join([]string{d.Info.Subject, d.Info.Key.Algorithm, d.Info.Key.Format, d.Info.Key.Hash, ""}, "\n"))
	signed = append(signed, mac(secret, []byte(d.Info.Subject))...)
	signed = append(signed, d.Info.Key.PublicKey...)
	sum := sha256.Sum256(signed)
	return key, rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], d.Signature)
}

// secretsBehind are those of indirectly connected devices.
var secretsBehind = map[string]string{"ICD-HW-1": "icd-secret-1"}

// verifyIndirect checks how a gateway proves that it may speak for a device: by
// the device's secret if there is one, by its own key if the device is restricted
// to it, else not at all (docs/protocol/transport.md §7).
func verifyIndirect(body []byte, gatewayID string, key *rsa.PublicKey) error {
	var d struct {
		HardwareID string `json:"hardwareId"`
		Signature  []byte `json:"signature"`
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	secret, provisioned := secretsBehind[d.HardwareID]
	switch {
	case provisioned && !hmac.Equal(mac(secret, []byte(gatewayID)), d.Signature):
		return fmt.Errorf("the HMAC for %s is wrong", d.HardwareID)
	case provisioned:
		return nil
	case strings.HasPrefix(d.HardwareID, "ICD-R"):
		sum := sha256.Sum256([]byte(gatewayID))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], d.Signature)
	case d.Signature != nil:
		return fmt.Errorf("a signature for %s, which needs none", d.HardwareID)
	}
	return nil
}
