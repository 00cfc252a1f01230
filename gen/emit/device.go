package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
)

// device writes device.go: the main type, its attributes, changes and updates.
func (f *file) device() {
	p := f.p
	f.PackageComment(packageComment(p))
	f.decl(
		comment(p.Type+" is one device of the model \""+p.Label+"\""+parts(p)+". Its methods may be called from any goroutine.", p.Note),
		jen.Type().Id(p.Type).Struct(jen.Id("binding").Add(device("Binding"))),
	)
	f.constructor()
	f.decl(
		comment("Virtual returns the virtual device behind "+p.Receiver+": its endpoint id, access by name, errors of any message, Close."),
		f.method("Virtual").Params().Op("*").Add(device("Virtual")).Block(jen.Return(f.binding("Virtual"))),
	)
	for i := range p.Attributes {
		f.attribute(&p.Attributes[i])
	}
	if p.Writable() {
		f.changes()
	}
	if len(p.Attributes) > 0 {
		f.update()
	}
}

func packageComment(p *plan.Package) string {
	return commentText(wide,
		"Package "+p.Name+" is the typed binding of the device model \""+p.Label+"\" ("+p.URN+").",
		p.Doc,
	)
}

// parts says what the main type holds.
func parts(p *plan.Package) string {
	var all []string
	if len(p.Attributes) > 0 {
		all = append(all, "attributes")
	}
	if len(p.Actions) > 0 {
		all = append(all, "actions")
	}
	if p.Has(plan.Alert) {
		all = append(all, "alerts")
	}
	if p.Has(plan.Data) {
		all = append(all, "custom data")
	}
	if len(all) == 0 {
		return ""
	}
	return ": an endpoint with the " + list(all) + " of the model"
}

func (f *file) constructor() {
	p := f.p
	f.decl(
		comment("New returns the "+p.Type+" with the given endpoint id on c. It does no I/O: values can be set and handlers"+
			" registered while the server is unreachable. It fails with [device.ErrDuplicate] if the endpoint already has a virtual"+
			" device of this model."),
		jen.Func().Id("New").Params(
			jen.Id("c").Add(device("Client")), jen.Id("endpointID").String(), jen.Id("opts").Op("...").Add(device("VirtualOption")),
		).Params(jen.Op("*").Id(p.Type), jen.Error()).Block(
			jen.List(jen.Id("b"), jen.Err()).Op(":=").Add(device("Bind")).Call(
				jen.Id("c"), jen.Id("endpointID"), jen.Op("&").Id("model"), jen.Id("opts").Op("...")),
			jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err())),
			jen.Return(jen.Op("&").Id(p.Type).Values(jen.Id("binding").Op(":").Id("b")), jen.Nil()),
		),
	)
}

// method begins a method of the main type.
func (f *file) method(name string) *jen.Statement { return jen.Func().Add(f.main).Id(name) }

// binding gives a call of the main type's binding.
func (f *file) binding(method string, arguments ...jen.Code) *jen.Statement {
	return jen.Id(f.p.Receiver + ".binding." + method).Call(arguments...)
}
