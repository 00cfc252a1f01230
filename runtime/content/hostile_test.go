package content_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
)

// TestHostileHeaders: what is unfit is left out, what is too much is an error.
func TestHostileHeaders(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		var many strings.Builder
		for i := range 200 {
			fmt.Fprintf(&many, "X-Object-Meta-K%03d: %s\r\n", i, strings.Repeat("v", 40))
		}
		s.fail("GET", hijack("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/\xfflain\r\n"+
			"Content-Encoding: "+strings.Repeat("g", 2000)+"\r\nLast-Modified: \xff\xfe\r\nEtag: "+strings.Repeat("e", 5000)+"\r\n"+
			"X-Object-Meta-Long: "+strings.Repeat("v", 300)+"\r\nX-Object-Meta-: x\r\nX-Object-Meta-Latin: K\xf6ln\r\n"+many.String()+"\r\nok"))
		target := newTarget(t, true)
		o := existing(t, c, s.put("0-X/in.txt", []byte("ok")), target.sink)
		must(t, o.Sync(t.Context()))
		target.check(t, []byte("ok"))
		if o.ContentType() != "" || o.Encoding() != "" || o.DateText() != "" || !o.Date().IsZero() {
			t.Errorf("%q %q %q", o.ContentType(), o.Encoding(), o.DateText())
		}
		size := 0
		for k, v := range o.Metadata() {
			size += len(k) + len(v)
		}
		if n := len(o.Metadata()); n == 0 || n > 90 || size > 4096 || o.Metadata()["Long"] != "" || o.Metadata()["Latin"] != "" {
			t.Errorf("%d entries, %d bytes", n, size)
		}
		if len(s.calls()) != 1 {
			t.Errorf("requests %s", s.methods())
		}
		huge := hijack("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n")
		s.fail("GET", huge)
		s.fail("GET", huge)
		checkOutcome(t, o, o.Retry(t.Context()), content.ErrCut, 0)
	})
}

func TestErrorPagesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.failLate("PUT", func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(500)
			io.WriteString(w, "line\r\nbreak\x00\xff")
			for range 10_000 {
				if _, err := io.WriteString(w, strings.Repeat("endless ", 1000)); err != nil {
					break
				}
			}
			return true
		})
		o := newObject(t, c, "a", content.FromBytes(nil))
		var status *transport.StatusError
		if err := o.Sync(t.Context()); !errors.As(err, &status) || len(status.Detail) > 256 || strings.ContainsAny(err.Error(), "\r\n\x00") || !strings.HasPrefix(status.Detail, "line  break") {
			t.Errorf("error of %d bytes: %.300q", len(err.Error()), err)
		}
	})
}

// TestNothingIsDecompressed: the content is what is stored.
func TestNothingIsDecompressed(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		packed := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff not really")
		target := newTarget(t, true)
		must(t, existing(t, c, s.put("0-X/a.gz", packed, "Content-Encoding", "gzip"), target.sink).Sync(t.Context()))
		target.check(t, packed)
	})
}

func TestStalls(t *testing.T) {
	// drip sends a byte now and then.
	drip := func(pause time.Duration) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "100000")
			for {
				if _, err := w.Write([]byte("x")); err != nil || r.Context().Err() != nil {
					return true
				}
				w.(http.Flusher).Flush()
				time.Sleep(pause)
			}
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	}
	for _, tc := range []struct {
		name     string
		method   string
		late     bool
		answer   func(http.ResponseWriter, *http.Request) bool
		from, to time.Duration
	}{
		{"no answer to GET", "GET", false, silent, 15 * time.Second, 16 * time.Second},
		{"no answer to PUT", "PUT", true, silent, 15 * time.Second, 30 * time.Second},
		{"body is not read", "PUT", false, func(_ http.ResponseWriter, r *http.Request) bool { time.Sleep(time.Hour); return true }, 15 * time.Second, 30 * time.Second},
		{"content stops", "GET", false, drip(time.Hour), 15 * time.Second, 16 * time.Second},
		{"content drips", "GET", false, drip(5 * time.Second), time.Minute, 2 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				if tc.late {
					s.failLate(tc.method, tc.answer)
				} else {
					s.fail(tc.method, tc.answer)
				}
				o := newObject(t, c, "a", content.FromBytes(noise(100_000)))
				if tc.method == "GET" {
					o = existing(t, c, s.put("0-X/in.bin", noise(100_000)), newTarget(t, true).sink)
				}
				begun := time.Now()
				checkOutcome(t, o, o.Sync(t.Context()), content.ErrStalled, 0)
				if took := time.Since(begun); took < tc.from || took > tc.to {
					t.Errorf("took %v", took)
				}
				time.Sleep(2 * time.Hour)
			}, func(config *content.Config) { config.Attempts = 1 })
		})
	}
}

// slowWriter is an application that takes its time.
type slowWriter struct{ io.Writer }

func (w slowWriter) Write(p []byte) (int, error) {
	time.Sleep(10 * time.Minute)
	return w.Writer.Write(p)
}

type slowReader struct{ io.Reader }

func (r slowReader) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Minute)
	return r.Reader.Read(p[:min(len(p), 1000)])
}

// TestApplicationTakesItsTime: only the network is held to the timeout.
func TestApplicationTakesItsTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		data := noise(3000)
		must(t, newObject(t, c, "a", content.FromReader(slowReader{reader(data)}, 3000)).Sync(t.Context()))
		o := existing(t, c, s.put("0-X/in.bin", noise(200_000)), content.ToWriter(slowWriter{io.Discard}))
		must(t, o.Sync(t.Context()))
	})
}

// TestSlowUplink: the answer to an upload may take as long as what the system
// still holds needs to get over a slow line.
func TestSlowUplink(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.failLate("PUT", func(http.ResponseWriter, *http.Request) bool {
			time.Sleep(40 * time.Second)
			return false
		})
		must(t, newObject(t, c, "a", content.FromBytes(noise(300_000))).Sync(t.Context()))
	}, func(config *content.Config) { config.Attempts = 1 })
}

func TestCertificates(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		checkOutcome(t, o, o.Sync(t.Context()), content.ErrCertificate, 0)
		if len(s.calls()) != 0 {
			t.Error("the request was sent")
		}
	}, func(config *content.Config) { config.TLS = &tls.Config{RootCAs: x509.NewCertPool()} })
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.url = "https://other.example" + containerPath
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		checkOutcome(t, o, o.Sync(t.Context()), content.ErrCertificate, 0)
	})
}

func TestProxy(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		if err := o.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "asked for a proxy") {
			t.Errorf("https: %v", err)
		}
		s.url = "http://127.0.0.1:81/v1/c"
		must(t, s.open(t, func(config *content.Config) { config.Dial = noDial }).Locate(t.Context()))
	}, func(config *content.Config) {
		config.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("asked for a proxy") }
	})
	synctest.Test(t, func(t *testing.T) { // in the clear never through one
		s := newFakeStore(t)
		s.url = "http://127.0.0.1:81/v1/c"
		c := s.open(t, func(config *content.Config) {
			config.Dial = noDial
			config.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("asked for a proxy") }
		})
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		if err := o.Sync(t.Context()); !errors.Is(err, errNoDial) {
			t.Errorf("error %v", err)
		}
	})
}

var errNoDial = errors.New("nobody to connect to")

func noDial(context.Context, string, string) (net.Conn, error) { return nil, errNoDial }

func TestConfig(t *testing.T) {
	s := newFakeStore(t)
	good := content.Config{Conn: conn{fakeStore: s}, Assets: s.assets(t)}
	for name, change := range map[string]func(c *content.Config){
		"no connection":      func(c *content.Config) { c.Conn = nil },
		"no credentials":     func(c *content.Config) { c.Assets = nil },
		"queue size":         func(c *content.Config) { c.QueueSize = -1 },
		"transfers":          func(c *content.Config) { c.Transfers = -1 },
		"too many transfers": func(c *content.Config) { c.Transfers = 65 },
		"attempts":           func(c *content.Config) { c.Attempts = -1 },
		"patience":           func(c *content.Config) { c.Patience = -1 },
		"timeout":            func(c *content.Config) { c.ResponseTimeout = -1 },
		"length":             func(c *content.Config) { c.MaxLength = content.MaxObjectLength + 1 },
		"no checks":          func(c *content.Config) { c.TLS = &tls.Config{InsecureSkipVerify: true} },
		"old TLS":            func(c *content.Config) { c.TLS = &tls.Config{MinVersion: tls.VersionTLS11} },
		"only old TLS":       func(c *content.Config) { c.TLS = &tls.Config{MaxVersion: tls.VersionTLS11} },
	} {
		c := good
		change(&c)
		if _, err := content.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
		if err := c.Check(); (err == nil) != (c.Conn == nil || c.Assets == nil) {
			t.Errorf("%s: Check says %v", name, err)
		}
	}
	c, err := content.New(good)
	must(t, err)
	must(t, c.Close(t.Context()))
	if good.QueueSize != 0 {
		t.Error("the caller's configuration was changed")
	}
}
