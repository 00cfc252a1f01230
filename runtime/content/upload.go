package content

import (
	"context"
	"crypto/fips140"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"
)

// upload makes one attempt to send the content (docs/protocol/storage.md §5.1).
func (s *Store) upload(r *run) error {
	return s.authorized(r.ctx, r.object, func(p *permit) error {
		stale, err := s.put(r, p)
		if stale && errors.Is(err, ErrCut) {
			s.transport().CloseIdleConnections() // they may be as dead
			_, err = s.put(r, p)
		}
		if errors.Is(err, ErrCut) {
			// The store may have refused the token, and its answer was lost with
			// the connection that it closed.
			s.access.refused(p)
		}
		return err
	})
}

// put sends the content once, from its start. stale tells, of a failure, that the
// connection had served another request before.
func (s *Store) put(r *run, p *permit) (stale bool, err error) {
	r.attempts++
	ctx, w := watch(r.ctx, s.config.ResponseTimeout)
	defer w.stop()
	b, err := s.body(ctx, r, w)
	if err != nil {
		return false, err
	}
	defer b.Close()
	defer w.stop() // before Close, which waits for a Read
	req, err := s.putRequest(ctx, r, p, b)
	if err != nil {
		return false, err
	}
	if !rewindable(r.source) {
		s.transport().CloseIdleConnections() // a dead one would cost the only attempt
	}
	resp, stale, err := s.exchange(req)
	if err != nil {
		b.Close()
		if b.err != nil && ctx.Err() == nil {
			return false, b.err
		}
		return stale, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return false, failure(resp) // 200 too is none that this protocol knows
	}
	resp.Body.Close() // after an early answer net/http stops sending
	if !b.wait() || !b.whole {
		return false, fmt.Errorf("%w: the store answered before it had all", ErrCut)
	}
	b.meter.end()
	return false, s.stored(r, resp, b)
}

// stored checks what the store says that it has, and notes it.
func (s *Store) stored(r *run, resp *http.Response, b *body) error {
	seen := readProperties(resp)
	if want, ok := seen.md5(); ok && want != hexSum(b.sum) {
		return fmt.Errorf("%w: sent %s, stored %s", ErrChecksum, hexSum(b.sum), want)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := r.object
	o.props.length, o.props.date, o.props.etag = b.sent, seen.date, seen.etag
	o.expected, o.inStore = nil, true
	return nil
}

// body opens the source.
func (s *Store) body(ctx context.Context, r *run, w *watcher) (*body, error) {
	w.rest()
	src, length, err := r.source.open(ctx)
	if err != nil {
		return nil, err
	}
	if length > s.config.MaxLength {
		src.Close()
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, length, s.config.MaxLength)
	}
	_, exact := r.source.(*readerSource)
	b := &body{
		src:      src,
		length:   length,
		limit:    s.config.MaxLength,
		exact:    exact,
		watch:    w,
		sum:      md5.New(),
		meter:    s.meter(r, 0, length),
		released: make(chan struct{}),
	}
	if length == 0 { // net/http would take it for unknown
		if err := b.atLength(); err != io.EOF {
			src.Close()
			return nil, err
		}
		b.whole = true
	}
	w.resume(0)
	return b, nil
}

func (s *Store) putRequest(ctx context.Context, r *run, p *permit, b *body) (*http.Request, error) {
	req, err := s.request(ctx, http.MethodPut, r.object, p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	props := r.object.props
	s.mu.Unlock()
	if props.contentType == "" {
		props.contentType = defaultType
	}
	req.Header["Content-Type"] = []string{props.contentType}
	if props.encoding != "" {
		req.Header["Content-Encoding"] = []string{props.encoding}
	}
	for key, value := range props.metadata {
		req.Header[metadataPrefix+key] = []string{value}
	}
	req.ContentLength, req.Body = b.length, b
	if b.length == 0 {
		b.Close()
		req.Body = http.NoBody
	}
	return req, nil
}

// rewindable reports whether a source can be read again.
func rewindable(source Source) bool {
	r, ok := source.(*readerSource)
	return !ok || r.seeker != nil
}

// wait reports whether net/http is done with the body.
func (b *body) wait() bool {
	timer := time.NewTimer(patienceWithReaders)
	defer timer.Stop()
	select {
	case <-b.released:
		return true
	case <-timer.C:
		return false
	}
}

// hexSum is the MD5 sum so far. It tells damage, not forgery, so that it is
// needed also where only FIPS 140-3 algorithms are allowed.
func hexSum(h hash.Hash) string {
	var sum []byte
	fips140.WithoutEnforcement(func() { sum = h.Sum(nil) })
	return hex.EncodeToString(sum)
}
