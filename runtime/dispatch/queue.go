package dispatch

import (
	"math"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// entry is one message. Its JSON lies in a buffer that is used again for later
// messages.
type entry struct {
	message  wire.Encoded
	done     func(error)
	ordinal  uint64 // place in the order of all messages
	attempts int    // times that the server answered
	stored   bool   // it lies in the store; ordinal is its sequence number there
	needs    []byte // of one in the store: what it waited for when it was put
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

// queue holds what waits to be sent: in its lanes, and in the store if there is
// one. A message of the lanes that is under way still counts against the capacity.
type queue struct {
	capacity int
	base     int           // number of retries of a message without guarantee
	wake     chan struct{} // signals the transmitter; holds one token

	mu      sync.Mutex
	closed  bool
	aborted bool // nothing will be settled any more
	lanes   [priorities]lane
	waiting int // in the lanes and convoys
	taken   int // under way
	ordinal uint64
	alert   bool // an ALERT arrived since the last take
	free    *entry
	kept    int
	flushes []*flush
	rooms   []*room
	stored  stored
	convoys map[string]*convoy // by source; nil: nothing waits for a Hold
	moves   uint64             // how often something was let go that had waited in a convoy
	ending  sync.WaitGroup     // failed messages of convoys that are being given up
}

func newQueue(capacity, base int) *queue {
	return &queue{capacity: capacity, base: base, wake: make(chan struct{}, 1)}
}

// put accepts messages, all or none: those that must be durable go to the store,
// the others to the lanes. extra is room beyond the capacity. holdings[i], if there
// are any and it is not nil, is what ms[i] waits for.
func (q *queue) put(ms []*wire.Encoded, done func(error), extra int, holdings ...*holding) (Receipt, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Receipt{}, ErrClosed
	}
	durable := q.countDurable(ms)
	if used := q.waiting + q.taken; durable < len(ms) && used+len(ms)-durable > q.capacity+extra {
		return Receipt{}, &FullError{Capacity: q.capacity, Waiting: used, Offered: len(ms)}
	}
	var receipt Receipt
	if durable > 0 {
		var err error
		if receipt, err = q.store(ms, done, holdings, false); err != nil {
			return Receipt{}, err
		}
	}
	for i, m := range ms {
		q.ordinal++
		var h *holding
		if len(holdings) > 0 && holdings[i] != nil {
			h = holdings[i]
			q.hold(h, m)
		}
		if durable == 0 || !q.isDurable(m) {
			q.append(m, done, h)
		} else if h != nil {
			q.stored.holdings[h.ordinal] = h
		}
	}
	if durable < len(ms) {
		q.signal()
	}
	return receipt, nil
}

// append copies a message to its lane, or to the convoy of its source if it has to
// wait. The caller holds the lock.
func (q *queue) append(m *wire.Encoded, done func(error), h *holding) {
	e := q.newEntry()
	buffer := append(e.message.JSON[:0], m.JSON...)
	e.message = *m
	e.message.JSON, e.message.Attachments = buffer, nil
	e.done = done
	e.ordinal = q.ordinal
	q.waiting++
	if h != nil {
		h.entry = e
	}
	if len(q.convoys) > 0 && q.mustWait(m, e.ordinal) {
		c := q.convoys[m.Source]
		c.entries = append(c.entries, e)
		return
	}
	q.lanes[m.Priority].append(e)
	if m.Type == wire.TypeAlert {
		q.alert = true
	}
}

// exhausted reports whether a message was attempted as often as its reliability
// allows (docs/protocol/dispatch.md §4, retry rule).
func (q *queue) exhausted(e *entry) bool {
	switch e.message.Reliability {
	case wire.NoGuarantee:
		return e.attempts > q.base
	case wire.BestEffort:
		return e.attempts > 2*q.base
	}
	return false
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

// insert puts an entry where its ordinal belongs, at or behind the place at, and
// returns the place behind it.
func (l *lane) insert(at **entry, e *entry) (behind **entry) {
	for *at != nil && (*at).ordinal < e.ordinal {
		at = &(*at).next
	}
	e.next = *at
	*at = e
	if e.next == nil {
		l.tail = e
	}
	return &e.next
}

// take moves up to n messages of up to maxBytes out of the lanes, highest
// priority first, and appends them to dst. The first message is taken whatever
// its size.
func (q *queue) take(dst []*entry, n, maxBytes int) []*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.alert = false
	bytes, more := 0, true
	for p := priorities - 1; p >= 0 && more; p-- {
		dst, bytes, more = q.pop(dst, p, math.MaxUint64, n, bytes, maxBytes)
	}
	return dst
}

// pop moves messages of a lane whose ordinals are below before to dst, which has
// bytes so far. more is false when the limits are reached.
func (q *queue) pop(dst []*entry, p int, before uint64, n, bytes, maxBytes int) (popped []*entry, size int, more bool) {
	l := &q.lanes[p]
	for l.head != nil && l.head.ordinal < before {
		e := l.head
		if len(dst) >= n || len(dst) > 0 && bytes+len(e.message.JSON)+1 > maxBytes {
			return dst, bytes, false
		}
		bytes += len(e.message.JSON) + 1
		l.head = e.next
		if l.head == nil {
			l.tail = nil
		}
		e.next = nil
		dst = append(dst, e)
		q.waiting--
		q.taken++
	}
	return dst, bytes, true
}

// putBack returns messages that were taken to where they were: to their places in
// the lanes, near the front, or to the store. attempted says that the server
// answered.
func (q *queue) putBack(entries []*entry, attempted bool) {
	if len(entries) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.returnStored(entries, attempted)
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.stored {
			q.keep(e)
			continue
		}
		l := &q.lanes[e.message.Priority]
		l.insert(&l.head, e) // which is near
		q.waiting++
		q.taken--
	}
	q.signal()
}

// settle ends the life of messages that were taken: their capacity is free
// again and flushes go on.
func (q *queue) settle(entries []*entry) {
	defer q.unhold(entries)
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range entries {
		switch {
		case !e.stored:
			q.taken--
		case !q.settleStored(e):
			continue // it was held, so nothing counts it
		}
		q.settled(e)
	}
	q.wakeRooms()
}

// fits reports whether n messages may be put now.
func (q *queue) fits(n int) bool {
	return q.waiting+q.taken+n <= q.capacity && !q.stored.full
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

// recycle keeps entries that nobody uses any more for later messages.
func (q *queue) recycle(entries []*entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range entries {
		q.keep(e)
	}
}

// keep puts an entry on the free list. The caller holds the lock.
func (q *queue) keep(e *entry) {
	if cap(e.message.JSON) > keepBuffer || q.kept >= keepEntries {
		return
	}
	*e = entry{message: wire.Encoded{JSON: e.message.JSON[:0]}, next: q.free}
	q.free = e
	q.kept++
}

// close refuses messages from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, r := range q.rooms {
		close(r.done)
	}
	q.rooms = nil
}

// drain returns what waits in the lanes and convoys.
func (q *queue) drain() []*entry {
	entries := q.take(nil, math.MaxInt, math.MaxInt)
	held, holds := q.dissolve()
	for _, h := range holds {
		h.Withdraw()
	}
	return append(entries, held...)
}

// unsettled is the number of messages that were accepted and are not settled;
// held is how many of them are not in the store.
func (q *queue) unsettled() (all, held int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	held = q.waiting + q.taken
	return held + q.stored.unsettled, held
}
