package dispatch

import (
	"math/rand/v2"
	"time"
)

// fibonacci is the back-off table in units of the base delay; the last entry
// repeats (docs/protocol/dispatch.md §4).
var fibonacci = [...]int{0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144}

// backoff counts failures in a row and says how long to wait. It belongs to one
// goroutine.
type backoff struct {
	base    time.Duration
	attempt int // index into fibonacci
}

// failed returns how long to wait after one more failure: the next entry of the
// table with ±10 % jitter, so that devices that lost the same server do not come
// back together. A server's own wish goes before it.
func (b *backoff) failed(wish time.Duration) time.Duration {
	b.attempt = min(b.attempt+1, len(fibonacci)-1)
	if wish > 0 {
		return wish
	}
	delay := time.Duration(fibonacci[b.attempt]) * b.base
	return delay + time.Duration((rand.Float64()-0.5)*0.2*float64(delay))
}

// succeeded starts the table anew.
func (b *backoff) succeeded() { b.attempt = 0 }

// ramp bounds batches after a recovery: 10, 10, 20, 30, 50 … messages, so that
// a server that has just come back is not buried
// (docs/protocol/dispatch.md §4, transmit step 2).
type ramp struct {
	step int // 0: no bound
}

// start begins the ramp.
func (r *ramp) start() { r.step = 1 }

// limit bounds a batch.
func (r *ramp) limit(batch int) int {
	if r.step == 0 {
		return batch
	}
	return min(batch, 10*fibonacci[min(r.step, len(fibonacci)-1)])
}

// sent goes one step up; at the end of the table the ramp is over.
func (r *ramp) sent() {
	if r.step > 0 {
		r.step++
	}
	if r.step >= len(fibonacci) {
		r.step = 0
	}
}
