package content

import (
	"context"
	"sync"
	"time"
)

// A transfer must carry minRate bytes a second over the first minute and from
// then on, so that a store cannot keep it for ever with a byte now and then.
const (
	minRate   = 128
	rateGrace = time.Minute
)

// What the buffers of the system hold of an upload when everything is written:
// the answer cannot come before that went over the line. The line is taken to
// carry at least slowUplink bytes a second.
const (
	systemBuffer = 4 << 20
	slowUplink   = 8 << 10
)

// watcher ends a request that makes no progress. Time in which the application
// reads or writes does not count: the watcher rests then.
type watcher struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration

	mu      sync.Mutex
	stopped bool
	since   time.Time     // when the network's turn began
	network time.Duration // what its earlier turns took
	bytes   int64
}

// watch returns a context that ends with [ErrStalled] when limit passes without
// progress.
func watch(ctx context.Context, limit time.Duration) (context.Context, *watcher) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watcher{cancel: cancel, limit: limit, since: time.Now()}
	w.timer = time.AfterFunc(limit, func() { cancel(ErrStalled) })
	return ctx, w
}

// moved counts bytes that the network carried, or was given to carry.
func (w *watcher) moved(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += int64(n)
}

// rest begins a turn of the application.
func (w *watcher) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.timer.Stop()
	w.network += time.Since(w.since)
	if w.network > rateGrace && float64(w.bytes) < minRate*w.network.Seconds() {
		w.cancel(ErrStalled)
	}
}

// resume begins a turn of the network, which may take extra longer than others.
func (w *watcher) resume(extra time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.since = time.Now()
	w.timer.Reset(w.limit + extra)
}

// stop ends the watch and the context.
func (w *watcher) stop() {
	w.mu.Lock()
	w.stopped = true
	w.timer.Stop()
	w.mu.Unlock()
	w.cancel(context.Canceled)
}

// draining is how much longer the answer to an upload of n bytes may take.
func draining(n int64) time.Duration {
	return time.Duration(min(n, systemBuffer)) * time.Second / slowUplink
}
