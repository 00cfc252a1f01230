package device

import (
	"context"
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// storageClient is a [Client] that has an object store.
type storageClient interface {
	// existing returns the storage object that a URI names, nil for an external
	// one. It makes no call.
	existing(uri string) *StorageObject
}

func (d *Device) existing(uri string) *StorageObject {
	o, err := d.storage.Existing(uri)
	if err != nil {
		return nil // any other URI, which is a value like others
	}
	return o
}

// adopt gives a URI that came from outside the storage object that it names
// (docs/protocol/storage.md §4.3).
func (v *Virtual) adopt(value wire.Value) wire.Value {
	if value.Kind() != wire.KindURI || value.Attachment() != nil {
		return value
	}
	client, ok := v.client.(storageClient)
	if !ok {
		return value
	}
	if o := client.existing(value.Text()); o != nil {
		return wire.AttachmentValue(o)
	}
	return value
}

// hold begins the uploads that a message must not leave before; nil if there are
// none.
func (d *Device) hold(m *wire.Encoded) (*content.Hold, error) {
	if len(m.Attachments) == 0 {
		return nil, nil
	}
	objects := make([]*StorageObject, len(m.Attachments))
	for i, a := range m.Attachments {
		o, ok := a.(*StorageObject)
		if !ok {
			return nil, fmt.Errorf("%T: %w", a, errAttachment)
		}
		objects[i] = o
	}
	return d.storage.Hold(objects...)
}

// renew begins again the uploads that a message of an earlier run waited for.
func (d *Device) renew(needs []byte) (dispatch.Hold, error) {
	h, err := d.storage.Renew(needs)
	switch {
	case errors.Is(err, content.ErrQueueFull):
		return nil, fmt.Errorf("%w: %w", dispatch.ErrBusy, err)
	case err != nil:
		return nil, err
	}
	return h, nil
}

var errAttachment = errors.New("not a storage object")

// queue hands messages over for sending, all or none, each with the uploads that
// it waits for.
func (d *Device) queue(q *dispatch.Dispatcher, done func(error), ms ...*wire.Encoded) (Receipt, error) {
	return d.withUploads(ms, func(holds []dispatch.Hold) (Receipt, error) { return d.metrics.enqueue(q, done, holds, ms...) })
}

// keep is queue for a message that is stored now and released later.
func (d *Device) keep(q *dispatch.Dispatcher, done func(error), m *wire.Encoded) (Receipt, error) {
	return d.withUploads([]*wire.Encoded{m}, func(holds []dispatch.Hold) (Receipt, error) { return d.metrics.hold(q, done, holds, m) })
}

// withUploads begins the uploads of messages and withdraws them unless accept takes
// the messages.
func (d *Device) withUploads(ms []*wire.Encoded, accept func([]dispatch.Hold) (Receipt, error)) (receipt Receipt, err error) {
	holds, err := d.holds(ms)
	if err == nil {
		receipt, err = accept(holds)
	}
	if err != nil {
		for _, h := range holds {
			if h != nil {
				h.Withdraw()
			}
		}
	}
	return receipt, err
}

// holds is hold for several messages; nil if none of them waits. With an error it
// returns what was begun.
func (d *Device) holds(ms []*wire.Encoded) (holds []dispatch.Hold, err error) {
	for i, m := range ms {
		h, err := d.hold(m)
		if err != nil {
			return holds, err
		}
		if h == nil {
			continue
		}
		if holds == nil {
			holds = make([]dispatch.Hold, len(ms))
		}
		holds[i] = h
	}
	return holds, nil
}

// accept queues messages; holds may be nil.
func accept(q *dispatch.Dispatcher, done func(error), holds []dispatch.Hold, ms []*wire.Encoded) (Receipt, error) {
	if holds == nil {
		return q.Accept(done, ms...)
	}
	return q.AcceptAwaiting(done, holds, ms...)
}

// uploaded waits for the uploads of a message that does not go through the queue
// and returns it as it is to be sent.
func (d *Device) uploaded(ctx context.Context, m *wire.Encoded) ([]byte, error) {
	h, err := d.hold(m)
	if err != nil || h == nil {
		return m.JSON, err
	}
	select {
	case <-h.Done():
	case <-ctx.Done():
		h.Withdraw()
		return nil, context.Cause(ctx)
	}
	if err := h.Err(); err != nil {
		return nil, err
	}
	return h.Complete(m.JSON), nil
}
