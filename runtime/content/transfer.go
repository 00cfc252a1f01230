package content

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// maxPause is the longest pause between two attempts.
const maxPause = time.Minute

// worthwhile is how many bytes a download has to get on between two cuts so that
// the cut does not count as an attempt.
const worthwhile = 64 << 10

// transfer moves the content of one object.
func (s *Store) transfer(r *run) error {
	move := s.upload
	if !r.upload() {
		d := &download{store: s, run: r}
		defer d.abort()
		move = d.attempt
	}
	t := trial{attempts: s.config.Attempts, patience: s.config.Patience, begun: time.Now(), pauses: newPauses()}
	var last error
	for {
		before := r.moved.Load()
		err := move(r)
		if err == nil {
			return nil
		}
		if cause := context.Cause(r.ctx); cause != nil {
			err = cause
		}
		err = because(err, last)
		last = err
		pause, again := t.next(err, !r.upload() && r.moved.Load()-before >= worthwhile)
		if !again || r.ctx.Err() != nil {
			return s.failed(r, err)
		}
		s.log.Info("transfer is tried again", "upload", r.upload(), "in", pause, "error", err)
		if !sleep(r.ctx, pause) {
			return s.failed(r, context.Cause(r.ctx))
		}
	}
}

// because adds to an error that a transfer cannot start again why it would have to.
func because(err, last error) error {
	if last != nil && errors.Is(err, ErrNotRewindable) {
		return fmt.Errorf("%w; it would have to, as %w", err, last)
	}
	return err
}

func (s *Store) failed(r *run, err error) error {
	s.mu.Lock()
	failure := r.failure(err)
	s.mu.Unlock()
	s.log.Warn("transfer failed", "error", failure)
	return failure
}

// trial decides how often a transfer is tried.
type trial struct {
	attempts int
	patience time.Duration
	begun    time.Time
	pauses   *backoff.ExponentialBackOff
}

func newPauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = time.Second, maxPause, 2
	return b
}

// next tells whether a failure is worth another attempt, and when. Breaks and
// checksums are tried again at once, within the number of attempts; a store or
// server that is away or busy after a pause, within the patience.
func (t *trial) next(err error, gotOn bool) (pause time.Duration, again bool) {
	if errors.Is(err, ErrNotRewindable) {
		return 0, false
	}
	broken := errors.Is(err, ErrCut) || errors.Is(err, ErrStalled)
	if broken && gotOn {
		return 0, true
	}
	if broken || errors.Is(err, ErrChecksum) {
		if t.attempts--; t.attempts > 0 {
			return 0, true
		}
	}
	if !broken && !isPassing(err) {
		return 0, false
	}
	pause = max(t.pauses.NextBackOff(), retryAfter(err))
	return pause, time.Since(t.begun)+pause <= t.patience
}

// isPassing reports whether a failure may go away by itself.
func isPassing(err error) bool {
	var status *transport.StatusError
	if !errors.As(err, &status) {
		return errors.Is(err, ErrUnreachable)
	}
	switch status.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func retryAfter(err error) time.Duration {
	var status *transport.StatusError
	if errors.As(err, &status) {
		return status.RetryAfter
	}
	return 0
}

// sleep waits and reports whether ctx is still good.
func sleep(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxSuperseded is how often a request is made again because its token was
// replaced, by another transfer, while it was under way.
const maxSuperseded = 8

// authorized makes a request for an object with a permit, and once more with a
// new one if the store refuses it (docs/protocol/storage.md §5.4).
func (s *Store) authorized(ctx context.Context, o *Object, try func(*permit) error) error {
	var last error
	renewed, superseded := false, 0
	for {
		p, err := s.access.permit(ctx)
		if err != nil {
			return err
		}
		if err = s.place(o, p.container); err != nil {
			return err
		}
		err = because(try(p), last)
		var status *transport.StatusError
		if !errors.As(err, &status) || status.Status != http.StatusUnauthorized || errors.Is(err, ErrNotRewindable) {
			return err
		}
		last = err
		switch current := s.access.refused(p); {
		case !current && superseded < maxSuperseded:
			superseded++ // says nothing about the token that is current
		case renewed:
			return err
		default:
			renewed = true
		}
	}
}

func (s *Store) place(o *Object, c *container) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.place(c)
}

// request builds a request for an object. Its address is in the container that
// the permit belongs to: the token goes nowhere else.
func (s *Store) request(ctx context.Context, method string, o *Object, p *permit) (*http.Request, error) {
	s.mu.Lock()
	target := o.target
	s.mu.Unlock()
	u, err := p.container.url(target)
	if err != nil {
		return nil, err
	}
	req := (&http.Request{Method: method, URL: u, Host: u.Host, Header: make(http.Header)}).WithContext(ctx)
	req.Header["User-Agent"] = []string{"iotcs-go"}
	p.sign(req)
	return req, nil
}

// exchange makes a request. reused tells, of one that failed, that its connection
// had served another before: the store may have closed it meanwhile.
func (s *Store) exchange(req *http.Request) (resp *http.Response, reused bool, err error) {
	connected := false
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		connected, reused = true, info.Reused
	}}
	resp, err = s.transport().RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return nil, reused, explain(req.Context(), err, connected)
	}
	return resp, reused, nil
}
