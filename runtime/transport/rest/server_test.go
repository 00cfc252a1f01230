package rest_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	activationID = "DEV-1"
	endpointID   = "0-AB"
	secret       = "s3cret"
)

// seen is one request as the server saw it.
type seen struct {
	method, uri string
	header      http.Header
	body        string
}

// server is a server over TLS whose answers the test decides. It listens in
// memory, so that it runs in bubbles of testing/synctest too.
type server struct {
	*httptest.Server
	pipe *pipeListener

	mu       sync.Mutex
	requests []seen
	tokens   int
	life     any                         // expires_in
	handle   map[string]http.HandlerFunc // by path
}

// newServer serves tokens and the activation by the book; handle overrides paths.
func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{pipe: newPipeListener(), life: 3_600_000, handle: make(map[string]http.HandlerFunc)}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Listener.Close()
	s.Listener = s.pipe
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes
	s.StartTLS()
	t.Cleanup(s.Server.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, seen{r.Method, r.RequestURI, r.Header.Clone(), string(body)})
	h := s.handle[r.URL.Path]
	s.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if h == nil {
		h = s.standard(r.URL.Path)
	}
	h(w, r)
}

func (s *server) standard(path string) http.HandlerFunc {
	switch path {
	case "/iot/api/v2/oauth2/token":
		return s.serveToken
	case "/iot/api/v2/activation/policy":
		return text(200, `{"keyType":"RSA","keySize":2048,"hashAlgorithm":"SHA256withRSA"}`)
	case "/iot/api/v2/activation/direct":
		return text(200, `{"endpointId":"`+endpointID+`","endpointState":"ACTIVATED","activationTime":1}`)
	case "/iot/api/v2/messages":
		return text(202, `[]`)
	}
	return text(404, `{"title":"Not Found","status":404}`)
}

func (s *server) serveToken(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.tokens++
	n, life := s.tokens, s.life
	s.mu.Unlock()
	fmt.Fprintf(w, `{"access_token":"token%d","token_type":"Bearer","expires_in":%v}`, n, life)
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func (s *server) on(path string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handle["/iot/api/v2/"+path] = h
}

func (s *server) calls() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

// paths lists method and path of what the server saw.
func (s *server) paths() string {
	var b []string
	for _, r := range s.calls() {
		b = append(b, r.method+" "+strings.TrimPrefix(r.uri, "/iot/api/v2/"))
	}
	return strings.Join(b, "\n")
}

// pipeListener accepts connections in memory.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// testKey is the key of activated test devices: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(nil, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// assets are the credentials of a device of s.
func (s *server) assets(t testing.TB, activated bool) *trust.Memory {
	t.Helper()
	config := trust.MemoryConfig{Config: trust.Config{
		ServerURI:    "https://127.0.0.1:443",
		ClientID:     activationID,
		Secret:       trust.Secret(secret),
		TrustAnchors: []*x509.Certificate{s.Certificate()},
	}}
	if activated {
		config.EndpointID, config.Key = endpointID, testKey()
	}
	m, err := trust.NewMemory(config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// connect makes a client of s.
func (s *server) connect(t testing.TB, activated bool, change ...func(*rest.Config)) *rest.Client {
	t.Helper()
	config := rest.Config{Assets: s.assets(t, activated), Dial: s.pipe.dial}
	for _, f := range change {
		f(&config)
	}
	c, err := rest.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// assertionOf takes the JWT of a token call apart and checks its signature.
func assertionOf(t testing.TB, body string, key *rsa.PublicKey) (header, claims map[string]any) {
	t.Helper()
	form, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(form.Get("client_assertion"), ".")
	if len(parts) != 3 {
		t.Fatalf("assertion %q", form.Get("client_assertion"))
	}
	signed := []byte(parts[0] + "." + parts[1])
	signature := decode(t, parts[2])
	if key == nil {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(signed)
		if !hmac.Equal(mac.Sum(nil), signature) {
			t.Error("the assertion's HMAC is wrong")
		}
	} else if sum := sha256.Sum256(signed); rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		t.Error("the assertion's signature is wrong")
	}
	for i, into := range []*map[string]any{&header, &claims} {
		if err := json.Unmarshal(decode(t, parts[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func decode(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
