package device

import (
	"context"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Attach implements [Client].
func (d *Device) Attach(v *Virtual) error {
	if err := d.restoreState(v); err != nil {
		return err
	}
	if err := d.attach(v); err != nil {
		return err
	}
	d.policies.attach(v)
	return nil
}

func (d *Device) attach(v *Virtual) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := virtualKey{v.endpoint, v.model.URN}
	switch {
	case d.closing:
		return ErrClosed
	case d.dispatcher == nil:
		return ErrNotActivated
	case d.virtuals[k] != nil:
		return ErrDuplicate
	}
	err := d.dispatcher.Handle(v.endpoint, "deviceModels/"+v.model.URN, func(ctx context.Context, m *wire.Message) *wire.Response {
		return v.ServeRequest(ctx, m.Request)
	})
	if err != nil {
		return err
	}
	d.virtuals[k] = v
	d.drift.add(v)
	return nil
}

// Detach implements [Client].
func (d *Device) Detach(v *Virtual) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := virtualKey{v.endpoint, v.model.URN}
	if d.virtuals[k] != v {
		return
	}
	delete(d.virtuals, k)
	d.dispatcher.Unhandle(v.endpoint, "deviceModels/"+v.model.URN)
	d.policies.detach(v)
}

// Enqueue implements [Client].
func (d *Device) Enqueue(m *wire.Encoded, done func(error)) (Receipt, error) {
	q, err := d.running()
	if err != nil {
		return Receipt{}, err
	}
	return d.queue(q, done, m)
}

// reporter passes on what the dispatcher tells.
type reporter struct{ d *Device }

// Delivered implements [dispatch.Reporter].
func (r reporter) Delivered(batch []*wire.Encoded) {
	r.d.metrics.delivered(batch)
	if hook := r.d.appHooks().delivered; hook != nil {
		hook(batch)
	}
}

// Failed implements [dispatch.Reporter]: the virtual device that sent the
// message hears of it, and the application.
func (r reporter) Failed(m *wire.Encoded, err error) {
	r.d.metrics.failed()
	r.d.component("delivery").Debug("a message was given up", "endpoint", m.Source, "format", m.Format, "client id", m.ClientID, "error", err)
	if v := r.d.owner(m); v != nil {
		v.DeliveryFailed(m, err)
	}
	if hook := r.d.appHooks().failed; hook != nil {
		hook(m, err)
	}
}

// StateChanged implements [dispatch.Reporter].
func (r reporter) StateChanged(from, to dispatch.Status) {
	r.d.component("device").Info("connection", "state", to.State, "before", from.State)
	if to.State == dispatch.Online {
		r.d.drift.wake()
	}
	if hook := r.d.appHooks().state; hook != nil {
		hook(from, to)
	}
}

func (d *Device) appHooks() hooks {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hooks
}

// owner finds the virtual device of a DATA or ALERT message.
func (d *Device) owner(m *wire.Encoded) *Virtual {
	if m.Format == "" {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, v := range d.virtuals {
		if k.endpoint == m.Source && v.Serves(m.Format) {
			return v
		}
	}
	return nil
}
