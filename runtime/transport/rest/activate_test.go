package rest_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

var models = []string{"urn:com:example:pump", "urn:oracle:iot:dcd:capability:direct_activation"}

// openFile makes a provisioning file of a device of s.
func (s *server) openFile(t *testing.T) (*trust.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "device.conf")
	must(t, trust.Create(path, []byte("pass"), trust.Config{
		ServerURI: "https://127.0.0.1:443", ClientID: activationID, Secret: trust.Secret(secret),
		TrustAnchors: []*x509.Certificate{s.Certificate()},
	}))
	f, err := trust.Open(path, []byte("pass"))
	must(t, err)
	return f, path
}

func (s *server) connectFile(t *testing.T) (*rest.Client, *trust.File, string) {
	f, path := s.openFile(t)
	return s.connect(t, false, func(c *rest.Config) { c.Assets = f }), f, path
}

func TestActivate(t *testing.T) {
	s := newServer(t)
	c, f, path := s.connectFile(t)
	id, err := c.Activate(t.Context(), models)
	must(t, err)
	if id != endpointID || f.EndpointID() != endpointID {
		t.Errorf("endpoint id %q, stored %q", id, f.EndpointID())
	}
	calls := s.calls()
	if len(calls) != 3 {
		t.Fatalf("calls:\n%s", s.paths())
	}
	checkFirstToken(t, calls[0])
	if p := calls[1]; p.method != "GET" || !strings.HasPrefix(p.uri, "/iot/api/v2/activation/policy?OSName=") || !strings.Contains(p.uri, "&OSVersion=") {
		t.Errorf("policy: %s %s", p.method, p.uri)
	}
	for _, r := range calls[1:] {
		for name, want := range map[string]string{"Accept": "application/json", "Content-Type": "application/json", "Authorization": "Bearer token1", "X-Activationid": activationID} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: header %s is %q, want %q", r.uri, name, got, want)
			}
		}
		if r.header.Get("X-Endpointid") != "" || r.header.Get("Accept-Encoding") != "" {
			t.Errorf("%s: headers %v", r.uri, r.header)
		}
	}
	if calls[2].uri != "/iot/api/v2/activation/direct?createDraft=false" {
		t.Errorf("activation: %s", calls[2].uri)
	}
	checkActivation(t, calls[2].body)
	if _, err := os.Stat(path + ".pending"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pending key is still there: %v", err)
	}
	again, err := trust.Open(path, []byte("pass"))
	must(t, err)
	if again.EndpointID() != endpointID {
		t.Error("the endpoint id is not in the file")
	}
	checkCallsAfterActivation(t, s, c, f)
}

func checkFirstToken(t *testing.T, r seen) {
	t.Helper()
	if r.method != "POST" || r.uri != "/iot/api/v2/oauth2/token" || r.header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.header.Get("Authorization") != "" {
		t.Errorf("token: %+v", r)
	}
	header, claims := assertionOf(t, r.body, nil)
	if header["alg"] != "HS256" || claims["iss"] != activationID || claims["sub"] != activationID || claims["aud"] != "oracle/iot/oauth2/token" {
		t.Errorf("assertion %v %v", header, claims)
	}
	if exp := claims["exp"].(float64) - float64(time.Now().Unix()); exp < 890 || exp > 900 {
		t.Errorf("the assertion expires in %v s", exp)
	}
	if !strings.HasSuffix(r.body, "&scope=oracle/iot/activation") {
		t.Errorf("scope in %s", r.body)
	}
}

// checkActivation checks both proofs of an activation request.
func checkActivation(t *testing.T, body string) {
	t.Helper()
	var d struct {
		Info struct {
			Subject string
			Key     struct{ Algorithm, PublicKey, Format, SecretHashAlgorithm string } `json:"subjectPublicKeyInfo"`
		} `json:"certificationRequestInfo"`
		SignatureAlgorithm, Signature string
		DeviceModels                  []string
	}
	must(t, json.Unmarshal([]byte(body), &d))
	public, err := base64.StdEncoding.DecodeString(d.Info.Key.PublicKey)
	must(t, err)
	parsed, err := x509.ParsePKIXPublicKey(public)
	must(t, err)
	mac := hmacOf(secret, activationID)
	sum := sha256.Sum256(rest.ActivationBytes(activationID, "RSA", mac, public))
	signature, err := base64.StdEncoding.DecodeString(d.Signature)
	must(t, err)
	if err := rsa.VerifyPKCS1v15(parsed.(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
		t.Errorf("signature: %v", err)
	}
	if d.Info.Subject != activationID || d.Info.Key.Format != "X.509" || d.SignatureAlgorithm != "SHA256withRSA" || strings.Join(d.DeviceModels, " ") != strings.Join(models, " ") {
		t.Errorf("activation %+v", d)
	}
}

func checkCallsAfterActivation(t *testing.T, s *server, c *rest.Client, f *trust.File) {
	t.Helper()
	_, err := c.Send(t.Context(), []byte(`[]`), 0)
	must(t, err)
	calls := s.calls()
	key, err := f.Signer()
	must(t, err)
	header, claims := assertionOf(t, calls[3].body, key.Public().(*rsa.PublicKey))
	if header["alg"] != "RS256" || claims["iss"] != endpointID || !strings.HasSuffix(calls[3].body, "&scope=") {
		t.Errorf("assertion %v %v in %s", header, claims, calls[3].body)
	}
	if m := calls[4]; m.header.Get("X-Endpointid") != endpointID || m.header.Get("X-Activationid") != "" || m.header.Get("Authorization") != "Bearer token2" {
		t.Errorf("headers %v", m.header)
	}
	if _, err := c.Activate(t.Context(), models); !errors.Is(err, trust.ErrActivated) {
		t.Errorf("second activation: %v", err)
	}
}

// TestActivationThatFails covers each way to fail: what the caller can tell, and
// whether the key is kept.
func TestActivationThatFails(t *testing.T) {
	tests := []struct {
		name string
		path string
		h    http.HandlerFunc
		want error
		kept bool // the key, for another attempt
	}{
		{"assertion refused", "oauth2/token", text(400, `{"title":"Bad Request"}`), rest.ErrRefused, false},
		{"conflict at the token", "oauth2/token", text(409, `{}`), rest.ErrRefused, false},
		{"token call fails", "oauth2/token", text(500, `oops`), nil, false},
		{"token is no JSON", "oauth2/token", text(200, `<html>`), transport.ErrMalformed, false},
		{"token is empty", "oauth2/token", text(200, `{"access_token":"","token_type":"Bearer","expires_in":1}`), transport.ErrMalformed, false},
		{"token breaks the header", "oauth2/token", text(200, `{"access_token":"a\r\nb","token_type":"Bearer","expires_in":1}`), transport.ErrMalformed, false},
		{"policy refused", "activation/policy", text(401, `{}`), transport.ErrUnauthorized, false},
		{"policy for another key type", "activation/policy", text(200, `{"keyType":"EC","keySize":2048,"hashAlgorithm":"SHA256withRSA"}`), rest.ErrPolicy, false},
		{"policy for small keys", "activation/policy", text(200, `{"keyType":"RSA","keySize":1024,"hashAlgorithm":"SHA256withRSA"}`), rest.ErrPolicy, false},
		{"policy for huge keys", "activation/policy", text(200, `{"keyType":"RSA","keySize":65536,"hashAlgorithm":"SHA256withRSA"}`), rest.ErrPolicy, false},
		{"policy for a weak hash", "activation/policy", text(200, `{"keyType":"RSA","keySize":2048,"hashAlgorithm":"SHA1withRSA"}`), rest.ErrPolicy, false},
		{"policy is no JSON", "activation/policy", text(200, `RSA`), transport.ErrMalformed, false},
		{"activation refused", "activation/direct", text(400, `{"detail":"unknown model urn:x"}`), rest.ErrActivationRefused, false},
		{"activation forbidden", "activation/direct", text(403, `{}`), rest.ErrActivationRefused, false},
		{"server fails", "activation/direct", text(500, `{}`), rest.ErrActivationUnknown, true},
		{"answer is no JSON", "activation/direct", text(200, `nope`), rest.ErrActivationUnknown, true},
		{"answer without endpoint", "activation/direct", text(200, `{"endpointState":"ACTIVATED"}`), rest.ErrActivationUnknown, true},
		{"answer with a bad endpoint", "activation/direct", text(200, `{"endpointId":"a b","endpointState":"ACTIVATED"}`), rest.ErrActivationUnknown, true},
		{"answer with another state", "activation/direct", text(200, `{"endpointId":"0-X","endpointState":"DISABLED"}`), rest.ErrActivationUnknown, true},
		{"connection cut", "activation/direct", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, rest.ErrActivationUnknown, true},
		{"answer too large", "activation/direct", text(200, strings.Repeat(" ", 65<<10)), rest.ErrActivationUnknown, true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t)
			s.on(tc.path, tc.h)
			c, f, path := s.connectFile(t)
			_, err := c.Activate(t.Context(), models)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Error("the secret is in the error")
			}
			if f.EndpointID() != "" {
				t.Error("the device takes itself for activated")
			}
			_, statErr := os.Stat(path + ".pending")
			if kept := statErr == nil; kept != tc.kept {
				t.Errorf("key kept: %v, want %v", kept, tc.kept)
			}
			if tc.path == "activation/direct" && strings.Count(s.paths(), "activation/direct") > 2 {
				t.Errorf("calls:\n%s", s.paths())
			}
		})
	}
}

// TestLostAnswerIsFinishedWithTheSameKey: the server activated the device, the
// answer was cut, the operator completes with the id that the console shows.
func TestLostAnswerIsFinishedWithTheSameKey(t *testing.T) {
	s := newServer(t)
	s.on("activation/direct", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	c, _, path := s.connectFile(t)
	if _, err := c.Activate(t.Context(), models); !errors.Is(err, rest.ErrActivationUnknown) {
		t.Fatalf("error %v", err)
	}
	sent := s.calls()[2].body
	must(t, trust.CompletePending(path, []byte("pass"), endpointID))
	f, err := trust.Open(path, []byte("pass"))
	must(t, err)
	key, err := f.Signer()
	must(t, err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	if !strings.Contains(sent, base64.StdEncoding.EncodeToString(public)) {
		t.Error("the completed file holds another key than the server was sent")
	}
}

func TestActivationIsNotRepeatedOnAnotherConnection(t *testing.T) {
	s := newServer(t)
	s.on("activation/direct", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	c, _, _ := s.connectFile(t)
	_, err := c.Activate(t.Context(), models)
	if !errors.Is(err, rest.ErrActivationUnknown) {
		t.Errorf("error %v", err)
	}
	if n := strings.Count(s.paths(), "activation/direct"); n != 1 {
		t.Errorf("the activation was sent %d times", n)
	}
}

func TestReadOnlyFileSendsNothing(t *testing.T) {
	s := newServer(t)
	f, path := s.openFile(t)
	must(t, os.Chmod(path, 0o400))
	c := s.connect(t, false, func(c *rest.Config) { c.Assets = f })
	if _, err := c.Activate(t.Context(), models); !errors.Is(err, trust.ErrReadOnly) {
		t.Errorf("error %v", err)
	}
	if len(s.calls()) != 0 {
		t.Errorf("calls:\n%s", s.paths())
	}
}

func TestDraftsAreAllowed(t *testing.T) {
	s := newServer(t)
	c := s.connect(t, false, func(c *rest.Config) { c.AllowDrafts = true })
	_, err := c.Activate(t.Context(), models)
	must(t, err)
	if !strings.HasSuffix(s.paths(), "POST activation/direct") {
		t.Errorf("calls:\n%s", s.paths())
	}
}

func TestCancelledActivation(t *testing.T) {
	s := newServer(t)
	c := s.connect(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Activate(ctx, models); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
