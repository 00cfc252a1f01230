package policy

import (
	"sync"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Workspace holds what engines need only while they work, so that thousands of
// idle ones need none of it. The zero Workspace is ready; goroutines may use it at
// the same time.
type Workspace struct{ free sync.Pool }

// WithWorkspace makes an Engine share working space with others. Without it the
// Engine has its own.
func WithWorkspace(w *Workspace) StartOption {
	return func(e *Engine) { e.workspace = w }
}

// scratch is the working space of one call. Between calls of the Engine nothing in
// it counts.
type scratch struct {
	process []Item // values on their way through pipelines
	pairs   []Item
	stored  []int
	items   []wire.Item
	message Message
}

// begin starts a call at a time: it gets working space unless the call is part of
// another one. What it returns is for end.
func (e *Engine) begin(now int64) (outermost bool) {
	e.now = now
	if e.scratch != nil {
		return false
	}
	s, ok := e.workspace.free.Get().(*scratch)
	if !ok {
		s = new(scratch)
	}
	e.scratch = s
	return true
}

// end gives the working space back.
func (e *Engine) end(outermost bool) {
	if !outermost {
		return
	}
	clear(e.process)
	e.process = e.process[:0]
	e.workspace.free.Put(e.scratch)
	e.scratch = nil
}
