package dispatch

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/iotcs-go/iotcs/runtime/wire"
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

// Serve hands a request that the device makes to itself to the handler of its
// destination, as [Dispatcher.Run] does. Nobody gets the answer; a refusal is
// logged.
func (d *Dispatcher) Serve(m *wire.Message) {
	d.Run(m.Destination, func(context.Context) {
		if answer := d.requests.call(m); answer.StatusCode >= http.StatusBadRequest {
			d.parts.requests.Warn("a request of the device to itself was refused",
				"endpoint", m.Destination, "url", m.Request.URL, "status", answer.StatusCode, "reason", string(answer.Body))
		}
	})
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
