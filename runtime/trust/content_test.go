package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

// plaintext builds a TLV sequence from tag, value, tag, value…
func plaintext(pairs ...any) []byte {
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = appendTLV(b, byte(pairs[i].(int)), []byte(pairs[i+1].(string)))
	}
	return b
}

const testURI = "https://h:443"

func TestParseContentErrors(t *testing.T) {
	private, public := keyDER(t)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := x509.MarshalPKCS8PrivateKey(ecKey)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		plain []byte
		want  error
		text  string
	}{
		{"nothing", nil, ErrPassphrase, ""},
		{"value beyond the end", plaintext(1, testURI, 2, "D")[:17], ErrPassphrase, ""},
		{"no server URI", plaintext(2, "D", 3, "s"), ErrPassphrase, ""},
		{"server URI is no URI", plaintext(1, "garbage", 2, "D"), ErrPassphrase, ""},
		{"server URI is no text", plaintext(1, "a:\xff", 2, "D"), ErrPassphrase, ""},
		{"URI without host", plaintext(1, "https://", 2, "D"), ErrCorrupt, "no host"},
		{"scheme", plaintext(1, "http://h", 2, "D"), ErrScheme, `"http"`},
		{"client id missing", plaintext(1, testURI, 3, "s"), ErrCorrupt, "client id is missing"},
		{"client id empty", plaintext(1, testURI, 2, "", 3, "s"), ErrCorrupt, "client id is missing"},
		{"client id not UTF-8", plaintext(1, testURI, 2, "\xe9"), ErrCorrupt, "client id is not UTF-8"},
		{"endpoint id not UTF-8", plaintext(1, testURI, 2, "D", 4, "\xe9"), ErrCorrupt, "endpoint id is not UTF-8"},
		{"anchor", plaintext(1, testURI, 2, "D", 5, "x"), ErrCorrupt, "trust anchor 1: x509"},
		{"private key", plaintext(1, testURI, 2, "D", 6, "x"), ErrCorrupt, "private key does not parse"},
		{"private key is EC", plaintext(1, testURI, 2, "D", 6, string(ec)), ErrCorrupt, "not an RSA key"},
		{"public key", plaintext(1, testURI, 2, "D", 6, private, 7, "x"), ErrCorrupt, "public key is not that"},
		{"public key of another", plaintext(1, testURI, 2, "D", 6, private, 7, otherPublicDER(t)), ErrCorrupt, "public key is not that"},
		{"connected device", plaintext(1, testURI, 2, "D", 8, "x"), ErrCorrupt, "connected device 1: tag"},
		{"connected device without id", plaintext(1, testURI, 2, "D", 8, string(plaintext(3, "s"))), ErrCorrupt, "device 1: the id is missing"},
		{"good", plaintext(1, testURI, 2, "D", 6, private, 7, public), nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := parseContent(test.plain)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if test.text != "" {
				checkError(t, err, test.text)
			}
			if (c == nil) != (err != nil) {
				t.Error("values together with an error, or neither")
			}
			for _, other := range []error{ErrPassphrase, ErrCorrupt, ErrScheme} {
				if other != test.want && errors.Is(err, other) {
					t.Errorf("error %v is %v too", err, other)
				}
			}
		})
	}
}

func TestParseContentTolerates(t *testing.T) {
	private, public := keyDER(t)
	nested := string(plaintext(99, "x", 3, "s1", 2, "ICD", 3, "s2"))
	plain := plaintext(
		99, "before", 2, "first", 8, nested, 1, "https://old", 3, "", 4, "", 7, public, 6, private,
		2, "D", 1, testURI, 99, "after", 200, "")
	c, err := parseContent(plain)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "client id: the last wins", c.clientID, "D")
	equal(t, "server URI: the last wins", c.uri, testURI)
	equal(t, "secret", c.secret == nil, true)
	equal(t, "activated", c.activated(), false)
	equal(t, "connected device", c.devices[0].id+" "+string(c.devices[0].secret), "ICD s2")
	want := plaintext(1, testURI, 2, "D", 6, private, 7, public, 8, nested, 99, "before", 99, "after", 200, "")
	equal(t, "rewritten", c.appendTLVs(nil), want)

	clear(plain)
	equal(t, "rewritten after the plaintext is wiped", c.appendTLVs(nil), want)
}

func TestPublicKeyIsDerived(t *testing.T) {
	private, public := keyDER(t)
	c, err := parseContent(plaintext(1, testURI, 2, "D", 6, private))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "rewritten", c.appendTLVs(nil), plaintext(1, testURI, 2, "D", 6, private, 7, public))
}

// TestEncodeHidesPassword: a password in a URI that somebody else wrote must not
// become a comment in plain text.
func TestEncodeHidesPassword(t *testing.T) {
	const uri = "https://u:hunter2@h:443"
	c, err := parseContent(plaintext(1, uri, 2, "D"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.encode([]byte("p"), newIV())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("hunter2")) || !strings.Contains(string(data), "#serverUri:https://h:443\n") {
		t.Errorf("the file shows the password:\n%s", data)
	}
	again, _, err := decode(data, []byte("p"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "URI", again.uri, uri)
}

// TestChancePassphrases: wrong passphrases that pass the padding check give no
// values, whatever they decrypt to.
func TestChancePassphrases(t *testing.T) {
	data, err := Encode([]byte(testPassphrase), Config{ServerURI: "h", ClientID: "D", Secret: Secret("s")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		f, err := Read(data, []byte{byte(i), byte(i >> 8), 'x'})
		if f != nil || !errors.Is(err, ErrPassphrase) {
			t.Fatalf("passphrase %d: %v, %v", i, f, err)
		}
	}
}

// TestLatin1: a Latin-1 file is found although its UTF-8 reading is
// tried first, for many files, as one in 256 passes the padding check.
func TestLatin1(t *testing.T) {
	c, err := testConfig().content(secretsHere)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		data, err := c.encode([]byte("p\xe4ss"), newIV())
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(data, []byte("päss"))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "form", string(f.passphrase.bytes), "p\xe4ss")
		if _, err := Read(data, []byte("pass")); !errors.Is(err, ErrPassphrase) {
			t.Errorf("wrong passphrase: %v", err)
		}
	}
}

func keyDER(t *testing.T) (private, public string) {
	t.Helper()
	pair, err := newKeyPair(testKey())
	if err != nil {
		t.Fatal(err)
	}
	return string(pair.privateDER), string(pair.publicDER)
}

func otherPublicDER(t *testing.T) string {
	t.Helper()
	block, _ := pem.Decode([]byte(otherPublicPEM))
	if block == nil {
		t.Fatal("no PEM")
	}
	return string(block.Bytes)
}

const otherPublicPEM = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhH0DJgDpPeH/XebTywoE
wXoACJUxUDG4110IpXW0G1Zwg3j+xbxCI98zbRH0l7VUmEVrpCyr5eHzy3nVW/ST
kL5YK3S8/SAcScyMRGN6GPoOtEfHldv8MRMpfNcz4NqJi7Zj18XIqYTgd2kIZVEH
CzQkWzrbeL/rVy6+r5bJS4d986DmJ4QABSpi+NHfKG/lqBL5wDixwRUYWw/njTSD
J7BeqfKwe+EA4yk129Hemqa+o8EOEekri0jtptQR7BOHt+LCBUJG2eogKBQ/fYiA
aNNly/H2fFlnYgrE7S17wNhduBKS1wh2X89DWcwtt4RplgEyZQ5If9or8UQJJHsR
KwIDAQAB
-----END PUBLIC KEY-----`
