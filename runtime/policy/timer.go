package policy

import (
	"errors"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// NextDeadline gives the time, in milliseconds since the epoch, at which Expire
// has something to do: the end of the first window that has values, or of the
// interval of a batch. ok is false while nothing waits. Every other call may
// change it.
func (e *Engine) NextDeadline() (deadline int64, ok bool) {
	if w, _, _ := e.nextWindow(); w != nil {
		deadline, ok = w.deadline(), true
	}
	if e.batch == nil {
		return deadline, ok
	}
	if end, waits := e.batch.deadline(); waits && (!ok || end < deadline) {
		return end, true
	}
	return deadline, ok
}

// nextWindow finds the window with values that ends first, of several the one
// that comes first in the policy.
func (e *Engine) nextWindow() (next *window, pipeline, position int) {
	for i := range e.pipelines {
		for k, s := range e.pipelines[i].steps {
			w, ok := s.(*window)
			if ok && w.waits() && (next == nil || w.deadline() < next.deadline()) {
				next, pipeline, position = w, i, k
			}
		}
	}
	return next, pipeline, position
}

// Expire ends the windows and the batch interval whose time has come
// (docs/protocol/policies.md §6.6). The results of all windows leave in one
// message with the computed metrics that they trigger, before the batch does. A
// window whose end was missed yields its result all the same, in a message of
// its own if a later one of the same attribute has ended as well.
//
// What fails goes to Host.Report.
func (e *Engine) Expire(now int64) {
	defer e.end(e.begin(now))
	pairs := e.pairs[:0]
	for {
		w, pipeline, position := e.nextWindow()
		if w == nil || w.deadline() > now {
			break
		}
		result, end, ok := w.expire(now)
		if !ok {
			continue
		}
		attribute := e.plan.pipelines[pipeline].attribute
		out, ok, err := e.resume(pipeline, position, end-1, result)
		e.report(err)
		if !ok {
			continue
		}
		if contains(pairs, attribute) {
			e.report(e.commit(pairs, DefaultHead(), true))
			pairs = e.pairs[:0]
		}
		pairs = append(pairs, Item{attribute, out})
	}
	e.report(e.commit(pairs, DefaultHead(), true))
	if e.batch == nil {
		return
	}
	if end, waits := e.batch.deadline(); waits && end <= now {
		e.report(e.batch.store.Release(e.host.Emit))
	}
	e.batch.advance(now)
}

// resume brings the result of a function through the functions after it. The
// result of a window belongs to the window's last millisecond, so a longer
// window that follows and ends together with it holds the result.
func (e *Engine) resume(pipeline, position int, at int64, result wire.Value) (wire.Value, bool, error) {
	v, err := convert(result, e.plan.pipelines[pipeline].kind)
	if err != nil {
		return wire.Value{}, false, e.stepError(pipeline, position, err)
	}
	return e.run(pipeline, position+1, at, v)
}

func contains(items []Item, attribute int) bool {
	for i := range items {
		if items[i].Attribute == attribute {
			return true
		}
	}
	return false
}

// Stop ends the policy on the device: windows yield the result of the values
// that they have, and the batch leaves, in that order (docs/protocol/policies.md
// §6.7). Computed metrics are not triggered any more. The Engine must not be
// used afterwards, except that Stop may be called again after an error: what
// could not be queued is still there.
func (e *Engine) Stop(now int64) error {
	defer e.end(e.begin(now))
	e.Expire(now)
	var errs []error
	pairs := e.pairs[:0]
	for i := range e.pipelines {
		out, ok, err := e.drain(i)
		if err != nil {
			errs = append(errs, err)
		}
		if ok {
			pairs = append(pairs, Item{e.plan.pipelines[i].attribute, out})
		}
	}
	if err := e.commit(pairs, DefaultHead(), false); err != nil {
		errs = append(errs, err)
	}
	if err := e.releaseAll(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// drain empties the windows of a pipeline from the first one on. What one
// yields goes into the next.
func (e *Engine) drain(pipeline int) (out wire.Value, ok bool, err error) {
	for k, s := range e.pipelines[pipeline].steps {
		w, windowed := s.(*window)
		if !windowed {
			continue
		}
		result, some := w.flush()
		if !some {
			continue
		}
		if out, ok, err = e.resume(pipeline, k, e.now, result); err != nil || ok {
			return out, ok, err
		}
	}
	return wire.Value{}, false, nil
}
