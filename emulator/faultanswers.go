package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/objects"
)

// lose carries a call out and gives the answer to nobody.
func (s *Server) lose(c *call, handle handler) {
	answer := newCaptured(c.w)
	answer.lost = true
	inner := *c
	inner.w = answer
	if err := handle(s, &inner); err != nil {
		s.refuse(&inner, problemOf(err))
	}
}

// captured is an answer that is not given yet.
type captured struct {
	client  http.ResponseWriter
	header  http.Header
	status  int // 0 when nothing was answered
	body    bytes.Buffer
	lost    bool         // the body is not kept
	flushed func() error // what a flush comes to; nil for success
}

func newCaptured(client http.ResponseWriter) *captured {
	return &captured{client: client, header: client.Header().Clone()}
}

// Unwrap gives http.ResponseController the way to the deadlines of the connection.
func (w *captured) Unwrap() http.ResponseWriter { return w.client }

// Header gives the header of the answer.
func (w *captured) Header() http.Header { return w.header }

// WriteHeader keeps the status.
func (w *captured) WriteHeader(status int) { w.status = status }

// Write keeps the body, unless it is lost.
func (w *captured) Write(p []byte) (int, error) {
	if w.lost {
		return len(p), nil
	}
	return w.body.Write(p)
}

// FlushError is the end of an answer.
func (w *captured) FlushError() error {
	if w.flushed == nil {
		return nil
	}
	return w.flushed()
}

// give writes the answer with this much of its body.
func (w *captured) give(to http.ResponseWriter, body []byte) error {
	maps.Copy(to.Header(), w.header)
	to.WriteHeader(w.status)
	if _, err := to.Write(body); err != nil {
		return err
	}
	return http.NewResponseController(to).Flush()
}

// errCut is what a handler gets that goes on with a connection that was cut.
var errCut = errors.New("the connection was cut by a fault")

// readOnly reads so many bytes of the body, and keeps a refusal from waiting for the others.
func (c *call) readOnly(after int64) {
	if after == 0 {
		return
	}
	c.early = true
	c.w.Header().Set("Connection", "close")                                              // the rest of the body is in the way
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(transferTimeout)) // fails when the client is gone
	_, _ = io.CopyN(io.Discard, c.r.Body, after)                                         // the refusal comes whatever came
}

// resetAfter carries a call out until so many bytes have passed: of the body of the request, or of that of the answer.
func (s *Server) resetAfter(c *call, after int64, handle handler) error {
	inner := *c
	if c.r.ContentLength != 0 {
		request := *c.r
		body := &cuttingBody{ReadCloser: c.r.Body, client: c.w, left: after}
		request.Body, inner.r = body, &request
		err := handle(s, &inner)
		if body.cut {
			return nil
		}
		return err
	}
	answer := &cuttingWriter{ResponseWriter: c.w, left: after}
	inner.w = answer
	err := handle(s, &inner)
	if answer.cut {
		return nil
	}
	return err
}

// cuttingBody cuts the connection when so many bytes of the request were read.
type cuttingBody struct {
	io.ReadCloser
	client http.ResponseWriter
	left   int64
	cut    bool
}

// Read reads up to the cut.
func (b *cuttingBody) Read(p []byte) (int, error) {
	if b.cut {
		return 0, errCut
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left > 0 {
		return n, err
	}
	b.cut = true
	_ = cut(b.client) // nothing else is to be done with the connection
	return n, errCut
}

// truncate gives the first half of an answer. One without a body is not given at all.
func (s *Server) truncate(c *call, handle handler) error {
	answer := &cuttingWriter{ResponseWriter: c.w, half: true, head: c.r.Method == http.MethodHead}
	inner := *c
	inner.w = answer
	if err := handle(s, &inner); err != nil && !answer.cut {
		s.refuse(&inner, problemOf(err))
	}
	answer.end()
	return nil
}

// cuttingWriter cuts the connection when so many bytes of the answer were written.
type cuttingWriter struct {
	http.ResponseWriter
	left int64
	half bool // left is half of what the header tells
	head bool // no body follows
	cut  bool
}

// Unwrap gives http.ResponseController the way to the connection.
func (w *cuttingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader looks how long the body is.
func (w *cuttingWriter) WriteHeader(status int) {
	if w.half {
		length := announced(w.Header())
		if length == 0 || w.head {
			w.end()
			return
		}
		w.left = length / 2
	}
	w.ResponseWriter.WriteHeader(status)
}

// announced is the length of the body that follows a header.
func announced(header http.Header) int64 {
	n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Write writes up to the cut.
func (w *cuttingWriter) Write(p []byte) (int, error) {
	if w.cut {
		return 0, errCut
	}
	n, err := w.ResponseWriter.Write(p[:min(int64(len(p)), w.left)])
	if w.left -= int64(n); err != nil {
		return n, err
	}
	if w.left > 0 {
		return n, nil
	}
	if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
		return n, err
	}
	w.end()
	return n, errCut
}

// FlushError does nothing on a connection that was cut.
func (w *cuttingWriter) FlushError() error {
	if w.cut {
		return errCut
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// end cuts the connection unless it was.
func (w *cuttingWriter) end() {
	if !w.cut {
		w.cut = true
		_ = cut(w.ResponseWriter) // nothing else is to be done with the connection
	}
}

// shorten gives the first half of an answer as if it were the whole: its end is that of the connection.
func (s *Server) shorten(c *call, handle handler) error {
	answer := &shortWriter{ResponseWriter: c.w}
	inner := *c
	inner.w = answer
	if err := handle(s, &inner); err != nil && answer.conn == nil {
		s.refuse(&inner, problemOf(err))
	}
	if answer.conn == nil {
		return cut(c.w)
	}
	return answer.conn.Close()
}

// shortWriter writes an answer past the HTTP server, which would not leave its length out.
type shortWriter struct {
	http.ResponseWriter
	conn net.Conn // nil before the header
	left int64
}

// Unwrap gives http.ResponseController the way to the deadlines of the connection.
func (w *shortWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader writes the header without the length.
func (w *shortWriter) WriteHeader(status int) {
	conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return // the client is gone
	}
	header := w.Header().Clone()
	w.conn, w.left = conn, announced(header)/2
	header.Del("Content-Length")
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var text bytes.Buffer
	fmt.Fprintf(&text, "HTTP/1.1 %03d %s\r\n", status, http.StatusText(status))
	_ = header.Write(&text) // a buffer takes everything
	text.WriteString("\r\n")
	_, _ = conn.Write(text.Bytes()) // the next write fails too
}

// Write writes up to the middle.
func (w *shortWriter) Write(p []byte) (int, error) {
	if w.conn == nil || w.left == 0 {
		return 0, errCut
	}
	n, err := w.conn.Write(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	if err == nil && n < len(p) {
		err = errCut
	}
	return n, err
}

// FlushError has nothing to do.
func (w *shortWriter) FlushError() error { return nil }

// announcing calls before when the header of an answer is complete.
type announcing struct {
	http.ResponseWriter
	before func()
}

// Unwrap gives http.ResponseController the way to the connection.
func (w *announcing) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader writes the header as before leaves it.
func (w *announcing) WriteHeader(status int) {
	w.before()
	w.ResponseWriter.WriteHeader(status)
}

// retagged carries a call out and gives another ETag.
func retagged(handle handler, tag string) handler {
	return func(s *Server, c *call) error {
		inner := *c
		inner.w = &announcing{c.w, func() {
			header := inner.w.Header()
			value := header.Get("Etag")
			switch {
			case value == "":
			case tag == "wrong":
				header.Set("Etag", strings.Repeat("0", len(value)))
			case tag == "quoted":
				header.Set("Etag", `"`+value+`"`)
			case tag == "upper":
				header.Set("Etag", strings.ToUpper(value))
			case tag == "absent":
				header.Del("Etag")
			}
		}}
		return handle(s, &inner)
	}
}

// altering changes the storage object when the call has seen it, and before the caller hears of it.
func altering(handle handler, name string) handler {
	return func(s *Server, c *call) error {
		inner := *c
		inner.w = &announcing{c.w, func() {
			if err := s.objects.Alter(name); err != nil && !errors.Is(err, objects.ErrNotFound) {
				s.log.Warn("an object could not be changed", "object", name, "error", err)
			}
		}}
		return handle(s, &inner)
	}
}
