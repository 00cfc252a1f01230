package plan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Build plans the packages of one output folder. The plan depends on nothing but the input, and not on the order of models, attributes,
// actions, formats and fields in it. The order of an action's arguments matters: it is the order of the struct.
//
// The diagnostics tell about names by rule M12, sorted by URN. A package with a diagnostic of level Error is not in the plan.
//
// The error is about the caller: a model that is nil, that is there twice, or that package devicemodel would not have accepted.
func Build(in Input) (*Plan, []Diagnostic, error) {
	models := slices.Clone(in.Models)
	if slices.Contains(models, nil) {
		return nil, nil, errors.New("a model is nil")
	}
	slices.SortFunc(models, func(a, b *devicemodel.Model) int { return strings.Compare(a.URN, b.URN) })
	urns := make([]string, len(models))
	for i, m := range models {
		urns[i] = m.URN
		if i > 0 && urns[i-1] == m.URN {
			return nil, nil, fmt.Errorf("two models have the URN %q", m.URN)
		}
	}
	var found []Diagnostic
	folder := namePackages(urns, in, func(d Diagnostic) { found = append(found, d) })
	p := &Plan{Packages: make([]Package, 0, len(models))}
	for _, m := range models {
		b := builder{model: m, found: &found, roster: newRoster(m, typeWords(m.URN), in.Lock)}
		if b.roster.err != nil {
			return nil, nil, b.roster.err
		}
		if b.name(in); folder.names[m.URN] != "" && !b.failed(found) {
			p.Packages = append(p.Packages, b.build(folder.names[m.URN]))
		}
	}
	slices.SortStableFunc(found, func(a, b Diagnostic) int { return strings.Compare(a.URN, b.URN) })
	return p, found, nil
}

// builder plans one package.
type builder struct {
	model  *devicemodel.Model
	roster *roster
	found  *[]Diagnostic
}

func (b *builder) report(d Diagnostic) { *b.found = append(*b.found, d) }

func (b *builder) failed(found []Diagnostic) bool {
	return slices.ContainsFunc(found, func(d Diagnostic) bool { return d.URN == b.model.URN && d.Level == failure })
}

// name gives every member its name.
func (b *builder) name(in Input) {
	chosen := choose(b.roster, b.model.URN, in.Overrides[b.model.URN], b.report)
	for group := range b.roster.groups {
		make(table).resolve(group, chosen, in.Lock)
		explain(group, chosen, b.report)
	}
}

// member finds the member for a fact; Kind, In and Wire are enough.
func (b *builder) member(kind lock.Kind, in, wire string) *member {
	return b.roster.byKey[lock.Fact{URN: b.model.URN, Kind: kind, In: in, Wire: wire}]
}

func (b *builder) build(name string) Package {
	m, t := b.model, b.member(lock.Type, "", "")
	p := Package{
		URN: m.URN, Name: name, Type: t.Name, Note: t.note(), Receiver: receiver(t.Name),
		DisplayName: m.Name, Label: strings.ReplaceAll(label(m.Name), `"`, "'"), Doc: sentence(m.Description),
		Fingerprint: devicemodel.Fingerprint(m),
		Attributes:  b.attributes(), Actions: b.actions(), Formats: b.formats(t.Name),
	}
	if strings.TrimRight(p.Doc, ".") == p.Label {
		p.Doc = ""
	}
	p.Files = files(&p)
	p.Facts = b.facts(&p)
	return p
}

// files names the files that a package needs.
func files(p *Package) []string {
	var all []string
	if len(p.Actions) > 0 {
		all = append(all, "actions.go")
	}
	if p.Has(Alert) {
		all = append(all, "alerts.go")
	}
	if p.Has(Data) {
		all = append(all, "data.go")
	}
	return append(all, "device.go", "model.go")
}

// facts gives what the lock has to record.
func (b *builder) facts(p *Package) []lock.Fact {
	all := []lock.Fact{{URN: p.URN, Kind: lock.Package, Name: p.Name}}
	for group := range b.roster.groups {
		for _, m := range group {
			if !m.former {
				all = append(all, m.Fact)
			}
		}
	}
	for _, f := range p.Files {
		all = append(all, lock.Fact{URN: p.URN, Kind: lock.File, Name: path.Join(p.Name, f)})
	}
	return all
}

func (b *builder) attributes() []Attribute {
	all := make([]Attribute, 0, len(b.model.Attributes))
	for i := range b.model.Attributes {
		a := &b.model.Attributes[i]
		m := b.member(lock.Attribute, "", a.Name)
		all = append(all, Attribute{
			Name: m.Name, Const: "attr" + m.Name, Wire: a.Name, Alias: a.Alias, Label: label(a.Name), Doc: sentence(a.Description), Note: m.note(),
			Type: Type(a.Type), Range: rangeOf(a.Type, a.Range), Default: defaultOf(a.Type, a.Default), Writable: a.Writable,
		})
	}
	slices.SortFunc(all, func(a, b Attribute) int { return strings.Compare(a.Wire, b.Wire) })
	return all
}

func (b *builder) actions() []Action {
	all := make([]Action, 0, len(b.model.Actions))
	for i := range b.model.Actions {
		a := &b.model.Actions[i]
		m := b.member(lock.Action, "", a.Name)
		action := Action{
			Name: m.Name, Const: "action" + m.Name, Wire: a.Name, Alias: a.Alias, Label: label(a.Name), Doc: sentence(a.Description), Note: m.note(),
			Named: a.Named, Arguments: b.arguments(a),
		}
		if len(a.Arguments) > 1 {
			action.ArgsType = m.Name + "Args"
		}
		all = append(all, action)
	}
	slices.SortFunc(all, func(a, b Action) int { return strings.Compare(a.Wire, b.Wire) })
	return all
}

func (b *builder) arguments(a *devicemodel.Action) []Argument {
	all := make([]Argument, 0, len(a.Arguments))
	for i := range a.Arguments {
		arg := &a.Arguments[i]
		m := b.member(lock.Argument, a.Name, arg.Name)
		all = append(all, Argument{
			Name: m.Name, Param: unexported(words(arg.Name), reservedParam), Wire: arg.Name, Label: label(arg.Name), Doc: sentence(arg.Description),
			Note: m.note(), Type: Type(arg.Type), Range: rangeOf(arg.Type, arg.Range), Default: defaultOf(arg.Type, arg.Default),
		})
	}
	return all
}

func (b *builder) formats(typeName string) []Format {
	all := make([]Format, 0, len(b.model.Formats))
	for i := range b.model.Formats {
		f := &b.model.Formats[i]
		kind := kindOf(f.Type)
		m := b.member(lock.Kind(kind), "", f.URN)
		format := Format{
			Kind: kind, Name: m.Name, Const: "format" + m.Name + kind.suffix(), URN: f.URN, Label: strings.ReplaceAll(label(f.Name), `"`, "'"),
			Description: f.Description, Doc: sentence(f.Description), Note: m.note(), Fields: b.fields(f),
		}
		format.Type = m.Name + kind.suffix()
		format.parameters(receiver(typeName))
		all = append(all, format)
	}
	slices.SortFunc(all, func(a, b Format) int { return strings.Compare(a.URN, b.URN) })
	return all
}

func (b *builder) fields(f *devicemodel.Format) []Field {
	all := make([]Field, 0, len(f.Fields))
	for i := range f.Fields {
		field := &f.Fields[i]
		m := b.member(lock.Field, f.URN, field.Name)
		all = append(all, Field{
			Name: m.Name, Wire: field.Name, Label: label(field.Name), Doc: sentence(field.Description), Note: m.note(),
			Type: Type(field.Type), Optional: field.Optional,
		})
	}
	slices.SortFunc(all, func(a, b Field) int { return strings.Compare(a.Wire, b.Wire) })
	return all
}

// parameters decides how the constructor takes the required fields: one, or two of different types, as parameters; otherwise as a struct,
// so that a caller cannot mix them up.
func (f *Format) parameters(receiver string) {
	var required []*Field
	for _, field := range f.Required() {
		required = append(required, field)
	}
	if n := len(required); n > 2 || n == 2 && required[0].Type == required[1].Type {
		f.FieldsType = f.Name + "Fields"
		if f.Kind == Data {
			f.FieldsType = f.Type + "Fields"
		}
		return
	}
	for i, field := range required {
		field.Param = unexported(words(field.Wire), func(name string) bool {
			return reservedParam(name) || name == receiver || name == f.Const
		})
		if i > 0 && field.Param == required[0].Param {
			field.Param += "2"
		}
	}
}

func reservedParam(name string) bool {
	_, known := slices.BinarySearch(predeclared, name)
	return known || slices.Contains(reservedParams, name)
}
