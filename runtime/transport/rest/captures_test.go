package rest_test

import (
	"bufio"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

func hmacOf(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// secrets of the devices in the captures, by activation id
// (testdata/captures/README.md).
var secrets = map[string]string{
	"JAVA-DCD-1": "java-secret-1", "JAVA-GW-1": "java-gw-secret", "JS-DCD-1": "js-secret-1", "JS-GW-1": "js-gw-secret",
	"T1": "t1-secret", "T2": "t2-secret", "T3": "t3-secret", "T4": "t4-secret",
	"JAVA-ST-1": "java-st-1-secret", "JAVA-ST-GW": "java-st-gw-secret", "JS-ST-1": "js-st-1-secret", "JS-ST-GW": "js-st-gw-secret",
}

// TestCapturedSignatures: what the official clients signed are the bytes that
// this client signs.
func TestCapturedSignatures(t *testing.T) {
	for _, name := range []string{"java-18.3.5", "javascript-19.1.5", "java-storage-18.3.5", "javascript-storage-19.1.5"} {
		t.Run(name, func(t *testing.T) {
			assertions, activations := 0, 0
			eachLine(t, "../../../testdata/captures/"+name+".jsonl", func(l line) {
				switch {
				case strings.HasSuffix(l.Path, "/oauth2/token") && strings.Contains(l.Raw, "scope=oracle/iot/activation"):
					checkCapturedAssertion(t, l.Raw)
					assertions++
				case strings.Contains(l.Path, "/activation/direct"):
					checkCapturedActivation(t, l.Body)
					activations++
				}
			})
			if assertions == 0 || activations == 0 {
				t.Errorf("%d assertions and %d activations found", assertions, activations)
			}
		})
	}
}

type line struct {
	Path string
	Body json.RawMessage `json:"requestBody"`
	Raw  string          `json:"requestBodyRaw"`
}

func eachLine(t *testing.T, path string, f func(line)) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l line
		must(t, json.Unmarshal(scanner.Bytes(), &l))
		f(l)
	}
	must(t, scanner.Err())
}

func checkCapturedAssertion(t *testing.T, raw string) {
	t.Helper()
	form, err := url.ParseQuery(raw)
	must(t, err)
	parts := strings.Split(form.Get("client_assertion"), ".")
	unpadded := func(s string) []byte { return decode(t, strings.TrimRight(s, "=")) }
	var claims struct{ Iss string }
	must(t, json.Unmarshal(unpadded(parts[1]), &claims))
	if claims.Iss == "" || secrets[claims.Iss] == "" {
		t.Fatalf("no secret for %q", claims.Iss)
	}
	if !hmac.Equal(hmacOf(secrets[claims.Iss], parts[0]+"."+parts[1]), unpadded(parts[2])) {
		t.Errorf("assertion of %s", claims.Iss)
	}
}

func checkCapturedActivation(t *testing.T, body []byte) {
	t.Helper()
	var d struct {
		Info struct {
			Subject string
			Key     struct{ Algorithm, PublicKey string } `json:"subjectPublicKeyInfo"`
		} `json:"certificationRequestInfo"`
		Signature string
	}
	must(t, json.Unmarshal(body, &d))
	public, err := base64.StdEncoding.DecodeString(d.Info.Key.PublicKey)
	must(t, err)
	key, err := x509.ParsePKIXPublicKey(public)
	must(t, err)
	signature, err := base64.StdEncoding.DecodeString(d.Signature)
	must(t, err)
	secret := secrets[d.Info.Subject]
	sum := sha256.Sum256(rest.ActivationBytes(d.Info.Subject, d.Info.Key.Algorithm, hmacOf(secret, d.Info.Subject), public))
	if err := rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
		t.Errorf("activation of %s: %v", d.Info.Subject, err)
	}
}
