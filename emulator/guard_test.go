package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

func asProblem(err error, p **emulator.Problem) bool { return errors.As(err, p) }

func TestPaths(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 404}, {"GET", "/iot", 404}, {"GET", "/iot/api/v1/devices", 404}, {"GET", "/iot/api/v2", 404}, {"GET", "/iot/api/v22/devices", 404},
		{"GET", "/iot/api/v2/unknown", 404}, {"GET", "/iot/api/v2/devices/a/b/c", 404}, {"DELETE", "/iot/api/v2/devices", 405}, {"GET", "/iot/api/v2/oauth2/token", 405},
		{"PUT", "/iot/api/v2/messages", 405}, {"GET", "/iot/api/v2/devices//", 401}, {"POST", "/iot/privateapi/v2/devices", 404}, {"OPTIONS", "/iot/api/v2/devices", 405},
		{"TRACE", "/iot/api/v2/devices", 405}, {"BREW", "/iot/api/v2/devices", 405}, {"GET", "/iot/api/v2/devices/%zz", 400}, {"GET", "/../../etc/passwd", 404},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			a := s.raw(test.method + " " + test.path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			if a.status != test.want {
				t.Errorf("%v, want %d", a, test.want)
			}
		})
	}
}

// raw sends text as it is and reads one answer.
func (s *site) raw(text string) answer {
	s.t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.server.Root())
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{RootCAs: roots})
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, text)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

func TestPeopleNeedPasswords(t *testing.T) {
	s := start(t)
	for name, credentials := range map[string]string{
		"none": "", "wrong password": "Basic " + base64.StdEncoding.EncodeToString([]byte("tester:Secret")), "wrong user": "Basic " + base64.StdEncoding.EncodeToString([]byte("root:secret")),
		"no base64": "Basic ***", "empty": "Basic ",
	} {
		a := s.do("GET", "/iot/api/v2/devices", nil, "Authorization", credentials).wantProblem(t, 401)
		if !strings.HasPrefix(a.header.Get("Www-Authenticate"), "Basic ") {
			t.Errorf("%s: %v", name, a.header)
		}
	}
	s.asUser("POST", "/messages", "[]").wantProblem(t, 403)
	if d, err := emulator.New(); err != nil || d.User() != "iotcs" || len(d.Password()) < 20 {
		t.Errorf("default user %v", err)
	} else if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if s.server.User() != "tester" || s.server.Password() != "secret" {
		t.Error("user or password")
	}
}

func TestForeignPages(t *testing.T) {
	s := start(t)
	for name, header := range map[string][]string{
		"another site": {"Sec-Fetch-Site", "cross-site"}, "another origin": {"Origin", "https://evil.example.com"}, "sandbox": {"Origin", "null"},
	} {
		s.asUser("POST", "/devices", `{}`, header...).wantProblem(t, 403)
		if a := s.asUser("GET", "/devices", "", header...); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: reading gave %v %v", name, a.status, a.header)
		}
	}
	s.asUser("POST", "/devices", `{}`, "Sec-Fetch-Site", "same-origin").want(t, 201)
	s.asUser("POST", "/devices", `{}`, "Origin", s.url).want(t, 201)
	a := s.asUser("GET", "/devices", "")
	if a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", a.header)
	}
}

func TestHosts(t *testing.T) {
	s := start(t, emulator.WithHosts("iot.example.com", "192.0.2.7"))
	for host, want := range map[string]int{
		"localhost": 401, "localhost:8443": 401, "LOCALHOST": 401, "127.0.0.1:1": 401, "127.1.2.3": 401, "[::1]:8443": 401, "[::1]": 401, "iot.example.com": 401, "iot.example.com:443": 401, "192.0.2.7": 401,
		"evil.example.com": 421, "localhost.evil.example.com": 421, "192.0.2.8": 421, "": 421, "[2001:db8::1]": 421,
	} {
		a := s.raw("GET /iot/api/v2/devices HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
		if a.status != want {
			t.Errorf("host %q: %v, want %d", host, a, want)
		}
	}
	s.raw("GET /iot/api/v2/devices HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n").wantProblem(t, 421)
}

func TestHeaderLines(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		lines, size int
		problem     bool
	}{{10_000, 10, true}, {300, 100, true}, {10_000, 100, false}} {
		var text strings.Builder
		text.WriteString("GET /iot/api/v2/devices HTTP/1.1\r\nHost: localhost\r\n")
		for i := range test.lines {
			fmt.Fprintf(&text, "X-Line-%d: %s\r\n", i, strings.Repeat("x", test.size))
		}
		a := s.raw(text.String() + "Connection: close\r\n\r\n")
		if test.problem {
			a.wantProblem(t, 431)
		} else {
			a.want(t, 431) // refused by the HTTP library before it is a request
		}
	}
}

// pipe is a listener whose connections are made in memory, for tests on a clock of their own.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipe() *pipe { return &pipe{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipe) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipe) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// Clients that are slow, or that say nothing, lose their connection.
func TestSlowClients(t *testing.T) {
	for _, test := range []struct {
		name   string
		send   string // then a byte every 5 s
		within time.Duration
	}{
		{"no handshake", "", 11 * time.Second},
		{"slow header", "GET /iot/api/v2/devices HTTP/1.1\r\n", 21 * time.Second},
		{"slow body", "POST /iot/api/v2/oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", 41 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newServer(t)
				listener := newPipe()
				served := make(chan error, 1)
				go func() { served <- server.Serve(t.Context(), listener) }()
				roots := x509.NewCertPool()
				roots.AddCert(server.Root())
				raw := listener.dial()
				var conn io.ReadWriteCloser = raw
				begin := time.Now()
				if test.send != "" {
					conn = tls.Client(raw, &tls.Config{RootCAs: roots, ServerName: "localhost"})
					if _, err := io.WriteString(conn, test.send); err != nil {
						t.Fatal(err)
					}
				}
				ended := make(chan struct{})
				go func() {
					io.Copy(io.Discard, conn)
					close(ended)
				}()
				for open := true; open; {
					select {
					case <-ended:
						open = false
					case <-time.After(5 * time.Second):
						conn.Write([]byte("x"))
					}
					if time.Since(begin) > 5*time.Minute {
						t.Fatal("the connection is never closed")
					}
				}
				if took := time.Since(begin); took > test.within {
					t.Errorf("closed after %v, want at most %v", took, test.within)
				}
				conn.Close()
				if err := server.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestObserver(t *testing.T) {
	var mu sync.Mutex
	var seen []emulator.Exchange
	s := start(t, emulator.WithObserver(func(e emulator.Exchange) { mu.Lock(); seen = append(seen, e); mu.Unlock() }))
	s.asUser("POST", "/devices", `{"hardwareId":"x"}`).want(t, 201)
	s.asUser("POST", "/devices", strings.Repeat("x", 100_000)).want(t, 400)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.server.Close(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 2 {
		t.Fatalf("%d exchanges", len(seen))
	}
	e := seen[0]
	if e.Method != "POST" || e.URL != "/iot/api/v2/devices" || e.Status != 201 || string(e.RequestBody) != `{"hardwareId":"x"}` || !bytes.Contains(e.ResponseBody, []byte(`"hardwareId":"x"`)) ||
		e.ResponseHeader.Get("Content-Type") != "application/json" || e.Start.IsZero() || strings.Contains(e.RequestHeader.Get("Authorization"), "Basic") {
		t.Errorf("exchange %+v", e)
	}
	if len(seen[1].RequestBody) != 64<<10 {
		t.Errorf("%d bytes of a body noted", len(seen[1].RequestBody))
	}
}

// Neither secrets nor tokens stand in the log.
func TestLog(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	s := start(t, emulator.WithLogger(slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return log.Write(p) }), &slog.HandlerOptions{Level: slog.LevelDebug}))))
	d := s.register("dev")
	d.login()
	d.call("POST", direct, encode(t, d.activationBody(pumpURN))).want(t, 200)
	d.askToken(d.secretAssertion(inAMinute()), "oracle/iot/activation").wantProblem(t, 400)
	s.asUser("POST", "/devices", `{"hardwareId":"y","sharedSecret":"dG9wLXNlY3JldA=="}`).want(t, 201)
	mu.Lock()
	defer mu.Unlock()
	text := log.String()
	for _, secret := range []string{d.token, d.secret, "dG9wLXNlY3JldA", "top-secret", "tester:secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %q:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "component=emulator") || !strings.Contains(text, "activated") {
		t.Errorf("log:\n%s", text)
	}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
