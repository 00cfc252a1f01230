package dispatch

import "github.com/iotcs-go/iotcs/runtime/wire"

// AcceptHeld is [Dispatcher.Accept] for messages that are to be stored now and
// sent later: whatever their reliability they go to the store, and there they stay
// until [Dispatcher.Release]. Until then Flush does not wait for them, and they
// count against the limits of the store without being dropped for them. A
// dispatcher that finds them in the store after a restart sends them like all
// others.
//
// holds are those of [Dispatcher.AcceptAwaiting], nil for none. What waits for one
// when it is released waits on, as described there.
//
// Errors: [ErrNoStore], and those of Accept.
func (d *Dispatcher) AcceptHeld(done func(error), holds []Hold, ms ...*wire.Encoded) (Receipt, error) {
	return d.acceptAwaiting(holds, ms, func(holdings []*holding) (Receipt, error) { return d.queue.putHeld(ms, done, holdings) })
}

// Release lets the messages of AcceptHeld go, to their place in the order of
// acceptance. The receipts need not have been waited for; what was released before
// or could not be stored is passed over. It works after Close too: the messages
// stay in the store then.
func (d *Dispatcher) Release(receipts ...Receipt) { d.queue.release(receipts) }

func (q *queue) putHeld(ms []*wire.Encoded, done func(error), holdings []*holding) (Receipt, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return Receipt{}, ErrClosed
	case q.stored.store == nil:
		return Receipt{}, ErrNoStore
	}
	receipt, err := q.store(ms, done, holdings, true)
	if err != nil {
		return receipt, err
	}
	for i, m := range ms {
		q.ordinal++
		if h := holdings[i]; h != nil {
			h.source, h.ordinal, h.priority = m.Source, q.ordinal, m.Priority
			q.stored.holdings[h.ordinal] = h // it joins the others with the release
		}
	}
	return receipt, nil
}

// release counts held messages among those that wait and gives them back to the
// store.
func (q *queue) release(receipts []Receipt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &q.stored
	var sequences []uint64
	for _, r := range receipts {
		for n := r.first; n <= r.last; n++ {
			kind, held := s.held[n]
			if !held {
				continue
			}
			delete(s.held, n)
			if h := s.holdings[n]; h != nil && !h.over {
				q.join(h)
			}
			sequences = append(sequences, n)
			if kind == wire.TypeAlert {
				s.alert = max(s.alert, n)
			}
			q.unsettle(n)
		}
	}
	if len(sequences) > 0 {
		s.store.Return(sequences, false)
		q.signal()
	}
}

// unsettle counts a message that waits from now on. A flush that began after it was
// accepted waits for it too. The caller holds the lock.
func (q *queue) unsettle(ordinal uint64) {
	q.stored.unsettled++
	for _, f := range q.flushes {
		if ordinal <= f.upTo {
			f.left++
		}
	}
}
