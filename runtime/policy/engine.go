package policy

import (
	"errors"
	"math/rand/v2"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Engine is the state of a policy on one virtual device: windows, last values,
// counters and batched messages. Make it with Plan.Start when the policy is
// assigned and end it with Stop when it is taken away.
//
// An Engine belongs to one goroutine at a time; the virtual device guards it
// with its own lock. Times are milliseconds since the epoch.
type Engine struct {
	plan     *Plan
	host     Host
	endpoint string
	now      int64 // of the call at hand

	pipelines []pipelineState // parallel to plan.pipelines
	batch     *batch          // nil: messages are not batched
	store     BatchStore      // nil: nothing is held back
	cost      func() Cost     // of the network in use

	chance func(n int) int

	workspace *Workspace
	*scratch  // nil between calls
}

type pipelineState struct {
	steps  []step  // nil for functions that are left out
	expiry []int64 // of a Relay: ends of the windows of duplicate functions
}

// step is a function of a pipeline on one device.
type step interface {
	// apply takes a value, at a time that may lie before that of the call when
	// the value is the result of a window. With pass, out goes on to the next
	// function; the zero Value means that nothing is left of it.
	apply(e *Engine, at int64, v wire.Value) (out wire.Value, pass bool, err error)
}

// Start makes the state of one device, at the time when it got the policy:
// windows and delays count from it. endpointID is the source of the messages.
func (p *Plan) Start(host Host, endpointID string, now int64, options ...StartOption) *Engine {
	e := &Engine{plan: p, host: host, endpoint: endpointID, now: now, cost: ethernet, chance: rand.IntN}
	e.pipelines = make([]pipelineState, len(p.pipelines))
	start := floor10(now)
	for i := range p.pipelines {
		plans := p.pipelines[i].steps
		e.pipelines[i].steps = make([]step, len(plans))
		for k := range plans {
			e.pipelines[i].steps[k] = plans[k].start(start)
		}
	}
	for _, option := range options {
		option(e)
	}
	if e.workspace == nil {
		e.workspace = new(Workspace)
	}
	e.newBatch(p.batch, start)
	return e
}

// StartOption changes what an Engine works with.
type StartOption func(*Engine)

// WithChance replaces the source of chance of sampleQuality with rate
// RandomRate: a function that gives a number from 0 to n-1. The default is that
// of math/rand/v2.
func WithChance(intN func(n int) int) StartOption {
	return func(e *Engine) { e.chance = intN }
}

// floor10 rounds down to a multiple of 10 ms, so that windows of several
// attributes end together (docs/protocol/policies.md §6.6).
func floor10(now int64) int64 { return now - now%10 }

// Plan gives the plan that the engine carries out.
func (e *Engine) Plan() *Plan { return e.plan }

// Offer hands values to the pipelines of their attributes, in order, and sends
// what comes out of them in one message (docs/protocol/policies.md §6.1). A
// value whose attribute has no pipeline goes into the message as it is.
//
// The error joins those of all values that were dropped because a function, the
// device model or the queue refused them: *StepError and errors of the Host. A
// value that a policy holds back or throws away is no error.
func (e *Engine) Offer(now int64, head Head, values ...Item) error {
	defer e.end(e.begin(now))
	var errs []error
	pairs := e.pairs[:0]
	for _, item := range values {
		out, ok, err := e.offer(item)
		if err != nil {
			errs = append(errs, err)
		}
		if ok {
			pairs = append(pairs, Item{item.Attribute, out})
		}
	}
	if err := e.commit(pairs, head, true); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (e *Engine) offer(item Item) (wire.Value, bool, error) {
	pipeline := e.plan.pipelineOf(item.Attribute)
	if pipeline < 0 {
		return item.Value, true, nil
	}
	return e.run(pipeline, 0, e.now, item.Value)
}

// Set stores values and sends them in one message. Pipelines of attributes are
// not asked; computed metrics are, and the device pipeline. Errors as Offer.
func (e *Engine) Set(now int64, head Head, values ...Item) error {
	defer e.end(e.begin(now))
	return e.commit(append(e.pairs[:0], values...), head, true)
}

// Admit brings a DATA or ALERT message that the application made itself through
// the device pipeline, which may hold it back. The message and its JSON belong
// to the caller again when Admit returns.
func (e *Engine) Admit(now int64, m *Message) error {
	defer e.end(e.begin(now))
	return e.admit(m)
}

// run brings a value through the functions of a pipeline, from one position on.
// Without ok the pipeline ended without a value, and the in-process value is
// gone; otherwise it stays until the commit.
func (e *Engine) run(pipeline, from int, at int64, v wire.Value) (out wire.Value, ok bool, err error) {
	plan := &e.plan.pipelines[pipeline]
	e.setInProcess(plan.attribute, v)
	for k := from; k < len(plan.steps); k++ {
		s := e.pipelines[pipeline].steps[k]
		if s == nil {
			continue
		}
		result, pass, err := s.apply(e, at, v)
		if err == nil && pass && !result.IsZero() {
			v, err = convert(result, plan.kind)
		}
		if err != nil {
			err = e.stepError(pipeline, k, err)
		}
		if err != nil || !pass || result.IsZero() {
			e.dropInProcess(plan.attribute)
			return wire.Value{}, false, err
		}
		e.setInProcess(plan.attribute, v)
	}
	return v, true, nil
}

func (e *Engine) stepError(pipeline, position int, err error) error {
	plan := &e.plan.pipelines[pipeline]
	s := plan.steps[position].step
	return &StepError{
		PolicyID:  e.plan.policy.ID,
		Attribute: e.plan.model.Attributes[plan.attribute].Name,
		Pointer:   s.Pointer,
		Function:  s.Function,
		Err:       err,
	}
}

func (e *Engine) report(err error) {
	if err != nil {
		e.host.Report(err)
	}
}

func (e *Engine) setInProcess(attribute int, v wire.Value) {
	for i := range e.process {
		if e.process[i].Attribute == attribute {
			e.process[i].Value = v
			return
		}
	}
	e.process = append(e.process, Item{attribute, v})
}

func (e *Engine) dropInProcess(attribute int) {
	for i := range e.process {
		if e.process[i].Attribute == attribute {
			last := len(e.process) - 1
			e.process[i] = e.process[last]
			e.process[last] = Item{}
			e.process = e.process[:last]
			return
		}
	}
}

// values shows the values of a device to formulas.
type values Engine

// Value implements formula.Env.
func (v *values) Value(slot int) formula.Value {
	for i := range v.process {
		if v.process[i].Attribute == slot && !v.process[i].Value.IsZero() {
			return operand(v.process[i].Value)
		}
	}
	return operand(v.host.Current(slot))
}

// Current implements formula.Env.
func (v *values) Current(slot int) formula.Value { return operand(v.host.Current(slot)) }

// attributes gives the slots of a model's attributes.
func attributes(m *devicemodel.Model) formula.Slots {
	return func(name string) (int, formula.Kind) {
		i := attributeIndex(m, name)
		if i < 0 {
			return 0, formula.KindNone
		}
		return i, kindOf(m.Attributes[i].Type)
	}
}

func attributeIndex(m *devicemodel.Model, name string) int {
	for i := range m.Attributes {
		if m.Attributes[i].Name == name {
			return i
		}
	}
	return -1
}
