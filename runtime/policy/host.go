package policy

import "github.com/iotcs-go/iotcs/runtime/wire"

// Host is the virtual device that an Engine works for.
//
// Obligations of an implementation:
//   - The Engine is used under the lock of the virtual device, and so are these
//     methods: they must not call the Engine, nor code of the application.
//   - Attributes, actions and formats are those of the device model that the
//     Plan was compiled for, named by their index.
type Host interface {
	// Current gives the value of an attribute: the last one that was stored,
	// else the default value of the device model, else the zero Value.
	Current(attribute int) wire.Value

	// Commit checks a value against type and range of the attribute and stores
	// it. With an error nothing is stored; the Engine leaves the value out of
	// the message and returns the error.
	Commit(attribute int, value wire.Value) error

	// Emit queues a message for sending. The message and its JSON belong to the
	// Engine again when Emit returns. An error means that the message was not
	// queued.
	Emit(m *Message) error

	// Call notes that an action is to be called once the lock is released.
	// action is the index in the device model, -1 for one that it does not
	// have; a zero Value stands for an argument whose type is unknown.
	// The slice belongs to the callee.
	Call(action int, name string, arguments []wire.Value)

	// Report takes errors that have no caller: of values that a timer dropped,
	// fields left out of an alert, and the like. It may be called often.
	Report(err error)
}

// Message is a DATA or ALERT message on its way out.
type Message struct {
	wire.Encoded
	Severity wire.Severity // of an ALERT; 0 for DATA
	// Done, if not nil, comes with the message to Emit, which makes of it what
	// the transport promises.
	Done func(error)
}

// Item is a value of an attribute, named by its index in the device model.
type Item struct {
	Attribute int
	Value     wire.Value
}

// Head is what the application chooses about a message.
type Head struct {
	EventTime   int64 // milliseconds since the epoch; 0: the time of the call
	Priority    wire.Priority
	Reliability wire.Reliability
}

// DefaultHead is the head of attribute messages (docs/protocol/policies.md
// §6.3).
func DefaultHead() Head { return Head{Priority: wire.Low, Reliability: wire.BestEffort} }
