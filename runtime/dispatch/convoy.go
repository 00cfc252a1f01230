package dispatch

import (
	"cmp"
	"errors"
	"slices"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// holding is a message that waits for a Hold.
type holding struct {
	hold     Hold   // nil: it has to be begun again
	needs    []byte // of hold, with a store
	source   string
	ordinal  uint64
	priority wire.Priority
	entry    *entry // of a message in memory, as long as it waits
	over     bool   // the wait has ended, or nobody waits any more
	err      error  // how it ended
}

// convoy is what waits of one source because of its holdings.
type convoy struct {
	holdings []*holding // whose wait is not over
	entries  []*entry   // the messages in memory, by ordinal
	parked   []uint64   // those of the store, which were taken from it
}

// blocks reports whether a message has to wait: it is held itself, or it is DATA
// behind one that is.
func (c *convoy) blocks(m *wire.Encoded, ordinal uint64) bool {
	for _, h := range c.holdings {
		if h.ordinal == ordinal || h.ordinal < ordinal && m.Type == wire.TypeData && m.Priority <= h.priority {
			return true
		}
	}
	return false
}

// hold makes the message that was just numbered wait. The caller holds the lock.
func (q *queue) hold(h *holding, m *wire.Encoded) {
	h.source, h.ordinal, h.priority = m.Source, q.ordinal, m.Priority
	q.join(h)
}

// join puts h to the others of its source. The caller holds the lock.
func (q *queue) join(h *holding) {
	c := q.convoys[h.source]
	if c == nil {
		if q.convoys == nil {
			q.convoys = make(map[string]*convoy)
		}
		c = new(convoy)
		q.convoys[h.source] = c
	}
	c.holdings = append(c.holdings, h)
}

// mustWait reports whether a message has to wait behind others of its source. The
// caller holds the lock.
func (q *queue) mustWait(m *wire.Encoded, ordinal uint64) bool {
	c := q.convoys[m.Source]
	return c != nil && c.blocks(m, ordinal)
}

// conclude ends the wait of a message: it and what waited behind it are free to
// leave. With an error an entry in memory is returned, to be given up; ending is
// then to be told when that is done. One in the store is given up when it is
// taken.
func (q *queue) conclude(h *holding, err error) (failed *entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if h.over {
		return nil
	}
	h.over, h.err = true, err
	c := q.convoys[h.source]
	if e := h.entry; e != nil && err == nil {
		e.message.JSON = h.hold.Complete(e.message.JSON)
	} else if e != nil {
		c.entries = slices.DeleteFunc(c.entries, func(other *entry) bool { return other == e })
		q.waiting--
		q.taken++
		q.ending.Add(1)
		failed = e
	}
	h.entry = nil
	q.advance(h)
	q.retry()
	return failed
}

// isKnown reports whether the Hold of a message of the store was begun in this run.
func (q *queue) isKnown(e *entry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stored.holdings[e.ordinal] != nil
}

// renew notes a Hold, or the error, for a message that was taken from the store.
func (q *queue) renew(h *holding, e *entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h.source, h.ordinal, h.priority = e.message.Source, e.ordinal, e.message.Priority
	q.stored.holdings[h.ordinal] = h
	if h.over = h.hold == nil && !errors.Is(h.err, ErrBusy); !h.over {
		q.join(h)
	}
}

// retry has messages taken again whose Hold could not be begun. The caller holds
// the lock.
func (q *queue) retry() {
	for _, h := range q.stored.holdings {
		if h.hold == nil && !h.over {
			delete(q.stored.holdings, h.ordinal)
			h.over = true
			q.advance(h)
		}
	}
}

// advance lets go what need not wait for h any more. The caller holds the lock.
func (q *queue) advance(h *holding) {
	c := q.convoys[h.source]
	if c == nil {
		return // it is held by its owner and has not joined
	}
	q.moves++
	c.holdings = slices.DeleteFunc(c.holdings, func(other *holding) bool { return other == h })
	var free, still []*entry
	for _, e := range c.entries {
		if c.blocks(&e.message, e.ordinal) {
			still = append(still, e)
		} else {
			free = append(free, e)
		}
	}
	c.entries = still
	q.merge(free)
	if len(c.parked) > 0 {
		q.stored.store.Return(c.parked, false)
		c.parked = nil
	}
	if len(c.holdings) == 0 {
		delete(q.convoys, h.source)
	}
	q.signal()
}

// merge puts entries, which are in the order of their ordinals, to their places in
// the lanes.
func (q *queue) merge(entries []*entry) {
	var at [priorities]**entry
	for _, e := range entries {
		p := e.message.Priority
		if at[p] == nil {
			at[p] = &q.lanes[p].head
		}
		at[p] = q.lanes[p].insert(at[p], e)
		if e.message.Type == wire.TypeAlert {
			q.alert = true
		}
	}
}

// isHolding reports whether a message waits for a Hold.
func (q *queue) isHolding() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.convoys) > 0
}

// dissolve ends all convoys: it returns the messages in memory, which count as taken
// then, and the holds, which are to be withdrawn.
func (q *queue) dissolve() (entries []*entry, holds []Hold) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.convoys {
		for _, h := range c.holdings {
			h.over, h.entry = true, nil
			if h.hold != nil {
				holds = append(holds, h.hold)
			}
		}
		entries = append(entries, c.entries...)
		if len(c.parked) > 0 {
			q.stored.store.Return(c.parked, false)
		}
	}
	for _, h := range q.stored.holdings { // those that have not joined
		if !h.over && h.hold != nil {
			h.over = true
			holds = append(holds, h.hold)
		}
	}
	q.convoys = nil
	q.waiting -= len(entries)
	q.taken += len(entries)
	slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.ordinal, b.ordinal) })
	return entries, holds
}

// heldError is how the wait of a message of the store ended.
func (q *queue) heldError(e *entry) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stored.holdings[e.ordinal].err
}

// unhold forgets what messages of the store that are settled waited for. The store
// may have dropped one that still waits.
func (q *queue) unhold(entries []*entry) {
	var holds []Hold
	q.mu.Lock()
	for _, e := range entries {
		h := q.stored.holdings[e.ordinal]
		if !e.stored || h == nil {
			continue
		}
		delete(q.stored.holdings, e.ordinal)
		if !h.over {
			h.over = true
			q.advance(h)
			if h.hold != nil {
				holds = append(holds, h.hold)
			}
		}
	}
	q.mu.Unlock()
	for _, h := range holds {
		h.Withdraw()
	}
}

// sift takes out of dst[from:], which was read from the store, what has to wait
// and what will never be sent.
func (g *gatherer) sift(dst []*entry, from, bytes int) (kept []*entry, size int) {
	q := g.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.convoys)+len(q.stored.holdings) == 0 && q.moves == g.moves {
		return dst, bytes
	}
	kept = dst[:from]
	if q.moves != g.moves { // a message of a higher priority may have been let go behind the reader
		for _, e := range dst[from:] {
			bytes -= len(e.message.JSON) + 1
		}
		q.returnStored(dst[from:], false)
		for _, e := range dst[from:] {
			q.keep(e)
		}
		clear(dst[from:])
		return kept, bytes
	}
	for _, e := range dst[from:] {
		length := len(e.message.JSON) + 1
		h := q.stored.holdings[e.ordinal]
		switch {
		case q.mustWait(&e.message, e.ordinal):
			c := q.convoys[e.message.Source]
			c.parked = append(c.parked, e.ordinal)
			bytes -= length
			q.keep(e)
		case h != nil && h.over && h.err != nil:
			g.failed = append(g.failed, e)
			bytes -= length
		default:
			if h != nil {
				e.message.JSON = h.hold.Complete(e.message.JSON)
				bytes += len(e.message.JSON) + 1 - length
			}
			kept = append(kept, e)
		}
	}
	clear(dst[len(kept):])
	return kept, bytes
}
