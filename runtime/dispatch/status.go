package dispatch

import (
	"context"
	"log/slog"
	"time"
)

// stateWaiter waits for a state.
type stateWaiter struct {
	want State
	done chan struct{}
}

// Status returns how the device stands with its server.
func (d *Dispatcher) Status() Status {
	d.statusMu.Lock()
	defer d.statusMu.Unlock()
	return d.status
}

// Wait returns nil as soon as the device is in the given state. It returns the
// context's error when that ends first, and [ErrClosed] once the dispatcher is
// closed and another state is waited for.
func (d *Dispatcher) Wait(ctx context.Context, s State) error {
	d.statusMu.Lock()
	switch d.status.State {
	case s:
		d.statusMu.Unlock()
		return nil
	case Closed:
		d.statusMu.Unlock()
		return ErrClosed
	}
	w := &stateWaiter{want: s, done: make(chan struct{})}
	d.waiters = append(d.waiters, w)
	d.statusMu.Unlock()
	if err := wait(ctx, w.done, func() { d.forgetWaiter(w) }); err != nil {
		return err
	}
	if s != Closed && d.Status().State == Closed {
		return ErrClosed
	}
	return nil
}

func (d *Dispatcher) forgetWaiter(w *stateWaiter) {
	d.statusMu.Lock()
	defer d.statusMu.Unlock()
	for i, other := range d.waiters {
		if other == w {
			d.waiters = append(d.waiters[:i], d.waiters[i+1:]...)
			return
		}
	}
}

// online notes that a call was answered.
func (d *Dispatcher) online() { d.setStatus(Status{State: Online}) }

// offline notes that a call of a part failed and when it tries again.
func (d *Dispatcher) offline(part *slog.Logger, credentials bool, err error, delay time.Duration) {
	s := Status{State: Backoff, Err: err, Next: time.Now().Add(delay)}
	if credentials {
		s.State = Unauthorized
	}
	part.Warn("the server cannot be used", "state", s.State, "retry in", delay, "error", err)
	d.setStatus(s)
}

// setStatus notes a status and reports it if the state is another. Closed is
// the last one.
func (d *Dispatcher) setStatus(s Status) {
	d.statusMu.Lock()
	defer d.statusMu.Unlock()
	from := d.status
	if from.State == Closed {
		return
	}
	d.status = s
	if from.State == s.State {
		return
	}
	kept := d.waiters[:0]
	for _, w := range d.waiters {
		if w.want == s.State || s.State == Closed {
			close(w.done)
			continue
		}
		kept = append(kept, w)
	}
	clear(d.waiters[len(kept):])
	d.waiters = kept
	d.notifier.changed(from, s)
}
