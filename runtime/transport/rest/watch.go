package rest

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

var (
	errStalled = errors.New("the server does not answer")
	errSlow    = errors.New("the call takes too long")
)

// watcher ends a call that makes no progress. Progress is a byte of the body,
// in either direction; the time for the answer to begin counts too.
type watcher struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

// watch returns a context that ends when limit passes without progress.
func watch(ctx context.Context, limit time.Duration) (context.Context, *watcher) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watcher{cancel: cancel, limit: limit}
	w.timer = time.AfterFunc(limit, func() { cancel(errStalled) })
	return ctx, w
}

// stop ends the watch; the call is over.
func (w *watcher) stop() {
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
		wr.w.timer.Reset(wr.w.limit)
	}
	return n, err
}
