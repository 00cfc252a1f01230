package content

import (
	"context"
	"time"
)

// Sync transfers the content and waits for the end: an upload if a source is set,
// a download if a sink is. A transfer that is under way is joined. In the state
// [InSync] it returns nil at once and in the state [Failed] the error of the
// failed transfer: [Object.Retry] tries again. When ctx ends Sync returns its
// error, and the transfer is cancelled if nobody else waits for it.
//
// Errors: [*TransferError] with the reason in its chain, [ErrNoContent],
// [ErrQueueFull], [ErrClosed], the context's.
func (o *Object) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	s := o.store
	s.mu.Lock()
	r, err := s.begin(o)
	if r != nil {
		r.wanted++
	}
	s.mu.Unlock()
	if r == nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	tell := r.leave(context.Cause(ctx))
	last := r.wanted == 0
	s.mu.Unlock()
	call(tell)
	if !last {
		return context.Cause(ctx)
	}
	<-r.done // soon: state and files are settled when Sync returns
	return r.err
}

// Retry is [Object.Reset] and then [Object.Sync].
func (o *Object) Retry(ctx context.Context) error {
	if err := o.Reset(); err != nil {
		return err
	}
	return o.Sync(ctx)
}

// SyncAsync is Sync without waiting. done, if not nil, is called once, when the
// transfer ends or at once if it has ended before; each call of SyncAsync has its
// own. Callbacks of a store are called one at a time, in the order of events, from
// a goroutine of the store and without any lock held; a panic is logged.
//
// Errors: [ErrNoContent], [ErrQueueFull], [ErrClosed]; done is not called then.
func (o *Object) SyncAsync(done func(error)) error {
	s := o.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && o.state != Pending {
		return ErrClosed
	}
	settled := o.state == InSync || o.state == Failed
	r, err := s.begin(o)
	switch {
	case r != nil:
		r.wanted++
		if done != nil {
			r.told = append(r.told, done)
		}
		return nil
	case !settled:
		return err
	case done != nil:
		s.post(func() { done(err) })
	}
	return nil
}

// Cancel ends a transfer that waits or is under way: it fails with [ErrCancelled].
// A file that was partly downloaded is removed. In other states it does nothing.
func (o *Object) Cancel() {
	s := o.store
	s.mu.Lock()
	var tell []func()
	if o.state == Pending {
		tell = o.run.abandon(ErrCancelled)
	}
	s.mu.Unlock()
	call(tell)
}

// Progress tells how far a transfer is.
type Progress struct {
	Object *Object
	Upload bool
	Bytes  int64 // of content that was moved; less than before if the transfer started again
	Total  int64 // -1 if not known
}

// progressPause is the least time between two calls of a progress function.
const progressPause = 100 * time.Millisecond

// OnProgress sets a function that hears of the progress of later transfers: when
// one begins, then at most ten times a second, and when all bytes were moved. It
// is called from the goroutine that moves the bytes and holds them up as long as
// it runs. nil sets none.
func (o *Object) OnProgress(f func(Progress)) {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.progress = f
}

// meter passes progress on. It belongs to the goroutine that moves the bytes.
type meter struct {
	run   *run
	tell  func(Progress) // may be nil
	total int64
	last  time.Time
	told  int64
}

// meter begins with the bytes that were moved before.
func (s *Store) meter(r *run, moved, total int64) *meter {
	s.mu.Lock()
	m := &meter{run: r, tell: r.object.progress, total: total, told: -1}
	s.mu.Unlock()
	m.moved(moved)
	return m
}

// moved notes that the transfer is at n bytes.
func (m *meter) moved(n int64) {
	m.run.moved.Store(n)
	if m.tell == nil || n == m.told || m.told >= 0 && n != m.total && time.Since(m.last) < progressPause {
		return
	}
	m.end()
}

// end passes on what was held back.
func (m *meter) end() {
	n := m.run.moved.Load()
	if m.tell == nil || n == m.told {
		return
	}
	m.told, m.last = n, time.Now()
	p := Progress{Object: m.run.object, Upload: m.run.upload(), Bytes: n, Total: m.total}
	m.run.object.store.guard(func() { m.tell(p) })
}
