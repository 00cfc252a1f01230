package rest_test

import (
	"compress/gzip"
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

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// endless writes without end, announced or not.
func endless(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		chunk := []byte(strings.Repeat("x", 32<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func announced(status int, n int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(n))
		w.WriteHeader(status)
		io.WriteString(w, "x")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	calls := []struct {
		name string
		path string
		call func(t *testing.T, c *rest.Client) error
	}{
		{"token", "oauth2/token", send1},
		{"messages", "messages", send1},
		{"model", "deviceModels/urn:x", func(t *testing.T, c *rest.Client) error {
			_, err := c.DeviceModel(t.Context(), "urn:x")
			return err
		}},
		{"policy", "devicePolicies", func(t *testing.T, c *rest.Client) error {
			_, err := c.Get(t.Context(), transport.Resource{Path: "devicePolicies", Limit: 1 << 20})
			return err
		}},
	}
	for _, tc := range calls {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, c *rest.Client) {
				s.on(tc.path, endless(200))
				if err := tc.call(t, c); !errors.Is(err, transport.ErrTooLarge) {
					t.Errorf("without length: %v", err)
				}
				s.on(tc.path, announced(200, 1<<40))
				if err := tc.call(t, c); !errors.Is(err, transport.ErrTooLarge) {
					t.Errorf("announced: %v", err)
				}
			})
		})
	}
}

func send1(t *testing.T, c *rest.Client) error { return send(t, c) }

func TestLargestAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		pad := func(n int) string { return "[" + strings.Repeat(" ", n-2) + "]" }
		s.on("messages", text(202, pad(4190+64<<10)))
		_, err := c.Receive(t.Context(), 4190, 0)
		must(t, err)
		s.on("messages", text(202, pad(4190+64<<10+1)))
		if _, err := c.Receive(t.Context(), 4190, 0); !errors.Is(err, transport.ErrTooLarge) {
			t.Errorf("one byte more: %v", err)
		}
		s.on("deviceModels/urn:x", text(200, strings.Repeat("x", 16<<20)))
		body, err := c.DeviceModel(t.Context(), "urn:x")
		must(t, err)
		if len(body) != 16<<20 {
			t.Errorf("%d bytes", len(body))
		}
	})
}

func TestErrorTextsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("messages", endless(400))
		var status *transport.StatusError
		if err := send(t, c); !errors.As(err, &status) || len(status.Detail) > 512 {
			t.Errorf("error of %d bytes", len(err.Error()))
		}
		s.on("messages", text(400, "line\r\nbreak\x00 \xff"))
		if err := send(t, c); !errors.As(err, &status) || strings.ContainsAny(status.Detail, "\r\n\x00") {
			t.Errorf("error %q", err)
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		bubble(t, func(t *testing.T, s *server, c *rest.Client) {
			s.on("messages", header(code, "Location", "https://127.0.0.1/elsewhere", ""))
			var status *transport.StatusError
			if err := send(t, c); !errors.As(err, &status) || status.Status != code {
				t.Errorf("%d: error %v", code, err)
			}
			if strings.Contains(s.paths(), "elsewhere") {
				t.Errorf("%d was followed", code)
			}
		})
	}
}

func TestNothingIsDecompressed(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("messages", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(202)
			z := gzip.NewWriter(w)
			io.WriteString(z, "[]")
			z.Close()
		})
		if err := send(t, c); !errors.Is(err, transport.ErrMalformed) {
			t.Errorf("error %v", err)
		}
	})
}

func TestHugeHeaders(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("messages", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 10_000 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("y", 100))
			}
			w.WriteHeader(202)
		})
		if err := send(t, c); err == nil {
			t.Error("a megabyte of headers was read")
		}
	})
}

// TestStalledServer covers a server that stops at each point of a call.
func TestStalledServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.connect(t, true)
		stop := make(chan struct{})
		defer close(stop)
		for name, h := range map[string]http.HandlerFunc{
			"before the answer": func(http.ResponseWriter, *http.Request) { <-stop },
			"within the body": func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(202)
				io.WriteString(w, "[")
				w.(http.Flusher).Flush()
				<-stop
			},
		} {
			s.on("messages", h)
			before := time.Now()
			err := send(t, c)
			if took := time.Since(before); err == nil || took < 15*time.Second || took > 17*time.Second {
				t.Errorf("%s: error %v after %v", name, err, took)
			}
			before = time.Now()
			if _, err := c.Receive(t.Context(), 100, time.Minute); err == nil || time.Since(before) > 80*time.Second {
				t.Errorf("%s: long poll: %v after %v", name, err, time.Since(before))
			}
		}
	})
}

// TestLongPollOffset: a long poll is dead when hold time and offset have passed,
// other calls still have the response timeout.
func TestLongPollOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c, err := rest.New(rest.Config{Assets: s.assets(t, true), Dial: s.pipe.dial, LongPollOffset: 2 * time.Second})
		must(t, err)
		defer c.Close()
		stop := make(chan struct{})
		defer close(stop)
		s.on("messages", func(http.ResponseWriter, *http.Request) { <-stop })
		before := time.Now()
		_, err = c.Receive(t.Context(), 100, time.Minute)
		if took := time.Since(before); err == nil || took < 62*time.Second || took > 63*time.Second {
			t.Errorf("long poll: %v after %v", err, took)
		}
		before = time.Now()
		if _, err := c.Receive(t.Context(), 100, 0); err == nil || time.Since(before) < 15*time.Second {
			t.Errorf("poll: %v after %v", err, time.Since(before))
		}
	})
}

// TestTricklingServer gives a byte now and then, for ever.
func TestTricklingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.connect(t, true)
		s.on("messages", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(202)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, " "); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(4 * time.Second)
			}
		})
		before := time.Now()
		if err := send(t, c); err == nil {
			t.Error("no error")
		}
		if took := time.Since(before); took < 9*time.Minute || took > 11*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]float64{
		"":                              0,
		"7":                             7,
		" 7 ":                           7,
		"3600":                          3600,
		"3601":                          3600,
		"18446744073709551615":          3600,
		"99999999999999999999999":       0,
		"-5":                            0,
		"soon":                          0,
		"Thu, 01 Jan 2026 00:00:30 GMT": 30,
		"Thu, 01 Jan 2099 00:00:30 GMT": 3600,
		"Thu, 01 Jan 1999 00:00:30 GMT": 0,
	} {
		if got := rest.RetryAfter(text, now); got != seconds(want) {
			t.Errorf("%q: %v, want %v s", text, got, want)
		}
	}
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("messages", header(503, "Retry-After", "42", ""))
		var status *transport.StatusError
		if err := send(t, c); !errors.As(err, &status) || status.RetryAfter != seconds(42) {
			t.Errorf("error %v", err)
		}
	})
}

// TestCertificates: a server that cannot prove who it is learns nothing.
func TestCertificates(t *testing.T) {
	foreign := newServer(t)
	s := newServer(t)
	tests := []struct {
		name    string
		change  func(*rest.Config)
		details func(error) bool
	}{
		{"foreign", func(c *rest.Config) { c.Assets = foreignAssets(t, foreign) }, func(err error) bool {
			return errors.As(err, new(x509.UnknownAuthorityError)) || strings.Contains(err.Error(), "x509")
		}},
		{"another host", func(c *rest.Config) { c.Assets = otherHost(t, s) }, func(err error) bool { return errors.As(err, new(x509.HostnameError)) }},
		{"platform roots", func(c *rest.Config) { c.Assets = noAnchors(t) }, func(err error) bool { return errors.As(err, new(x509.UnknownAuthorityError)) }},
		{"expired", func(c *rest.Config) {
			c.TLS = &tls.Config{Time: func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }}
		}, func(err error) bool { return errors.As(err, new(x509.CertificateInvalidError)) }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := s.connect(t, false, tc.change)
			if err := send(t, c); !errors.Is(err, transport.ErrCertificate) || !tc.details(err) {
				t.Errorf("error %v", err)
			}
		})
	}
	if len(s.calls()) != 0 {
		t.Errorf("calls:\n%s", s.paths())
	}
}

// foreignAssets trust another certificate of the same name.
func foreignAssets(t *testing.T, other *server) trust.Assets {
	t.Helper()
	m, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{
		ServerURI: "https://127.0.0.1:443", ClientID: activationID, Secret: trust.Secret(secret),
		TrustAnchors: []*x509.Certificate{selfSigned(t)},
	}})
	must(t, err)
	return m
}

func otherHost(t *testing.T, s *server) trust.Assets {
	t.Helper()
	m, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{
		ServerURI: "https://iot.example.org:443", ClientID: activationID, Secret: trust.Secret(secret),
		TrustAnchors: []*x509.Certificate{s.Certificate()},
	}})
	must(t, err)
	return m
}

func noAnchors(t *testing.T) trust.Assets {
	t.Helper()
	m, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{
		ServerURI: "https://127.0.0.1:443", ClientID: activationID, Secret: trust.Secret(secret),
	}})
	must(t, err)
	return m
}

// TestWrongClock: a clock that starts in 1970 is told from a bad certificate.
func TestWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock shows the year 2000
		if !time.Now().Before(rest.Released) {
			t.Fatal("the bubble's clock is right")
		}
		s := newServer(t)
		c := s.connect(t, false, func(c *rest.Config) {
			c.TLS = &tls.Config{Time: func() time.Time { return time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC) }}
		})
		if err := send(t, c); !errors.Is(err, transport.ErrClock) || errors.Is(err, transport.ErrCertificate) {
			t.Errorf("error %v", err)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	s := newServer(t)
	mqtt, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{ServerURI: "mqtts://127.0.0.1", ClientID: activationID, Secret: trust.Secret(secret)}})
	must(t, err)
	for name, config := range map[string]rest.Config{
		"no assets":        {},
		"no checks":        {Assets: s.assets(t, false), TLS: &tls.Config{InsecureSkipVerify: true}},
		"old minimum":      {Assets: s.assets(t, false), TLS: &tls.Config{MinVersion: tls.VersionTLS11}},
		"old maximum":      {Assets: s.assets(t, false), TLS: &tls.Config{MaxVersion: tls.VersionTLS11}},
		"negative offset":  {Assets: s.assets(t, false), LongPollOffset: -1},
		"negative timeout": {Assets: s.assets(t, false), ResponseTimeout: -1},
		"mqtts":            {Assets: mqtt},
	} {
		if _, err := rest.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		} else if name == "mqtts" && !errors.Is(err, transport.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProxy: calls go through the proxy that is chosen for them, and the proxy's
// own silence is told from the server's.
func TestProxy(t *testing.T) {
	s := newServer(t)
	var asked, dialled string
	c := s.connect(t, true, func(c *rest.Config) {
		c.Proxy = func(r *http.Request) (*url.URL, error) {
			asked = r.URL.Host
			return url.Parse("http://proxy.example:3128")
		}
		c.Dial = func(_ context.Context, _, addr string) (net.Conn, error) {
			dialled = addr
			return nil, errors.New("nobody listens there")
		}
	})
	if err := send(t, c); !errors.Is(err, transport.ErrUnreachable) {
		t.Errorf("error %v", err)
	}
	if asked != "127.0.0.1:443" || dialled != "proxy.example:3128" {
		t.Errorf("asked for %s, dialled %s", asked, dialled)
	}
}
