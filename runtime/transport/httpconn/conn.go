package httpconn

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

var (
	errStale  = errors.New("httpconn: the server gave up the kept connection")
	errHeader = errors.New("httpconn: the header of the answer is too large")
	errWaits  = errors.New("httpconn: too many preliminary answers")
)

// maxPreliminary is how many answers of status 1xx may come before the answer,
// as in net/http.
const maxPreliminary = 5

// defaultHeader bounds the header of an answer if the http.Transport has no
// bound, as in net/http.
const defaultHeader = 10 << 20

// conn is a connection. One goroutine at a time uses it.
type conn struct {
	t     *Transport
	host  string
	under *gathered
	tls   *tls.Conn
	in    *bufio.Reader
	left  int64 // bytes that may still be read
	heard bool  // a byte of the answer has come
	used  bool  // for a call before

	// Guarded by the transport's mutex.
	since   time.Time // when it became idle
	expiry  *time.Timer
	retired bool
}

// buffers are what a call is put together in. Idle connections have none.
type buffers struct {
	plain  bytes.Buffer
	sealed []byte
}

func newConn(t *Transport, host string, under net.Conn, config *tls.Config) *conn {
	c := &conn{t: t, host: host, under: &gathered{Conn: under}}
	c.tls = tls.Client(c.under, config)
	c.in = bufio.NewReader((*counted)(c))
	return c
}

// counted is a connection whose bytes are counted as they are read.
type counted conn

// Read implements [io.Reader].
func (c *counted) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeader
	}
	n, err := c.tls.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.heard = c.heard || n > 0
	return n, err
}

// gathered is the connection below TLS. While a call is written, it gathers the
// records in one piece.
type gathered struct {
	net.Conn
	to *[]byte // nil: write at once
}

// Write implements [net.Conn].
func (g *gathered) Write(p []byte) (int, error) {
	if g.to == nil {
		return g.Conn.Write(p)
	}
	*g.to = append(*g.to, p...)
	return len(p), nil
}

// exchange makes a call. The error is [errStale] when the call may be repeated
// on another connection.
func (c *conn) exchange(req *http.Request) (*http.Response, error) {
	release := context.AfterFunc(req.Context(), func() { c.under.Close() })
	resp, err := c.call(req)
	if err != nil {
		release()
		c.t.retire(c, c.under)
		if c.used && !c.heard && req.Context().Err() == nil {
			return nil, fmt.Errorf("%w: %w", errStale, err)
		}
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, ctx: req.Context(), conn: c, release: release, keep: !resp.Close && !req.Close}
	if c.used && resp.StatusCode == http.StatusRequestTimeout && resp.Close {
		b.Close()
		return nil, errStale // it was waiting there: an answer to the silence, not to the call
	}
	b.left, b.ended = resp.ContentLength, resp.Body == http.NoBody
	resp.Body = b
	return resp, nil
}

// call writes a call and reads the head of its answer.
func (c *conn) call(req *http.Request) (*http.Response, error) {
	c.left, c.heard = c.t.base.MaxResponseHeaderBytes, false
	if c.left <= 0 {
		c.left = defaultHeader
	}
	b := c.t.buffers.Get().(*buffers)
	wrong := c.write(req, b)
	c.t.buffers.Put(b)
	resp, err := c.read(req)
	if wrong != nil {
		if err != nil {
			return nil, wrong
		}
		resp.Close = true // answered before the call was written
	}
	if err == nil {
		c.left = math.MaxInt64
	}
	return resp, err
}

// write writes a call in one piece.
func (c *conn) write(req *http.Request, b *buffers) error {
	b.plain.Reset()
	if err := req.Write(&b.plain); err != nil {
		c.under.Close()
		return err
	}
	b.sealed = b.sealed[:0]
	c.under.to = &b.sealed
	_, err := c.tls.Write(b.plain.Bytes())
	c.under.to = nil
	if err == nil {
		_, err = c.under.Conn.Write(b.sealed)
	}
	return err
}

// read reads the head of an answer.
func (c *conn) read(req *http.Request) (*http.Response, error) {
	for range maxPreliminary + 1 {
		resp, err := http.ReadResponse(c.in, req)
		switch {
		case err != nil && c.left <= 0:
			return nil, errHeader
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusSwitchingProtocols:
			resp.Close = true
			return resp, nil
		case resp.StatusCode >= 200:
			return resp, nil
		}
	}
	return nil, errWaits
}

// body is the body of an answer. Closing it hands the connection back.
type body struct {
	io.ReadCloser
	ctx     context.Context
	conn    *conn
	release func() bool
	keep    bool  // the connection stays open
	left    int64 // what is still to be read; negative if nobody knows
	ended   bool  // the body was read to its end
	closed  bool
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	b.ended = b.ended || b.left == 0 || err == io.EOF
	if err != nil && err != io.EOF {
		err = cause(b.ctx, err)
	}
	return n, err
}

// Close implements [io.Closer]. What was not read is not read any more: the
// connection is closed then.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	c := b.conn
	if whole := b.release() && b.ended && b.keep && c.in.Buffered() == 0; whole {
		c.t.keep(c)
		return nil
	}
	c.t.retire(c, c.under)
	return nil
}
