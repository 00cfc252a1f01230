package policy

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// alertPlan is an alert that a policy raises (docs/protocol/policies.md §10.1).
type alertPlan struct {
	format   *devicemodel.Format // nil: unknown
	urn      string
	severity wire.Severity
	fields   []fieldPlan
}

// fieldPlan is a field of the format and the formula for its value. A nil
// program stands for a text that is no formula, or one with an unknown
// attribute: its value is NaN.
type fieldPlan struct {
	field   *devicemodel.Field
	program *formula.Program
}

// raise makes the alert and brings it through the device pipeline. A field whose
// value does not fit is left out and reported.
func (a *alertPlan) raise(e *Engine) error {
	if a.format == nil {
		return fmt.Errorf("alert %s: %w", a.urn, ErrUnknownFormat)
	}
	items := make([]wire.Item, 0, len(a.fields))
	for _, f := range a.fields {
		v, err := evaluate(e, f.program)
		if err != nil {
			return fmt.Errorf("alert %s, field %q: %w", a.urn, f.field.Name, err)
		}
		converted, err := fromFormula(v, f.field.Type)
		if err == nil {
			err = wire.CheckValue(converted)
		}
		if err != nil {
			e.report(fmt.Errorf("policy %q: alert %s, field %q is left out: %w", e.plan.policy.ID, a.urn, f.field.Name, err))
			continue
		}
		items = append(items, wire.Item{Name: f.field.Name, Value: e.reattach(converted)})
	}
	h := e.header(Head{Priority: wire.Highest, Reliability: wire.BestEffort})
	buffer := wire.AppendAlert(e.message.JSON[:0], &h, a.urn, a.format.Name, a.severity, items)
	return e.send(&h, Message{Severity: a.severity, Encoded: wire.Encoded{
		Type: wire.TypeAlert, Format: a.urn, JSON: buffer, Attachments: wire.Attachments(items),
	}})
}

// reattach gives a URI that a formula took from an attribute as text what the
// attribute's value stands for.
func (e *Engine) reattach(v wire.Value) wire.Value {
	if v.Kind() != wire.KindURI {
		return v
	}
	for i := range e.plan.model.Attributes {
		if e.plan.model.Attributes[i].Type != devicemodel.URI {
			continue
		}
		if current := e.host.Current(i); current.Attachment() != nil && current.Same(v) {
			return current
		}
	}
	return v
}

func evaluate(e *Engine, p *formula.Program) (formula.Value, error) {
	if p == nil {
		return formula.NumberValue(math.NaN()), nil
	}
	return p.Eval((*values)(e))
}

// actionPlan is an action that a policy calls (docs/protocol/policies.md §10.2).
type actionPlan struct {
	index     int // in the device model; -1: unknown
	name      string
	arguments []argumentPlan
}

// argumentPlan is the formula of an argument; a nil program as in fieldPlan. The
// type is 0 for an action that the device model does not have.
type argumentPlan struct {
	text    string
	kind    devicemodel.Type
	program *formula.Program
}

// call asks the host to call the action. An argument that does not fit the type
// is handed over as the text it has in the policy.
func (a *actionPlan) call(e *Engine) error {
	arguments := make([]wire.Value, len(a.arguments))
	for i, argument := range a.arguments {
		if argument.kind == 0 {
			continue
		}
		v, err := evaluate(e, argument.program)
		if err != nil {
			return fmt.Errorf("action %q, argument %d: %w", a.name, i, err)
		}
		if arguments[i], err = fromFormula(v, argument.kind); err != nil {
			arguments[i] = wire.StringValue(argument.text)
		}
	}
	e.host.Call(a.index, a.name, arguments)
	return nil
}

// alert compiles the alert of a step.
func (c *compiler) alert(s *Step) *alertPlan {
	pointer := s.Pointer + "/parameters/alert"
	if s.Alert == nil {
		c.report(pointer, false, ErrMissing, "")
		return nil
	}
	a := &alertPlan{urn: s.Alert.Format, severity: s.Alert.Severity}
	for i := range c.plan.model.Formats {
		if c.plan.model.Formats[i].URN == a.urn {
			a.format = &c.plan.model.Formats[i]
		}
	}
	if a.format == nil {
		c.report(pointer+"/urn", true, ErrUnknownFormat, a.urn)
		return a
	}
	for _, wanted := range s.Alert.Fields {
		if !hasField(a.format, wanted.Name) {
			c.report(pointer+"/fields/"+escape(wanted.Name), true, ErrUnknownField, "")
		}
	}
	for i := range a.format.Fields {
		field := &a.format.Fields[i]
		for _, wanted := range s.Alert.Fields {
			if wanted.Name == field.Name {
				program := c.expression(pointer+"/fields/"+escape(field.Name), wanted.Formula)
				a.fields = append(a.fields, fieldPlan{field, program})
			}
		}
	}
	return a
}

func hasField(f *devicemodel.Format, name string) bool {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return true
		}
	}
	return false
}

// action compiles the action of a step. An argument beyond those that the device
// model knows has the type of the last one.
func (c *compiler) action(s *Step) *actionPlan {
	pointer := s.Pointer + "/parameters/action"
	if s.Action == nil {
		c.report(pointer, false, ErrMissing, "")
		return nil
	}
	a := &actionPlan{index: -1, name: s.Action.Name}
	for i := range c.plan.model.Actions {
		if c.plan.model.Actions[i].Name == a.name {
			a.index = i
		}
	}
	var known []devicemodel.Argument
	if a.index < 0 {
		c.report(pointer+"/name", true, ErrUnknownAction, a.name)
	} else if known = c.plan.model.Actions[a.index].Arguments; len(known) == 0 && len(s.Action.Arguments) > 0 {
		c.report(pointer+"/arguments", true, ErrArguments, "")
		return a
	}
	for i, text := range s.Action.Arguments {
		argument := argumentPlan{text: text}
		if len(known) > 0 {
			argument.kind = known[min(i, len(known)-1)].Type
			argument.program = c.expression(pointer+"/arguments/"+strconv.Itoa(i), text)
		}
		a.arguments = append(a.arguments, argument)
	}
	return a
}

// expression compiles a formula that may be broken: nil stands for NaN then.
func (c *compiler) expression(pointer, text string) *formula.Program {
	e, err := formula.Parse(formula.Formula, text)
	if err != nil {
		c.report(pointer, true, err, "its value is NaN")
		return nil
	}
	_, problems := formula.Check(e, func(name string) formula.Kind {
		_, kind := c.slots(name)
		return kind
	})
	for _, problem := range problems {
		detail := ""
		if errors.Is(problem, formula.ErrUnknownAttribute) {
			detail = "its value is NaN"
		}
		c.report(pointer, true, problem.Err, detail)
	}
	program, err := e.Compile(c.slots)
	if err != nil {
		return nil
	}
	return program
}
