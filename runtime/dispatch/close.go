package dispatch

import (
	"context"
	"errors"
)

// sendRest makes one round with everything that waits, in memory and in the store,
// ignoring any back-off; what waits for a Hold goes when that ends. It ends with
// the first call that fails and returns what is lost then; what is in the store
// stays there, and holds that nobody waits for any more are withdrawn.
func (d *Dispatcher) sendRest(ctx context.Context) (lost []*entry, cause error) {
	d.queue.close()
	cause = d.queue.waitCommitted(ctx)
	t := newTransmitter(d)
	for cause == nil {
		if cause = ctx.Err(); cause != nil {
			break
		}
		holding := d.queue.isHolding() // before take: what ends meanwhile is found
		batch := t.take(nil, d.config.BatchSize)
		if len(batch) == 0 && holding && t.gatherer.fault == nil {
			cause = d.queue.waitSignal(ctx)
			continue
		}
		if len(batch) == 0 {
			cause = t.gatherer.fault
			break
		}
		var left []*entry
		if left, cause = d.sendLast(ctx, batch); cause != nil {
			lost = d.keepStored(left)
		}
	}
	return append(lost, d.queue.drain()...), cause
}

// keepStored gives messages of the store back to it and returns the others.
func (d *Dispatcher) keepStored(entries []*entry) (others []*entry) {
	var kept []*entry
	for _, e := range entries {
		if e.stored {
			kept = append(kept, e)
		} else {
			others = append(others, e)
		}
	}
	d.queue.putBack(kept, false)
	return others
}

// waitCommitted waits until the disk has decided about every put.
func (q *queue) waitCommitted(ctx context.Context) error {
	q.mu.Lock()
	last := q.stored.last
	q.mu.Unlock()
	if err := last.Wait(ctx); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil // a failure was told to whoever waits for it
}

// waitSignal waits until there may be something to take.
func (q *queue) waitSignal(ctx context.Context) error {
	select {
	case <-q.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendLast sends entries for the last time. An error means that no further call
// makes sense; left is then what was not sent.
func (d *Dispatcher) sendLast(ctx context.Context, entries []*entry) (left []*entry, err error) {
	t := newTransmitter(d)
	err = t.post(ctx, entries)
	switch t.classify(err) {
	case delivered:
		d.delivered(entries)
		return nil, nil
	case refused:
		if len(entries) == 1 {
			entries[0].attempts++
			d.giveUp(entries, &RefusedError{Attempts: entries[0].attempts, Err: err})
			return nil, nil
		}
		return d.sendHalves(ctx, entries)
	}
	if cause := ctx.Err(); cause != nil {
		err = errors.Join(cause, err)
	}
	return entries, err
}

func (d *Dispatcher) sendHalves(ctx context.Context, entries []*entry) (left []*entry, err error) {
	middle := len(entries) / 2
	left, err = d.sendLast(ctx, entries[:middle])
	if err != nil {
		return append(left, entries[middle:]...), err
	}
	more, err := d.sendLast(ctx, entries[middle:])
	return append(left, more...), err
}
