package dispatch

import (
	"context"
	"errors"
)

// sendRest makes one round with everything that waits, ignoring any back-off,
// and returns what the server did not take.
func (d *Dispatcher) sendRest(ctx context.Context) (left []*entry, cause error) {
	rest := d.queue.drain()
	for len(rest) > 0 {
		if err := ctx.Err(); err != nil {
			return rest, err
		}
		n := min(len(rest), d.config.BatchSize)
		undelivered, err := d.sendLast(ctx, rest[:n])
		left = append(left, undelivered...)
		rest = rest[n:]
		if err != nil {
			return append(left, rest...), err
		}
	}
	return left, cause
}

// sendLast sends entries for the last time. An error means that no further call
// makes sense.
func (d *Dispatcher) sendLast(ctx context.Context, entries []*entry) (left []*entry, err error) {
	t := &transmitter{d: d}
	err = t.post(ctx, entries)
	switch t.classify(err) {
	case delivered:
		d.notifier.delivered(entries)
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
