package device

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Conditions that a caller can act on. They are wrapped with the name of the
// attribute, field or endpoint concerned: test for them with [errors.Is].
var (
	// ErrClosed is returned by everything that is used after its Close, and is
	// the reason given for messages that were still waiting then.
	ErrClosed = dispatch.ErrClosed
	// ErrDuplicate is returned when an endpoint already has a virtual device
	// of the same model.
	ErrDuplicate = errors.New("the endpoint already has a virtual device of this model")
	// ErrSent is returned by the second Send or Offer of one update.
	ErrSent = errors.New("the update was sent before; start a new one")
	// ErrNotFinite refuses NaN and the infinities, which JSON cannot carry.
	ErrNotFinite = wire.ErrNotFinite
	// ErrNotUTF8 refuses text that is not valid UTF-8.
	ErrNotUTF8 = wire.ErrNotUTF8
	// ErrZeroTime refuses the zero time, which is a forgotten value rather
	// than the year 1.
	ErrZeroTime = errors.New("the time is zero")
	// ErrEmptyURI refuses a URI without text.
	ErrEmptyURI = errors.New("the URI is empty")
	// ErrNotImplemented makes an action answer 501. UnimplementedActions of
	// generated packages return it.
	ErrNotImplemented error = &StatusError{Code: 501, Text: "not implemented"}
	// ErrUnknownName is returned by access by name when the model has no such
	// attribute, action, format or field.
	ErrUnknownName = errors.New("not in the device model")
	// ErrWrongType is returned by access by name when the Go type of a value
	// does not fit the model's type.
	ErrWrongType = errors.New("wrong type")
	// ErrFieldMissing is returned by Raise and Submit when a field that the
	// format requires was not set.
	ErrFieldMissing = errors.New("required field is not set")
)

// LengthError refuses a text that is longer than the platform takes: 65,535
// bytes of UTF-8 (docs/protocol/messages.md §5).
type LengthError = wire.LimitError

// RangeError refuses a value outside the bounds of the model, of the INTEGER
// type (32 bits) or of the DATETIME type (±2⁵³ ms, beyond which JSON numbers
// are not exact). Bounds are inclusive.
type RangeError struct {
	Attribute string  // name of the attribute, field or argument
	Value     float64 // what was refused; DATETIME as ms since the epoch
	Low, High float64
}

// Error names the attribute, the value and both bounds.
func (e *RangeError) Error() string {
	return fmt.Sprintf("%s: %s is outside %s to %s", e.Attribute, decimal(e.Value), decimal(e.Low), decimal(e.High))
}

func decimal(f float64) string {
	if f > -1e15 && f < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// QueueFullError is returned when messages do not fit into the send queue: how
// many it can hold, how many wait and how many were refused. Values themselves
// were stored; nothing was sent. [Device.WaitCapacity] waits for room.
type QueueFullError = dispatch.FullError

// LeftError is returned by [Device.Close] when messages were still waiting.
type LeftError = dispatch.LeftError

// StatusError lets a handler choose the status and text that the cloud gets as
// the answer to its request (docs/protocol/messages.md §4.1). For a change any
// error, whatever its status, means that the value is not stored.
type StatusError struct {
	Code int    // 200 to 599; anything else is answered as 500
	Text string // body of the answer
}

// Error tells status and text.
func (e *StatusError) Error() string { return strconv.Itoa(e.Code) + " " + e.Text }

// DeliveryError says that a message which had been accepted for sending was
// given up. The values stay stored in the virtual device.
type DeliveryError struct {
	EndpointID string       // the endpoint that the message is about
	Format     string       // URN of the message's format
	Values     []NamedValue // what it carried; in an attribute's hook: that attribute only
	ClientID   string       // id of the message as it went over the wire
	EventTime  time.Time    // event time of the message, UTC
	Err        error        // why it was given up
}

// Error names endpoint, format and reason.
func (e *DeliveryError) Error() string {
	return fmt.Sprintf("message %s of endpoint %s (%s) was not delivered: %v", e.ClientID, e.EndpointID, e.Format, e.Err)
}

// Unwrap returns the reason.
func (e *DeliveryError) Unwrap() error { return e.Err }
