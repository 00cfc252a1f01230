package dispatch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// overhead is what the official clients need for a request in their buffer
// beside its bytes; the server counts it too (docs/protocol/dispatch.md §5.1).
const overhead = 2

// receiver fetches the server's requests, by long polling or by asking from time
// to time, and keeps those that wait for a handler within the request buffer.
type receiver struct {
	d       *Dispatcher
	ctx     context.Context // ends when receiving must stop
	cancel  context.CancelFunc
	backoff backoff
	wasSent chan struct{} // a batch went through; holds one token
	poll    atomic.Int64  // polling interval in ns, negative: only after sends

	// calls holds a token, without long polling, from looking at the room until
	// the requests of the answer are taken over: a call that sends and a poll
	// both bring requests then, which must keep their order and share the room.
	calls chan struct{}

	mu    sync.Mutex
	used  int
	freed chan struct{} // room appeared; holds one token
}

func newReceiver(d *Dispatcher) *receiver {
	r := &receiver{
		d:       d,
		backoff: backoff{base: d.config.BaseDelay},
		wasSent: make(chan struct{}, 1),
		freed:   make(chan struct{}, 1),
		calls:   make(chan struct{}, 1),
	}
	r.ctx, r.cancel = context.WithCancel(d.ctx)
	r.poll.Store(int64(d.config.PollInterval))
	return r
}

// stop ends run soon; a call under way is cut.
func (r *receiver) stop() { r.cancel() }

// run receives until stop.
func (r *receiver) run() {
	for r.ctx.Err() == nil {
		if r.d.config.NoLongPolling {
			r.pollOnce()
		} else {
			r.holdOnce()
		}
	}
}

// holdOnce makes one long poll as soon as there is room for requests.
func (r *receiver) holdOnce() {
	room := r.room()
	if room <= 0 {
		select {
		case <-r.freed:
		case <-r.ctx.Done():
		}
		return
	}
	started := time.Now()
	got, err := r.d.config.Conn.Receive(r.ctx, room, r.d.config.HoldTime)
	if r.handle(got, err) && len(got.Requests) == 0 {
		r.rest(started)
	}
}

// rest keeps a server that does not hold its long polls, or whose next request
// does not fit, from being asked in a tight loop.
func (r *receiver) rest(started time.Time) {
	const atLeast = time.Second
	if left := atLeast - time.Since(started); left > 0 {
		r.sleep(left)
	}
}

// pollOnce waits for the polling interval or a sent batch and then fetches
// everything that waits for the device.
func (r *receiver) pollOnce() {
	interval := time.Duration(r.poll.Load())
	if interval <= 0 {
		select {
		case <-r.wasSent:
		case <-r.ctx.Done():
			return
		}
	} else {
		r.sleep(interval)
	}
	for r.ctx.Err() == nil {
		got, err, asked := r.ask()
		if !asked || !r.settle(err) || len(got.Requests) == 0 {
			return
		}
	}
}

// ask fetches requests once and takes them over, if there is room.
func (r *receiver) ask() (got transport.Received, err error, asked bool) {
	r.calls <- struct{}{}
	room := r.room()
	if room <= 0 {
		<-r.calls
		return got, nil, false
	}
	got, err = r.d.config.Conn.Receive(r.ctx, room, 0)
	r.accept(got) // releases calls
	return got, err, true
}

// handle takes over what a long poll brought, and is settle otherwise.
func (r *receiver) handle(got transport.Received, err error) bool {
	r.accept(got)
	return r.settle(err)
}

// settle notes how a call went. After a failure it waits and returns false.
func (r *receiver) settle(err error) bool {
	if r.ctx.Err() != nil && err != nil {
		return false
	}
	if err == nil {
		r.backoff.succeeded()
		r.d.online()
		return true
	}
	r.d.counters.protocolErrors.Add(1)
	delay := r.backoff.failed(retryAfter(err))
	r.d.offline(r.d.parts.receiver, errors.Is(err, transport.ErrUnauthorized), err, delay)
	r.sleep(delay)
	return false
}

// sleep waits; a batch that was sent, or stop, ends it early.
func (r *receiver) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.wasSent:
	case <-r.ctx.Done():
	}
}

// sent notes that a batch went through: the server is there, and may have
// something for the device.
func (r *receiver) sent() {
	select {
	case r.wasSent <- struct{}{}:
	default:
	}
}

// acceptWithSend is what a call that sends offers to take: nothing while long
// polling, as Java does (docs/protocol/dispatch.md §5.2). It must be followed by
// accept, until which no other call looks at the room.
func (r *receiver) acceptWithSend() int {
	if !r.d.config.NoLongPolling {
		return 0
	}
	r.calls <- struct{}{}
	if r.ctx.Err() != nil {
		return 0
	}
	return max(0, r.room())
}

// accept passes requests on to the handlers and tells what did not fit. It ends
// what acceptWithSend or ask began.
func (r *receiver) accept(got transport.Received) {
	if r.d.config.NoLongPolling {
		defer func() { <-r.calls }()
	}
	if need := got.MinAcceptBytes; need > 0 {
		if need > r.d.config.RequestBuffer-overhead {
			r.d.parts.buffer.Error("a request waits at the server that is larger than the request buffer", "needs", need, "buffer", r.d.config.RequestBuffer)
		} else {
			r.d.parts.buffer.Warn("a request waits at the server until the request buffer has room", "needs", need)
		}
	}
	for _, raw := range got.Requests {
		r.take(len(raw) + overhead)
		r.d.counters.messagesReceived.Add(1)
		r.d.counters.bytesReceived.Add(int64(len(raw)))
		r.d.requests.arrived(raw)
	}
}

// room is the number of bytes of requests that fit now.
func (r *receiver) room() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.d.config.RequestBuffer - r.used - overhead
}

func (r *receiver) take(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used += n
}

// release frees the room of a request whose handler starts.
func (r *receiver) release(n int) {
	r.mu.Lock()
	r.used -= n
	r.mu.Unlock()
	select {
	case r.freed <- struct{}{}:
	default:
	}
}

// PollingInterval returns the interval without long polling, 0 for only after
// sends.
func (d *Dispatcher) PollingInterval() time.Duration {
	return max(0, time.Duration(d.receiver.poll.Load()))
}

// SetPollingInterval changes the interval from the next wait on; 0 polls only
// after sends. It has no effect while long polling
// (docs/protocol/dispatch.md §10.3).
func (d *Dispatcher) SetPollingInterval(interval time.Duration) {
	if interval <= 0 {
		interval = -1
	}
	d.receiver.poll.Store(int64(interval))
}
