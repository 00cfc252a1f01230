package device

import (
	"context"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Binding is how generated code reaches a virtual device: attributes, actions
// and formats by their index in the model, values by type. Programs use the
// generated methods, or [Virtual] for access by name; an index or type that
// does not belong to the model is a fault of the generator and panics.
type Binding struct {
	v *Virtual
}

// Bind is [NewVirtual] for generated code.
func Bind(c Client, endpointID string, m *Model, opts ...VirtualOption) (Binding, error) {
	v, err := NewVirtual(c, endpointID, m, opts...)
	return Binding{v: v}, err
}

// Virtual returns the virtual device.
func (b Binding) Virtual() *Virtual { return b.v }

// SetInteger checks, stores and sends attribute i.
func (b Binding) SetInteger(i int, v int64) error { return b.v.store(i, wire.IntegerValue(v)) }

// SetNumber checks, stores and sends attribute i.
func (b Binding) SetNumber(i int, v float64) error { return b.v.store(i, wire.NumberValue(v)) }

// SetString checks, stores and sends attribute i.
func (b Binding) SetString(i int, v string) error { return b.v.store(i, wire.StringValue(v)) }

// SetBoolean stores and sends attribute i.
func (b Binding) SetBoolean(i int, v bool) error { return b.v.store(i, wire.BooleanValue(v)) }

// SetURI checks, stores and sends attribute i.
func (b Binding) SetURI(i int, v URI) error { return b.v.store(i, v.value()) }

// SetDateTime checks, stores and sends attribute i, in milliseconds.
func (b Binding) SetDateTime(i int, v time.Time) error {
	value, err := timeValue(b.v.model.Attributes[i].Name, v)
	if err != nil {
		return err
	}
	return b.v.store(i, value)
}

// OfferInteger checks attribute i and hands it to the device's policies.
func (b Binding) OfferInteger(i int, v int64) error { return b.v.offer(i, wire.IntegerValue(v)) }

// OfferNumber checks attribute i and hands it to the device's policies.
func (b Binding) OfferNumber(i int, v float64) error { return b.v.offer(i, wire.NumberValue(v)) }

// OfferString checks attribute i and hands it to the device's policies.
func (b Binding) OfferString(i int, v string) error { return b.v.offer(i, wire.StringValue(v)) }

// OfferBoolean hands attribute i to the device's policies.
func (b Binding) OfferBoolean(i int, v bool) error { return b.v.offer(i, wire.BooleanValue(v)) }

// OfferURI checks attribute i and hands it to the device's policies.
func (b Binding) OfferURI(i int, v URI) error { return b.v.offer(i, v.value()) }

// OfferDateTime checks attribute i and hands it to the device's policies.
func (b Binding) OfferDateTime(i int, v time.Time) error {
	value, err := timeValue(b.v.model.Attributes[i].Name, v)
	if err != nil {
		return err
	}
	return b.v.offer(i, value)
}

// Integer returns the value of attribute i or its default; ok is false when
// there is neither.
func (b Binding) Integer(i int) (v int64, ok bool) {
	value := b.v.current(i)
	return integerOf(value), !value.IsZero()
}

// Number is [Binding.Integer] for NUMBER.
func (b Binding) Number(i int) (v float64, ok bool) {
	value := b.v.current(i)
	return numberOf(value), !value.IsZero()
}

// String is [Binding.Integer] for STRING.
func (b Binding) String(i int) (v string, ok bool) {
	value := b.v.current(i)
	return stringOf(value), !value.IsZero()
}

// Boolean is [Binding.Integer] for BOOLEAN.
func (b Binding) Boolean(i int) (v, ok bool) {
	value := b.v.current(i)
	return booleanOf(value), !value.IsZero()
}

// DateTime is [Binding.Integer] for DATETIME. The time is UTC.
func (b Binding) DateTime(i int) (v time.Time, ok bool) {
	value := b.v.current(i)
	return timeOf(value), !value.IsZero()
}

// URI is [Binding.Integer] for URI.
func (b Binding) URI(i int) (v URI, ok bool) {
	value := b.v.current(i)
	return uriOf(value), !value.IsZero()
}

// OnIntegerChange sets the handler of cloud writes to attribute i; nil removes it.
func (b Binding) OnIntegerChange(i int, fn func(context.Context, Change[int64]) error) {
	b.v.onChange(i, typed(fn, integerOf))
}

// OnNumberChange is [Binding.OnIntegerChange] for NUMBER.
func (b Binding) OnNumberChange(i int, fn func(context.Context, Change[float64]) error) {
	b.v.onChange(i, typed(fn, numberOf))
}

// OnStringChange is [Binding.OnIntegerChange] for STRING.
func (b Binding) OnStringChange(i int, fn func(context.Context, Change[string]) error) {
	b.v.onChange(i, typed(fn, stringOf))
}

// OnBooleanChange is [Binding.OnIntegerChange] for BOOLEAN.
func (b Binding) OnBooleanChange(i int, fn func(context.Context, Change[bool]) error) {
	b.v.onChange(i, typed(fn, booleanOf))
}

// OnDateTimeChange is [Binding.OnIntegerChange] for DATETIME.
func (b Binding) OnDateTimeChange(i int, fn func(context.Context, Change[time.Time]) error) {
	b.v.onChange(i, typed(fn, timeOf))
}

// OnURIChange is [Binding.OnIntegerChange] for URI.
func (b Binding) OnURIChange(i int, fn func(context.Context, Change[URI]) error) {
	b.v.onChange(i, typed(fn, uriOf))
}

// OnAttributeError sets the hook for undelivered values of attribute i; nil removes it.
func (b Binding) OnAttributeError(i int, fn func(DeliveryError)) {
	b.v.mu.Lock()
	defer b.v.mu.Unlock()
	b.v.slots[i].failed = fn
}

// OnChange sets the handler of whole requests; nil removes it.
func (b Binding) OnChange(fn func(context.Context, ChangeSet) error) {
	b.v.mu.Lock()
	defer b.v.mu.Unlock()
	b.v.changed = fn
}

// HandleActions sets the handler of all actions that have none of their own;
// nil removes it.
func (b Binding) HandleActions(fn func(context.Context, *ActionCall) error) {
	b.v.mu.Lock()
	defer b.v.mu.Unlock()
	b.v.acted = fn
}
