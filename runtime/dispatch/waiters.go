package dispatch

import "context"

// flush waits until all messages up to an ordinal are settled.
type flush struct {
	upTo uint64
	left int
	done chan struct{}
	err  error // once done is closed
}

// room waits for capacity.
type room struct {
	want int
	done chan struct{}
}

// settled counts an entry off the flushes that wait for it.
func (q *queue) settled(e *entry) {
	kept := q.flushes[:0]
	for _, f := range q.flushes {
		if e.ordinal <= f.upTo {
			f.left--
		}
		if f.left == 0 {
			close(f.done)
			continue
		}
		kept = append(kept, f)
	}
	clear(q.flushes[len(kept):])
	q.flushes = kept
}

func (q *queue) wakeRooms() {
	kept := q.rooms[:0]
	for _, r := range q.rooms {
		if q.fits(r.want) {
			close(r.done)
			continue
		}
		kept = append(kept, r)
	}
	clear(q.rooms[len(kept):])
	q.rooms = kept
}

// wait blocks until done is closed or ctx ends; forget removes the waiter then.
func wait(ctx context.Context, done chan struct{}, forget func()) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		forget()
		return ctx.Err()
	}
}

// waitFlush returns when everything queued before is settled.
func (q *queue) waitFlush(ctx context.Context) error {
	q.mu.Lock()
	left := q.waiting + q.taken + q.stored.unsettled
	if left == 0 || q.aborted {
		defer q.mu.Unlock()
		if left > 0 {
			return ErrClosed
		}
		return nil
	}
	f := &flush{upTo: q.ordinal, left: left, done: make(chan struct{})}
	q.flushes = append(q.flushes, f)
	q.mu.Unlock()
	if err := wait(ctx, f.done, func() { q.forgetFlush(f) }); err != nil {
		return err
	}
	return f.err
}

func (q *queue) forgetFlush(f *flush) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.flushes {
		if other == f {
			q.flushes = append(q.flushes[:i], q.flushes[i+1:]...)
			return
		}
	}
}

// waitRoom returns when n messages fit.
func (q *queue) waitRoom(ctx context.Context, n int) error {
	q.mu.Lock()
	if n > q.capacity {
		defer q.mu.Unlock()
		return &FullError{Capacity: q.capacity, Waiting: q.waiting + q.taken, Offered: n}
	}
	if q.closed {
		defer q.mu.Unlock()
		return ErrClosed
	}
	if q.fits(n) {
		q.mu.Unlock()
		return nil
	}
	r := &room{want: n, done: make(chan struct{})}
	q.rooms = append(q.rooms, r)
	q.mu.Unlock()
	if err := wait(ctx, r.done, func() { q.forgetRoom(r) }); err != nil {
		return err
	}
	if q.isClosed() {
		return ErrClosed
	}
	return nil
}

func (q *queue) forgetRoom(r *room) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.rooms {
		if other == r {
			q.rooms = append(q.rooms[:i], q.rooms[i+1:]...)
			return
		}
	}
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// abort ends the flushes that wait: what they wait for will not be settled any
// more.
func (q *queue) abort() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.aborted = true
	for _, f := range q.flushes {
		f.err = ErrClosed
		close(f.done)
	}
	q.flushes = nil
}
