package device

import (
	"context"
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// restoreState gives a virtual device the values that the cloud wrote before the
// program was started again. It is called before anybody else knows v.
func (d *Device) restoreState(v *Virtual) error {
	if d.config.state == "" {
		return nil
	}
	log := d.component("state")
	state, err := openState(d.config.state, v.endpoint, v.model, log)
	if err != nil {
		return err
	}
	for i, value := range state.values {
		if !value.IsZero() {
			value = v.adopt(value)
			v.slots[i].value = value
			v.restored = append(v.restored, entry{index: i, value: value})
		}
	}
	v.state, v.stateLog = state, log
	return nil
}

// Restored returns the values that v began with because the cloud wrote them
// before the last restart ([WithState]), in the order of the model. They are in
// place from the start: getters return them. They are not sent to the cloud
// again, and no handler is called for them; see [Virtual.ReplayRestored].
func (v *Virtual) Restored() []NamedValue {
	values := make([]NamedValue, len(v.restored))
	for i, e := range v.restored {
		values[i] = NamedValue{Name: v.model.Attributes[e.index].Name, Value: anyOf(e.value)}
	}
	return values
}

// ReplayRestored calls the handlers with the restored values that are still in
// place, as if the cloud wrote them again, so that a program has one place that
// brings values to its hardware: call it once, after the handlers are set. The
// handlers find true in Restored of [Change] or [ChangeSet], and as old value the
// model's default. Attributes without any handler are left as they are.
//
// A value whose handler returns an error is dropped from v and from the store;
// the errors come back joined. No handler of a write runs meanwhile: one that
// calls ReplayRestored would wait for itself.
//
// Errors: those of the handlers, an error of the store, [ErrClosed], the context's.
func (v *Virtual) ReplayRestored(ctx context.Context) error {
	v.handling.Lock()
	defer v.handling.Unlock()
	entries, handlers, changed, err := v.replayable()
	if err != nil || len(entries) == 0 {
		return err
	}
	var errs []error
	var taken, refused []entry
	for k, e := range entries {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err, v.dropRestored(refused))...)
		}
		a := &v.model.Attributes[e.index]
		if h := handlers[k]; h != nil {
			c := rawChange{attribute: a.Name, next: e.value, old: defaultValue(a.Type, a.Default), restored: true}
			if err := h(ctx, c); err != nil {
				errs = append(errs, fmt.Errorf("restored value of %s: %w", a.Name, err))
				refused = append(refused, e)
				continue
			}
		}
		taken = append(taken, e)
	}
	if changed != nil && len(taken) > 0 {
		if err := changed(ctx, ChangeSet{v: v, entries: taken, restored: true}); err != nil {
			errs = append(errs, fmt.Errorf("restored values: %w", err))
			refused = append(refused, taken...)
		}
	}
	return errors.Join(append(errs, v.dropRestored(refused))...)
}

// replayable returns the restored values that are still in place and that
// somebody handles.
func (v *Virtual) replayable() (entries []entry, own []changeHandler, changed func(context.Context, ChangeSet) error, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, nil, nil, fmt.Errorf("virtual device %s of %s: %w", v.endpoint, v.model.URN, ErrClosed)
	}
	for _, e := range v.restored {
		s := &v.slots[e.index]
		if (s.change != nil || v.changed != nil) && s.value.Same(e.value) {
			entries = append(entries, e)
			own = append(own, s.change)
		}
	}
	return entries, own, v.changed, nil
}

// dropRestored takes back values that handlers refused. The caller holds the
// lock of handling.
func (v *Virtual) dropRestored(refused []entry) error {
	if len(refused) == 0 {
		return nil
	}
	v.mu.Lock()
	for _, e := range refused {
		if s := &v.slots[e.index]; s.value.Same(e.value) { // else the program has set it meanwhile
			s.value = wire.Value{}
		}
	}
	v.mu.Unlock()
	return v.state.forget(v.endpoint, refused)
}

// keep stores a write that the handlers accepted. The caller holds the lock of
// handling.
func (v *Virtual) keep(entries []entry) error {
	if v.state == nil || len(entries) == 0 {
		return nil
	}
	err := v.state.save(v.endpoint, entries)
	if err != nil {
		v.stateLog.Error("a write of the cloud cannot be stored and is refused", "endpoint", v.endpoint, "urn", v.model.URN, "error", err)
	}
	return err
}
