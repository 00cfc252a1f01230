package dispatch

import (
	"fmt"
	"math"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// stored is what the queue knows of its messages in the store. All numbers are on
// one line with the ordinals of messages in memory, so that the two can be merged.
type stored struct {
	store     outbox.Store                // nil: everything is in memory
	unsettled int                         // accepted, those of earlier runs included, and not settled
	full      bool                        // the store refused a message and nothing was settled since
	held      map[uint64]wire.MessageType // accepted to be held, and not released
	alert     uint64                      // number of the latest ALERT put since the last take; 0: none
	done      map[uint64]func(error)
	holdings  map[uint64]*holding // of messages that waited or wait for a Hold, until they are settled
	abandoned []abandoned
	last      *outbox.Commit // of the latest put
	scratch   []outbox.Message
}

// abandoned is a run of messages whose Receipt was not waited for to the end: if
// they cannot be stored somebody else has to hear of it.
type abandoned struct{ first, last uint64 }

// useStore makes the queue keep durable messages in a store and counts what waits
// there.
func (q *queue) useStore(s outbox.Store) {
	q.stored.store = s
	q.stored.unsettled = s.Stats().Messages
	q.stored.done = make(map[uint64]func(error))
	q.stored.held = make(map[uint64]wire.MessageType)
	q.stored.holdings = make(map[uint64]*holding)
	q.ordinal = s.Last()
}

// isDurable reports whether a message belongs into the store. The caller holds
// the lock or the queue is new.
func (q *queue) isDurable(m *wire.Encoded) bool {
	return q.stored.store != nil && m.Reliability != wire.NoGuarantee && (m.Type == wire.TypeData || m.Type == wire.TypeAlert)
}

func (q *queue) countDurable(ms []*wire.Encoded) (n int) {
	for _, m := range ms {
		if q.isDurable(m) {
			n++
		}
	}
	return n
}

// store puts the durable ones of ms into the store, or all of them to be held,
// with the ordinals that follow the last one. The caller holds the lock, which
// fixes the order; the disk is waited for later, with the receipt.
func (q *queue) store(ms []*wire.Encoded, done func(error), holdings []*holding, held bool) (Receipt, error) {
	s := &q.stored
	s.scratch = s.scratch[:0]
	for i, m := range ms {
		if held || q.isDurable(m) {
			s.scratch = append(s.scratch, outbox.Message{Encoded: *m, Sequence: q.ordinal + uint64(i) + 1, Held: held})
			s.scratch[len(s.scratch)-1].Attachments = nil
			if len(holdings) > 0 && holdings[i] != nil {
				s.scratch[len(s.scratch)-1].Needs = holdings[i].needs
			}
		}
	}
	commit, err := s.store.Put(s.scratch)
	if err != nil {
		s.full = isFull(err) && s.unsettled > 0 // else nothing will ever make room
		clear(s.scratch)
		return Receipt{}, fmt.Errorf("storing messages: %w", err)
	}
	for i := range s.scratch {
		m := &s.scratch[i]
		if done != nil {
			s.done[m.Sequence] = done
		}
		if held {
			s.held[m.Sequence] = m.Type
			continue
		}
		if m.Type == wire.TypeAlert {
			s.alert = m.Sequence
		}
		s.unsettled++
	}
	receipt := Receipt{queue: q, commit: commit, first: s.scratch[0].Sequence, last: s.scratch[len(s.scratch)-1].Sequence}
	s.last = commit
	clear(s.scratch) // the JSON is the caller's
	return receipt, nil
}

// settleStored ends the life of a message of the store. counted is false for one
// that was held until now. The caller holds the lock.
func (q *queue) settleStored(e *entry) (counted bool) {
	s := &q.stored
	s.full = false
	if done, ok := s.done[e.ordinal]; ok {
		e.done = done
		delete(s.done, e.ordinal)
	}
	if _, held := s.held[e.ordinal]; held {
		delete(s.held, e.ordinal)
		return false
	}
	s.unsettled--
	return true
}

// returnStored gives the store's messages among entries back to it. The caller
// holds the lock.
func (q *queue) returnStored(entries []*entry, attempted bool) {
	if sequences := sequencesOf(entries); len(sequences) > 0 {
		q.stored.store.Return(sequences, attempted)
	}
}

// sequencesOf lists the numbers of those entries that lie in the store.
func sequencesOf(entries []*entry) (sequences []uint64) {
	for _, e := range entries {
		if e.stored {
			sequences = append(sequences, e.ordinal)
		}
	}
	return sequences
}

// alerted reports whether an ALERT that can be sent arrived since the last take.
func (q *queue) alerted() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.alert || q.stored.alert != 0 && q.stored.alert <= q.stored.store.Stats().Committed
}

// gatherer merges the lanes with the store. It belongs to the transmitter and,
// once that has ended, to Close.
type gatherer struct {
	queue  *queue
	free   *entry   // taken from the queue's free list
	fault  error    // what the store failed with in the last take
	failed []*entry // taken, but the wait for their holds ended with an error
	moves  uint64   // those of the queue when the take began
	renew  func([]*entry)
}

// take is queue.take for everything that waits, wherever it lies: highest priority
// first, within a priority by number.
func (g *gatherer) take(dst []*entry, n, maxBytes int) []*entry {
	q := g.queue
	if q.stored.store == nil {
		return q.take(dst, n, maxBytes)
	}
	g.fault = nil
	for {
		g.begin()
		bytes, more := 0, true
		for p := priorities - 1; p >= 0 && more; p-- {
			dst, bytes, more = g.takeLane(dst, p, n, bytes, maxBytes)
		}
		if len(dst) > 0 || !g.overtaken() {
			return dst
		}
	}
}

// overtaken reports whether messages were let go since the take began. What is let
// go in lanes that were looked at already must not be overtaken by what waited
// behind it in the others, so a take ends there.
func (g *gatherer) overtaken() bool {
	g.queue.mu.Lock()
	defer g.queue.mu.Unlock()
	return g.queue.moves != g.moves
}

// begin notes the state of the queue for the take that follows, and forgets the
// alerts which that will find.
func (g *gatherer) begin() {
	q := g.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	g.moves = q.moves
	q.alert = false
	if q.stored.alert <= q.stored.store.Stats().Committed {
		q.stored.alert = 0
	}
}

// takeLane takes messages of one priority. A message that is not committed yet
// holds up those behind it, and only those.
func (g *gatherer) takeLane(dst []*entry, p, n, bytes, maxBytes int) (taken []*entry, size int, more bool) {
	q := g.queue
	for {
		before, newest := q.headOf(p)
		var next uint64
		dst, bytes, next = g.takeStored(dst, p, before, n, bytes, maxBytes)
		if next < before && next <= q.stored.store.Stats().Committed {
			return dst, bytes, false // it could be sent, so a limit was reached
		}
		q.mu.Lock()
		if q.moves != g.moves {
			q.mu.Unlock()
			return dst, bytes, false
		}
		had := len(dst)
		dst, bytes, more = q.pop(dst, p, min(next, newest+1), n, bytes, maxBytes)
		q.mu.Unlock()
		if !more || len(dst) == had {
			return dst, bytes, more
		}
	}
}

// headOf returns the ordinal of the first message of a lane, one above newest if
// there is none, and that of the newest message of all. What is put later is not
// looked at: a message in memory could overtake one in the store.
func (q *queue) headOf(p int) (first, newest uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if head := q.lanes[p].head; head != nil {
		return head.ordinal, q.ordinal
	}
	return q.ordinal + 1, q.ordinal
}

// takeStored takes messages below before out of the store, as far as they need
// not wait. next is the first one that is left.
func (g *gatherer) takeStored(dst []*entry, p int, before uint64, n, bytes, maxBytes int) (taken []*entry, size int, next uint64) {
	for {
		from := len(dst)
		dst, bytes, next = g.read(dst, p, before, n, bytes, maxBytes)
		read := len(dst)
		g.renew(dst[from:])
		dst, bytes = g.sift(dst, from, bytes)
		if len(dst) == read || next >= before || g.overtaken() {
			return dst, bytes, next
		}
	}
}

// read takes messages below before out of the store. next is the first one that is
// left.
func (g *gatherer) read(dst []*entry, p int, before uint64, n, bytes, maxBytes int) (taken []*entry, size int, next uint64) {
	visit := func(m *outbox.Message) {
		e := g.newEntry()
		buffer := append(e.message.JSON[:0], m.JSON...)
		e.message = m.Encoded
		e.message.JSON = buffer
		e.ordinal, e.attempts, e.stored = m.Sequence, m.Attempts, true
		e.needs = append(e.needs, m.Needs...)
		bytes += len(buffer) + 1
		dst = append(dst, e)
	}
	store := g.queue.stored.store
	g.refill()
	limit := outbox.Limit{Messages: n - len(dst), Bytes: max(0, maxBytes-bytes)}
	if len(dst) == 0 && n > 0 {
		limit = outbox.Limit{Messages: 1, Bytes: math.MaxInt}
	}
	next, err := store.Take(wire.Priority(p), before, limit, visit)
	if err == nil && limit.Bytes == math.MaxInt && next < before {
		limit = outbox.Limit{Messages: n - len(dst), Bytes: max(0, maxBytes-bytes)}
		next, err = store.Take(wire.Priority(p), before, limit, visit)
	}
	if err != nil {
		g.fault = err
		return dst, bytes, outbox.None
	}
	return dst, bytes, next
}

// refill fetches unused entries. They cannot be fetched one by one while the store
// is visited: the queue's lock comes before the store's.
func (g *gatherer) refill() {
	if g.free != nil {
		return
	}
	q := g.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	g.free, q.free, q.kept = q.free, nil, 0
}

func (g *gatherer) newEntry() *entry {
	e := g.free
	if e == nil {
		return new(entry)
	}
	g.free, e.next = e.next, nil
	return e
}
