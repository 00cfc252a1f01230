package assertion_test

import (
	"bufio"
	"crypto"
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
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/assertion"
)

const (
	header = `{"typ":"JWT","alg":"HS256"}`
	claims = `{"iss":"DEV-1","sub":"DEV-1","aud":"oracle/iot/oauth2/token","exp":1795341981}`
)

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func sign(t testing.TB, encoding *base64.Encoding, header, claims, secret string) string {
	t.Helper()
	text := encoding.EncodeToString([]byte(header)) + "." + encoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + encoding.EncodeToString(mac.Sum(nil))
}

func Example() {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(text))
	a, err := assertion.Parse(text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Issuer, a.Algorithm, a.Expires.UTC(), a.VerifySecret([]byte("secret")), a.VerifySecret([]byte("guess")))
	// Output: DEV-1 HS256 2026-11-22 10:06:21 +0000 UTC true false
}

func TestForms(t *testing.T) {
	for _, test := range []struct {
		name string
		text string
	}{
		{"url alphabet without padding", sign(t, base64.RawURLEncoding, header, claims, "secret")},
		{"url alphabet with padding (Java)", sign(t, base64.URLEncoding, header, claims, "secret")},
		{"standard alphabet", sign(t, base64.StdEncoding, header, claims, "secret")},
		{"blanks in the claims", sign(t, base64.URLEncoding, header, `{"iss":"DEV-1", "sub":"DEV-1", "aud":"oracle/iot/oauth2/token", "exp":1795341981}`, "secret")},
		{"without sub (REST samples)", sign(t, base64.RawURLEncoding, header, `{"iss":"DEV-1","aud":"oracle/iot/oauth2/token","exp":1795341981}`, "secret")},
		{"exp with exponent", sign(t, base64.RawURLEncoding, header, `{"iss":"DEV-1","aud":"oracle/iot/oauth2/token","exp":1.795341981e9}`, "secret")},
		{"unknown members", sign(t, base64.RawURLEncoding, `{"alg":"HS256","kid":"1"}`, `{"jti":"x",`+claims[1:], "secret")},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := assertion.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if a.Issuer != "DEV-1" || a.Expires.Unix() != 1795341981 || a.Algorithm != assertion.HS256 {
				t.Errorf("read as %+v", a)
			}
			if !a.VerifySecret([]byte("secret")) {
				t.Error("right secret refused")
			}
			for _, wrong := range []string{"", "Secret", "secret "} {
				if a.VerifySecret([]byte(wrong)) {
					t.Errorf("secret %q accepted", wrong)
				}
			}
		})
	}
}

// The JavaScript client signs before it replaces + and /, which shows with ids that give these characters.
func TestSignedBeforeReplacement(t *testing.T) {
	special := strings.ReplaceAll(claims, "DEV-1", "~~>>??")
	text := sign(t, base64.StdEncoding, header, special, "secret")
	if !strings.ContainsAny(text[:strings.LastIndex(text, ".")], "+/") {
		t.Fatal("the case does not show: no + or /")
	}
	a, err := assertion.Parse(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "="))
	if err != nil {
		t.Fatal(err)
	}
	if !a.VerifySecret([]byte("secret")) || a.VerifySecret([]byte("other")) {
		t.Error("not verified over the original text")
	}
}

func TestTampered(t *testing.T) {
	good := sign(t, base64.RawURLEncoding, header, claims, "secret")
	parts := strings.Split(good, ".")
	other := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(claims, "1795341981", "1895341981", 1)))
	for name, text := range map[string]string{
		"later expiry":    parts[0] + "." + other + "." + parts[2],
		"no signature":    parts[0] + "." + parts[1] + ".",
		"short signature": parts[0] + "." + parts[1] + "." + parts[2][:20],
	} {
		a, err := assertion.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.VerifySecret([]byte("secret")) {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestKey(t *testing.T) {
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	a, err := assertion.Parse(text + "." + base64.RawURLEncoding.EncodeToString(signature))
	if err != nil {
		t.Fatal(err)
	}
	if !a.VerifyKey(&key.PublicKey) {
		t.Error("right key refused")
	}
	if a.VerifyKey(nil) || a.VerifySecret(x509.MarshalPKCS1PublicKey(&key.PublicKey)) {
		t.Error("accepted without the key")
	}
	signature[5] ^= 1
	if a, _ := assertion.Parse(text + "." + base64.RawURLEncoding.EncodeToString(signature)); a.VerifyKey(&key.PublicKey) {
		t.Error("forged signature accepted")
	}
	hs, _ := assertion.Parse(sign(t, base64.RawURLEncoding, header, claims, "secret"))
	if hs.VerifyKey(&key.PublicKey) {
		t.Error("HS256 accepted as RS256")
	}
}

func TestMalformed(t *testing.T) {
	raw := base64.RawURLEncoding
	encode := func(text string) string { return raw.EncodeToString([]byte(text)) }
	for name, text := range map[string]string{
		"empty":              "",
		"two segments":       encode(header) + "." + encode(claims),
		"four segments":      encode(header) + "." + encode(claims) + ".AA.AA",
		"no base64":          "!!." + encode(claims) + ".AA",
		"no JSON":            encode("hello") + "." + encode(claims) + ".AA",
		"text behind":        encode(header+"{}") + "." + encode(claims) + ".AA",
		"algorithm none":     encode(`{"alg":"none"}`) + "." + encode(claims) + ".AA",
		"algorithm HS512":    encode(`{"alg":"HS512"}`) + "." + encode(claims) + ".AA",
		"no iss":             encode(header) + "." + encode(`{"aud":"oracle/iot/oauth2/token","exp":1}`) + ".AA",
		"number as iss":      encode(header) + "." + encode(`{"iss":1,"aud":"oracle/iot/oauth2/token","exp":1}`) + ".AA",
		"other sub":          encode(header) + "." + encode(strings.Replace(claims, `"sub":"DEV-1"`, `"sub":"DEV-2"`, 1)) + ".AA",
		"other audience":     encode(header) + "." + encode(strings.Replace(claims, "token", "tokens", 1)) + ".AA",
		"no exp":             encode(header) + "." + encode(`{"iss":"D","aud":"oracle/iot/oauth2/token"}`) + ".AA",
		"text as exp":        encode(header) + "." + encode(`{"iss":"D","aud":"oracle/iot/oauth2/token","exp":"1"}`) + ".AA",
		"bad signature text": encode(header) + "." + encode(claims) + ".!",
		"too large":          encode(header) + "." + encode(claims) + "." + strings.Repeat("A", assertion.MaxSize),
	} {
		if _, err := assertion.Parse(text); !errors.Is(err, assertion.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

func TestExpiryIsBounded(t *testing.T) {
	for _, exp := range []string{"1e300", "-1e300", "-5", "0"} {
		a, err := assertion.Parse(sign(t, base64.RawURLEncoding, header, `{"iss":"D","aud":"oracle/iot/oauth2/token","exp":`+exp+`}`, "s"))
		if err != nil {
			t.Fatal(err)
		}
		if year := a.Expires.UTC().Year(); year < 1970 || year > 9999 {
			t.Errorf("exp %s: year %d", exp, year)
		}
	}
}

// Every HS256 assertion of the captured exchanges verifies with the secret that its README gives.
func TestCaptures(t *testing.T) {
	secrets := map[string]string{"JAVA-DCD-1": "java-secret-1", "JAVA-GW-1": "java-gw-secret", "JS-DCD-1": "js-secret-1", "JS-GW-1": "js-gw-secret",
		"T1": "t1-secret", "T2": "t2-secret", "T3": "t3-secret", "T4": "t4-secret", "QS-1": "qs-secret", "ENT-1": "ent-1-secret", "ENT-2": "ent-2-secret"}
	for _, name := range []string{"java-18.3.5", "javascript-19.1.5"} {
		verified := 0
		forEachToken(t, "../../../testdata/captures/"+name+".jsonl", func(text string) {
			a, err := assertion.Parse(text)
			if err != nil {
				t.Error(err)
				return
			}
			if a.Algorithm != assertion.HS256 {
				return
			}
			if !a.VerifySecret([]byte(secrets[a.Issuer])) {
				t.Errorf("%s: assertion of %s not verified", name, a.Issuer)
			}
			verified++
		})
		if verified < 3 {
			t.Errorf("%s: only %d assertions", name, verified)
		}
	}
}

func forEachToken(t *testing.T, path string, fn func(text string)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			RequestBody json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		var form struct {
			Assertion string `json:"client_assertion"`
		}
		if json.Unmarshal(line.RequestBody, &form) == nil && form.Assertion != "" {
			fn(form.Assertion)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sign(f, base64.URLEncoding, header, claims, "secret"))
	f.Add(sign(f, base64.RawURLEncoding, `{"alg":"RS256"}`, claims, "secret"))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := assertion.Parse(text)
		if err != nil {
			if !errors.Is(err, assertion.ErrMalformed) {
				t.Errorf("error %v does not wrap ErrMalformed", err)
			}
			return
		}
		if a.Issuer == "" || a.VerifySecret(nil) {
			t.Errorf("%q read as %+v", text, a)
		}
		a.VerifySecret([]byte("secret"))
	})
}

func BenchmarkVerifySecret(b *testing.B) {
	text := sign(b, base64.URLEncoding, header, claims, "secret")
	b.ReportAllocs()
	for b.Loop() {
		a, err := assertion.Parse(text)
		if err != nil || !a.VerifySecret([]byte("secret")) {
			b.Fatal(err)
		}
	}
}
