package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// maxBatchBytes bounds the body of one call, so that memory stays bounded
// however large single messages are.
const maxBatchBytes = 4 << 20

// transmitter sends batches. It belongs to one goroutine.
type transmitter struct {
	d        *Dispatcher
	gatherer gatherer
	backoff  backoff
	ramp     ramp
	batch    []*entry
	body     []byte
	broken   time.Time // when an alert last broke the back-off
}

func newTransmitter(d *Dispatcher) *transmitter {
	return &transmitter{d: d, gatherer: gatherer{queue: d.queue, renew: d.renew}, backoff: backoff{base: d.config.BaseDelay}}
}

// outcome says what to do after a call.
type outcome uint8

const (
	delivered    outcome = iota
	refused              // the server will never take this call: find the message at fault
	attemptUsed          // the server answered with a failure: try again, within the message's retries
	unreachable          // no answer, or none that counts: try again
	unauthorized         // as unreachable, but for the credentials
	stopped              // the dispatcher is closing
)

// run sends until the dispatcher closes. A call that is under way then is
// finished.
func (t *transmitter) run() {
	for {
		select {
		case <-t.d.stopping:
			return
		default:
		}
		if t.sendWaiting(t.d.ctx) {
			continue
		}
		select {
		case <-t.d.queue.wake:
		case <-t.d.stopping:
		}
	}
}

// sendWaiting sends one batch and, when it failed, waits before the next. It
// returns false when there is nothing to send.
func (t *transmitter) sendWaiting(ctx context.Context) bool {
	t.batch = t.take(t.batch[:0], t.ramp.limit(t.d.config.BatchSize))
	if len(t.batch) == 0 {
		return false
	}
	result, err := t.deliver(ctx, t.batch)
	clear(t.batch)
	switch result {
	case delivered:
		t.backoff.succeeded()
		t.ramp.sent()
		t.d.online()
		t.d.receiver.sent()
	case stopped:
	default:
		t.pause(result, err)
	}
	return true
}

// take gathers a batch of up to n messages.
func (t *transmitter) take(dst []*entry, n int) []*entry {
	dst = t.gatherer.take(dst, n, maxBatchBytes)
	if err := t.gatherer.fault; err != nil {
		t.d.parts.transmitter.Error("messages cannot be taken from the outbox", "error", err)
	}
	for _, e := range t.gatherer.failed {
		t.d.giveUp([]*entry{e}, t.d.queue.heldError(e))
	}
	t.gatherer.failed = nil
	return dst
}

// deliver sends entries in one call, or in halves if the server refuses the
// call, until each is settled or put back.
func (t *transmitter) deliver(ctx context.Context, entries []*entry) (outcome, error) {
	err := t.post(ctx, entries)
	result := t.classify(err)
	switch result {
	case delivered:
		t.d.delivered(entries)
	case refused:
		return t.isolate(ctx, entries, err)
	case attemptUsed:
		t.useAttempt(entries, err)
	default:
		t.d.queue.putBack(entries, false)
	}
	return result, err
}

// isolate finds the messages that make the server refuse a call: halves go on
// their own, a single message that is refused is given up
// (docs/protocol/dispatch.md §4.2).
func (t *transmitter) isolate(ctx context.Context, entries []*entry, err error) (outcome, error) {
	if len(entries) == 1 {
		e := entries[0]
		e.attempts++
		t.d.giveUp(entries, &RefusedError{Attempts: e.attempts, Err: err})
		return delivered, nil
	}
	middle := len(entries) / 2
	result, err := t.deliver(ctx, entries[:middle])
	if result != delivered {
		t.d.queue.putBack(entries[middle:], false)
		return result, err
	}
	return t.deliver(ctx, entries[middle:])
}

// post makes one call with the messages of entries.
func (t *transmitter) post(ctx context.Context, entries []*entry) error {
	body := append(t.body[:0], '[')
	for i, e := range entries {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e.message.JSON...)
	}
	t.body = append(body, ']')
	got, err := t.d.config.Conn.Send(ctx, t.body, t.d.receiver.acceptWithSend())
	if cap(t.body) > maxBatchBytes/4 {
		t.body = nil
	}
	t.d.receiver.accept(got)
	return err
}

// classify tells what the error of a call means
// (docs/protocol/dispatch.md §4.2; docs/reliability.md for what uses attempts).
func (t *transmitter) classify(err error) outcome {
	if err == nil {
		return delivered
	}
	var status *transport.StatusError
	switch {
	case errors.Is(err, transport.ErrMalformed), errors.Is(err, transport.ErrTooLarge):
		// The status said that the messages were taken; only the requests that
		// came with the answer are lost, and the server offers them again.
		t.d.counters.protocolErrors.Add(1)
		t.d.parts.transmitter.Warn("answer to messages cannot be read", "error", err)
		return delivered
	case t.d.ctx.Err() != nil:
		return stopped
	}
	t.d.counters.protocolErrors.Add(1)
	switch {
	case errors.Is(err, transport.ErrUnauthorized):
		return unauthorized
	case !errors.As(err, &status):
		return unreachable
	}
	switch status.Status {
	case 400, 404, 409, 413:
		return refused
	case 401, 403:
		return unauthorized
	case 408, 429, 503: // the server did not look at the messages
		return unreachable
	}
	return attemptUsed
}

// useAttempt puts entries back that may be tried again and gives the others up.
func (t *transmitter) useAttempt(entries []*entry, err error) {
	again := make([]*entry, 0, len(entries))
	for _, e := range entries {
		e.attempts++
		if t.d.queue.exhausted(e) {
			t.d.giveUp([]*entry{e}, &RefusedError{Attempts: e.attempts, Err: err})
			continue
		}
		again = append(again, e)
	}
	t.d.counters.messagesRetried.Add(int64(len(again)))
	t.d.queue.putBack(again, true)
}

// pause waits after a failure. An ALERT that arrives meanwhile ends the pause,
// at most once per base delay.
func (t *transmitter) pause(result outcome, err error) {
	delay := t.backoff.failed(retryAfter(err))
	t.ramp.start()
	t.d.offline(t.d.parts.transmitter, result == unauthorized, err, delay)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-t.d.stopping:
			return
		case <-t.d.queue.wake:
			if t.d.queue.alerted() && time.Since(t.broken) >= t.d.config.BaseDelay {
				t.broken = time.Now()
				return
			}
		}
	}
}

// retryAfter is what the server asked to wait, 0 if nothing.
func retryAfter(err error) time.Duration {
	var status *transport.StatusError
	if errors.As(err, &status) {
		return status.RetryAfter
	}
	return 0
}
