package device

import (
	"errors"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// VirtualOption changes how one virtual device behaves.
type VirtualOption func(*virtualConfig) error

type virtualConfig struct {
	strictAccess bool
}

// WithStrictAccess decides about cloud writes to attributes that the model does
// not declare writable: true (the default) answers 405 without calling a
// handler, false lets the handlers decide, as the official Java client does
// (docs/protocol/virtual-devices.md §7).
func WithStrictAccess(on bool) VirtualOption {
	return func(c *virtualConfig) error {
		c.strictAccess = on
		return nil
	}
}

// MessageOption sets a property of one message.
type MessageOption struct {
	set   messageProperty
	time  time.Time
	level uint8
}

type messageProperty uint8

const (
	propertyTime messageProperty = iota + 1
	propertyPriority
	propertyReliability
)

// At sets the event time of the message, for readings that were taken earlier.
// Without it the event time is the moment of sending. The time is sent in
// milliseconds; the zero time is refused with [ErrZeroTime].
func At(t time.Time) MessageOption { return MessageOption{set: propertyTime, time: t} }

// WithPriority sets the priority of the message. Without it values and data
// have [PriorityLow], alerts [PriorityHighest] (docs/protocol/messages.md §4).
func WithPriority(p Priority) MessageOption {
	return MessageOption{set: propertyPriority, level: uint8(p)}
}

// WithReliability sets the reliability of the message. Without it values and
// data have [BestEffort], alerts [GuaranteedDelivery] (docs/protocol/messages.md §4).
func WithReliability(r Reliability) MessageOption {
	return MessageOption{set: propertyReliability, level: uint8(r)}
}

// messageHead is what the options of a message can change. A zero event time
// stands for the moment of sending.
type messageHead struct {
	eventTime   int64
	priority    wire.Priority
	reliability wire.Reliability
}

var (
	errPriority    = errors.New("no such priority")
	errReliability = errors.New("no such reliability")
)

// dataHead is the head of a DATA message without options
// (docs/protocol/messages.md §4, column Java).
func dataHead() messageHead {
	return messageHead{priority: wire.Low, reliability: wire.BestEffort}
}

// alertHead is the head of an ALERT message without options (same table).
func alertHead() messageHead {
	return messageHead{priority: wire.Highest, reliability: wire.GuaranteedDelivery}
}

// apply changes h by opts and stops at the first that is no option.
func (h *messageHead) apply(opts []MessageOption) error {
	for i := range opts {
		o := &opts[i]
		switch o.set {
		case propertyTime:
			if o.time.IsZero() {
				return fmt.Errorf("event time: %w", ErrZeroTime)
			}
			h.eventTime = o.time.UnixMilli()
		case propertyPriority:
			if o.level > uint8(wire.Highest) {
				return fmt.Errorf("priority %d: %w", o.level, errPriority)
			}
			h.priority = wire.Priority(o.level)
		case propertyReliability:
			if o.level > uint8(wire.GuaranteedDelivery) {
				return fmt.Errorf("reliability %d: %w", o.level, errReliability)
			}
			h.reliability = wire.Reliability(o.level)
		}
	}
	return nil
}
