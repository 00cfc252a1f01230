package policy

import (
	"errors"
	"slices"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// Plan is a policy bound to a device model. It does not change and may be
// shared by goroutines.
type Plan struct {
	policy      *Policy
	model       *devicemodel.Model
	format      string // of attribute messages
	pipelines   []pipelinePlan
	byAttribute []int16 // index of the attribute's pipeline, -1 for none
	computed    []computedPlan
	batch       *Step // the function of the device pipeline; nil for none
}

type pipelinePlan struct {
	attribute int
	kind      devicemodel.Type
	steps     []stepPlan
}

type stepPlan struct {
	step *Step
	// start makes the state of one device whose windows count from now on. It
	// gives nil for a function that is left out.
	start func(now int64) step
}

// computedPlan is a pipeline that starts with computedMetric, and the
// attributes that trigger it together.
type computedPlan struct {
	pipeline int
	triggers []int
}

func (c computedPlan) triggeredBy(stored []int) bool {
	for _, attribute := range c.triggers {
		if !slices.Contains(stored, attribute) {
			return false
		}
	}
	return true
}

// Policy gives the document.
func (p *Plan) Policy() *Policy { return p.policy }

// Model gives the device model.
func (p *Plan) Model() *devicemodel.Model { return p.model }

// Handles tells whether an attribute has a pipeline.
func (p *Plan) Handles(attribute int) bool { return p.pipelineOf(attribute) >= 0 }

func (p *Plan) pipelineOf(attribute int) int {
	if attribute < 0 || attribute >= len(p.byAttribute) {
		return -1
	}
	return int(p.byAttribute[attribute])
}

// Compile binds a policy to a device model. It always yields a plan: what is
// wrong with the policy is among the problems, in the order of the document.
// Functions that cannot do anything where they stand are left out, as the
// official client does; a function that cannot be built makes its pipeline drop
// every value with an error, so that no value gets around it; so does a policy
// with an Excess for all attributes.
func Compile(p *Policy, m *devicemodel.Model) (*Plan, []Problem) {
	c := compiler{plan: &Plan{policy: p, model: m, format: m.AttributesURN()}, slots: attributes(m)}
	c.plan.byAttribute = make([]int16, len(m.Attributes))
	for i := range c.plan.byAttribute {
		c.plan.byAttribute[i] = -1
	}
	if p.Excess != nil {
		c.dropEverything(p.Excess)
	}
	for i := range p.Pipelines {
		c.pipeline(i)
	}
	return c.plan, c.problems
}

// Check gives what Compile has to say about a policy.
func Check(p *Policy, m *devicemodel.Model) []Problem {
	_, problems := Compile(p, m)
	return problems
}

type compiler struct {
	plan     *Plan
	slots    formula.Slots
	problems []Problem
	panes    int64
	broken   error // of the step at hand: the first problem that is no warning
}

func (c *compiler) report(pointer string, warning bool, err error, detail string) {
	problem := Problem{Pointer: pointer, Warning: warning, Err: err, Detail: detail}
	c.problems = append(c.problems, problem)
	if !warning && c.broken == nil {
		c.broken = problem
	}
}

// dropEverything gives every attribute a pipeline that cannot be built.
func (c *compiler) dropEverything(because *DocumentError) {
	c.report(because.Pointer, false, because.Err, because.Detail)
	start := always(broken{c.broken})
	for i := range c.plan.model.Attributes {
		c.plan.byAttribute[i] = int16(i)
		c.plan.pipelines = append(c.plan.pipelines, pipelinePlan{
			attribute: i,
			kind:      c.plan.model.Attributes[i].Type,
			steps:     []stepPlan{{step: &Step{Pointer: because.Pointer}, start: start}},
		})
	}
}

func (c *compiler) pipeline(index int) {
	p := &c.plan.policy.Pipelines[index]
	for _, later := range c.plan.policy.Pipelines[index+1:] {
		if later.Attribute == p.Attribute {
			c.report(pipelinePointer(index), true, ErrReplaced, p.Attribute)
			return
		}
	}
	if p.Attribute == DeviceLevel {
		c.deviceLevel(p)
		return
	}
	attribute := attributeIndex(c.plan.model, p.Attribute)
	switch {
	case attribute < 0:
		c.report(pipelinePointer(index)+"/attributeName", true, ErrUnknownAttribute, p.Attribute)
		return
	case len(p.Steps) == 0:
		return
	}
	plan := pipelinePlan{attribute: attribute, kind: c.plan.model.Attributes[attribute].Type}
	for k := range p.Steps {
		plan.steps = append(plan.steps, c.step(&p.Steps[k], plan.kind))
	}
	position := len(c.plan.pipelines)
	c.plan.pipelines = append(c.plan.pipelines, plan)
	c.plan.byAttribute[attribute] = int16(position)
	if triggers := c.triggers(p.Steps[0], attribute); len(triggers) > 0 {
		c.plan.computed = append(c.plan.computed, computedPlan{position, triggers})
	}
}

func (c *compiler) deviceLevel(p *Pipeline) {
	for k := range p.Steps {
		s := &p.Steps[k]
		switch known := s.Function.builder() != nil; {
		case k > 0:
			c.report(s.Pointer, true, ErrOnlyFirst, string(s.Function))
		case known:
			c.report(s.Pointer+"/id", true, ErrMisplaced, string(s.Function))
		case !s.Function.batches():
			c.report(s.Pointer+"/id", true, ErrUnknownFunction, string(s.Function))
		default:
			c.batch(s)
		}
	}
}

// batch takes the function of the device pipeline. One that cannot be built is
// left out: messages that pass are better than messages that are held for ever,
// and values that must not pass are the business of attribute pipelines.
func (c *compiler) batch(s *Step) {
	c.parameters(s, true)
	if s.Function == BatchByTime {
		s = c.delay(s)
	}
	c.plan.batch = s
}

// delay gives the step with its delay limit, or nil. A window is read as the
// delay limit (docs/protocol/policies.md §2).
func (c *compiler) delay(s *Step) *Step {
	timed := *s
	if s.Window > 0 {
		timed.DelayLimit = s.Window
	}
	switch {
	case timed.DelayLimit == 0:
		c.report(s.Pointer+"/parameters/delayLimit", true, ErrNoWindow, "")
		return nil
	case timed.DelayLimit > MaxWindow.Milliseconds() || timed.DelayLimit < MinSlide.Milliseconds():
		c.report(s.Pointer+"/parameters/delayLimit", true, ErrBound, "the function is left out")
		return nil
	}
	return &timed
}

// parameters passes on what the parser found wrong with the parameters that the
// function has.
func (c *compiler) parameters(s *Step, warning bool) {
	for _, problem := range s.Problems {
		if s.Function.takes(problem.Pointer[len(s.Pointer)+len("/parameters/"):]) {
			c.report(problem.Pointer, warning || problem.Warning, problem.Err, problem.Detail)
		}
	}
}

// step builds one function of an attribute.
func (c *compiler) step(s *Step, kind devicemodel.Type) stepPlan {
	none := stepPlan{step: s, start: func(int64) step { return nil }}
	build := s.Function.builder()
	switch {
	case s.Function.batches():
		c.report(s.Pointer+"/id", true, ErrMisplaced, string(s.Function))
		return none
	case build == nil:
		c.report(s.Pointer+"/id", true, ErrUnknownFunction, string(s.Function))
		return none
	}
	c.broken = nil
	c.parameters(s, false)
	start := build(c, s, kind)
	if c.broken != nil {
		failure := broken{c.broken}
		return stepPlan{step: s, start: func(int64) step { return failure }}
	}
	if start == nil {
		return none
	}
	return stepPlan{step: s, start: start}
}

// broken stands for a function that cannot be built.
type broken struct{ err error }

func (b broken) apply(*Engine, int64, value) (value, bool, error) { return value{}, false, b.err }

// always makes the plan of a function without state.
func always(s step) func(int64) step { return func(int64) step { return s } }

// triggers gives the attributes named in $(name) by a computedMetric, without
// the attribute itself (docs/protocol/policies.md §6.5).
func (c *compiler) triggers(s Step, attribute int) []int {
	if s.Function != ComputedMetric {
		return nil
	}
	e, err := formula.Parse(formula.Formula, s.Formula)
	if err != nil {
		return nil
	}
	var found []int
	for _, reference := range e.References() {
		i := attributeIndex(c.plan.model, reference.Name)
		if !reference.Current && i >= 0 && i != attribute && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	return found
}

// program compiles a required formula or condition.
func (c *compiler) program(s *Step, name string, entry formula.Entry, text string) *formula.Program {
	pointer := s.Pointer + "/parameters/" + name
	if text == "" {
		c.report(pointer, false, ErrMissing, "")
		return nil
	}
	e, err := formula.Parse(entry, text)
	if err != nil {
		c.report(pointer, false, err, "")
		return nil
	}
	kind, problems := formula.Check(e, func(name string) formula.Kind {
		_, kind := c.slots(name)
		return kind
	})
	unusable := c.formulaProblems(pointer, problems)
	if entry == formula.Formula && kind == formula.KindText {
		c.report(pointer, true, formula.ErrOperand, "the result is a text")
	}
	program, err := e.Compile(c.slots)
	if err != nil && !unusable {
		c.report(pointer, false, err, "")
	}
	return program
}

// formulaProblems passes on what formula.Check found. Only an unknown attribute
// makes a formula unusable: operands of the wrong kind may occur in a branch
// that is never taken.
func (c *compiler) formulaProblems(pointer string, problems []formula.Problem) (unusable bool) {
	for _, problem := range problems {
		unknown := errors.Is(problem, formula.ErrUnknownAttribute)
		unusable = unusable || unknown
		c.report(pointer, !unknown, problem.Err, "")
	}
	return unusable
}
