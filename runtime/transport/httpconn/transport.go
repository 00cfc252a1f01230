package httpconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper]. Its methods may be called by several
// goroutines. It has no goroutines; kept connections are closed by
// [Transport.Close], or after the idle time of the [http.Transport] it was made of.
type Transport struct {
	base    *http.Transport
	small   int64
	buffers sync.Pool // of *buffers

	mu     sync.Mutex
	idle   []*conn // the one used last at the end
	closed bool
}

// New returns a transport with the settings of base: dialing, TLS, proxies, the
// number of idle connections for a host and how long they are kept, the bound of
// an answer's header. Calls with a body of at most small bytes are its own, the
// others are made by base. base needs DialContext, and must not be changed
// afterwards.
func New(base *http.Transport, small int) *Transport {
	t := &Transport{base: base, small: int64(small)}
	t.buffers.New = func() any { return new(buffers) }
	return t
}

// RoundTrip implements [http.RoundTripper]. A call that met a kept connection
// which the server had given up is repeated on another one if net/http would
// repeat it: if its method is idempotent or it has an X-Idempotency-Key, even one
// that is never sent. Calls that must not be repeated get a new connection. An
// error after the end of the request's context is that context's cause.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.own(req) {
		return t.base.RoundTrip(req)
	}
	for again := req; ; {
		c, err := t.connection(again)
		if err != nil {
			closeBody(again)
			return nil, cause(req.Context(), err)
		}
		resp, err := c.exchange(again)
		switch {
		case err == nil:
			return resp, nil
		case !errors.Is(err, errStale):
			return nil, cause(req.Context(), err)
		}
		if again, err = rewind(req); err != nil {
			return nil, err
		}
	}
}

// Close closes connections that no call uses, and has those in use closed when
// their calls end. It waits for nothing; calls that are made afterwards work, over
// connections of their own.
func (t *Transport) Close() {
	t.mu.Lock()
	idle := t.idle
	t.idle, t.closed = nil, true
	t.mu.Unlock()
	for _, c := range idle {
		t.retire(c, c.tls)
	}
	t.base.CloseIdleConnections()
}

// own tells whether a call is one of those that this package makes itself.
func (t *Transport) own(req *http.Request) bool {
	if req.URL.Scheme != "https" || req.ContentLength < 0 || req.ContentLength > t.small || req.ContentLength == 0 && req.Body != nil && req.Body != http.NoBody {
		return false
	}
	if t.base.Proxy == nil {
		return true
	}
	proxy, err := t.base.Proxy(req)
	return proxy == nil && err == nil
}

// repeatable tells whether a call may be repeated when nobody knows whether the
// server got it.
func repeatable(req *http.Request) bool {
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return false
	}
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	_, key := req.Header["X-Idempotency-Key"]
	_, also := req.Header["Idempotency-Key"]
	return key || also
}

// rewind gives the request once more, with a body to be read from its start.
func rewind(req *http.Request) (*http.Request, error) {
	again := *req
	if req.GetBody != nil {
		var err error
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return &again, nil
}

// connection gives a kept connection to the host, else a new one.
func (t *Transport) connection(req *http.Request) (*conn, error) {
	host := req.URL.Host
	if req.URL.Port() == "" {
		host = net.JoinHostPort(req.URL.Hostname(), "443")
	}
	if repeatable(req) {
		if c := t.take(host); c != nil {
			return c, nil
		}
	}
	return t.dial(req.Context(), host, req.URL.Hostname())
}

// take gives the kept connection to a host that was used last, nil if there is none.
func (t *Transport) take(host string) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range slices.Backward(t.idle) {
		if c.host == host {
			t.idle = slices.Delete(t.idle, i, i+1)
			return c
		}
	}
	return nil
}

// keep keeps a connection for the next call, if it is wanted.
func (t *Transport) keep(c *conn) {
	t.mu.Lock()
	kept := 0
	for _, other := range t.idle {
		if other.host == c.host {
			kept++
		}
	}
	if t.closed || kept >= max(t.base.MaxIdleConnsPerHost, 1) {
		t.mu.Unlock()
		t.retire(c, c.tls)
		return
	}
	c.used, c.since = true, time.Now()
	t.idle = append(t.idle, c)
	if limit := t.base.IdleConnTimeout; c.expiry == nil && limit > 0 {
		c.expiry = time.AfterFunc(limit, func() { t.look(c) })
	}
	t.mu.Unlock()
}

// look closes a connection that has been idle for too long. Its timer is not
// stopped and set again by each call: it finds out itself what has happened.
func (t *Transport) look(c *conn) {
	t.mu.Lock()
	limit := t.base.IdleConnTimeout
	at := slices.Index(t.idle, c)
	idle := time.Since(c.since)
	switch {
	case c.retired:
	case at < 0: // a call is using it
		c.expiry.Reset(limit)
	case idle < limit:
		c.expiry.Reset(limit - idle)
	default:
		t.idle = slices.Delete(t.idle, at, at+1)
		t.mu.Unlock()
		t.retire(c, c.tls)
		return
	}
	t.mu.Unlock()
}

// retire closes a connection that is not among the idle ones: what is below TLS,
// or with the good-bye of TLS if the server is listening.
func (t *Transport) retire(c *conn, closer io.Closer) {
	t.mu.Lock()
	c.retired = true
	if c.expiry != nil {
		c.expiry.Stop()
	}
	t.mu.Unlock()
	closer.Close()
}

// dial makes a connection.
func (t *Transport) dial(ctx context.Context, host, name string) (*conn, error) {
	under, err := t.base.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	config := t.base.TLSClientConfig.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = name
	}
	config.NextProtos = slices.DeleteFunc(slices.Clone(config.NextProtos), func(p string) bool { return p == "h2" })
	if t.base.TLSHandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, t.base.TLSHandshakeTimeout, errHandshake)
		defer cancel()
	}
	c := newConn(t, host, under, config)
	if err := c.tls.HandshakeContext(ctx); err != nil {
		under.Close()
		return nil, cause(ctx, err)
	}
	return c, nil
}

var errHandshake = errors.New("httpconn: the TLS handshake takes too long")

// cause prefers the reason why a context ended to the error that this brought
// about.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return fmt.Errorf("%w (%w)", c, err)
	}
	return err
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
