package policy

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func parseStep(pointer string, data json.RawMessage) (Step, error) {
	o, err := readObject(pointer, data)
	if err != nil {
		return Step{}, err
	}
	id, err := o.text("id")
	if err != nil {
		return Step{}, err
	}
	parameters, err := o.object("parameters")
	if err != nil {
		return Step{}, err
	}
	p := stepParser{object: parameters, step: Step{
		Function:      Function(id),
		Pointer:       pointer,
		NetworkCost:   Satellite,
		AlertSeverity: wire.SeverityCritical,
		Filter:        true,
	}}
	p.times()
	p.counts()
	p.texts()
	if err := p.effects(); err != nil {
		return Step{}, err
	}
	return p.step, nil
}

// stepParser reads the parameters of one step. What it cannot read it notes as
// a problem of the step.
type stepParser struct {
	object
	step Step
}

func (p *stepParser) problem(name string, warning bool, err error, detail string) {
	p.step.Problems = append(p.step.Problems, Problem{Pointer: p.at(name), Warning: warning, Err: err, Detail: detail})
}

func (p *stepParser) times() {
	p.step.Window = max(p.number("window"), 0)
	p.step.Slide = max(p.number("slide"), 0)
	p.step.DelayLimit = max(p.number("delayLimit"), 0)
}

func (p *stepParser) counts() {
	if p.has("batchSize") {
		if p.step.BatchSize = p.number("batchSize"); p.step.BatchSize < 1 {
			p.step.BatchSize = 1
			p.problem("batchSize", true, ErrReadAs, "read as 1")
		}
	}
	p.rate()
}

// number reads an integer; 0 when it is absent or not one.
func (p *stepParser) number(name string) int64 {
	if !p.has(name) {
		return 0
	}
	n, ok := readInteger(p.members[name])
	if !ok {
		p.problem(name, false, ErrType, "an integer is expected")
	}
	return n
}

// rate reads the rate of sampleQuality: a number, a number as a text, "all" or
// "random"; anything else is read as 0, which is "all".
func (p *stepParser) rate() {
	if !p.has("rate") {
		return
	}
	var word string
	data := p.members["rate"]
	if json.Unmarshal(data, &word) == nil {
		data = json.RawMessage(word)
	}
	n, ok := readInteger(data)
	switch {
	case word == "all":
		n = 0
	case word == "random":
		n = RandomRate
	case !ok || n < RandomRate:
		n = 0
		p.problem("rate", true, ErrReadAs, "read as 0, every value")
	}
	p.step.Rate = n
}

func (p *stepParser) texts() {
	var cost, severity string
	for _, member := range []struct {
		name   string
		target any
	}{
		{"condition", &p.step.Condition}, {"formula", &p.step.Formula}, {"filter", &p.step.Filter},
		{"level", &p.step.Level}, {"hashingKey", &p.step.HashingKey},
		{"networkCost", &cost}, {"alertSeverity", &severity},
	} {
		if p.optional(member.name, member.target) != nil {
			p.problem(member.name, false, ErrType, "")
		}
	}
	if cost != "" {
		parsed, ok := ParseCost(cost)
		if p.step.NetworkCost = parsed; !ok {
			p.step.NetworkCost = Satellite
			p.problem("networkCost", true, ErrReadAs, "read as SATELLITE")
		}
	}
	if severity != "" {
		parsed, ok := wire.ParseSeverity(severity)
		if p.step.AlertSeverity = parsed; !ok {
			p.step.AlertSeverity = wire.SeverityCritical
			p.problem("alertSeverity", true, ErrReadAs, "read as CRITICAL")
		}
	}
}

// effects reads what the function does besides passing values on.
func (p *stepParser) effects() error {
	if p.has("alert") {
		alert, err := p.object.object("alert")
		if err != nil {
			return err
		}
		if p.step.Alert, err = p.alert(alert); err != nil {
			return err
		}
	}
	if p.has("action") {
		action, err := p.object.object("action")
		if err != nil {
			return err
		}
		if p.step.Action, err = p.action(action); err != nil {
			return err
		}
	}
	return nil
}

func (p *stepParser) alert(o object) (*Alert, error) {
	urn, err := o.text("urn")
	if err != nil {
		return nil, err
	}
	fields, err := o.object("fields")
	if err != nil {
		return nil, err
	}
	a := &Alert{Format: urn, Severity: wire.SeverityNormal}
	var severity string
	if err := o.optional("severity", &severity); err != nil {
		p.step.Problems = append(p.step.Problems, Problem{Pointer: o.at("severity"), Warning: true, Err: ErrType, Detail: "read as NORMAL"})
	}
	if severity != "" {
		parsed, ok := wire.ParseSeverity(upper(severity))
		if a.Severity = parsed; !ok {
			a.Severity = wire.SeverityNormal
			p.step.Problems = append(p.step.Problems, Problem{Pointer: o.at("severity"), Warning: true, Err: ErrReadAs, Detail: "read as NORMAL"})
		}
	}
	for name, value := range fields.members {
		a.Fields = append(a.Fields, AlertField{Name: name, Formula: formulaText(value)})
	}
	slices.SortFunc(a.Fields, func(a, b AlertField) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return a, nil
}

func (p *stepParser) action(o object) (*Action, error) {
	name, err := o.text("name")
	if err != nil {
		return nil, err
	}
	list, err := o.list("arguments", false, MaxSteps)
	if err != nil {
		return nil, err
	}
	a := &Action{Name: name}
	for _, argument := range list {
		a.Arguments = append(a.Arguments, formulaText(argument))
	}
	return a, nil
}

// formulaText gives the formula of a JSON value: a text is one, and any other
// value stands for itself. Numbers lose their exponent, which formulas have not.
func formulaText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && len(value) > 0 && value[0] == '"' {
		return text
	}
	if f, err := strconv.ParseFloat(string(value), 64); err == nil {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return string(value)
}

// upper folds ASCII letters only: names of the protocol have no others.
func upper(text string) string {
	return string(bytes.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, []byte(text)))
}
