package fidelity_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// host is the server of the recordings.
const host = "iot.example.com"

// certificate is the server's, its own trust anchor. It is valid in bubbles of
// testing/synctest, which start in the year 2000.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

// tap is a server over TLS in memory that sees each request as it is on the
// wire: net/http keeps some headers to itself.
type tap struct {
	server http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// newTap serves handle until the test ends.
func newTap(t testing.TB, handle func(w http.ResponseWriter, r *http.Request, e exchange)) *tap {
	t.Helper()
	p := &tap{conns: make(chan net.Conn), closed: make(chan struct{})}
	p.server = http.Server{
		ErrorLog: log.New(io.Discard, "", 0), // connections that the device cuts
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, tapKey{}, c)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e, err := r.Context().Value(tapKey{}).(*tappedConn).exchange(r)
			if err != nil {
				t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
				return
			}
			handle(w, r, e)
		}),
	}
	done := make(chan error)
	go func() { done <- p.server.Serve(p) }()
	t.Cleanup(func() {
		p.server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("server: %v", err)
		}
	})
	return p
}

// Accept implements [net.Listener].
func (p *tap) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate()}})
		return &tappedConn{Conn: secured}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *tap) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements [net.Listener].
func (p *tap) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects to the server whatever the address.
func (p *tap) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tapKey is the key of a request's connection in its context.
type tapKey struct{}

// tappedConn keeps what was read since it was last asked.
type tappedConn struct {
	net.Conn
	mu   sync.Mutex
	read []byte
}

// Read implements [net.Conn].
func (c *tappedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = append(c.read, p[:n]...)
	return n, err
}

// exchange takes the request r off the wire. Nothing of the next request has
// been read yet: the device waits for the answer first.
func (c *tappedConn) exchange(r *http.Request) (exchange, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return exchange{}, err
	}
	c.mu.Lock()
	head, _, _ := bytes.Cut(c.read, []byte("\r\n\r\n"))
	c.read = nil
	c.mu.Unlock()
	path, query, _ := strings.Cut(r.RequestURI, "?")
	e := exchange{method: r.Method, path: path, query: query, header: http.Header{}}
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.Contains(name, " ") {
			e.header.Add(name, strings.TrimSpace(value))
		}
	}
	if len(body) > 0 {
		e.body = body
	}
	return e, nil
}
