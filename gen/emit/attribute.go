package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
)

// attribute writes the methods of one attribute.
func (f *file) attribute(a *plan.Attribute) {
	value, word := f.value(a.Type), a.Type.Word()
	index, v := jen.Id(a.Const), jen.Id("v")
	alias, cloud := "", ""
	if a.Alias != "" {
		alias = "Alias " + a.Alias + "."
	}
	if a.Writable {
		cloud = "Also written by the cloud: see [" + f.p.Type + ".On" + a.Name + "]."
	}
	f.decl(
		comment(
			join("Set"+a.Name+" stores v and sends it.", a.Doc, bounds(a.Type, a.Range), alias, cloud, a.Note),
			"Errors: "+refusals(a.Type, a.Range)+"[*device.QueueFullError] (the value is kept), [device.ErrClosed].",
		),
		f.method("Set"+a.Name).Params(value).Error().Block(jen.Return(f.binding("Set"+word, index, v))),
	)
	f.decl(
		comment("Offer"+a.Name+" hands v to the device's policies, which decide whether and when it is sent."),
		f.method("Offer"+a.Name).Params(value).Error().Block(jen.Return(f.binding("Offer"+word, index, v))),
	)
	f.getter(a)
	if a.Writable {
		f.handler(a)
	}
	f.decl(
		comment("On"+a.Name+"Error calls fn for each value of "+a.Label+" that could not be delivered; nil removes fn."),
		f.method("On"+a.Name+"Error").Params(handler(nil, device("DeliveryError"))).Block(
			f.binding("OnAttributeError", index, jen.Id("fn"))),
	)
}

func (f *file) getter(a *plan.Attribute) {
	doc := a.Name + " returns the last value; ok is false before the first."
	if a.Default != nil {
		doc = a.Name + " returns the last value, or the model's default " + a.Default.Doc + " before the first; ok is always true."
	}
	f.decl(
		comment(doc),
		f.method(a.Name).Params().Params(f.presence(a.Type)...).Block(jen.Return(f.binding(a.Type.Word(), jen.Id(a.Const)))),
	)
}

// presence gives the results of a getter.
func (f *file) presence(t plan.Type) []jen.Code {
	if t.Go() == "bool" {
		return []jen.Code{jen.Id("v"), jen.Id("ok").Bool()}
	}
	return []jen.Code{f.value(t), jen.Id("ok").Bool()}
}

func (f *file) handler(a *plan.Attribute) {
	f.decl(
		comment("On"+a.Name+" calls fn when the cloud writes "+a.Label+", after type and range have been checked. The value is stored"+
			" and confirmed if fn returns nil. Pass [device.Accept] to take every valid value, nil to remove fn."),
		f.method("On"+a.Name).Params(handler(jen.Error(), f.context, device("Change").Types(f.goType(a.Type)))).Block(
			f.binding("On"+a.Type.Word()+"Change", jen.Id(a.Const), jen.Id("fn"))),
	)
}

// changes writes what concerns requests that write several attributes.
func (f *file) changes() {
	set := jen.Id("set").Add(device("ChangeSet"))
	f.decl(
		comment("OnChange calls fn once for all attributes that one request of the cloud writes. All of them are stored and confirmed if fn"+
			" returns nil. A nil fn removes the handler."),
		f.method("OnChange").Params(handler(jen.Error(), f.context, jen.Id("Changes"))).Block(
			jen.If(jen.Id("fn").Op("==").Nil()).Block(f.binding("OnChange", jen.Nil()), jen.Return()),
			f.binding("OnChange", jen.Func().Params(jen.Id("ctx").Add(f.context), set).Error().Block(
				jen.Return(jen.Id("fn").Call(jen.Id("ctx"), jen.Id("Changes").Values(entry("set", jen.Id("set"))))),
			)),
		),
	)
	f.decl(
		comment("Changes holds the attributes that one request of the cloud writes. The ok of its methods is false for those that it does not write."),
		jen.Type().Id("Changes").Struct(set),
	)
	receiver := jen.Params(jen.Id("c").Id("Changes"))
	for i := range f.p.Attributes {
		a := &f.p.Attributes[i]
		if !a.Writable {
			continue
		}
		f.decl(
			comment(a.Name+" returns the new value of "+a.Label+"."),
			jen.Func().Add(receiver).Id(a.Name).Params().Params(f.presence(a.Type)...).Block(
				jen.Return(jen.Id("c.set."+a.Type.Word()).Call(jen.Id(a.Const)))),
		)
	}
}
