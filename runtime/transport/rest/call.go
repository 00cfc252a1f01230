package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// Bounds on what a server may make the device do.
const (
	maxCallTime   = 10 * time.Minute // beside the time that a long poll is held
	maxRetryAfter = time.Hour
	maxDetail     = 512     // bytes of an error's text
	maxProblem    = 8 << 10 // bytes of an error's body
)

// request is one call, which can be made again.
type request struct {
	method string
	path   string // with root, escaped
	query  string
	body   []byte // nil for none
	limit  int64  // of the answer
	hold   time.Duration
	form   bool // a form instead of JSON, without token: the token call
	once   bool // must not be repeated on another connection
}

// atOnce is the size up to which a call is written in one piece with its header:
// 100 messages, with some room. net/http does so for bodies that it knows to be
// in memory, and copies others through a buffer that it makes for each call.
const atOnce = 32 << 10

// readAtOnce is the size up to which memory is taken for an answer because the
// server announces it.
const readAtOnce = 4 << 10

// reader reads the body. The progress of a large one is noted; a small one must
// get through within the response timeout as a whole.
func (r *request) reader(w *watcher) io.Reader {
	body := bytes.NewReader(r.body)
	if len(r.body) <= atOnce {
		return body
	}
	return w.reader(body)
}

// answer is what a call brought.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a call with a token; after 401 or 403 once more with a new one
// (docs/protocol/transport.md §4.1).
func (c *Client) call(ctx context.Context, r request) (*answer, error) {
	token, err := c.tokens.get(ctx, c)
	if err != nil {
		return nil, err
	}
	a, err := c.exchange(ctx, r, token)
	if err != nil || a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
		return a, err
	}
	c.tokens.drop(token)
	if token, err = c.tokens.get(ctx, c); err != nil {
		return nil, err
	}
	if a, err = c.exchange(ctx, r, token); err != nil {
		return nil, err
	}
	if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		return nil, fmt.Errorf("%w: %w", transport.ErrUnauthorized, a.failure(r))
	}
	return a, nil
}

// exchange makes one HTTP request. An answer of any status is no error.
func (c *Client) exchange(ctx context.Context, r request, token *token) (*answer, error) {
	if c.ctx.Err() != nil {
		return nil, transport.ErrClosed
	}
	patience := c.timeout
	if r.hold > 0 {
		patience = r.hold + c.offset
	}
	ctx, w := watch(ctx, patience, r.hold+maxCallTime)
	defer w.stop()
	release := context.AfterFunc(c.ctx, w.close)
	defer release()

	resp, err := c.http.RoundTrip(c.build(ctx, r, token, w))
	if err != nil {
		return nil, c.explain(ctx, r, err)
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	limit := r.limit
	if !a.ok() {
		limit = maxProblem
	}
	a.body, err = readAll(w.reader(resp.Body), limit, resp.ContentLength)
	switch {
	case err == nil || !a.ok() && errors.Is(err, transport.ErrTooLarge):
		return a, nil
	case a.ok() && !errors.Is(err, transport.ErrTooLarge):
		// The status said that the server did its part; what it wrote is lost.
		return nil, fmt.Errorf("%s %s: %w: %w", r.method, r.path, transport.ErrMalformed, c.explain(ctx, r, err))
	}
	return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
}

// build makes the HTTP request (docs/protocol/transport.md §3).
func (c *Client) build(ctx context.Context, r request, token *token, w *watcher) *http.Request {
	url := c.base + r.path
	if r.query != "" {
		url += "?" + r.query
	}
	req, err := http.NewRequestWithContext(ctx, r.method, url, nil)
	if err != nil {
		panic(fmt.Sprintf("rest: %s is no URL", url)) // paths are escaped, the host was checked
	}
	if r.body != nil {
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(r.reader(w)), nil }
		req.Body, _ = req.GetBody()
	}
	h := req.Header
	h["Accept"] = []string{"application/json"}
	h["Content-Type"] = []string{"application/json"}
	h["User-Agent"] = []string{"iotcs-go"}
	if r.form {
		h["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	} else {
		h["Authorization"] = []string{token.header}
		h[token.idHeader] = []string{token.id}
	}
	if !r.once {
		// Never sent: it lets net/http repeat a POST on a fresh connection when
		// a kept one turns out dead, as the official clients do. Messages carry
		// ids by which the server knows duplicates.
		h["X-Idempotency-Key"] = nil
	}
	return req
}

// readAll reads at most limit bytes.
func readAll(body io.Reader, limit, announced int64) ([]byte, error) {
	if announced > limit {
		return nil, fmt.Errorf("%w: %d bytes announced, limit %d", transport.ErrTooLarge, announced, limit)
	}
	if announced >= 0 && announced <= readAtOnce {
		data := make([]byte, announced)
		if _, err := io.ReadFull(body, data); err != nil {
			return nil, err
		}
		return data, nil
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return data, err
	}
	if int64(len(data)) > limit {
		return data[:limit], fmt.Errorf("%w: more than %d bytes", transport.ErrTooLarge, limit)
	}
	return data, nil
}

func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// failure is the error for an answer whose status means failure.
func (a *answer) failure(r request) error {
	return &transport.StatusError{
		Method:     r.method,
		Path:       r.path,
		Status:     a.status,
		Detail:     detail(a.body),
		RetryAfter: retryAfter(a.header.Get("Retry-After"), time.Now()),
	}
}

// expect returns the body of an answer with one of the given statuses, and an
// error for any other.
func (a *answer) expect(r request, statuses ...int) ([]byte, error) {
	for _, s := range statuses {
		if a.status == s {
			return a.body, nil
		}
	}
	return nil, a.failure(r)
}

// retryAfter reads the header of that name: seconds or a date, at most an hour.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
