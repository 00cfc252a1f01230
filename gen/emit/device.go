package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
)

// device writes device.go: the main type, its attributes, changes and updates.
func (f *file) device() {
	p := f.p
	f.PackageComment(commentText(wide,
		"Package "+p.Name+" is the typed binding of the device model \""+p.Label+"\" ("+p.URN+").", p.Doc))
	f.decl(
		comment(p.Type+" is one device of the model \""+p.Label+"\""+parts(p)+". Its methods may be called from any goroutine.", p.Note),
		jen.Type().Id(p.Type).Add(structure(jen.Id("binding").Add(device("Binding")))),
	)
	f.constructor()
	f.decl(
		comment("Virtual returns the virtual device behind "+p.Receiver+": its endpoint id, access by name, errors of any message, Close."),
		f.method("Virtual").Add(glue(jen.Id("*"), device("Virtual"))).Block(jen.Return(f.binding("Virtual"))),
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
		jen.Func().Add(call("New", jen.Id("c").Add(device("Client")), jen.Id("endpointID string"), variadic("opts", device("VirtualOption")))).
			Add(call("", jen.Id("*"+p.Type), jen.Error())).Block(
			jen.Id("b, err :=").Add(glue(device("Bind"), call("", jen.Id("c"), jen.Id("endpointID"), jen.Id("&model"), jen.Id("opts...")))),
			jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Id("nil, err"))),
			jen.Return(jen.Id("&"+p.Type+"{binding: b}, nil")),
		),
	)
}
