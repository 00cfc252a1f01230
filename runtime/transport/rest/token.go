package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// Bounds on the life of a token and on the correction of the clock.
const (
	minTokenLife = time.Minute
	maxTokenLife = 24 * time.Hour
	maxSkew      = 10 * 365 * 24 * time.Hour
	tokenLimit   = 64 << 10 // bytes of a token answer
)

// ErrRefused says that the server refused the device's assertion before
// activation: it does not know the device, the secret is wrong, or the device is
// activated already (docs/protocol/transport.md §6).
var ErrRefused = errors.New("the server refuses the device: it is unknown there, its secret is wrong, or it was activated before")

// activationScope is what a device asks for that is not activated.
const activationScope = "oracle/iot/activation"

// token is an access token with everything a call needs of it.
type token struct {
	header   string // value of Authorization
	idHeader string // X-ActivationId or X-EndpointId
	id       string
	renew    time.Time // local clock: a new one is wanted from here on
	expires  time.Time // local clock
}

// tokens keeps the current token. One call at a time fetches a new one; others
// wait for it.
type tokens struct {
	turn chan struct{} // held by the one that fetches

	mu      sync.Mutex
	current *token
	refused error // the last answer, if it was a refusal
	since   time.Time
}

// refusalLife is for how long a refusal answers further calls too: several loops
// of a device learn of it at once, and need not ask one after the other.
const refusalLife = time.Second

// get returns a token that is good for some time, fetching one if needed. If
// fetching fails while the old token is still valid, the old one is used.
func (t *tokens) get(ctx context.Context, c *Client) (*token, error) {
	if now := t.peek(); now != nil && time.Now().Before(now.renew) {
		return now, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	old := t.peek() // another call may have fetched one meanwhile
	if old != nil && time.Now().Before(old.renew) {
		return old, nil
	}
	if err := t.recentRefusal(); err != nil {
		return nil, err
	}
	fresh, err := c.fetchToken(ctx)
	t.note(err)
	if err != nil {
		if old != nil && time.Now().Before(old.expires) && !errors.Is(err, transport.ErrUnauthorized) {
			c.log.Warn("token could not be renewed, the old one is used", "error", err)
			return old, nil
		}
		return nil, err
	}
	t.mu.Lock()
	t.current = fresh
	t.mu.Unlock()
	return fresh, nil
}

func (t *tokens) peek() *token {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current
}

// recentRefusal returns the refusal of a moment ago, nil if there is none.
func (t *tokens) recentRefusal() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refused != nil && time.Since(t.since) < refusalLife {
		return t.refused
	}
	return nil
}

// note keeps err if it is a refusal.
func (t *tokens) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused, t.since = nil, time.Now()
	if errors.Is(err, ErrRefused) || errors.Is(err, transport.ErrUnauthorized) {
		t.refused = err
	}
}

// drop forgets a token that the server refused, if it is still the current one;
// nil forgets any, and that the device was refused.
func (t *tokens) drop(refused *token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if refused == nil {
		t.refused = nil
	}
	if refused == nil || t.current == refused {
		t.current = nil
	}
}

// fetchToken asks for a token. If the server refuses the assertion and tells its
// time, the clock is corrected and the call is made once more.
func (c *Client) fetchToken(ctx context.Context) (*token, error) {
	got, a, err := c.requestToken(ctx)
	if err != nil || got != nil {
		return got, err
	}
	before := c.skew.Load()
	if !c.learnSkew(a.body) {
		return nil, c.refusal(a)
	}
	got, a, err = c.requestToken(ctx)
	if err == nil && got == nil {
		c.skew.Store(before) // it was not the clock
		return nil, c.refusal(a)
	}
	return got, err
}

// requestToken makes one token call; a refused assertion is an answer, not an error.
func (c *Client) requestToken(ctx context.Context) (*token, *answer, error) {
	id, jwt, err := c.assertion(c.now())
	if err != nil {
		return nil, nil, err
	}
	activated := c.assets.EndpointID() != ""
	r := request{
		method: http.MethodPost,
		path:   "/iot/api/v2/oauth2/token",
		body:   tokenForm(jwt, activated),
		limit:  tokenLimit,
		form:   true,
	}
	asked := time.Now()
	a, err := c.exchange(ctx, r, nil)
	if err != nil {
		return nil, nil, err
	}
	if a.status == http.StatusBadRequest || a.status == http.StatusConflict {
		return nil, a, nil
	}
	body, err := a.expect(r, http.StatusOK)
	if err != nil {
		return nil, nil, err
	}
	value, life, err := parseToken(body)
	if err != nil {
		return nil, nil, err
	}
	margin := min(30*time.Second, life/10)
	t := &token{header: value, idHeader: "X-ActivationId", id: id, renew: asked.Add(life - margin), expires: asked.Add(life)}
	if activated {
		t.idHeader = "X-EndpointId"
	}
	return t, a, nil
}

// tokenForm is the body of the token call, byte for byte as the official clients
// write it: neither the assertion nor the scope is percent-encoded.
func tokenForm(jwt string, activated bool) []byte {
	scope := activationScope
	if activated {
		scope = ""
	}
	return []byte("grant_type=client_credentials" +
		"&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer" +
		"&client_assertion=" + jwt + "&scope=" + scope)
}

// parseToken reads the answer of the token call. The life is in milliseconds.
func parseToken(body []byte) (header string, life time.Duration, err error) {
	var a struct {
		AccessToken string  `json:"access_token"`
		TokenType   string  `json:"token_type"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return "", 0, fmt.Errorf("token: %w: %w", transport.ErrMalformed, err)
	}
	if !headerText(a.AccessToken) || !headerText(a.TokenType) {
		return "", 0, fmt.Errorf("token: %w: access_token or token_type is missing or holds characters that no header takes", transport.ErrMalformed)
	}
	ms := min(max(a.ExpiresIn, float64(minTokenLife.Milliseconds())), float64(maxTokenLife.Milliseconds()))
	return a.TokenType + " " + a.AccessToken, time.Duration(ms) * time.Millisecond, nil
}

// headerText reports whether s can stand in a header field.
func headerText(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// learnSkew takes the server's time from a refusal. It reports whether the clock
// was corrected, so that another attempt makes sense.
func (c *Client) learnSkew(body []byte) bool {
	var refusal struct {
		CurrentTime json.RawMessage `json:"currentTime"`
	}
	if json.Unmarshal(body, &refusal) != nil {
		return false
	}
	ms, err := strconv.ParseFloat(strings.Trim(string(refusal.CurrentTime), `"`), 64)
	if err != nil || ms <= 0 || ms > 1<<53 {
		return false
	}
	skew := time.Until(time.UnixMilli(int64(ms)))
	if skew > maxSkew || skew < -maxSkew {
		c.log.Warn("the server tells a time that cannot be", "milliseconds", int64(ms))
		return false
	}
	c.skew.Store(int64(skew))
	c.log.Info("the device's clock is corrected by the server's", "skew", skew.Round(time.Millisecond))
	return true
}

// refusal is the error for an assertion that the server does not take.
func (c *Client) refusal(a *answer) error {
	failure := a.failure(request{method: http.MethodPost, path: "/iot/api/v2/oauth2/token"})
	if c.assets.EndpointID() == "" {
		return fmt.Errorf("%w: %w", ErrRefused, failure)
	}
	return fmt.Errorf("%w: %w", transport.ErrUnauthorized, failure)
}
