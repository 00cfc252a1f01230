package emulatortest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

// authority is the one of the test binary.
var authority = sync.OnceValues(emulator.NewAuthority)

// Server is a running emulator of a test. Make one with [New].
type Server struct {
	t        testing.TB
	emulator *emulator.Server
	gate     *gate
	host     string // with the port
	traffic  *traffic
	messages watcher
}

// Option changes how [New] makes a server.
type Option func(*options)

type options struct {
	inMemory bool
	strict   bool
	emulator []emulator.Option
}

// InMemory serves over pipes instead of a port: for tests inside a bubble of testing/synctest. [New] must then be called inside the
// bubble too.
func InMemory() Option { return func(o *options) { o.inMemory = true } }

// Strict fails the test at its end if a message broke its device model.
func Strict() Option { return func(o *options) { o.strict = true } }

// Emulator passes options on to the emulator, such as emulator.WithTokenLife.
func Emulator(opts ...emulator.Option) Option {
	return func(o *options) { o.emulator = append(o.emulator, opts...) }
}

const closeGrace = 10 * time.Second

// New makes a server and serves it until the test ends.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, traffic: new(traffic)}
	s.emulator, err = emulator.New(append([]emulator.Option{emulator.WithAuthority(ca), emulator.WithObserver(s.traffic.note)}, o.emulator...)...)
	if err != nil {
		t.Fatal(err)
	}
	if o.inMemory {
		s.gate, s.host = newGate(newPipe()), "localhost:443"
	} else {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.gate, s.host = newGate(listener), listener.Addr().String()
	}
	served := make(chan error, 1)
	go func() { served <- s.emulator.Serve(context.Background(), s.gate) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		if err := s.emulator.Close(ctx); err != nil {
			t.Errorf("emulatortest: close: %v", err)
		}
		if err := <-served; err != nil && !errors.Is(err, emulator.ErrClosed) { // closed before it began
			t.Errorf("emulatortest: serve: %v", err)
		}
		s.finish(o.strict)
	})
	return s
}

// finish looks at what the test left.
func (s *Server) finish(strict bool) {
	if strict {
		for _, m := range s.Violations() {
			s.t.Errorf("emulatortest: a message breaks its device model: %q\n%s", m.Violations, m.JSON)
		}
	}
	if s.t.Failed() {
		s.t.Log(s.traffic.String())
	}
}

// URL is where the server is, without a slash at its end. With [InMemory] it is https://localhost:443, for [Server.Dial] only.
func (s *Server) URL() string { return "https://" + s.host }

// CA gives the certificate that clients must trust, as PEM text.
func (s *Server) CA() []byte { return s.emulator.RootPEM() }

// Roots gives the certificate that clients must trust, as a pool.
func (s *Server) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.emulator.Root())
	return roots
}

// User gives name and password for management calls.
func (s *Server) User() (name, password string) { return s.emulator.User(), s.emulator.Password() }

// Emulator gives the emulator behind the server, for what this package has no words for.
func (s *Server) Emulator() *emulator.Server { return s.emulator }

// Dial connects to the server, whatever the address: give it to the client under test as its dialer. While the server is [Server.Down]
// connections are refused.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.gate.dial(ctx)
}

// Client makes an HTTP client for management calls that trusts the server. It adds no password; see [Server.User].
func (s *Server) Client() *http.Client {
	transport := &http.Transport{DialContext: s.Dial, TLSClientConfig: &tls.Config{RootCAs: s.Roots()}}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Down cuts all connections and refuses new ones until [Server.Up]: what a device sees when its network is gone. The state of the
// server stays.
func (s *Server) Down() { s.gate.shut() }

// Up ends what [Server.Down] began.
func (s *Server) Up() { s.gate.open() }

// AddModel adds device models, each given as its JSON text.
func (s *Server) AddModel(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if _, err := s.emulator.AddModel([]byte(text)); err != nil {
			s.t.Fatalf("emulatortest: %v", err)
		}
	}
}

// AddModelFile adds device models from files.
func (s *Server) AddModelFile(paths ...string) {
	s.t.Helper()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatalf("emulatortest: %v", err)
		}
		if _, err := s.emulator.AddModel(text); err != nil {
			s.t.Fatalf("emulatortest: %s: %v", path, err)
		}
	}
}

// patience is how long methods wait when their context has no deadline.
const patience = 10 * time.Second

func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %v", patience))
}
