package dispatch

import (
	"context"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// entry is one waiting message. Its JSON lies in a buffer that is used again
// for later messages.
type entry struct {
	message  wire.Encoded
	done     func(error)
	ordinal  uint64
	retries  int // left; negative: without end
	attempts int // times that the server answered
	next     *entry
}

// keepBuffer is how large the buffer of an entry may be to be kept for later
// messages; keepEntries bounds how many are kept.
const (
	keepBuffer  = 4096
	keepEntries = 1024
)

// priorities is the number of priorities of the protocol.
const priorities = int(wire.Highest) + 1

// lane holds the waiting messages of one priority, oldest first.
type lane struct{ head, tail *entry }

// queue holds what waits to be sent. A message that is under way still counts
// against the capacity.
type queue struct {
	capacity int
	base     int           // number of retries of a message without guarantee
	wake     chan struct{} // signals the transmitter; holds one token

	mu      sync.Mutex
	closed  bool
	lanes   [priorities]lane
	waiting int // in the lanes
	taken   int // under way
	ordinal uint64
	alert   bool // an ALERT arrived since the last take
	free    *entry
	kept    int
	flushes []*flush
	rooms   []*room
}

// flush waits until all messages up to an ordinal are settled.
type flush struct {
	upTo uint64
	left int
	done chan struct{}
}

// room waits for capacity.
type room struct {
	want int
	done chan struct{}
}

func newQueue(capacity, base int) *queue {
	return &queue{capacity: capacity, base: base, wake: make(chan struct{}, 1)}
}

// put appends messages, all or none. extra is room beyond the capacity.
func (q *queue) put(ms []*wire.Encoded, done func(error), extra int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if used := q.waiting + q.taken; used+len(ms) > q.capacity+extra {
		return &FullError{Capacity: q.capacity, Waiting: used, Offered: len(ms)}
	}
	for _, m := range ms {
		e := q.newEntry()
		buffer := append(e.message.JSON[:0], m.JSON...)
		e.message = *m
		e.message.JSON = buffer
		e.done = done
		e.retries = q.retries(m.Reliability)
		q.ordinal++
		e.ordinal = q.ordinal
		q.lanes[m.Priority].append(e)
		if m.Type == wire.TypeAlert {
			q.alert = true
		}
	}
	q.waiting += len(ms)
	q.signal()
	return nil
}

// retries is how often a message may be sent again after a refusal, -1 for
// without end (docs/protocol/dispatch.md §4, retry rule).
func (q *queue) retries(r wire.Reliability) int {
	switch r {
	case wire.NoGuarantee:
		return q.base
	case wire.BestEffort:
		return 2 * q.base
	}
	return -1
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (l *lane) append(e *entry) {
	e.next = nil
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.next = e
	}
	l.tail = e
}

// take moves up to n messages of up to maxBytes out of the lanes, highest
// priority first, and appends them to dst. The first message is taken whatever
// its size.
func (q *queue) take(dst []*entry, n, maxBytes int) []*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes := 0
	for p := priorities - 1; p >= 0; p-- {
		l := &q.lanes[p]
		for l.head != nil && len(dst) < n {
			e := l.head
			bytes += len(e.message.JSON) + 1
			if len(dst) > 0 && bytes > maxBytes {
				q.alert = false
				return dst
			}
			l.head = e.next
			if l.head == nil {
				l.tail = nil
			}
			e.next = nil
			dst = append(dst, e)
			q.waiting--
			q.taken++
		}
	}
	q.alert = false
	return dst
}

// putBack returns messages that were taken to the front of their lanes, in
// their order.
func (q *queue) putBack(entries []*entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		l := &q.lanes[e.message.Priority]
		e.next = l.head
		l.head = e
		if l.tail == nil {
			l.tail = e
		}
	}
	q.waiting += len(entries)
	q.taken -= len(entries)
	if len(entries) > 0 {
		q.signal()
	}
}

// settle ends the life of messages that were taken: their capacity is free
// again and flushes go on.
func (q *queue) settle(entries []*entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken -= len(entries)
	for _, e := range entries {
		q.settled(e)
	}
	q.wakeRooms()
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
		if q.waiting+q.taken+r.want <= q.capacity {
			close(r.done)
			continue
		}
		kept = append(kept, r)
	}
	clear(q.rooms[len(kept):])
	q.rooms = kept
}

// newEntry takes an entry from the free list or makes one.
func (q *queue) newEntry() *entry {
	e := q.free
	if e == nil {
		return new(entry)
	}
	q.free, e.next = e.next, nil
	q.kept--
	return e
}

// recycle keeps an entry that nobody uses any more for later messages.
func (q *queue) recycle(entries []*entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range entries {
		if cap(e.message.JSON) > keepBuffer || q.kept >= keepEntries {
			continue
		}
		*e = entry{message: wire.Encoded{JSON: e.message.JSON[:0]}, next: q.free}
		q.free = e
		q.kept++
	}
}

// drain closes the queue and returns what waits in it.
func (q *queue) drain() []*entry {
	q.mu.Lock()
	q.closed = true
	for _, r := range q.rooms {
		close(r.done)
	}
	q.rooms = nil
	n := q.waiting
	q.mu.Unlock()
	q.signal()
	return q.take(nil, n, int(^uint(0)>>1))
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
	left := q.waiting + q.taken
	if left == 0 {
		q.mu.Unlock()
		return nil
	}
	f := &flush{upTo: q.ordinal, left: left, done: make(chan struct{})}
	q.flushes = append(q.flushes, f)
	q.mu.Unlock()
	return wait(ctx, f.done, func() { q.forgetFlush(f) })
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
	if q.waiting+q.taken+n <= q.capacity {
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

// state tells how many messages wait or are under way, and whether an alert
// arrived since the last take.
func (q *queue) state() (waiting, taken int, alert bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting, q.taken, q.alert
}
