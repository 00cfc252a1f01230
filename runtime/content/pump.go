package content

import (
	"context"
	"io"
	"time"
)

const (
	pumpBuffer = 32 << 10
	// patienceWithReaders is how long is waited for a reader of the application
	// that nobody needs any more.
	patienceWithReaders = time.Second
)

// pump reads a reader on a goroutine of its own, one block ahead, so that
// waiting for it can be given up.
type pump struct {
	ctx    context.Context
	cancel context.CancelFunc
	full   chan block
	empty  chan []byte
	exited chan struct{}

	current block // what is being handed out
	held    []byte
}

// block is what one Read gave.
type block struct {
	data []byte
	err  error
}

func newPump(ctx context.Context, r io.Reader) *pump {
	p := &pump{full: make(chan block), empty: make(chan []byte, 2), exited: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.empty <- make([]byte, pumpBuffer)
	p.empty <- make([]byte, pumpBuffer)
	go p.run(r)
	return p
}

func (p *pump) run(r io.Reader) {
	defer close(p.exited)
	for idle := 0; ; {
		var buffer []byte
		select {
		case buffer = <-p.empty:
		case <-p.ctx.Done():
			return
		}
		n, err := r.Read(buffer)
		if idle++; n > 0 {
			idle = 0
		}
		if idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
		select {
		case p.full <- block{buffer[:n], err}:
		case <-p.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements [io.Reader]. It returns when the context ends.
func (p *pump) Read(dst []byte) (int, error) {
	for len(p.current.data) == 0 {
		if p.current.err != nil {
			return 0, p.current.err
		}
		if p.held != nil {
			p.empty <- p.held[:pumpBuffer]
			p.held = nil
		}
		select {
		case p.current = <-p.full:
			p.held = p.current.data[:0]
		case <-p.ctx.Done():
			return 0, context.Cause(p.ctx)
		}
	}
	n := copy(dst, p.current.data)
	p.current.data = p.current.data[n:]
	return n, nil
}

// Close ends the goroutine as soon as the reader returns.
func (p *pump) Close() error {
	p.cancel()
	return nil
}

// wait reports whether the reader is free again.
func (p *pump) wait() bool {
	timer := time.NewTimer(patienceWithReaders)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	case <-timer.C:
		return false
	}
}
