package httpconn_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/transport/httpconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const small = 32 << 10

// script is what a server does with its connections: the n-th one gets the n-th
// list of answers, one for each call, and is closed after the last. An empty
// answer is none at all: the connection is closed instead.
type script [][]string

const (
	ok    = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n[]"
	hangs = "hangs" // in the place of an answer: nothing more comes
)

// server plays a script in memory, so that it runs in bubbles of testing/synctest.
type server struct {
	certificate tls.Certificate
	roots       *x509.CertPool
	script      script
	protocols   []string // that it speaks

	mu     sync.Mutex
	dialed int
	calls  []string // bodies

	negotiated string // the protocol of the last call
	writes     atomic.Int64
	done       sync.WaitGroup
}

func newServer(t testing.TB, s script) *server {
	t.Helper()
	template := httptest.NewTLSServer(nil)
	defer template.Close()
	roots := x509.NewCertPool()
	roots.AddCert(template.Certificate())
	return &server{certificate: template.TLS.Certificates[0], roots: roots, script: s}
}

// transport connects to the server. What change does to the settings comes last.
func (s *server) transport(t testing.TB, change ...func(*http.Transport)) *httpconn.Transport {
	base := &http.Transport{
		DialContext: s.dial, TLSClientConfig: &tls.Config{RootCAs: s.roots},
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 4 << 10,
	}
	for _, f := range change {
		f(base)
	}
	transport := httpconn.New(base, small)
	t.Cleanup(s.done.Wait)
	t.Cleanup(transport.Close)
	return transport
}

// counting counts writes.
type counting struct {
	net.Conn
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

func (s *server) dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var answers []string
	if s.dialed < len(s.script) {
		answers = s.script[s.dialed]
	}
	s.dialed++
	near, far := net.Pipe()
	s.done.Go(func() {
		s.serve(tls.Server(far, &tls.Config{Certificates: []tls.Certificate{s.certificate}, NextProtos: s.protocols}), answers)
	})
	return counting{near, &s.writes}, nil
}

func (s *server) serve(conn *tls.Conn, answers []string) {
	defer conn.NetConn().Close()
	in := bufio.NewReader(conn)
	for _, answer := range answers {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(req.Body)
		s.mu.Lock()
		s.calls, s.negotiated = append(s.calls, string(body)), conn.ConnectionState().NegotiatedProtocol
		s.mu.Unlock()
		switch answer {
		case "":
			return
		case hangs:
			in.ReadByte()
			return
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func (s *server) count() (dialed, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialed, len(s.calls)
}

// post makes a call that may be repeated.
func post(t testing.TB, transport *httpconn.Transport, body string) (int, string, error) {
	t.Helper()
	return do(transport, request(t, http.MethodPost, body, true))
}

func request(t testing.TB, method, body string, repeatable bool) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://example.com/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if repeatable {
		req.Header["X-Idempotency-Key"] = nil
	}
	return req
}

func do(transport *httpconn.Transport, req *http.Request) (int, string, error) {
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// TestCalls makes three calls, which must be answered over as many connections
// as the case says.
func TestCalls(t *testing.T) {
	const chunked = "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"
	tests := []struct {
		name   string
		script script
		dialed int
		calls  int // that the server got
	}{
		{"over one connection", script{{ok, ok, ok}}, 1, 3},
		{"chunked", script{{chunked, chunked, chunked}}, 1, 3},
		{"without content", script{{"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", ok, ok}}, 1, 3},
		{"after preliminary answers", script{{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, ok, ok}}, 1, 3},
		{"until the server closes", script{{"HTTP/1.1 202 Accepted\r\n\r\n[]"}, {ok, ok}}, 2, 3},
		{"server says it closes", script{{"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]", ok}, {ok, ok}}, 2, 3},
		{"HTTP/1.0", script{{"HTTP/1.0 202 Accepted\r\nContent-Length: 2\r\n\r\n[]", ok}, {ok, ok}}, 2, 3},
		{"switching protocols", script{{"HTTP/1.1 101 Switching Protocols\r\n\r\n", ok}, {ok, ok}}, 2, 3},
		{"server closed the kept connection", script{{ok}, {ok, ok}}, 2, 3},
		{"server closed it on receipt", script{{ok, ""}, {ok, ok}}, 2, 4},
		{"server tells of a timeout that was no answer", script{{ok, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}, {ok, ok}}, 2, 4},
		{"more than was asked for", script{{ok + ok, ok}, {ok, ok}}, 2, 3},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, tc.script)
			transport := s.transport(t)
			for range 3 {
				status, body, err := post(t, transport, `[{"a":1}]`)
				if err != nil || status != 202 && status != 101 || body != "[]" && body != "" {
					t.Fatal(status, body, err)
				}
			}
			if dialed, calls := s.count(); dialed != tc.dialed || calls != tc.calls {
				t.Errorf("%d connections and %d calls, want %d and %d", dialed, calls, tc.dialed, tc.calls)
			}
			for _, body := range s.calls {
				if body != `[{"a":1}]` {
					t.Errorf("the server got %q", body)
				}
			}
		})
	}
}

// TestOneWrite: a call is one write, whatever number of TLS records it takes.
func TestOneWrite(t *testing.T) {
	s := newServer(t, script{{ok, ok}})
	transport := s.transport(t)
	if _, _, err := post(t, transport, "[]"); err != nil {
		t.Fatal(err)
	}
	before := s.writes.Load()
	if _, _, err := post(t, transport, strings.Repeat("x", small)); err != nil {
		t.Fatal(err)
	}
	if n := s.writes.Load() - before; n != 1 {
		t.Errorf("%d writes", n)
	}
}

// TestErrors: calls that fail, and how often the server got them.
func TestErrors(t *testing.T) {
	long := "HTTP/1.1 202 Accepted\r\nX: " + strings.Repeat("x", 8<<10) + "\r\nContent-Length: 2\r\n\r\n[]"
	tests := []struct {
		name       string
		script     script
		repeatable bool
		calls      int
		text       string
	}{
		{"server closes a new connection", script{{""}, {ok}}, true, 1, "EOF"},
		{"server closes, not to be repeated", script{{""}, {ok}}, false, 1, "EOF"},
		{"header without end", script{{long}}, true, 1, "too large"},
		{"preliminary answers without end", script{{strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9)}}, true, 1, "preliminary"},
		{"no HTTP", script{{"+OK POP3 ready\r\n"}}, true, 1, "malformed"},
		{"cut content", script{{"HTTP/1.1 202 Accepted\r\nContent-Length: 20\r\n\r\n[]"}}, true, 1, "unexpected EOF"},
		{"cut header", script{{"HTTP/1.1 202 Acc"}}, true, 1, "unexpected EOF"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, tc.script)
			_, _, err := do(s.transport(t), request(t, http.MethodPost, "[]", tc.repeatable))
			if err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Fatalf("%v, want something about %s", err, tc.text)
			}
			if _, calls := s.count(); calls != tc.calls {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

// TestNotRepeatable: a call that must not be repeated gets a connection of its
// own, on which the server's silence means what it says.
func TestNotRepeatable(t *testing.T) {
	s := newServer(t, script{{ok, ok}, {""}})
	transport := s.transport(t)
	if _, _, err := post(t, transport, "[]"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := do(transport, request(t, http.MethodPost, "[]", false)); err == nil {
		t.Fatal("no error")
	}
	if dialed, calls := s.count(); dialed != 2 || calls != 2 {
		t.Errorf("%d connections, %d calls", dialed, calls)
	}
}

// TestCancel: the end of the context ends a call wherever it is, with the
// context's cause.
func TestCancel(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"
	for name, sc := range map[string]script{
		"before the answer":      {{hangs}},
		"on a kept connection":   {{ok, hangs}},
		"while the body is read": {{head, hangs}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, sc)
				transport := s.transport(t)
				if sc[0][0] == ok {
					if _, _, err := post(t, transport, ""); err != nil {
						t.Fatal(err)
					}
				}
				why := errors.New("why")
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
				defer cancel()
				stay := make(chan struct{})
				defer close(stay)
				s.done.Go(func() { <-stay })
				_, _, err := do(transport, request(t, http.MethodGet, "", true).WithContext(ctx))
				if !errors.Is(err, why) {
					t.Errorf("%v", err)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.dialed != 1 {
					t.Errorf("%d connections", s.dialed)
				}
			})
		})
	}
}

// TestUnreadBody: a connection with half an answer in it is not used again.
func TestUnreadBody(t *testing.T) {
	s := newServer(t, script{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ok}, {ok}})
	transport := s.transport(t)
	resp, err := transport.RoundTrip(request(t, http.MethodGet, "", true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Body.Read(make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // closing twice is closing once
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := resp.Body.Read(make([]byte, 2)); err == nil {
		t.Error("reads from a closed body")
	}
	if _, body, err := post(t, transport, ""); err != nil || body != "[]" {
		t.Error(body, err)
	}
	if dialed, _ := s.count(); dialed != 2 {
		t.Errorf("%d connections", dialed)
	}
}

// TestCloseDuringACall: a connection that is in use when the transport is closed is
// closed with its call, not kept.
func TestCloseDuringACall(t *testing.T) {
	s := newServer(t, script{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ok}})
	transport := s.transport(t)
	resp, err := transport.RoundTrip(request(t, http.MethodGet, "", true))
	if err != nil {
		t.Fatal(err)
	}
	transport.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "hello" {
		t.Errorf("%q, %v", body, err)
	}
	resp.Body.Close()
	s.done.Wait() // hangs while the connection is open
}

// TestProtocols: HTTP/2 is not offered, whatever the TLS configuration says; other
// protocols in it are.
func TestProtocols(t *testing.T) {
	s := newServer(t, script{{ok}})
	s.protocols = []string{"h2", "http/1.1"}
	transport := s.transport(t, func(base *http.Transport) { base.TLSClientConfig.NextProtos = []string{"h2", "http/1.1"} })
	if _, body, err := post(t, transport, ""); err != nil || body != "[]" || s.negotiated != "http/1.1" {
		t.Errorf("%q over %q: %v", body, s.negotiated, err)
	}
}

// TestIdle: a kept connection is closed after the idle time, counted from its
// last call.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, script{{ok, ok, ok}, {ok}})
		transport := s.transport(t)
		for i, wait := range []time.Duration{0, 59 * time.Second, 59 * time.Second, 61 * time.Second} {
			time.Sleep(wait)
			if _, _, err := post(t, transport, ""); err != nil {
				t.Fatal(i, err)
			}
			synctest.Wait()
			dialed, _ := s.count()
			if want := 1 + i/3; dialed != want {
				t.Errorf("call %d: %d connections, want %d", i, dialed, want)
			}
		}
	})
}

// TestHandshakeTimeout: a server that accepts and says nothing.
func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, nil)
		var far net.Conn
		transport := s.transport(t, func(base *http.Transport) {
			base.DialContext = func(context.Context, string, string) (near net.Conn, err error) {
				near, far = net.Pipe()
				go io.Copy(io.Discard, far)
				return near, nil
			}
		})
		start := time.Now()
		_, _, err := post(t, transport, "")
		if err == nil || !strings.Contains(err.Error(), "handshake") || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestBase: what is not small, not https or goes through a proxy is made by the
// http.Transport.
func TestBase(t *testing.T) {
	proxied := func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example.com:3128") }
	refusing := func(*http.Request) (*url.URL, error) { return nil, errors.New("no such proxy") }
	tests := []struct {
		name  string
		url   string
		body  io.Reader
		proxy func(*http.Request) (*url.URL, error)
		base  bool
	}{
		{"small", "https://example.com/", strings.NewReader("x"), nil, false},
		{"without body", "https://example.com/", nil, nil, false},
		{"as large as may be", "https://example.com/", strings.NewReader(strings.Repeat("x", small)), nil, false},
		{"large", "https://example.com/", strings.NewReader(strings.Repeat("x", small+1)), nil, true},
		{"of unknown length", "https://example.com/", io.MultiReader(strings.NewReader("x")), nil, true},
		{"http", "http://example.com/", nil, nil, true},
		{"through a proxy", "https://example.com/", nil, proxied, true},
		{"proxy that cannot be chosen", "https://example.com/", nil, refusing, true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			mine, base := errors.New("mine"), errors.New("base")
			settings := &http.Transport{
				Proxy:       tc.proxy,
				DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, mine },
			}
			settings.RegisterProtocol("http", roundTripper(func() error { return base }))
			settings.RegisterProtocol("https", roundTripper(func() error { return base }))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, tc.url, tc.body)
			if err != nil {
				t.Fatal(err)
			}
			want := mine
			if tc.base {
				want = base
			}
			if _, err = httpconn.New(settings, small).RoundTrip(req); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}

// roundTripper is an [http.RoundTripper] that fails.
type roundTripper func() error

func (f roundTripper) RoundTrip(*http.Request) (*http.Response, error) { return nil, f() }

// TestManyAtOnce: calls of many goroutines get their own answers, and no more
// connections are kept than the http.Transport may keep.
func TestManyAtOnce(t *testing.T) {
	far := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	}))
	var open atomic.Int64
	far.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	far.StartTLS()
	defer far.Close()
	base := far.Client().Transport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 2
	base.DialContext = new(net.Dialer).DialContext
	transport := httpconn.New(base, small)
	defer transport.Close()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for k := range 12 {
				want := strings.Repeat(string(rune('a'+i)), 1+k*2000)
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, far.URL, strings.NewReader(want))
				if _, got, err := do(transport, req); err != nil || got != want {
					t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
					return
				}
			}
		})
	}
	all.Wait()
	for range 100 {
		if open.Load() <= 2 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d connections are open", open.Load())
}
