package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

func send(t testing.TB, c *rest.Client) error {
	t.Helper()
	_, err := c.Send(t.Context(), []byte(`[]`), 0)
	return err
}

// bubble runs f in a synctest bubble with a server, and ends both in order.
func bubble(t *testing.T, f func(t *testing.T, s *server, c *rest.Client), change ...func(*rest.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		f(t, s, s.connect(t, true, change...))
	})
}

func TestTokenIsUsedUntilItNearsItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		must(t, send(t, c))
		time.Sleep(3_569 * time.Second) // 31 s before the end
		must(t, send(t, c))
		if s.tokens != 1 {
			t.Errorf("%d tokens before the renewal", s.tokens)
		}
		time.Sleep(2 * time.Second)
		must(t, send(t, c))
		if s.tokens != 2 {
			t.Errorf("%d tokens after the renewal", s.tokens)
		}
	})
}

// TestTokenLifeIsBounded: neither can a server make the device ask all the time,
// nor keep one token for ever.
func TestTokenLifeIsBounded(t *testing.T) {
	tests := []struct {
		life  any
		keeps time.Duration // still the first token
		drops time.Duration // a new one
	}{
		{0, 53 * time.Second, 55 * time.Second},
		{-5, 53 * time.Second, 55 * time.Second},
		{1e300, 24*time.Hour - 31*time.Second, 24*time.Hour - 29*time.Second},
		{120_000, 107 * time.Second, 109 * time.Second},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprint(tc.life), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, c *rest.Client) {
				s.life = tc.life
				must(t, send(t, c))
				time.Sleep(tc.keeps)
				must(t, send(t, c))
				if s.tokens != 1 {
					t.Errorf("%d tokens after %v", s.tokens, tc.keeps)
				}
				time.Sleep(tc.drops - tc.keeps)
				must(t, send(t, c))
				if s.tokens != 2 {
					t.Errorf("%d tokens after %v", s.tokens, tc.drops)
				}
			})
		})
	}
}

func TestOldTokenServesWhileNoneCanBeFetched(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		must(t, send(t, c))
		s.on("oauth2/token", text(500, "oops"))
		time.Sleep(3_580 * time.Second)
		must(t, send(t, c))
		time.Sleep(30 * time.Second)
		if err := send(t, c); err == nil {
			t.Error("an expired token is used")
		}
	})
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	for _, status := range []int{401, 403} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, c *rest.Client) {
				s.on("messages", func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") != "Bearer token2" {
						w.WriteHeader(status)
						return
					}
					text(202, "[]")(w, r)
				})
				must(t, send(t, c))
				if s.tokens != 2 {
					t.Errorf("%d tokens", s.tokens)
				}
				s.on("messages", text(status, `{"detail":"go away"}`))
				err := send(t, c)
				if !errors.Is(err, transport.ErrUnauthorized) || !strings.Contains(err.Error(), "go away") {
					t.Errorf("error %v", err)
				}
				if s.tokens != 3 || strings.Count(s.paths(), "messages") != 4 {
					t.Errorf("%d tokens, calls:\n%s", s.tokens, s.paths())
				}
			})
		})
	}
}

func TestOneCallFetchesTheTokenForAll(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("oauth2/token", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			s.serveToken(w, r)
		})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := send(t, c); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s.tokens != 1 {
			t.Errorf("%d tokens", s.tokens)
		}
	})
}

// TestOneRefusalAnswersAll: the loops of a device do not hammer a server that
// refuses them, and ask again a second later.
func TestOneRefusalAnswersAll(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("oauth2/token", text(400, `{}`))
		for range 5 {
			if err := send(t, c); !errors.Is(err, transport.ErrUnauthorized) {
				t.Errorf("error %v", err)
			}
		}
		if n := len(s.calls()); n != 1 {
			t.Errorf("%d calls at once", n)
		}
		time.Sleep(time.Second)
		s.on("oauth2/token", s.serveToken)
		must(t, send(t, c))
	})
}

// clock refuses assertions of a device whose clock differs from the server's,
// which is ahead by skew.
func clock(t *testing.T, s *server, skew time.Duration, body string) {
	s.on("oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		calls := s.calls()
		_, claims := assertionOf(t, calls[len(calls)-1].body, &testKey().PublicKey)
		now := time.Now().Add(skew)
		if left := time.Unix(int64(claims["exp"].(float64)), 0).Sub(now); left < 800*time.Second || left > 1000*time.Second {
			w.WriteHeader(400)
			fmt.Fprintf(w, body, now.UnixMilli())
			return
		}
		s.serveToken(w, r)
	})
}

func TestSkewIsLearnt(t *testing.T) {
	for _, skew := range []time.Duration{time.Hour, -time.Hour, 300 * 24 * time.Hour, -26 * 365 * 24 * time.Hour / 10} {
		for name, body := range map[string]string{"number": `{"currentTime":%d}`, "text": `{"title":"x","currentTime":"%d"}`} {
			t.Run(fmt.Sprint(skew, " ", name), func(t *testing.T) {
				bubble(t, func(t *testing.T, s *server, c *rest.Client) {
					clock(t, s, skew, body)
					must(t, send(t, c))
					if got := c.Skew() - skew; got < -time.Second || got > time.Second {
						t.Errorf("skew %v", c.Skew())
					}
				})
			})
		}
	}
}

func TestSkewIsNotLearnt(t *testing.T) {
	tests := []struct {
		name  string
		body  string
		calls int
	}{
		{"no time", `{}`, 1},
		{"no JSON", `Bad Request`, 1},
		{"nonsense", `{"currentTime":"noon"}`, 1},
		{"negative", `{"currentTime":-1}`, 1},
		{"too far", `{"currentTime":4102444800000}`, 1},
		{"infinite", `{"currentTime":1e400}`, 1},
		{"refused all the same", `{"currentTime":946688400000}`, 2},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, c *rest.Client) {
				s.on("oauth2/token", text(400, tc.body))
				if err := send(t, c); !errors.Is(err, transport.ErrUnauthorized) {
					t.Errorf("error %v", err)
				}
				if c.Skew() != 0 {
					t.Errorf("skew %v", c.Skew())
				}
				if n := len(s.calls()); n != tc.calls {
					t.Errorf("%d calls, want %d", n, tc.calls)
				}
			})
		})
	}
}

// TestSkewComesFromRefusalsOnly: an answer of another call cannot move the clock.
func TestSkewComesFromRefusalsOnly(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("messages", text(400, `{"currentTime":946688400000}`))
		if err := send(t, c); err == nil {
			t.Error("no error")
		}
		s.on("oauth2/token", text(500, `{"currentTime":946688400000}`))
		time.Sleep(2 * time.Hour)
		if err := send(t, c); err == nil {
			t.Error("no error")
		}
		if c.Skew() != 0 {
			t.Errorf("skew %v", c.Skew())
		}
	})
}
