package policy

import (
	"errors"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// relayItems brings the items of a message through the pipelines of their
// attributes and adds the computed metrics that they trigger. changed is false
// when no attribute of the message has a pipeline. Values that come out of
// pipelines stand first (docs/protocol/policies.md §7).
func (e *Engine) relayItems(items []wire.Item) (out []wire.Item, changed bool, err error) {
	var errs []error
	var kept []wire.Item
	var stored []int
	for _, item := range items {
		attribute := attributeIndex(e.plan.model, item.Name)
		pipeline := e.plan.pipelineOf(attribute)
		switch {
		case attribute < 0:
			kept = append(kept, item)
			continue
		case pipeline < 0:
			kept = append(kept, item)
		case e.plan.computes(pipeline):
			changed = true
			continue
		default:
			changed = true
			v, ok, err := e.relayValue(pipeline, item.Value)
			if err != nil {
				errs = append(errs, err)
			}
			e.dropInProcess(attribute)
			if !ok {
				continue
			}
			item.Value = v
			out = append(out, item)
		}
		stored = append(stored, attribute)
		if err := e.host.Commit(attribute, item.Value); err != nil {
			errs = append(errs, err)
		}
	}
	for _, c := range e.plan.computed {
		if c.triggeredBy(stored) {
			changed = true
			item, ok := e.relayComputed(c.pipeline)
			if ok {
				out = append(out, item)
			}
		}
	}
	return append(out, kept...), changed, errors.Join(errs...)
}

// computes tells whether a pipeline's value comes from other attributes.
func (p *Plan) computes(pipeline int) bool {
	for _, c := range p.computed {
		if c.pipeline == pipeline {
			return true
		}
	}
	return false
}

func (e *Engine) relayComputed(pipeline int) (wire.Item, bool) {
	attribute := e.plan.pipelines[pipeline].attribute
	v, ok, err := e.relayValue(pipeline, e.host.Current(attribute))
	e.report(err)
	e.dropInProcess(attribute)
	if !ok {
		return wire.Item{}, false
	}
	e.report(e.host.Commit(attribute, v))
	return wire.Item{Name: e.plan.model.Attributes[attribute].Name, Value: v}, true
}

// relayValue is run for a value of a message: a window is asked for its result
// right after it took a value, and the types of results are left as they are.
func (e *Engine) relayValue(pipeline int, v wire.Value) (wire.Value, bool, error) {
	plan := &e.plan.pipelines[pipeline]
	state := &e.pipelines[pipeline]
	if state.expiry == nil {
		state.expiry = make([]int64, len(plan.steps))
	}
	for k, s := range state.steps {
		if s == nil {
			continue
		}
		e.setInProcess(plan.attribute, v)
		if w, windowed := s.(*window); windowed && w.ring == nil {
			w.start = e.now // windows count from the first value
		}
		out, pass, err := s.apply(e, e.now, v)
		if err != nil {
			return wire.Value{}, false, e.stepError(pipeline, k, err)
		}
		switch w, windowed := s.(*window); {
		case windowed:
			out, _, pass = w.expire(e.now)
		case state.expired(k, plan.steps[k].step, e.now):
			pass = true
		}
		if !pass || out.IsZero() {
			return wire.Value{}, false, nil
		}
		v = out
	}
	return v, true, nil
}

// expired tells whether the window of a duplicate function has run out, in which
// case a duplicate passes, and begins the next one.
func (p *pipelineState) expired(position int, s *Step, now int64) bool {
	repeats := s.Function == EliminateDuplicates || s.Function == DetectDuplicates
	switch end := p.expiry[position]; {
	case !repeats || s.Window == 0:
		return false
	case end == 0:
		p.expiry[position] = now + s.Window
		return false
	case end > now:
		return false
	default:
		p.expiry[position] = end + ((now-end)/s.Window+1)*s.Window
		return true
	}
}

// defaultOf gives the default value of an attribute, the zero Value if it has
// none.
func defaultOf(a *devicemodel.Attribute) wire.Value {
	if a.Default == nil {
		return wire.Value{}
	}
	switch a.Type {
	case devicemodel.Integer:
		return wire.IntegerValue(a.Default.Integer)
	case devicemodel.Number:
		return wire.NumberValue(a.Default.Number)
	case devicemodel.Boolean:
		return wire.BooleanValue(a.Default.Boolean)
	case devicemodel.DateTime:
		return wire.DateTimeValue(a.Default.Integer)
	case devicemodel.URI:
		return wire.URIValue(a.Default.Text)
	}
	return wire.StringValue(a.Default.Text)
}
