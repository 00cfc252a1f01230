package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/outbox"
)

// Receipt is what [Dispatcher.Accept] gives for messages: their place in the order
// is fixed, but they may not be on the disk yet. The zero value stands for
// messages that need no disk.
type Receipt struct {
	queue       *queue
	commit      *outbox.Commit
	first, last uint64
}

// Wait returns nil when the messages are stored as the store's mode promises; at
// once if they are kept in memory. Any other error than the context's says that
// they could not be stored and will not be sent; no done function and no reporter
// hears of that.
//
// If ctx ends first its error is returned. The messages stay accepted then, and if
// they cannot be stored after all, the done function or the reporter is told.
//
// Wait should be called, with no lock held that setters need: nobody else hears of
// a disk that is full.
func (r Receipt) Wait(ctx context.Context) error {
	if r.commit == nil {
		return nil
	}
	err := r.commit.Wait(ctx)
	if err == nil {
		return nil
	}
	if decided, failed := r.abandon(); decided {
		err = failed
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("storing messages: %w", err)
}

// IsZero reports whether there is nothing to wait for.
func (r Receipt) IsZero() bool { return r.commit == nil }

// Abandon is for those who cannot wait: if the messages cannot be stored, the done
// function or the reporter is told. An error says that this has happened already,
// and nobody else hears of it.
func (r Receipt) Abandon() error {
	if r.commit == nil {
		return nil
	}
	if _, err := r.abandon(); err != nil {
		return fmt.Errorf("storing messages: %w", err)
	}
	return nil
}

// abandon notes that nobody waits any more, unless the fate is decided.
func (r Receipt) abandon() (decided bool, err error) {
	q := r.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if decided, err = r.commit.Decided(); !decided {
		q.stored.abandoned = append(q.stored.abandoned, abandoned{r.first, r.last})
	}
	return decided, err
}

// unheard reports whether a message that could not be stored has nobody who waits
// for it.
func (q *queue) unheard(sequence uint64) (unheard bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.stored.abandoned {
		unheard = unheard || a.first <= sequence && sequence <= a.last
	}
	return unheard
}

// forgetAbandoned forgets the messages whose fate is decided and told.
func (q *queue) forgetAbandoned(committed uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.stored.abandoned[:0]
	for _, a := range q.stored.abandoned {
		if a.last > committed {
			kept = append(kept, a)
		}
	}
	q.stored.abandoned = kept
}

// isFull reports whether a store refused for want of room.
func isFull(err error) bool { return errors.As(err, new(*outbox.FullError)) }
