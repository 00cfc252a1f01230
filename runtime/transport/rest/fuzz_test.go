package rest_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

// selfSigned is a certificate of another maker for the name of the test server.
func selfSigned(t testing.TB) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "other"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &testKey().PublicKey, testKey())
	must(t, err)
	c, err := x509.ParseCertificate(der)
	must(t, err)
	return c
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{`{"access_token":"a","token_type":"Bearer","expires_in":3600000}`, `{"access_token":"a\n","token_type":"Bearer"}`, `{`, ``, `[]`, `{"expires_in":1e999}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		header, life, err := rest.ParseToken(body)
		if err != nil {
			return
		}
		if life < time.Minute || life > 24*time.Hour {
			t.Errorf("life %v", life)
		}
		if strings.ContainsAny(header, "\r\n\x00") {
			t.Errorf("header %q", header)
		}
	})
}

func FuzzActivation(f *testing.F) {
	for _, s := range []string{`{"endpointId":"0-A","endpointState":"ACTIVATED"}`, `{"endpointId":"a b","endpointState":"ACTIVATED"}`, `{`, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		id, err := rest.ParseActivation(body)
		if err == nil && (id == "" || len(id) > 255 || strings.ContainsAny(id, "\r\n \x00")) {
			t.Errorf("id %q", id)
		}
	})
}

func FuzzActivationPolicy(f *testing.F) {
	for _, s := range []string{`{"keyType":"RSA","keySize":2048,"hashAlgorithm":"SHA256withRSA"}`, `{"keyType":"RSA","keySize":1e9,"hashAlgorithm":"SHA256withRSA"}`, `{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := rest.ParsePolicy(body)
		if err == nil && (p.KeySize < 2048 || p.KeySize > 4096) {
			t.Errorf("policy %+v", p)
		}
	})
}

func FuzzDetail(f *testing.F) {
	for _, s := range []string{`{"title":"Bad","detail":"why"}`, "plain", "\xff\x00\r\n", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if d := rest.Detail(body); len(d) > 512 || strings.ContainsAny(d, "\r\n\x00") {
			t.Errorf("detail %q", d)
		}
	})
}
