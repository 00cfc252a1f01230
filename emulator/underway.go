package emulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// exchanges counts what is under way. (http.Server.Shutdown would wait for connections on which nothing was asked yet.)
type exchanges struct {
	mu    sync.Mutex
	count int
	ended chan struct{} // set by wait; closed when the count is 0
}

// begin counts one more, unless the server closes.
func (e *exchanges) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended != nil {
		return false
	}
	e.count++
	return true
}

func (e *exchanges) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count--
	if e.count == 0 && e.ended != nil {
		close(e.ended)
	}
}

func (e *exchanges) closing() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended != nil
}

// wait lets nothing begin any more and returns when all has ended, or with the error of ctx. It is called once.
func (e *exchanges) wait(ctx context.Context) error {
	e.mu.Lock()
	e.ended = make(chan struct{})
	if e.count == 0 {
		close(e.ended)
	}
	e.mu.Unlock()
	select {
	case <-e.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("emulator: exchanges were cut: %w", ctx.Err())
	}
}

// connections knows the connections that a goroutine of the HTTP server still works on.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
	none chan struct{} // set by wait; closed when none is left
}

// note is called by the HTTP server.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if c.open == nil {
			c.open = make(map[net.Conn]struct{})
		}
		c.open[conn] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
		if len(c.open) == 0 && c.none != nil {
			close(c.none)
			c.none = nil
		}
	}
}

// wait returns when no connection is worked on any more, or when ctx ends. The connections must have been closed.
func (c *connections) wait(ctx context.Context) {
	c.mu.Lock()
	none := make(chan struct{})
	if len(c.open) == 0 {
		close(none)
	} else {
		c.none = none
	}
	c.mu.Unlock()
	select {
	case <-none:
	case <-ctx.Done():
	}
}
