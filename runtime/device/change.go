package device

import (
	"context"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Change is a write of the cloud to one attribute, as its handler gets it. Type
// and range have been checked. The attribute still has its old value; the new
// one is stored, and reported back to the cloud, when the handler returns nil.
type Change[T any] struct {
	Attribute string // name in the device model, also when the cloud used the alias
	New       T
	Old       T    // last value, or the model's default
	HasOld    bool // false when there is neither: Old is the zero value then
	Restored  bool // no new write: [Virtual.ReplayRestored] hands over what was written before the last restart
}

// Accept is the handler that takes every valid write.
func Accept[T any](context.Context, Change[T]) error { return nil }

// changeHandler is a handler of any value type. An absent old value is zero.
type changeHandler func(context.Context, rawChange) error

// rawChange is [Change] of any value type.
type rawChange struct {
	attribute string
	next, old wire.Value
	restored  bool
}

// typed adapts a typed handler; nil stays nil.
func typed[T any](fn func(context.Context, Change[T]) error, of func(wire.Value) T) changeHandler {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, c rawChange) error {
		return fn(ctx, Change[T]{Attribute: c.attribute, New: of(c.next), Old: of(c.old), HasOld: !c.old.IsZero(), Restored: c.restored})
	}
}

func (v *Virtual) onChange(i int, h changeHandler) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.slots[i].change = h
}

// ChangeSet holds the attributes that one request of the cloud changes, in the
// order of the request. It is valid during the handler's call and after it.
type ChangeSet struct {
	v        *Virtual
	entries  []entry
	restored bool
}

// Restored reports whether this is no new write but one from before the last
// restart; see [Virtual.ReplayRestored].
func (c ChangeSet) Restored() bool { return c.restored }

// Len returns the number of attributes that change.
func (c ChangeSet) Len() int { return len(c.entries) }

// At returns the name and the new value of the i-th change.
func (c ChangeSet) At(i int) (attribute string, value any) {
	e := c.entries[i]
	return c.v.model.Attributes[e.index].Name, anyOf(e.value)
}

func (c ChangeSet) get(i int) wire.Value {
	for _, e := range c.entries {
		if e.index == i {
			return e.value
		}
	}
	return wire.Value{}
}

// Integer returns the new value of attribute i; ok is false when the request
// does not change it.
func (c ChangeSet) Integer(i int) (v int64, ok bool) {
	value := c.get(i)
	return integerOf(value), !value.IsZero()
}

// Number is [ChangeSet.Integer] for NUMBER.
func (c ChangeSet) Number(i int) (v float64, ok bool) {
	value := c.get(i)
	return numberOf(value), !value.IsZero()
}

// String is [ChangeSet.Integer] for STRING.
func (c ChangeSet) String(i int) (v string, ok bool) {
	value := c.get(i)
	return stringOf(value), !value.IsZero()
}

// Boolean is [ChangeSet.Integer] for BOOLEAN.
func (c ChangeSet) Boolean(i int) (v, ok bool) {
	value := c.get(i)
	return booleanOf(value), !value.IsZero()
}

// DateTime is [ChangeSet.Integer] for DATETIME. The time is UTC.
func (c ChangeSet) DateTime(i int) (v time.Time, ok bool) {
	value := c.get(i)
	return timeOf(value), !value.IsZero()
}

// URI is [ChangeSet.Integer] for URI.
func (c ChangeSet) URI(i int) (v URI, ok bool) {
	value := c.get(i)
	return uriOf(value), !value.IsZero()
}
