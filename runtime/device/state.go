package device

import (
	"context"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
)

// State tells how the device stands with its server.
type State = dispatch.State

// Status is a state with its circumstances.
type Status = dispatch.Status

// The states.
const (
	StateConnecting   = dispatch.Connecting
	StateOnline       = dispatch.Online
	StateBackoff      = dispatch.Backoff
	StateUnauthorized = dispatch.Unauthorized
	StateClosed       = dispatch.Closed
)

// Status returns how the device stands with its server; a device that is not
// activated is connecting.
func (d *Device) Status() Status {
	q := d.dispatch()
	if q == nil {
		return Status{State: StateConnecting}
	}
	return q.Status()
}

// dispatch returns the dispatcher, also of a closed device; nil until activated.
func (d *Device) dispatch() *dispatch.Dispatcher {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dispatcher
}

// Wait returns nil as soon as the device is in the given state.
//
// Errors: the context's, [ErrNotActivated], [ErrClosed].
func (d *Device) Wait(ctx context.Context, s State) error {
	q := d.dispatch()
	if q == nil {
		return ErrNotActivated
	}
	return q.Wait(ctx, s)
}

// OnState calls fn once for each transition, in order, from one goroutine.
// Setting it again replaces it, nil removes it.
func (d *Device) OnState(fn func(from, to Status)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks.state = fn
}
