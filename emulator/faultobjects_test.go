package emulator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// attempt is what came of a call of the object store: the body as far as it came.
type attempt struct {
	answer
	err error
}

func (h *holder) attempt(method, name string, body io.Reader, header ...string) attempt {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, h.url+h.container+"/"+name, body)
	if err != nil {
		h.t.Fatal(err)
	}
	h.client.CloseIdleConnections() // on one that was used before, the client tries again by itself
	request.Header.Set("X-Auth-Token", h.token)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := h.client.Do(request)
	if err != nil {
		return attempt{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return attempt{answer{response.StatusCode, response.Header, text}, err}
}

// counted counts what was taken of a body.
type counted struct {
	io.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func TestObjectFaults(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 20_000) // 320,000 bytes
	sum := sumOf(content)
	tests := []struct {
		rule, method string
		status       int // 0: no answer
		length       int // of the body that comes
		etag         string
		broken       bool // the body does not come to its end
		stored       bool // the upload counts
	}{
		{"status=404", "GET", 404, -1, "", false, false},
		{"status=500", "PUT", 500, -1, "", false, false},
		{"status=503,after=1", "PUT", 503, -1, "", false, false},
		{"expired-token", "PUT", 401, -1, "", false, false},
		{"expired-token", "GET", 401, -1, "", false, false},
		{"reset", "GET", 0, 0, "", true, false},
		{"reset", "PUT", 0, 0, "", true, false},
		{"reset,after=100000", "GET", 200, 100_000, sum, true, false},
		{"reset,after=1", "GET", 200, 1, sum, true, false},
		{"reset,after=320000", "GET", 200, 320_000, sum, false, false}, // everything came before
		{"reset,after=320001", "GET", 200, 320_000, sum, false, false},
		{"reset,after=100000", "PUT", 0, 0, "", true, false},
		{"reset,after=320000", "PUT", 0, 0, "", true, false}, // before its end is known
		{"reset,after=320001", "PUT", 201, 0, sum, false, true},
		{"reset,after=1", "HEAD", 200, 0, sum, false, false},
		{"truncate", "GET", 200, 160_000, sum, true, false},
		{"truncate", "HEAD", 0, 0, "", true, false},
		{"truncate", "PUT", 0, 0, "", true, true},
		{"short", "GET", 200, 160_000, sum, false, false},
		{"short", "PUT", 201, 0, sum, false, true},
		{"lost-answer", "PUT", 0, 0, "", true, true},
		{"lost-answer", "GET", 0, 0, "", true, false},
		{"page", "GET", 200, -1, "", false, false},
		{"page", "PUT", 200, -1, "", false, false},
		{"etag=wrong", "PUT", 201, 0, strings.Repeat("0", 32), false, true},
		{"etag=wrong", "GET", 200, 320_000, strings.Repeat("0", 32), false, false},
		{"etag=quoted", "GET", 200, 320_000, `"` + sum + `"`, false, false},
		{"etag=upper", "HEAD", 200, 0, strings.ToUpper(sum), false, false},
		{"etag=absent", "GET", 200, 320_000, "", false, false},
		{"latency=1ms", "GET", 200, 320_000, sum, false, false},
		{"repeat", "PUT", 201, 0, sum, false, true}, // does not hold for objects
	}
	for _, tc := range tests {
		t.Run(tc.rule+" "+tc.method, func(t *testing.T) {
			s := start(t)
			d := s.activated("dev", false)
			h := d.storage()
			name := "a"
			var body io.Reader
			if tc.method == "PUT" {
				name, body = "b", bytes.NewReader(content)
			}
			h.ask("PUT", "a", content).want(t, 201)
			s.addFault(tc.rule + ",route=v1/*/" + name + ",method=" + tc.method + ",times=1")
			got := h.attempt(tc.method, name, body)
			if got.status != tc.status || tc.length >= 0 && len(got.body) != tc.length || (got.err != nil) != tc.broken {
				t.Errorf("status %d, %d bytes, %v", got.status, len(got.body), got.err)
			}
			if tag := got.headers("Etag")["Etag"]; tag != tc.etag {
				t.Errorf("ETag %q, want %q", tag, tc.etag)
			}
			if tc.method == "GET" && tc.length > 0 && !bytes.HasPrefix(content, got.body) {
				t.Error("other content")
			}
			if tc.method == "PUT" {
				if found := s.server.Objects("b"); (len(found) == 1) != tc.stored {
					t.Errorf("%+v", found)
				}
			}
			if strings.HasPrefix(tc.rule, "expired-token") {
				h.attempt("GET", "a", nil).want(t, 401) // it stays so
				h = d.storage()
			}
			if body != nil {
				h.attempt("PUT", "b", bytes.NewReader(content)).want(t, 201)
			}
			if again := h.attempt("GET", name, nil); again.status != 200 || !bytes.Equal(again.body, content) || again.err != nil {
				t.Errorf("then: status %d, %d bytes, %v", again.status, len(again.body), again.err)
			}
		})
	}
}

// A reset is one: the client is told so by its system.
func TestObjectResetIsOne(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	s.addFault("reset,after=100000,method=PUT")
	got := h.attempt("PUT", "a", &counted{Reader: zeros(1 << 30)})
	if !errors.Is(got.err, syscall.ECONNRESET) && !errors.Is(got.err, syscall.EPIPE) {
		t.Errorf("status %d, %v", got.status, got.err)
	}
	if all := s.server.Objects(""); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// zeros is so much content.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A token may expire before the body was read or after (docs/protocol/storage.md §9).
func TestTokenExpiresEarlyAndLate(t *testing.T) {
	for rule, all := range map[string]bool{"expired-token": true, "expired-token,after=1": false} {
		t.Run(rule, func(t *testing.T) {
			s := start(t)
			h := s.activated("dev", false).storage()
			s.addFault(rule)
			body := &counted{Reader: zeros(40 << 20)}
			got := h.attempt("PUT", "a", body)
			if got.err == nil {
				got.want(t, 401)
			} else if all {
				t.Error(got.err)
			}
			if (body.n.Load() == 40<<20) != all {
				t.Errorf("%d bytes were taken", body.n.Load())
			}
		})
	}
}

// A refused upload that would take long to read ends with its connection.
func TestLongRefusedUpload(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	h.token = "none"
	body := &counted{Reader: zeros(1 << 30)}
	got := h.attempt("PUT", "a", body)
	if got.err == nil {
		got.want(t, 401)
	}
	if body.n.Load() > 80<<20 {
		t.Errorf("%d bytes were taken", body.n.Load())
	}
}

// Somebody changes an object between HEAD and GET, and between two parts of it.
func TestChangedFault(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	h.ask("PUT", "a", []byte("abcdef")).want(t, 201)
	s.addFault("changed,method=HEAD,nth=1")
	first := h.ask("HEAD", "a", nil).want(t, 200).header.Get("Etag")
	got := h.ask("GET", "a", nil, "Range", "bytes=3-", "If-Range", first).want(t, 200)
	if string(got.body) != "Abcdef" || first != sumOf([]byte("abcdef")) || got.header.Get("Etag") != sumOf([]byte("Abcdef")) {
		t.Errorf("ETag %s, then %s %q", first, got.header.Get("Etag"), got.body)
	}
	s.server.ClearFaults()
	s.addFault("changed,method=GET,nth=1")
	s.addFault("reset,after=3,method=GET,times=1")
	cut := h.attempt("GET", "a", nil)
	if string(cut.body) != "Abc" || cut.err == nil {
		t.Errorf("%q, %v", cut.body, cut.err)
	}
	if got := h.ask("GET", "a", nil).want(t, 200); string(got.body) != "abcdef" {
		t.Errorf("%q", got.body)
	}
	h.ask("HEAD", "none", nil).want(t, 404)
	s.server.ClearFaults()
	s.addFault("changed,method=GET")
	h.ask("GET", "none", nil).want(t, 404)
	if got := s.fired(); got != "1/1" {
		t.Errorf("fired %s", got)
	}
}

// Faults of the call that leads to the store; calls of people are spared there too.
func TestStorageAuthenticationFaults(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	person := s.holder(s.asUser("GET", "/provisioner/storage", ""))
	for _, status := range []int{404, 412, 503} {
		s.addFault(fmt.Sprintf("status=%d,route=provisioner/storage,times=1", status))
		if got, _, err := d.try("GET", "/iot/api/v2/provisioner/storage", nil); got != status || err != nil {
			t.Errorf("status %d, %v", got, err)
		}
		s.asUser("GET", "/provisioner/storage", "").want(t, 200)
	}
	h := d.storage()
	s.addFault("reset")
	if got := h.attempt("GET", "a", nil); got.err == nil {
		t.Errorf("%v", got)
	}
	person.ask("PUT", "a", []byte("content")).want(t, 201)
	s.asUser("GET", "/emulator/objects/a", "").want(t, 200)
}

// A server that closes does not wait for ever for an upload that stands still.
func TestCloseDuringUpload(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	s.addFault("latency=1ms,method=PUT") // counts uploads that the server knows of
	reader, writer := io.Pipe()
	done := make(chan attempt, 1)
	go func() { done <- h.attempt("PUT", "a", reader) }()
	if _, err := writer.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	for s.fired() != "1/1" {
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	writer.CloseWithError(io.ErrUnexpectedEOF)
	if got := <-done; got.err == nil || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %v", got, time.Since(begin))
	}
}
