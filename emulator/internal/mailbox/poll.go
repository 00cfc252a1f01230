package mailbox

import (
	"context"
	"slices"
	"time"
)

// Delivery is what one poll gets.
type Delivery struct {
	// Messages are the requests to deliver, complete JSON objects.
	Messages [][]byte

	// Need is how many bytes a poll must offer to get the first request that waits; 0 when none waits or when there are Messages
	// (docs/protocol/transport.md §8.2, X-min-acceptBytes).
	Need int

	box      *Box
	owner    string
	requests []*request
}

// NoLimit as the size of an offer takes requests of every size.
const NoLimit = -1

// Poll takes the requests that wait for owner, the oldest first, as far as they fit into accept bytes; each counts two bytes more than
// it has (docs/protocol/transport.md §8.2). An offer of 0 gets nothing. A request that does not fit holds back those behind it.
//
// When nothing can be delivered, Poll waits for the given time, 0 for not at all. It returns earlier when something can be delivered,
// when the box is closed, and with the context's error when ctx ends; then nothing has been taken.
func (b *Box) Poll(ctx context.Context, owner string, accept int, wait time.Duration) (*Delivery, error) {
	var end <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		end = timer.C
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		delivery, changed := b.take(owner, accept)
		if len(delivery.Messages) > 0 || end == nil {
			return delivery, nil
		}
		select {
		case <-changed:
		case <-end:
			end = nil // one more look: the first request may have expired meanwhile
		case <-b.closing:
			return delivery, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take takes what fits, and gives the channel that is closed when more comes.
func (b *Box) take(owner string, accept int) (*Delivery, <-chan struct{}) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	q := b.queue(owner)
	q.tidy(now)
	d := &Delivery{box: b, owner: owner}
	if accept == 0 || b.closed {
		return d, q.changed
	}
	room := accept
	for _, r := range q.waiting {
		size := len(r.message) + 2
		if accept != NoLimit {
			if size > room {
				break
			}
			room -= size
		}
		r.Status = Dispatched
		d.requests = append(d.requests, r)
		d.Messages = append(d.Messages, r.message)
	}
	if len(d.requests) == 0 && len(q.waiting) > 0 {
		d.Need = len(q.waiting[0].message) + 2
	}
	q.waiting = slices.Delete(q.waiting, 0, len(d.requests))
	return d, q.changed
}

// PutBack returns the requests to the head of the queue: the device did not get them. Those that ended meanwhile stay away.
func (d *Delivery) PutBack() {
	now := time.Now()
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	back := slices.DeleteFunc(d.requests, func(r *request) bool {
		r.expire(now)
		return r.Done()
	})
	d.requests = nil
	if len(back) == 0 {
		return
	}
	for _, r := range back {
		r.Status = Received
	}
	q := d.box.queue(d.owner)
	q.waiting = slices.Concat(back, q.waiting)
	q.wake()
}
