package rest

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

var (
	errStalled = errors.New("the server does not answer")
	errSlow    = errors.New("the call takes too long")
)

// watcher ends a call that makes no progress, or too little of it. Progress is a
// byte of the body, in either direction; the time for the answer to begin counts
// too. Noting progress is cheap: the timer looks at it when it fires.
type watcher struct {
	cancel context.CancelCauseFunc
	limit  time.Duration // without progress
	total  time.Duration // of the call
	start  time.Time
	last   atomic.Int64 // when there was progress, in ns since start

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

// watch returns a context that ends when limit passes without progress, and when
// total has passed.
func watch(ctx context.Context, limit, total time.Duration) (context.Context, *watcher) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watcher{cancel: cancel, limit: limit, total: total, start: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(min(limit, total), w.look)
	return ctx, w
}

// look ends the call or waits on.
func (w *watcher) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.start)
	idle := now - time.Duration(w.last.Load())
	switch {
	case w.stopped:
	case now >= w.total:
		w.cancel(errSlow)
	case idle >= w.limit:
		w.cancel(errStalled)
	default:
		w.timer.Reset(min(w.limit-idle, w.total-now))
	}
}

// stop ends the watch; the call is over.
func (w *watcher) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
	w.cancel(nil)
}

// close ends the call because the client is closed.
func (w *watcher) close() { w.cancel(transport.ErrClosed) }

// reader notes progress while r is read.
func (w *watcher) reader(r io.Reader) io.Reader { return &watchedReader{w: w, r: r} }

type watchedReader struct {
	w *watcher
	r io.Reader
}

func (wr *watchedReader) Read(p []byte) (int, error) {
	n, err := wr.r.Read(p)
	if n > 0 {
		wr.w.last.Store(int64(time.Since(wr.w.start)))
	}
	return n, err
}
