package device

import (
	"context"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// DataMessage returns a DATA message of the given format with the defaults of
// the platform: low priority, best effort (docs/protocol/messages.md §4).
func DataMessage(formatURN string, items ...wire.Item) *wire.Message {
	return &wire.Message{
		Header: wire.Header{Priority: wire.Low, Reliability: wire.BestEffort},
		Type:   wire.TypeData,
		Data:   &wire.DataPayload{Format: formatURN, Items: items},
	}
}

// AlertMessage returns an ALERT message of the given format with the defaults of
// the platform: highest priority, guaranteed delivery.
func AlertMessage(formatURN, description string, severity Severity, items ...wire.Item) *wire.Message {
	return &wire.Message{
		Header: wire.Header{Priority: wire.Highest, Reliability: wire.GuaranteedDelivery},
		Type:   wire.TypeAlert,
		Alert:  &wire.AlertPayload{Format: formatURN, Description: description, Severity: severity, Items: items},
	}
}

// Send sends messages in one call, past the queue and without retries, and
// returns when the server has answered. Where a message has no source, id or
// event time it gets the device's endpoint, a new id and the current time; the
// messages passed in are changed accordingly. On an error none of them may be
// taken for delivered.
//
// Errors: an invalid message, [ErrNotActivated], [ErrClosed], [ErrUnauthorized],
// [ErrUnreachable], [*transport.StatusError], the context's.
func (d *Device) Send(ctx context.Context, ms ...*wire.Message) error {
	if _, err := d.running(); err != nil {
		return err
	}
	body := []byte{'['}
	for i, m := range ms {
		if i > 0 {
			body = append(body, ',')
		}
		e, err := d.encode(m)
		if err == nil {
			e.JSON, err = d.uploaded(ctx, e)
		}
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		body = append(body, e.JSON...)
	}
	_, err := d.conn.Send(ctx, append(body, ']'), 0)
	return err
}

// Queue accepts messages for sending, all or none, and completes them like
// [Device.Send]. What becomes of them is told to the hooks of [Device.OnDelivered]
// and [Device.OnError].
//
// With an outbox nil says that the durable ones among them are stored: see
// [WithOutbox].
//
// Errors: an invalid message, [*QueueFullError], [ErrNotActivated], [ErrClosed],
// those of the outbox.
func (d *Device) Queue(ms ...*wire.Message) error {
	q, err := d.running()
	if err != nil {
		return err
	}
	encoded := make([]*wire.Encoded, len(ms))
	for i, m := range ms {
		if encoded[i], err = d.encode(m); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	receipt, err := d.queue(q, nil, encoded...)
	if err != nil {
		return err
	}
	return receipt.Wait(context.Background())
}

// complete fills in what a message lacks.
func (d *Device) complete(m *wire.Message) *wire.Message {
	if m.ClientID.IsZero() && m.ClientText == "" {
		m.ClientID = wire.NewUUID()
	}
	if m.Source == "" {
		m.Source = d.EndpointID()
	}
	if m.EventTime == 0 {
		m.EventTime = d.Now().UnixMilli()
	}
	return m
}

func (d *Device) encode(m *wire.Message) (*wire.Encoded, error) {
	text, err := d.complete(m).Append(nil)
	if err != nil {
		return nil, err
	}
	e := &wire.Encoded{
		ClientID: m.ClientID, Source: m.Source, Type: m.Type, Priority: m.Priority,
		Reliability: m.Reliability, EventTime: m.EventTime, JSON: text,
	}
	switch {
	case m.Data != nil:
		e.Format, e.Attachments = m.Data.Format, wire.Attachments(m.Data.Items)
	case m.Alert != nil:
		e.Format, e.Attachments = m.Alert.Format, wire.Attachments(m.Alert.Items)
	}
	return e, nil
}

// Delivery tells the application about a message that was queued.
type Delivery struct {
	ClientID   string // id of the message as it went over the wire
	EndpointID string // the endpoint that the message is about
	Type       wire.MessageType
	Format     string // URN, of DATA and ALERT
	EventTime  time.Time
	JSON       []byte // the message; valid during the call of the hook
}

func deliveryOf(m *wire.Encoded) Delivery {
	return Delivery{
		ClientID: m.ClientID.String(), EndpointID: m.Source, Type: m.Type, Format: m.Format,
		EventTime: time.UnixMilli(m.EventTime).UTC(), JSON: m.JSON,
	}
}

// OnDelivered calls fn for each batch of messages that the server accepted, in
// order, from one goroutine. Setting it again replaces it, nil removes it.
func (d *Device) OnDelivered(fn func([]Delivery)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if fn == nil {
		d.hooks.delivered = nil
		return
	}
	d.hooks.delivered = func(batch []*wire.Encoded) {
		deliveries := make([]Delivery, len(batch))
		for i, m := range batch {
			deliveries[i] = deliveryOf(m)
		}
		fn(deliveries)
	}
}

// OnError calls fn for each message that was given up, whoever sent it; virtual
// devices hear of their own before. Setting it again replaces it, nil removes it.
// What is given up while the device is opened is told to [OnUndelivered] only.
func (d *Device) OnError(fn func(Delivery, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks.failed = failedHook(fn)
}

// OnUndelivered is [Device.OnError] from the very beginning: with an outbox, fn also
// hears of messages of earlier runs that are too old or damaged, or whose uploads
// cannot be begun again, before Open has returned.
func OnUndelivered(fn func(Delivery, error)) Option {
	return func(c *config) error {
		c.undelivered = fn
		return nil
	}
}

func failedHook(fn func(Delivery, error)) func(*wire.Encoded, error) {
	if fn == nil {
		return nil
	}
	return func(m *wire.Encoded, err error) { fn(deliveryOf(m), err) }
}
