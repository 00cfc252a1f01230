package content

import (
	"context"
	"slices"
	"sync/atomic"
)

// run is one transfer of an object, from when it is queued.
type run struct {
	object *Object
	source Source // of an upload
	sink   Sink   // of a download
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed at the end
	err    error         // set before

	attempts int          // belongs to the transfer
	moved    atomic.Int64 // bytes of content

	// Guarded by Store.mu.
	wanted int // who waits for the end; without them it is cancelled
	told   []func(error)
	holds  []*Hold
}

func (r *run) upload() bool { return r.source != nil }

// begin returns the transfer of o, which it queues if there is none, or nil and
// how the last one ended. s.mu is held.
func (s *Store) begin(o *Object) (*run, error) {
	switch {
	case o.state == Pending:
		return o.run, nil
	case o.state != NotInSync:
		return nil, o.err
	case s.closed:
		return nil, ErrClosed
	case o.source == nil && o.sink == nil:
		return nil, ErrNoContent
	case len(s.running) >= s.config.Transfers && len(s.queue) >= s.config.QueueSize:
		return nil, ErrQueueFull
	}
	r := &run{object: o, source: o.source, sink: o.sink, done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancelCause(s.ctx)
	o.state, o.run = Pending, r
	if len(s.running) >= s.config.Transfers {
		s.queue = append(s.queue, r)
		return r, nil
	}
	s.running[r] = struct{}{}
	s.workers.Go(func() { s.work(r) })
	return r, nil
}

// work makes transfers until none waits.
func (s *Store) work(r *run) {
	for r != nil {
		r = s.finish(r, s.transfer(r))
	}
}

// finish ends a transfer and returns the next one to be made.
func (s *Store) finish(r *run, err error) (next *run) {
	s.mu.Lock()
	delete(s.running, r)
	tell := r.settle(err)
	if len(s.queue) > 0 {
		next = s.queue[0]
		s.queue = slices.Delete(s.queue, 0, 1)
		s.running[next] = struct{}{}
	}
	s.mu.Unlock()
	call(tell)
	return next
}

// settle notes the end of a transfer and returns what is to be called once
// Store.mu, which is held, is free.
func (r *run) settle(err error) (tell []func()) {
	o := r.object
	o.state, o.err, o.run = InSync, nil, nil
	if err != nil {
		o.state, o.err = Failed, err
	}
	r.err = err
	r.cancel(context.Canceled)
	close(r.done)
	for _, h := range r.holds {
		tell = append(tell, h.ended(err)...)
	}
	for _, f := range r.told {
		o.store.post(func() { f(err) })
	}
	return tell
}

// abandon ends a transfer because of cause: at once if it waits, soon if it is
// under way. Store.mu is held.
func (r *run) abandon(cause error) (tell []func()) {
	s := r.object.store
	i := slices.Index(s.queue, r)
	if i < 0 {
		r.cancel(cause)
		return nil
	}
	s.queue = slices.Delete(s.queue, i, i+1)
	return r.settle(r.failure(cause))
}

// leave says that one of those who waited does no more.
func (r *run) leave(cause error) (tell []func()) {
	if r.wanted--; r.wanted > 0 {
		return nil
	}
	select {
	case <-r.done:
		return nil
	default:
		return r.abandon(cause)
	}
}

// failure is the error for the end of a transfer. Store.mu is held, or r belongs
// to the caller.
func (r *run) failure(err error) error {
	return &TransferError{
		Upload:   r.upload(),
		URI:      r.object.uri(),
		Name:     r.object.name,
		Attempts: r.attempts,
		Bytes:    r.moved.Load(),
		Err:      err,
	}
}

func call(fs []func()) {
	for _, f := range fs {
		f()
	}
}

// post has f called by the notifier. Store.mu is held.
func (s *Store) post(f func()) {
	s.events = append(s.events, f)
	if !s.telling {
		s.telling = true
		s.workers.Go(s.tell)
	}
}

// tell calls the callbacks of the application, one at a time and in the order of
// events.
func (s *Store) tell() {
	for {
		s.mu.Lock()
		events := s.events
		s.events = nil
		s.telling = len(events) > 0
		s.mu.Unlock()
		if len(events) == 0 {
			return
		}
		for _, f := range events {
			s.guard(f)
		}
	}
}

// guard calls f, which is the application's, and logs a panic.
func (s *Store) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("callback panicked", "panic", p)
		}
	}()
	f()
}
