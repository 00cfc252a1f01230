package device

import (
	"context"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Set stores and sends the attribute with the given name or alias. INTEGER takes
// any Go integer and whole floats, NUMBER any Go number, DATETIME a time.Time or
// integer milliseconds, URI a [URI], a *url.URL or a text, STRING and BOOLEAN
// their Go types.
//
// Errors: [ErrUnknownName], [ErrWrongType], [*RangeError], [ErrNotFinite],
// [*LengthError], [ErrNotUTF8], [ErrZeroTime], [ErrEmptyURI], [*QueueFullError]
// and those of the outbox (the value is kept; see [WithOutbox]), [ErrClosed].
func (v *Virtual) Set(name string, value any) error {
	i, converted, err := v.convertNamed(name, value)
	if err != nil {
		return err
	}
	return v.store(i, converted)
}

// Offer hands the attribute with the given name or alias to the device's
// policies. Values and errors as for [Virtual.Set].
func (v *Virtual) Offer(name string, value any) error {
	i, converted, err := v.convertNamed(name, value)
	if err != nil {
		return err
	}
	return v.offer(i, converted)
}

// Get returns the value of the attribute with the given name or alias, or its
// default: int64, float64, bool, time.Time (UTC), string or [URI]. ok is false
// when there is neither, or no such attribute.
func (v *Virtual) Get(name string) (value any, ok bool) {
	return v.valueNamed(name, v.current)
}

// LastKnown is [Virtual.Get] without defaults.
func (v *Virtual) LastKnown(name string) (value any, ok bool) {
	return v.valueNamed(name, v.lastKnown)
}

func (v *Virtual) valueNamed(name string, of func(int) wire.Value) (any, bool) {
	i := v.attribute(name)
	if i < 0 {
		return nil, false
	}
	value := of(i)
	return anyOf(value), !value.IsZero()
}

// Update starts an update by name: v.Update().Set("a", 1).Set("b", 2).Send().
func (v *Virtual) Update(opts ...MessageOption) *Batch {
	b := new(Batch)
	b.Begin(Binding{v: v}, opts)
	return b
}

// NewAlert starts an alert of the ALERT format with the given URN.
// It fails with [ErrUnknownName] if the model has no such format.
func (v *Virtual) NewAlert(formatURN string) (*Fields, error) {
	return v.newFields(formatURN, FormatAlert, errNotAlert)
}

// NewData starts custom data of the DATA format with the given URN.
// It fails with [ErrUnknownName] if the model has no such format.
func (v *Virtual) NewData(formatURN string) (*Fields, error) {
	return v.newFields(formatURN, FormatData, errNotData)
}

func (v *Virtual) newFields(urn string, want devicemodel.FormatType, other error) (*Fields, error) {
	i := v.formatIndex(urn)
	if i < 0 {
		return nil, fmt.Errorf("format %s of %s: %w", urn, v.model.URN, ErrUnknownName)
	}
	if v.model.Formats[i].Type != want {
		return nil, fmt.Errorf("%s: %w", urn, other)
	}
	f := new(Fields)
	f.begin(v, i)
	return f, nil
}

// OnAttributeChange sets the handler of cloud writes to the attribute with the
// given name or alias; nil removes it. It fails with [ErrUnknownName].
func (v *Virtual) OnAttributeChange(name string, fn func(context.Context, Change[any]) error) error {
	i := v.attribute(name)
	if i < 0 {
		return v.unknown("attribute", name)
	}
	v.onChange(i, typed(fn, anyOf))
	return nil
}

// OnAttributeError sets the hook for undelivered values of the attribute with
// the given name or alias; nil removes it. It fails with [ErrUnknownName].
func (v *Virtual) OnAttributeError(name string, fn func(DeliveryError)) error {
	i := v.attribute(name)
	if i < 0 {
		return v.unknown("attribute", name)
	}
	Binding{v: v}.OnAttributeError(i, fn)
	return nil
}

// OnChange sets the handler of whole requests, called after the handlers of the
// single attributes; nil removes it.
func (v *Virtual) OnChange(fn func(context.Context, ChangeSet) error) { Binding{v: v}.OnChange(fn) }

// OnAction sets the handler of the action with the given name or alias; it goes
// before a handler of all actions. nil removes it. It fails with [ErrUnknownName].
func (v *Virtual) OnAction(name string, fn func(context.Context, *ActionCall) error) error {
	i := v.action(name)
	if i < 0 {
		return v.unknown("action", name)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.actions == nil {
		v.actions = make(map[int]func(context.Context, *ActionCall) error)
	}
	v.actions[i] = fn
	return nil
}

// OnActions sets the handler of all actions that have none of their own; nil
// removes it.
func (v *Virtual) OnActions(fn func(context.Context, *ActionCall) error) {
	Binding{v: v}.HandleActions(fn)
}

func (v *Virtual) convertNamed(name string, value any) (int, wire.Value, error) {
	i := v.attribute(name)
	if i < 0 {
		return i, wire.Value{}, v.unknown("attribute", name)
	}
	a := &v.model.Attributes[i]
	converted, err := convertAny(a.Name, a.Type, value)
	return i, converted, err
}

func (v *Virtual) unknown(what, name string) error {
	return fmt.Errorf("%s %s of %s: %w", what, name, v.model.URN, ErrUnknownName)
}
