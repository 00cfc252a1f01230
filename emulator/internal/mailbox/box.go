package mailbox

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Source is what stands as source in every request. Devices answer to it; it must not be empty.
const Source = "0-APP"

// Times and bounds of a box.
const (
	Life   = 60 * time.Second // an unanswered request fails after it (docs/protocol/management-api.md §9.2)
	Memory = 10 * time.Minute // a finished request can be looked at for so long

	// MaxMessage is the size of the largest request in bytes: the Java client cannot represent more (docs/protocol/messages.md §1.1).
	MaxMessage = 65535

	maxWaiting = 1000   // requests in one queue
	maxKnown   = 20_000 // requests that can be looked at
)

// Why a request is not taken.
var (
	ErrTooLarge = errors.New("mailbox: the request is larger than any device can take")
	ErrFull     = errors.New("mailbox: too many requests are waiting for the device")
)

// ErrUnknown says that there is no such request, or not any more.
var ErrUnknown = errors.New("mailbox: unknown request")

// Box holds the requests to all devices. Make one with [New].
type Box struct {
	mu      sync.Mutex
	queues  map[string]*queue   // by owner
	known   map[string]*request // by id
	ordered []*request          // all known ones, the oldest first
	closing chan struct{}
	closed  bool
}

// queue is what waits for one directly connected device or gateway.
type queue struct {
	waiting []*request
	changed chan struct{} // closed when something is added
}

// New makes an empty box.
func New() *Box {
	return &Box{queues: make(map[string]*queue), known: make(map[string]*request), closing: make(chan struct{})}
}

// Close ends all polls that are held, and those that come, without requests.
func (b *Box) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.closing)
	}
}

// queue gives the owner's queue. It is for the holder of the lock.
func (b *Box) queue(owner string) *queue {
	q := b.queues[owner]
	if q == nil {
		q = &queue{changed: make(chan struct{})}
		b.queues[owner] = q
	}
	return q
}

// wake ends the waiting of the owner's polls. It is for the holder of the lock.
func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Send queues a request for the device, to be delivered through owner, and gives its snapshot and the message that is delivered. It
// fails with [ErrTooLarge] and [ErrFull].
func (b *Box) Send(device, owner string, payload *wire.Request) (Request, []byte, error) {
	now := time.Now()
	id := wire.NewUUID().String()
	message := encode(id, device, now, payload)
	if len(message) > MaxMessage {
		return Request{}, nil, ErrTooLarge
	}
	r := &request{
		Request: Request{ID: id, Device: device, Method: payload.Method, URL: payload.URL, Status: Received, Received: now.UnixMilli()},
		owner:   owner,
		message: message,
		expires: now.Add(Life),
		done:    make(chan struct{}),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	q := b.queue(owner)
	q.tidy(now)
	if len(q.waiting) >= maxWaiting {
		return Request{}, nil, ErrFull
	}
	q.waiting = append(q.waiting, r)
	b.known[id] = r
	b.ordered = append(b.ordered, r)
	q.wake()
	return r.Request, message, nil
}

// tidy removes what has ended or expired from the queue.
func (q *queue) tidy(now time.Time) {
	q.waiting = slices.DeleteFunc(q.waiting, func(r *request) bool {
		r.expire(now)
		return r.Done()
	})
}

// forget drops what nobody may look at any more. It is for the holder of the lock.
func (b *Box) forget(now time.Time) {
	old := 0
	for _, r := range b.ordered {
		r.expire(now)
		if r.expires.Add(Memory).After(now) && len(b.ordered)-old < maxKnown {
			break
		}
		if !r.Done() { // too many at once: the oldest gives way
			r.finish(Failed, &wire.Response{StatusCode: http.StatusServiceUnavailable, RequestID: r.ID}, now)
		}
		delete(b.known, r.ID)
		old++
	}
	b.ordered = slices.Delete(b.ordered, 0, old)
}

// Answer completes the request that the response refers to and tells whether it did: the request must be known, be for the device, and
// not have ended.
func (b *Box) Answer(device string, response *wire.Response) bool {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.known[response.RequestID]
	if r == nil || r.Device != device {
		return false
	}
	if r.expire(now); r.Done() {
		return false
	}
	r.finish(Completed, response, now)
	return true
}

// Request gives a snapshot of the request. It fails with [ErrUnknown].
func (b *Box) Request(id string) (Request, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.known[id]
	if r == nil {
		return Request{}, ErrUnknown
	}
	r.expire(time.Now())
	return r.Request, nil
}

// Await waits until the request has ended, which it does within [Life], and gives its snapshot. When ctx ends first or the box is
// closed, it gives the snapshot of then with the context's error or nil.
func (b *Box) Await(ctx context.Context, id string) (Request, error) {
	b.mu.Lock()
	r := b.known[id]
	b.mu.Unlock()
	if r == nil {
		return Request{}, ErrUnknown
	}
	expiry := time.NewTimer(time.Until(r.expires))
	defer expiry.Stop()
	select {
	case <-r.done:
	case <-expiry.C:
	case <-b.closing:
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r.expire(time.Now())
	if r.Done() {
		return r.Request, nil
	}
	return r.Request, ctx.Err()
}

// Drop fails all requests for the device with status code 404: it is gone.
func (b *Box) Drop(device string) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if q := b.queues[device]; q != nil {
		q.wake()
		delete(b.queues, device)
	}
	for _, r := range b.ordered {
		if r.expire(now); r.Device == device && !r.Done() {
			r.finish(Failed, &wire.Response{StatusCode: http.StatusNotFound, RequestID: r.ID}, now)
		}
	}
}

// Move brings what waits for the device into the queue of a new owner: it has moved to another gateway.
func (b *Box) Move(device, owner string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var moved []*request
	for _, q := range b.queues {
		q.waiting = slices.DeleteFunc(q.waiting, func(r *request) bool {
			if r.Device == device && r.owner != owner {
				moved = append(moved, r)
				return true
			}
			return false
		})
	}
	if len(moved) == 0 {
		return
	}
	q := b.queue(owner)
	for _, r := range moved {
		r.owner = owner
		q.waiting = append(q.waiting, r)
	}
	q.wake()
}
