package dispatch

import (
	"context"
	"fmt"
	"runtime/debug"
)

// Run calls f in the line of an endpoint: after the requests that arrived
// before, and not beside a handler of the endpoint. It does not wait. The context
// ends as that of a handler does; a panic is logged. A closed dispatcher does not
// call f.
func (d *Dispatcher) Run(endpoint string, f func(context.Context)) {
	d.requests.mu.Lock()
	defer d.requests.mu.Unlock()
	if !d.requests.closed {
		d.requests.enqueue(endpoint, &request{local: f})
	}
}

func (r *requests) runLocal(endpoint string, f func(context.Context)) {
	ctx, cancel := context.WithTimeout(r.ctx, r.d.config.RequestTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.d.parts.requests.Error("work of an endpoint panicked", "endpoint", endpoint, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	f(ctx)
}
