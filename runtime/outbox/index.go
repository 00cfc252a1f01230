package outbox

import (
	"fmt"
	"slices"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Numbers of the protocol's priorities and reliabilities.
const (
	priorities    = int(wire.Highest) + 1
	reliabilities = int(wire.GuaranteedDelivery) + 1
)

// ref is an entry together with its lane.
type ref struct {
	entry
	priority    wire.Priority
	reliability wire.Reliability
}

// drop is a message that was given up and not told of yet.
type drop struct {
	ref
	reason Reason
	age    uint32 // seconds
	err    error
	record []byte // NotStored: the record, which is on no disk
}

// amount counts messages and the bytes of their records.
type amount struct {
	messages int
	bytes    int64
}

func (a *amount) add(size uint32) { a.messages++; a.bytes += int64(size) }
func (a *amount) sub(size uint32) { a.messages--; a.bytes -= int64(size) }

// index knows which messages there are and decides which are dropped. It has no
// lock and does no I/O.
type index struct {
	max    amount
	maxAge uint32 // seconds, 0: no limit

	lanes     [priorities][reliabilities]lane
	kept      amount                // waiting and taken
	pending   amount                // put, not committed
	free      [reliabilities]amount // waiting: what may be dropped
	last      uint64                // highest number ever
	committed uint64                // every number up to this one is decided
	dropped   []drop
}

func newIndex(o *Options) index {
	x := index{max: amount{o.MaxMessages, o.MaxBytes}}
	if o.MaxAge > 0 {
		x.maxAge = uint32(min(max(1, o.MaxAge/time.Second), 1<<31-1))
	}
	return x
}

// admit checks whether messages may be put.
func (x *index) admit(ms []Message) error {
	last, offered, least := x.last, amount{}, wire.GuaranteedDelivery
	for i := range ms {
		m := &ms[i]
		if m.Sequence <= last || m.Sequence == None {
			return fmt.Errorf("%w: %d after %d", ErrSequence, m.Sequence, last)
		}
		if int(m.Priority) >= priorities || int(m.Reliability) >= reliabilities {
			return fmt.Errorf("outbox: message with priority %v and reliability %v", m.Priority, m.Reliability)
		}
		size := recordSize(m)
		if size > maxRecord {
			return &TooLargeError{Size: size, Limit: maxRecord}
		}
		last = m.Sequence
		least = min(least, m.Reliability)
		offered.add(uint32(size))
	}
	// What is too much must be made up by dropping what is not more reliable.
	room := amount{
		x.max.messages - x.kept.messages - x.pending.messages,
		x.max.bytes - x.kept.bytes - x.pending.bytes,
	}
	for r := range int(least) + 1 {
		room.messages += x.free[r].messages
		room.bytes += x.free[r].bytes
	}
	if offered.messages > room.messages || offered.bytes > room.bytes {
		return &FullError{
			Messages: x.kept.messages + x.pending.messages, MaxMessages: x.max.messages,
			Bytes: x.kept.bytes + x.pending.bytes, MaxBytes: x.max.bytes,
			Offered: len(ms),
		}
	}
	return nil
}

// put appends a message that admit let in.
func (x *index) put(m *Message, size, now uint32) {
	x.lanes[m.Priority][m.Reliability].push(entry{sequence: m.Sequence, size: size, stored: now, state: pending, held: m.Held})
	x.pending.add(size)
	x.last = m.Sequence
}

// reserve makes room for messages that restore will insert.
func (x *index) reserve(found []ref) {
	var counts [priorities][reliabilities]int
	for i := range found {
		counts[found[i].priority][found[i].reliability]++
	}
	for p := range counts {
		for r, n := range counts[p] {
			x.lanes[p][r].entries = slices.Grow(x.lanes[p][r].entries, n)
		}
	}
}

// restore inserts a message that was found on the disk.
func (x *index) restore(f ref) {
	f.state = waiting
	x.lanes[f.priority][f.reliability].push(f.entry)
	x.kept.add(f.size)
	x.free[f.reliability].add(f.size)
	x.last = max(x.last, f.sequence)
	x.committed = x.last
}

// commit makes a pending message wait, or taken if it is held; its record is where
// f says.
func (x *index) commit(f ref) {
	e := x.lanes[f.priority][f.reliability].find(f.sequence)
	e.segment, e.offset, e.state = f.segment, f.offset, waiting
	x.pending.sub(e.size)
	x.kept.add(e.size)
	if e.held {
		e.state = taken
	} else {
		x.free[f.reliability].add(e.size)
	}
	x.committed = f.sequence
}

// fail drops a pending message that could not be stored.
func (x *index) fail(f ref, record []byte, err error) {
	l := &x.lanes[f.priority][f.reliability]
	e := l.find(f.sequence)
	e.state = gone
	x.pending.sub(e.size)
	l.trim()
	x.committed = f.sequence
	x.dropped = append(x.dropped, drop{ref: f, reason: NotStored, err: err, record: record})
}

// take takes waiting messages of a priority and appends them to dst. next is the
// first number that is left.
func (x *index) take(p wire.Priority, before uint64, limit Limit, dst []ref) (taking []ref, next uint64) {
	var at [reliabilities]int
	for r := range at {
		l := &x.lanes[p][r]
		at[r] = l.free(l.head)
	}
	bytes, messages := 0, 0
	for {
		oldest := -1
		for r, i := range at {
			if i >= 0 && (oldest < 0 || x.lanes[p][r].entries[i].sequence < x.lanes[p][oldest].entries[at[oldest]].sequence) {
				oldest = r
			}
		}
		if oldest < 0 {
			return dst, None
		}
		l := &x.lanes[p][oldest]
		e := &l.entries[at[oldest]]
		bytes += int(e.size)
		if e.sequence >= before || e.state == pending || messages == limit.Messages || bytes > limit.Bytes {
			return dst, e.sequence
		}
		messages++
		e.state = taken
		x.free[oldest].sub(e.size)
		dst = append(dst, ref{*e, p, wire.Reliability(oldest)})
		at[oldest] = l.free(at[oldest] + 1)
	}
}

// locate finds an entry by its number alone.
func (x *index) locate(sequence uint64) (e *entry, l *lane, f ref) {
	for p := range x.lanes {
		for r := range x.lanes[p] {
			if e := x.lanes[p][r].find(sequence); e != nil {
				return e, &x.lanes[p][r], ref{*e, wire.Priority(p), wire.Reliability(r)}
			}
		}
	}
	return nil, nil, ref{}
}

// giveBack makes a taken message wait again. It returns the number of attempts. A
// pending one is not held any more.
func (x *index) giveBack(sequence uint64, attempted bool) (attempts uint16, ok bool) {
	e, _, f := x.locate(sequence)
	if e == nil || e.state != taken {
		if e != nil {
			e.held = false
		}
		return 0, false
	}
	e.state, e.held = waiting, false
	x.free[f.reliability].add(e.size)
	if attempted && e.attempts < 1<<16-1 {
		e.attempts++
	}
	return e.attempts, true
}

// remove ends the life of a taken message.
func (x *index) remove(sequence uint64) (removed ref, ok bool) {
	e, l, f := x.locate(sequence)
	if e == nil || e.state != taken {
		return ref{}, false
	}
	e.state = gone
	x.kept.sub(e.size)
	l.trim()
	return f, true
}

// damaged drops a taken message that cannot be read.
func (x *index) damaged(sequence uint64, err error, now uint32) (dropped ref, ok bool) {
	f, ok := x.remove(sequence)
	if ok {
		x.dropped = append(x.dropped, drop{ref: f, reason: Damaged, age: since(f.stored, now), err: err})
	}
	return f, ok
}

// lose drops the waiting messages of a segment as damaged.
func (x *index) lose(segment uint32, err error, now uint32) {
	for p := range x.lanes {
		for r := range x.lanes[p] {
			l := &x.lanes[p][r]
			for i := l.head; i < len(l.entries); i++ {
				if e := &l.entries[i]; e.segment == segment && e.state == waiting {
					x.discard(ref{*e, wire.Priority(p), wire.Reliability(r)}, Damaged, now)
					x.dropped[len(x.dropped)-1].err = err
					e.state = gone
				}
			}
			l.trim()
		}
	}
}

// expire drops what has waited too long.
func (x *index) expire(now uint32) {
	if x.maxAge == 0 || now <= x.maxAge {
		return
	}
	for p := range x.lanes {
		for r := range x.lanes[p] {
			l := &x.lanes[p][r]
			for i := l.head; i < len(l.entries) && since(l.entries[i].stored, now) > x.maxAge; i++ {
				if l.entries[i].state == waiting {
					x.discard(ref{l.entries[i], wire.Priority(p), wire.Reliability(r)}, TooOld, now)
					l.entries[i].state = gone
				}
			}
			l.trim()
		}
	}
}

// enforce drops the oldest of the lowest reliability until the limits hold, or
// only messages that are taken or not committed are left.
func (x *index) enforce(now uint32) {
	for {
		reason := TooMany
		switch {
		case x.kept.messages > x.max.messages:
		case x.kept.bytes > x.max.bytes:
			reason = TooMuch
		default:
			return
		}
		if !x.dropOldest(reason, now) {
			return
		}
	}
}

func (x *index) dropOldest(reason Reason, now uint32) bool {
	for r := range reliabilities {
		if x.free[r].messages == 0 {
			continue
		}
		oldest, at := -1, 0
		for p := range x.lanes {
			l := &x.lanes[p][r]
			i := l.free(l.head)
			if i < 0 || l.entries[i].state != waiting {
				continue
			}
			if oldest < 0 || l.entries[i].sequence < x.lanes[oldest][r].entries[at].sequence {
				oldest, at = p, i
			}
		}
		l := &x.lanes[oldest][r]
		x.discard(ref{l.entries[at], wire.Priority(oldest), wire.Reliability(r)}, reason, now)
		l.entries[at].state = gone
		l.trim()
		return true
	}
	return false
}

// discard counts a waiting message off and notes it as dropped.
func (x *index) discard(f ref, reason Reason, now uint32) {
	x.kept.sub(f.size)
	x.free[f.reliability].sub(f.size)
	x.dropped = append(x.dropped, drop{ref: f, reason: reason, age: since(f.stored, now)})
}

// since is the time from a reading of the clock to a later one.
func since(then, now uint32) uint32 { return now - min(then, now) }
