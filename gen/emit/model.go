package emit

import (
	"strings"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// model writes model.go: constants, the tie to the runtime, the compact form of the model.
func (f *file) model() {
	p := f.p
	f.decl(comment("URN is the name of the device model."), jen.Const().Id("URN").Op("=").Lit(p.URN))
	f.decl(
		comment("Fingerprint tells this version of the device model from others: the SHA-256 of all that matters to a program. It is"+
			" compared with the server's model."),
		jen.Const().Id("Fingerprint").Op("=").Lit(p.Fingerprint),
	)
	f.bounds()
	f.decl(
		comment("This code and the runtime must fit together. If the next line does not compile, update the module"+
			" github.com/iotcs-go/iotcs and generate again: go run github.com/iotcs-go/iotcs/cmd/iotcs-gen generate"),
		jen.Const().Id("_").Op("=").Add(device("GeneratedCodeV1")),
	)
	f.indexes("Indexes of the attributes in model.", len(p.Attributes), func(i int) string { return p.Attributes[i].Const })
	f.indexes("Indexes of the actions in model.", len(p.Actions), func(i int) string { return p.Actions[i].Const })
	f.indexes("Indexes of the formats in model.", len(p.Formats), func(i int) string { return p.Formats[i].Const })
	f.decl(
		comment("model is the compact form of the device model. It is never changed."),
		jen.Var().Id("model").Op("=").Add(glue(device("Model"), rows(f.literal()))),
	)
}

// bounds writes the range constants, in columns.
func (f *file) bounds() {
	name, typ := 0, 0
	for i := range f.p.Attributes {
		if a := &f.p.Attributes[i]; a.Range != nil {
			name, typ = max(name, utf8.RuneCountInString(a.Name)+3), max(typ, len(a.Type.Go()))
		}
	}
	var defs []jen.Code
	for i := range f.p.Attributes {
		if a := &f.p.Attributes[i]; a.Range != nil {
			for _, end := range [...][2]string{{"Min", a.Range.Min}, {"Max", a.Range.Max}} {
				defs = append(defs, jen.Id(pad(a.Name+end[0], name)).Id(pad(a.Type.Go(), typ)).Op("=").Op(end[1]))
			}
		}
	}
	if len(defs) > 0 {
		f.decl(comment("Bounds of the attributes, inclusive."), jen.Const().Defs(defs...))
	}
}

// pad fills a text up with blanks to n characters.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", n-utf8.RuneCountInString(text))
}

func (f *file) indexes(doc string, n int, name func(int) string) {
	defs := make([]jen.Code, n)
	for i := range defs {
		defs[i] = jen.Id(name(i))
		if i == 0 {
			defs[i] = jen.Id(name(i)).Op("=").Iota()
		}
	}
	if n > 0 {
		f.decl(comment(doc), jen.Const().Defs(defs...))
	}
}

// literal gives the members of the model's literal.
func (f *file) literal() []jen.Code {
	p := f.p
	all := []jen.Code{entry("URN", jen.Id(" URN")), entry("Name", jen.Lit(p.DisplayName))}
	var attributes, actions, formats []jen.Code
	for i := range p.Attributes {
		attributes = append(attributes, attributeLiteral(&p.Attributes[i]))
	}
	for i := range p.Actions {
		actions = append(actions, actionLiteral(&p.Actions[i]))
	}
	for i := range p.Formats {
		formats = append(formats, formatLiteral(&p.Formats[i]))
	}
	all = appendList(all, "Attributes", "Attribute", attributes)
	all = appendList(all, "Actions", "Action", actions)
	return appendList(all, "Formats", "Format", formats)
}

// appendList adds a list of the model, unless it is empty.
func appendList(members []jen.Code, name, element string, elements []jen.Code) []jen.Code {
	if len(elements) == 0 {
		return members
	}
	return append(members, entry(name, glue(jen.Id("[]"), device(element), rows(elements))))
}

func attributeLiteral(a *plan.Attribute) jen.Code {
	members := []jen.Code{entry("Name", jen.Lit(a.Wire))}
	if a.Alias != "" {
		members = append(members, entry("Alias", jen.Lit(a.Alias)))
	}
	members = append(members, typeEntries(a.Type, a.Range, a.Default)...)
	if a.Writable {
		members = append(members, entry("Writable", jen.True()))
	}
	return literal("", members...)
}

func actionLiteral(a *plan.Action) jen.Code {
	members := []jen.Code{entry("Name", jen.Lit(a.Wire))}
	if a.Alias != "" {
		members = append(members, entry("Alias", jen.Lit(a.Alias)))
	}
	if a.Named {
		members = append(members, entry("Named", jen.True()))
	}
	var arguments []jen.Code
	for i := range a.Arguments {
		arg := &a.Arguments[i]
		arguments = append(arguments, literal("", append([]jen.Code{entry("Name", jen.Lit(arg.Wire))}, typeEntries(arg.Type, arg.Range, arg.Default)...)...))
	}
	return literal("", appendList(members, "Arguments", "Argument", arguments)...)
}

func formatLiteral(format *plan.Format) jen.Code {
	members := []jen.Code{entry("URN", jen.Lit(format.URN))}
	if format.Kind == plan.Alert {
		if format.Description != "" {
			members = append(members, entry("Description", jen.Lit(format.Description)))
		}
		members = append(members, entry("Type", device("FormatAlert")))
	} else {
		members = append(members, entry("Type", device("FormatData")))
	}
	var fields []jen.Code
	for i := range format.Fields {
		field := &format.Fields[i]
		one := append([]jen.Code{entry("Name", jen.Lit(field.Wire))}, typeEntries(field.Type, nil, nil)...)
		if field.Optional {
			one = append(one, entry("Optional", jen.True()))
		}
		fields = append(fields, literal("", one...))
	}
	return literal("", appendList(members, "Fields", "Field", fields)...)
}

// typeEntries gives type, range and default of a value.
func typeEntries(t plan.Type, r *plan.Range, d *plan.Default) []jen.Code {
	all := []jen.Code{entry("Type", device("Type"+t.Word()))}
	if r != nil {
		all = append(all, entry("Range", glue(jen.Id("&"), device("Range"),
			literal("", entry("Low", jen.Op(plan.Decimal(r.Low))), entry("High", jen.Op(plan.Decimal(r.High)))))))
	}
	if d != nil {
		var value []jen.Code
		if !d.Zero {
			value = append(value, entry(defaultMember(t), jen.Op(d.Literal)))
		}
		all = append(all, entry("Default", glue(jen.Id("&"), device("Default"), literal("", value...))))
	}
	return all
}

// defaultMember names the member of [devicemodel.Default] for a type.
func defaultMember(t plan.Type) string {
	switch devicemodel.Type(t) {
	case devicemodel.Integer, devicemodel.DateTime:
		return "Integer"
	case devicemodel.Number:
		return "Number"
	case devicemodel.Boolean:
		return "Boolean"
	}
	return "Text"
}
