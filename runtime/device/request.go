package device

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// ServeRequest answers a request of the cloud to v's endpoint and model: it
// decodes, checks, calls the handlers and stores what they accept. It never
// returns nil, and RequestID is left to the caller. A panic of a handler passes
// through, with nothing stored.
//
// It is called by the [Client]. Statuses are those of docs/protocol/messages.md
// §8.1 to §8.3, column Go.
func (v *Virtual) ServeRequest(ctx context.Context, r *wire.Request) *wire.Response {
	status, text := v.route(ctx, r)
	return &wire.Response{StatusCode: status, Body: []byte(text)}
}

// route finds out which part of the model a request is about.
func (v *Virtual) route(ctx context.Context, r *wire.Request) (status int, text string) {
	path, ok := strings.CutPrefix(r.URL, "deviceModels/"+v.model.URN+"/")
	if !ok {
		return http.StatusNotFound, ""
	}
	part, name, hasName := strings.Cut(path, "/")
	method := r.EffectiveMethod()
	switch {
	case part == "attributes" && hasName:
		return only(method, http.MethodPut, func() (int, string) { return v.writeOne(ctx, name, r.Body) })
	case part == "attributes":
		return only(method, http.MethodPatch, func() (int, string) { return v.writeSeveral(ctx, r.Body) })
	case part == "actions" && hasName:
		return only(method, http.MethodPost, func() (int, string) { return v.act(ctx, name, r.Body) })
	}
	return http.StatusNotFound, ""
}

// only serves one method and answers 405 to the others.
func only(method, want string, serve func() (int, string)) (int, string) {
	if method != want {
		return http.StatusMethodNotAllowed, "use " + want
	}
	return serve()
}

// writeOne serves PUT deviceModels/{urn}/attributes/{name}.
func (v *Virtual) writeOne(ctx context.Context, name string, body []byte) (int, string) {
	i := v.attribute(name)
	if i < 0 {
		return http.StatusBadRequest, "no attribute " + name
	}
	members, err := wire.DecodeObject(body, nil)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	value, ok := member(members, "value")
	if !ok {
		return http.StatusBadRequest, `the body has no member "value"`
	}
	return v.write(ctx, []wire.Member{{Name: name, Value: value}}, false)
}

// writeSeveral serves PATCH deviceModels/{urn}/attributes.
func (v *Virtual) writeSeveral(ctx context.Context, body []byte) (int, string) {
	members, err := wire.DecodeObject(body, nil)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	return v.write(ctx, members, true)
}

// write checks all members before any handler runs, lets the handlers accept,
// then stores and reports back. whole tells a PATCH from a PUT: a failing
// handler of the whole request is answered 500 there (docs/protocol/messages.md §8.2).
func (v *Virtual) write(ctx context.Context, members []wire.Member, whole bool) (int, string) {
	entries, status, text := v.writable(members)
	if status != 0 {
		return status, text
	}
	v.handling.Lock()
	defer v.handling.Unlock()
	all := entries // also those that change nothing: they may not be stored yet
	entries, handlers, changed, ok := v.handlers(entries)
	if !ok {
		return http.StatusNotFound, "nothing on the device handles this write"
	}
	for k, h := range handlers {
		if h == nil {
			continue
		}
		e := entries[k]
		if err := h(ctx, rawChange{attribute: v.model.Attributes[e.index].Name, next: e.value, old: v.current(e.index)}); err != nil {
			return answer(err, http.StatusBadRequest)
		}
	}
	if changed != nil && len(entries) > 0 {
		if err := changed(ctx, ChangeSet{v: v, entries: entries}); err != nil {
			if whole {
				return answer(err, http.StatusInternalServerError)
			}
			return answer(err, http.StatusBadRequest)
		}
	}
	if v.isClosed() {
		return http.StatusNotFound, ""
	}
	if err := v.keep(all); err != nil {
		return http.StatusInternalServerError, "the device cannot store the values"
	}
	if len(entries) == 0 {
		return http.StatusAccepted, ""
	}
	return v.accept(entries)
}

func (v *Virtual) isClosed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.closed
}

// writable turns the members of a request into checked values. A status other
// than 0 refuses the request.
func (v *Virtual) writable(members []wire.Member) (entries []entry, status int, text string) {
	seen := make(map[int]bool, len(members))
	for _, m := range members {
		i := v.attribute(m.Name)
		if i < 0 {
			return nil, http.StatusBadRequest, "no attribute " + m.Name
		}
		a := &v.model.Attributes[i]
		if v.config.strictAccess && !a.Writable {
			return nil, http.StatusMethodNotAllowed, a.Name + " is not writable"
		}
		if seen[i] {
			return nil, http.StatusBadRequest, a.Name + " is written twice"
		}
		seen[i] = true
		value, err := convertScalar(a.Name, a.Type, m.Value)
		if err == nil {
			err = checkAttribute(a, value)
		}
		if err != nil {
			return nil, http.StatusBadRequest, err.Error()
		}
		entries = append(entries, entry{index: i, value: v.adopt(value)})
	}
	return entries, 0, ""
}

// handlers returns the handlers of the entries and drops the entries that change
// nothing. ok is false when an entry has neither a handler of its own nor one
// for whole requests.
func (v *Virtual) handlers(entries []entry) (left []entry, own []changeHandler, changed func(context.Context, ChangeSet) error, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range entries {
		s := &v.slots[e.index]
		if s.change == nil && v.changed == nil {
			return nil, nil, nil, false
		}
		if s.value.Same(e.value) {
			continue
		}
		left = append(left, e)
		own = append(own, s.change)
	}
	return left, own, v.changed, true
}

// accept stores the entries and reports them back in one DATA message, queued
// before the answer. If that message cannot be queued the write still stands,
// and the error hooks hear of it.
func (v *Virtual) accept(entries []entry) (int, string) {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return http.StatusNotFound, ""
	}
	err := v.setEntries(entries, nil, dataHead())
	v.settle(&err)
	values := make([]NamedValue, len(entries))
	for i, e := range entries {
		values[i] = NamedValue{Name: v.model.Attributes[e.index].Name, Value: anyOf(e.value)}
	}
	if err != nil {
		v.report(DeliveryError{EndpointID: v.endpoint, Format: v.format, Values: values, EventTime: v.client.Now(), Err: err})
	}
	return http.StatusAccepted, ""
}

// answer is the status and text for the error of a handler.
func answer(err error, otherwise int) (int, string) {
	var status *StatusError
	if !errors.As(err, &status) {
		return otherwise, err.Error()
	}
	if status.Code < 200 || status.Code > 599 {
		return http.StatusInternalServerError, status.Text
	}
	return status.Code, status.Text
}

func member(members []wire.Member, name string) (wire.Scalar, bool) {
	for _, m := range members {
		if m.Name == name {
			return m.Value, true
		}
	}
	return wire.Scalar{}, false
}
