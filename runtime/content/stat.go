package content

import (
	"context"
	"fmt"
	"net/http"
)

// Stat asks the store for length, type, encoding, date and metadata of the
// object. A download that follows fails with [ErrChanged] if the object is
// another one then. Of an object that was made with [Store.NewObject] Stat learns
// length and date only.
//
// Errors: [*TransferError] with the reason in its chain, such as [ErrNotFound];
// [ErrClosed], the context's.
func (o *Object) Stat(ctx context.Context) error {
	s := o.store
	ctx, release, err := s.bound(ctx)
	if err != nil {
		return err
	}
	defer release()
	r := &run{object: o}
	err = s.authorized(ctx, o, func(p *permit) error {
		r.attempts++
		ctx, w := watch(ctx, s.config.ResponseTimeout)
		defer w.stop()
		req, err := s.request(ctx, http.MethodHead, o, p)
		if err != nil {
			return err
		}
		resp, _, err := s.exchange(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return failure(resp)
		}
		seen := readProperties(resp)
		s.mu.Lock()
		defer s.mu.Unlock()
		o.expected = &seen
		o.learn(seen)
		return nil
	})
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		return fmt.Errorf("look up: %w", r.failure(err))
	}
	return nil
}

// learn takes over what the store told. Store.mu is held.
func (o *Object) learn(seen properties) {
	if !o.incoming {
		seen.contentType, seen.encoding, seen.metadata = o.props.contentType, o.props.encoding, o.props.metadata
	}
	o.props, o.inStore = seen, true
}
