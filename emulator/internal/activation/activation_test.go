package activation_test

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/activation"
)

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func key(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func publicKey(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func mac(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func signRSA(t testing.TB, data []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(data)
	signature, err := rsa.SignPKCS1v15(nil, key(t), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// direct builds a request as docs/protocol/transport.md §6 describes it; attributes is the JSON of the member, signedAttributes what
// the signed bytes hold for them.
func direct(t testing.TB, attributes, signedAttributes string) string {
	t.Helper()
	der := publicKey(t, &key(t).PublicKey)
	signed := slices.Concat([]byte("DEV-1\nRSA\nX.509\nHmacSHA256\n"+signedAttributes), mac("secret", "DEV-1"), der)
	encode := base64.StdEncoding.EncodeToString
	return `{"certificationRequestInfo":{"subject":"DEV-1","subjectPublicKeyInfo":{"algorithm":"RSA","publicKey":"` + encode(der) +
		`","format":"X.509","secretHashAlgorithm":"HmacSHA256"},"attributes":` + attributes +
		`},"signatureAlgorithm":"SHA256withRSA","signature":"` + encode(signRSA(t, signed)) + `","deviceModels":["urn:a","urn:b","urn:a"]}`
}

func Example() {
	_, err := activation.ParseDirect([]byte(`{"certificationRequestInfo":{"subject":"DEV-1"}}`))
	fmt.Println(err)
	// Output: activation: malformed request: key algorithm "", want RSA
}

func TestDirect(t *testing.T) {
	for _, test := range []struct{ name, attributes, signed string }{
		{"no attributes", `{}`, ""},
		{"attributes null", `null`, ""},
		{"attributes in their order", `{"b":"2","a":"x'y","n":null}`, "b='2'\na='x'y'\nn=null\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := activation.ParseDirect([]byte(direct(t, test.attributes, test.signed)))
			if err != nil {
				t.Fatal(err)
			}
			if d.Subject != "DEV-1" || !slices.Equal(d.Models, []string{"urn:a", "urn:b"}) || !d.Key.Equal(&key(t).PublicKey) {
				t.Errorf("read as %+v", d)
			}
			if !d.Verify([]byte("secret")) {
				t.Error("right secret refused")
			}
			if d.Verify([]byte("other")) || d.Verify(nil) {
				t.Error("accepted without the secret")
			}
		})
	}
}

func TestDirectLenientBase64(t *testing.T) {
	body := direct(t, `{}`, "")
	encoded := base64.StdEncoding.EncodeToString(publicKey(t, &key(t).PublicKey))
	for name, text := range map[string]string{
		"line ends":  encoded[:64] + `\r\n` + encoded[64:128] + `\n` + encoded[128:],
		"no padding": strings.TrimRight(encoded, "="),
	} {
		d, err := activation.ParseDirect([]byte(strings.Replace(body, encoded, text, 1)))
		if err != nil || !d.Verify([]byte("secret")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDirectForged(t *testing.T) {
	body := direct(t, `{}`, "")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	for name, forged := range map[string]string{
		"another subject":        strings.Replace(body, `"DEV-1"`, `"DEV-2"`, 1),
		"another key":            strings.Replace(body, encode(publicKey(t, &key(t).PublicKey)), encode(publicKey(t, &other.PublicKey)), 1),
		"an attribute more":      strings.Replace(body, `"attributes":{}`, `"attributes":{"a":"b"}`, 1),
		"signature of something": body[:strings.Index(body, `"signature":"`)+13] + encode(signRSA(t, []byte("something"))) + `"}`,
	} {
		d, err := activation.ParseDirect([]byte(forged))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d.Verify([]byte("secret")) {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDirectMalformed(t *testing.T) {
	body := direct(t, `{}`, "")
	encoded := base64.StdEncoding.EncodeToString(publicKey(t, &key(t).PublicKey))
	small, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: key(t).Primes[0], E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string {
		if !strings.Contains(body, old) {
			t.Fatalf("%s is not in the request", old)
		}
		return strings.Replace(body, old, new, 1)
	}
	for name, text := range map[string]string{
		"no JSON":               "hello",
		"empty":                 "",
		"no subject":            replace(`"DEV-1"`, `""`),
		"number as subject":     replace(`"DEV-1"`, `1`),
		"key algorithm":         replace(`"algorithm":"RSA"`, `"algorithm":"EC"`),
		"key format":            replace(`X.509`, `PKCS#1`),
		"hash of the secret":    replace(`HmacSHA256`, `HmacSHA1`),
		"signature algorithm":   replace(`SHA256withRSA`, `SHA1withRSA`),
		"no public key":         replace(encoded, ""),
		"key is no base64":      replace(encoded, "***"),
		"key is no key":         replace(encoded, "AAAA"),
		"EC key":                replace(encoded, base64.StdEncoding.EncodeToString(publicKey(t, &elliptical.PublicKey))),
		"key of 1024 bits":      replace(encoded, base64.StdEncoding.EncodeToString(small)),
		"no signature":          replace(`"signature":"`, `"sign":"`),
		"attributes are a list": replace(`"attributes":{}`, `"attributes":[]`),
		"attribute is a number": replace(`"attributes":{}`, `"attributes":{"a":1}`),
		"empty URN":             replace(`"urn:b"`, `""`),
		"long URN":              replace(`"urn:b"`, `"`+strings.Repeat("u", 2000)+`"`),
		"many URNs":             replace(`"urn:b"`, `"urn:b"`+strings.Repeat(`,"urn:x"`, 1000)),
	} {
		if _, err := activation.ParseDirect([]byte(text)); !errors.Is(err, activation.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

func TestIndirect(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	body := func(signature string) []byte {
		return []byte(`{"serialNumber":"SN","x":1,"nothing":null,"deviceModels":["urn:a","urn:a"],` + signature + `"hardwareId":"ICD","manufacturer":"M"}`)
	}
	plain, err := activation.ParseIndirect(body(""))
	if err != nil {
		t.Fatal(err)
	}
	if plain.HardwareID != "ICD" || !slices.Equal(plain.Models, []string{"urn:a"}) || plain.Signature != nil ||
		len(plain.Metadata) != 2 || plain.Metadata["serialNumber"] != "SN" || plain.Metadata["manufacturer"] != "M" {
		t.Errorf("read as %+v", plain)
	}
	withSecret, err := activation.ParseIndirect(body(`"signature":"` + encode(mac("secret", "0-GW")) + `",`))
	if err != nil {
		t.Fatal(err)
	}
	if !withSecret.VerifySecret([]byte("secret"), "0-GW") {
		t.Error("right secret refused")
	}
	if withSecret.VerifySecret([]byte("other"), "0-GW") || withSecret.VerifySecret([]byte("secret"), "0-OTHER") || withSecret.VerifySecret(nil, "0-GW") ||
		withSecret.VerifyKey(&key(t).PublicKey, "0-GW") || withSecret.VerifyKey(nil, "0-GW") {
		t.Error("accepted what does not fit")
	}
	withKey, err := activation.ParseIndirect(body(`"signature":"` + encode(signRSA(t, []byte("0-GW"))) + `",`))
	if err != nil {
		t.Fatal(err)
	}
	if !withKey.VerifyKey(&key(t).PublicKey, "0-GW") || withKey.VerifyKey(&key(t).PublicKey, "0-OTHER") || withKey.VerifySecret([]byte("secret"), "0-GW") {
		t.Error("signature of the gateway")
	}
	if plain.VerifySecret([]byte("secret"), "0-GW") || plain.VerifyKey(&key(t).PublicKey, "0-GW") {
		t.Error("no signature was accepted as one")
	}
}

func TestIndirectMalformed(t *testing.T) {
	many := `{"hardwareId":"I","deviceModels":["urn:a"]`
	for i := range 300 {
		many += fmt.Sprintf(`,"m%d":"x"`, i)
	}
	for name, text := range map[string]string{
		"no JSON":           "{",
		"a list":            "[]",
		"no hardware id":    `{"deviceModels":["urn:a"]}`,
		"no models":         `{"hardwareId":"I"}`,
		"empty models":      `{"hardwareId":"I","deviceModels":[]}`,
		"model is a number": `{"hardwareId":"I","deviceModels":[1]}`,
		"empty URN":         `{"hardwareId":"I","deviceModels":[""]}`,
		"empty signature":   `{"hardwareId":"I","deviceModels":["urn:a"],"signature":""}`,
		"bad signature":     `{"hardwareId":"I","deviceModels":["urn:a"],"signature":"*"}`,
		"many members":      many + "}",
	} {
		if _, err := activation.ParseIndirect([]byte(text)); !errors.Is(err, activation.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

// Every activation of the captured exchanges verifies with the secrets that their README gives.
func TestCaptures(t *testing.T) {
	secrets := map[string]string{"JAVA-DCD-1": "java-secret-1", "JAVA-GW-1": "java-gw-secret", "JS-DCD-1": "js-secret-1", "JS-GW-1": "js-gw-secret",
		"T1": "t1-secret", "T2": "t2-secret", "T3": "t3-secret", "T4": "t4-secret", "ICD-HW-1": "icd-secret-1"}
	for _, name := range []string{"java-18.3.5", "javascript-19.1.5"} {
		keys := make(map[string]*rsa.PublicKey) // by endpoint id
		verified := 0
		for line := range lines(t, "../../../testdata/captures/"+name+".jsonl") {
			switch {
			case strings.Contains(line.Path, "/activation/direct"):
				d, err := activation.ParseDirect(line.RequestBody)
				if err != nil {
					t.Errorf("%s %d: %v", name, line.Seq, err)
					continue
				}
				if !d.Verify([]byte(secrets[d.Subject])) {
					t.Errorf("%s %d: signature of %s refused", name, line.Seq, d.Subject)
				}
				keys[line.ResponseBody.EndpointID] = d.Key
				verified++
			case strings.Contains(line.Path, "/activation/indirect"):
				i, err := activation.ParseIndirect(line.RequestBody)
				if err != nil {
					t.Errorf("%s %d: %v", name, line.Seq, err)
					continue
				}
				gateway := line.Headers["X-EndpointId"]
				switch {
				case i.Signature == nil:
				case secrets[i.HardwareID] != "":
					if !i.VerifySecret([]byte(secrets[i.HardwareID]), gateway) {
						t.Errorf("%s %d: MAC of %s refused", name, line.Seq, i.HardwareID)
					}
				case !i.VerifyKey(keys[gateway], gateway):
					t.Errorf("%s %d: signature of %s refused", name, line.Seq, i.HardwareID)
				}
				verified++
			}
		}
		if verified < 5 {
			t.Errorf("%s: only %d activations", name, verified)
		}
	}
}

type captured struct {
	Seq          int
	Path         string
	Headers      map[string]string
	RequestBody  json.RawMessage
	ResponseBody struct{ EndpointID string }
}

func lines(t *testing.T, path string) func(yield func(captured) bool) {
	return func(yield func(captured) bool) {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		scanner := bufio.NewScanner(file)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var line captured
			json.Unmarshal(scanner.Bytes(), &line) // answers of other forms do not fit, which does not matter
			if !yield(line) {
				return
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(direct(f, `{"a":"b","c":null}`, "")))
	f.Add([]byte(`{"hardwareId":"I","deviceModels":["urn:a"],"signature":"AAAA","manufacturer":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if d, err := activation.ParseDirect(body); err == nil {
			if d.Key == nil || d.Subject == "" {
				t.Errorf("read as %+v", d)
			}
			d.Verify([]byte("secret"))
		}
		if i, err := activation.ParseIndirect(body); err == nil && (i.HardwareID == "" || len(i.Models) == 0) {
			t.Errorf("read as %+v", i)
		}
	})
}

func BenchmarkDirect(b *testing.B) {
	body := []byte(direct(b, `{}`, ""))
	b.ReportAllocs()
	for b.Loop() {
		d, err := activation.ParseDirect(body)
		if err != nil || !d.Verify([]byte("secret")) {
			b.Fatal(err)
		}
	}
}
