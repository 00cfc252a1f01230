package device

import (
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Client is what virtual devices need of the device they belong to. A
// [devicetest.Client] serves unit tests; applications use what they got and
// never implement it.
//
// Obligations of an implementation:
//   - All methods may be called from any goroutine, Enqueue also while the
//     virtual device's lock is held: they must not call back into a [Virtual]
//     before they return.
//   - Requests for an attached virtual device go to [Virtual.ServeRequest],
//     one at a time per endpoint and in order of arrival. Only requests that
//     came before anything could serve them are served later than others
//     (docs/protocol/dispatch.md §9.3).
//   - A message that is given up goes to its done function if it has one, and
//     otherwise to [Virtual.DeliveryFailed] of the virtual device with the
//     message's source and format.
//
// [devicetest.Client]: https://pkg.go.dev/github.com/iotcs-go/iotcs/runtime/device/devicetest#Client
type Client interface {
	// Attach makes v known. It returns [ErrDuplicate] if a virtual device
	// with the same endpoint and model is attached already and [ErrClosed]
	// after the client was closed.
	Attach(v *Virtual) error

	// Detach makes v unknown again; requests for it are answered 404 from
	// then on. Detaching what is not attached does nothing.
	Detach(v *Virtual)

	// Enqueue accepts one message for sending. m and m.JSON belong to the
	// caller again when it returns, and its place in the order is fixed. The
	// receipt is waited for without the virtual device's lock; a client that
	// stores nothing returns the zero Receipt. done, if not nil, is called exactly
	// once, by whatever goroutine learns of it: with nil when the server accepted
	// the message, with the reason when it was given up, perhaps before Enqueue
	// returns. It is not called at all if Enqueue, or the wait for its receipt,
	// returned an error.
	//
	// Errors: [*QueueFullError], [*OutboxFullError], [ErrClosed].
	Enqueue(m *wire.Encoded, done func(error)) (Receipt, error)

	// Now is the clock for event times. It follows the server's clock where
	// the server has told it.
	Now() time.Time
}
