package content_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
)

// TestParallelTransfersShareOneToken also when it is refused.
func TestParallelTransfersShareOneToken(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		upload := func() {
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					o := newObject(t, c, fmt.Sprint(i), content.FromBytes(noise(1000)))
					if err := o.Sync(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		upload()
		if n := s.tokenCount(); n != 1 {
			t.Errorf("%d tokens", n)
		}
		s.mu.Lock()
		s.tokens = 100 // the device's token has expired
		s.mu.Unlock()
		upload()
		if n := s.tokenCount(); n != 101 {
			t.Errorf("%d renewals", n-100)
		}
	}, func(config *content.Config) { config.Transfers = 16 })
}

func TestTokenAge(t *testing.T) {
	for _, tc := range []struct {
		age   time.Duration
		after map[time.Duration]int // tokens asked for by then
	}{
		{0, map[time.Duration]int{29 * time.Minute: 1, 31 * time.Minute: 2}},
		{time.Minute, map[time.Duration]int{59 * time.Second: 1, 61 * time.Second: 2}},
		{-1, map[time.Duration]int{1000 * time.Hour: 1}},
	} {
		for after, want := range tc.after {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				must(t, newObject(t, c, "a", content.FromBytes(nil)).Sync(t.Context()))
				time.Sleep(after)
				must(t, newObject(t, c, "b", content.FromBytes(nil)).Sync(t.Context()))
				if n := s.tokenCount(); n != want {
					t.Errorf("age %v: %d tokens after %v", tc.age, n, after)
				}
			}, func(config *content.Config) { config.TokenAge = tc.age })
		}
	}
}

// TestAccessFails: an error, no loop; the next transfer asks again.
func TestAccessFails(t *testing.T) {
	refused := errors.New("no route to host")
	for _, tc := range []struct {
		name string
		body string
		err  error
		want error
	}{
		{name: "404", err: &transport.StatusError{Status: 404}, want: content.ErrUnavailable},
		{name: "412", err: &transport.StatusError{Status: 412}, want: content.ErrUnavailable},
		{name: "503", err: &transport.StatusError{Status: 503}, want: content.ErrUnavailable},
		{name: "401", err: fmt.Errorf("%w: %w", transport.ErrUnauthorized, &transport.StatusError{Status: 401}), want: content.ErrUnauthorized},
		{name: "unreachable", err: fmt.Errorf("%w: %w", transport.ErrUnreachable, refused), want: content.ErrUnreachable},
		{name: "too large", err: transport.ErrTooLarge, want: content.ErrUnavailable},
		{name: "no JSON", body: `<html>`, want: content.ErrUnavailable},
		{name: "no token", body: `{"storageContainerUrl":"https://127.0.0.1/v1/c"}`, want: transport.ErrMalformed},
		{name: "no URL", body: `{"authToken":"token1"}`, want: transport.ErrMalformed},
		{name: "plain http", body: `{"storageContainerUrl":"http://store.example/v1/c","authToken":"token1"}`, want: content.ErrInsecure},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				s.access = func(n int) ([]byte, error) {
					if n == 1 {
						return []byte(tc.body), tc.err
					}
					return nil, nil
				}
				o := newObject(t, c, "a", content.FromBytes([]byte("1")))
				err := o.Sync(t.Context())
				checkOutcome(t, o, err, tc.want, 0)
				if s.tokenCount() != 1 || len(s.calls()) != 0 {
					t.Errorf("%d authentications, requests %s", s.tokenCount(), s.methods())
				}
				must(t, o.Retry(t.Context()))
			})
		})
	}
}

// TestRenewalFails: the transfer fails with the error of the authentication.
func TestRenewalFails(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.access = func(n int) ([]byte, error) {
			if n > 1 {
				return nil, &transport.StatusError{Status: 503, RetryAfter: time.Minute}
			}
			return nil, nil
		}
		s.fail("PUT", status(401))
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		checkOutcome(t, o, o.Sync(t.Context()), content.ErrUnavailable, 503)
		if s.tokenCount() != 2 || s.methods() != "PUT" {
			t.Errorf("%d authentications, requests %s", s.tokenCount(), s.methods())
		}
	})
}

// TestFailureIsShared by transfers that waited for the same call, unless it was
// the caller that gave up.
func TestFailureIsShared(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		s.access = func(int) ([]byte, error) {
			<-g
			return nil, &transport.StatusError{Status: 412}
		}
		var objects []*content.Object
		for i := range 4 {
			o := newObject(t, c, fmt.Sprint(i), content.FromBytes([]byte("1")))
			must(t, o.SyncAsync(nil))
			objects = append(objects, o)
		}
		synctest.Wait()
		close(g)
		synctest.Wait()
		for _, o := range objects {
			checkOutcome(t, o, o.Err(), content.ErrUnavailable, 412)
		}
		if n := s.tokenCount(); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		ctx, cancel := context.WithCancel(t.Context())
		s.access = func(n int) ([]byte, error) {
			if n == 1 {
				<-g
				return nil, ctx.Err()
			}
			return nil, nil
		}
		first := newObject(t, c, "a", content.FromBytes([]byte("1")))
		second := newObject(t, c, "b", content.FromBytes([]byte("1")))
		ended := make(chan error)
		go func() { ended <- first.Sync(ctx) }()
		synctest.Wait()
		must(t, second.SyncAsync(nil))
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(g)
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		must(t, second.Err())
	})
}

// TestCutUploadRenews: a refusal may have been lost with the connection.
func TestCutUploadRenews(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		must(t, c.Locate(t.Context()))
		s.mu.Lock()
		s.tokens = 7 // expired
		s.mu.Unlock()
		s.fail("PUT", hijack(""))
		must(t, newObject(t, c, "a", content.FromBytes([]byte("1"))).Sync(t.Context()))
		if s.methods() != "PUT PUT" || s.tokenCount() != 8 {
			t.Errorf("requests %s, %d tokens", s.methods(), s.tokenCount())
		}
	})
}

// TestTokenReplacedMeanwhile: a refusal of a token that another transfer replaced
// says nothing about the new one, which may be renewed once more.
func TestTokenReplacedMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		s.failLate("PUT", g.fault)
		slow := newObject(t, c, "slow", content.FromBytes([]byte("1")))
		must(t, slow.SyncAsync(nil))
		synctest.Wait()
		s.fail("PUT", status(401))
		must(t, newObject(t, c, "other", content.FromBytes([]byte("1"))).Sync(t.Context()))
		s.failLate("PUT", status(401)) // of the second token
		close(g)
		synctest.Wait()
		if slow.Err() != nil || slow.State() != content.InSync || s.tokenCount() != 3 {
			t.Errorf("%v, %v, %d tokens", slow.State(), slow.Err(), s.tokenCount())
		}
	})
}

// TestContainerChanges: what lies in one container stays there, and the token of
// another is not sent to it.
func TestContainerChanges(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		must(t, c.Locate(t.Context()))
		old := newObject(t, c, "a", content.FromBytes([]byte("1")))
		uri := old.URI()
		s.mu.Lock()
		s.url = "https://127.0.0.1/v1/Storage-acme/other"
		s.mu.Unlock()
		s.fail("PUT", status(401))
		checkOutcome(t, old, old.Sync(t.Context()), content.ErrForeign, 0)
		if old.URI() != uri || s.methods() != "PUT" {
			t.Errorf("URI %s, requests %s", old.URI(), s.methods())
		}
		must(t, newObject(t, c, "b", content.FromBytes([]byte("1"))).Sync(t.Context()))
	})
}

// TestTokenStaysHome: requests go to the host of the container, whatever the URI
// or the store say.
func TestTokenStaysHome(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		for _, uri := range []string{
			"https://storage.evil.example/v1/Storage-acme/iot-container/x",
			"https://127.0.0.1.evil.example" + containerPath + "/x",
			"https://127.0.0.1:8443" + containerPath + "/x",
			"http://127.0.0.1" + containerPath + "/x",
			"https://127.0.0.1/v1/Storage-acme/other/x",
			"https://127.0.0.1/v1/Storage-acme/iot-container-2/x",
		} {
			o, err := c.Existing(uri)
			if errors.Is(err, content.ErrForeign) {
				continue
			}
			must(t, err)
			if err := o.Stat(t.Context()); !errors.Is(err, content.ErrForeign) {
				t.Errorf("%s: %v", uri, err)
			}
			must(t, o.SetSource(content.FromBytes(nil)))
			checkOutcome(t, o, o.Sync(t.Context()), content.ErrForeign, 0)
		}
		for _, code := range []int{300, 301, 302, 303, 304, 307, 308} {
			for _, method := range []string{"PUT", "GET", "HEAD"} {
				s.fail(method, status(code, "Location", "https://elsewhere.example/x"))
			}
			o := newObject(t, c, "a", content.FromBytes([]byte("1")))
			checkOutcome(t, o, o.Sync(t.Context()), content.ErrRedirect, code)
			must(t, o.SetSink(content.ToWriter(new(failingWriter))))
			checkOutcome(t, o, o.Sync(t.Context()), content.ErrRedirect, code)
			if err := o.Stat(t.Context()); !errors.Is(err, content.ErrRedirect) {
				t.Errorf("%d: %v", code, err)
			}
		}
		s.pipe.mu.Lock()
		defer s.pipe.mu.Unlock()
		for _, addr := range s.pipe.dials {
			if addr != "127.0.0.1:443" {
				t.Errorf("connected to %s", addr)
			}
		}
	}, func(config *content.Config) { config.Host = "1" })
}

// TestRecognition of URIs before and after the container is known
// (docs/protocol/storage.md §4.3).
func TestRecognition(t *testing.T) {
	for _, tc := range []struct {
		name          string
		uri           string
		host          string
		before, after bool
	}{
		{"container", containerURL + "/a/b", "127.0.0.1", true, true},
		{"container, no host setting", containerURL + "/a/b", "", false, true},
		{"container in upper case", "HTTPS://127.0.0.1:443" + containerPath + "/a", "127.0.0.1", true, true},
		{"host of the server", "https://iot.example.com/v1/x/y", "", true, false},
		{"default host", "https://acme.storage.oraclecloud.com/v1/x/y", "", true, false},
		{"another host", "https://example.com/x", "", false, false},
		{"no URI", "just text", "127.0.0.1", false, false},
		{"another scheme", "ftp://127.0.0.1/v1/x", "127.0.0.1", false, false},
		{"urn", "urn:x:y", "127.0.0.1", false, false},
		{"plain http", "http://acme.storage.oraclecloud.com/v1/x", "", false, false},
		{"the container itself", containerURL, "127.0.0.1", true, false},
		{"nothing in the container", containerURL + "/", "127.0.0.1", false, false},
		{"traversal", containerURL + "/a/../../b", "127.0.0.1", false, false},
		{"escaped traversal", containerURL + "/a/%2e%2E%2f%2e%2e/b", "127.0.0.1", false, false},
		{"query", containerURL + "/a?x=1", "127.0.0.1", false, false},
		{"fragment", containerURL + "/a#b", "127.0.0.1", false, false},
		{"user", "https://u:p@127.0.0.1" + containerPath + "/a", "127.0.0.1", false, false},
		{"header break", containerURL + "/a%0d%0aX: y", "127.0.0.1", false, false},
		{"blank", containerURL + "/blank in name", "127.0.0.1", true, true},
		{"no host", "https:///v1/x", "127.0.0.1", false, false},
		{"empty", "", "127.0.0.1", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				check := func(when string, want bool) {
					o, err := c.Existing(tc.uri)
					if (err == nil) != want || err != nil && !errors.Is(err, content.ErrForeign) {
						t.Errorf("%s: %v", when, err)
					}
					if err == nil && o.URI() != tc.uri {
						t.Errorf("%s: URI %s", when, o.URI())
					}
				}
				check("before", tc.before)
				must(t, c.Locate(t.Context()))
				check("after", tc.after)
				if len(s.calls()) != 0 {
					t.Errorf("requests %s", s.methods())
				}
			}, func(config *content.Config) { config.Host = tc.host })
		})
	}
}

// TestPlainHTTP is for this machine, or where it is allowed.
func TestPlainHTTP(t *testing.T) {
	for _, tc := range []struct {
		url      string
		insecure bool
		want     error
	}{
		{"http://127.0.0.1:80/v1/c", false, nil},
		{"http://[::1]:80/v1/c", false, nil},
		{"http://localhost/v1/c", false, nil},
		{"http://127.0.0.1.example/v1/c", false, content.ErrInsecure},
		{"http://10.0.0.1/v1/c", false, content.ErrInsecure},
		{"http://10.0.0.1/v1/c", true, nil},
		{"ftp://127.0.0.1/v1/c", true, content.ErrUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore(t)
			s.url = tc.url
			plain := newPipeListener()
			server := &http.Server{Handler: s.Config.Handler}
			go server.Serve(plain)
			defer server.Close()
			c := s.open(t, func(config *content.Config) { config.Insecure, config.Dial = tc.insecure, plain.dial })
			o := newObject(t, c, "a", content.FromBytes([]byte("1")))
			if err := o.Sync(t.Context()); !errors.Is(err, tc.want) {
				t.Errorf("%s, insecure %v: %v", tc.url, tc.insecure, err)
			}
			if tc.want == nil && !strings.HasPrefix(o.URI(), tc.url) {
				t.Errorf("URI %s", o.URI())
			}
			if tc.want != nil && len(plain.dials) > 0 {
				t.Errorf("connected to %v", plain.dials)
			}
		})
	}
}
