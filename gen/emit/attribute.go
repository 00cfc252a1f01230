package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
)

// attribute writes the methods of one attribute.
func (f *file) attribute(a *plan.Attribute) {
	value, word := f.value(a.Type), a.Type.Word()
	index, v := jen.Id(a.Const), jen.Id("v")
	cloud := ""
	if a.Writable {
		cloud = "Also written by the cloud: see [" + f.p.Type + ".On" + a.Name + "]."
	}
	f.decl(
		comment(
			join("Set"+a.Name+" stores v and sends it.", a.Doc, bounds(a.Type, a.Range), outgoing(a.Type), aliasSentence(a.Alias), cloud, a.Note),
			"Errors: "+refusals(a.Type, a.Range)+"[*device.QueueFullError] and those of [device.WithOutbox] (the value is kept), [device.ErrClosed].",
		),
		f.method("Set"+a.Name, value).Error().Block(jen.Return(f.binding("Set"+word, index, v))),
	)
	f.decl(
		comment("Offer"+a.Name+" hands v to the device's policies, which decide whether and when it is sent."),
		f.method("Offer"+a.Name, value).Error().Block(jen.Return(f.binding("Offer"+word, index, v))),
	)
	f.getter(a)
	if a.Writable {
		f.onWrite(a)
	}
	f.decl(
		comment("On"+a.Name+"Error calls fn for each value of "+a.Label+" that could not be delivered; nil removes fn."),
		f.method("On"+a.Name+"Error", handler(nil, device("DeliveryError"))).Block(f.binding("OnAttributeError", index, jen.Id("fn"))),
	)
}

func (f *file) getter(a *plan.Attribute) {
	doc := a.Name + " returns the last value; ok is false before the first."
	if a.Default != nil {
		doc = a.Name + " returns the last value, or the model's default " + a.Default.Doc + " before the first; ok is always true."
	}
	f.decl(comment(doc), f.method(a.Name).Add(f.presence(a.Type)).Block(jen.Return(f.binding(a.Type.Word(), jen.Id(a.Const)))))
}

// presence gives the results of a getter.
func (f *file) presence(t plan.Type) jen.Code {
	if t.Go() == "bool" {
		return jen.Id("(v, ok bool)")
	}
	return call("", f.value(t), jen.Id("ok bool"))
}

// onWrite writes the method that sets the handler of cloud writes.
func (f *file) onWrite(a *plan.Attribute) {
	change := glue(device("Change"), jen.Id("["), f.goType(a.Type), jen.Id("]"))
	f.decl(
		comment(join("On"+a.Name+" calls fn when the cloud writes "+a.Label+", after type and range have been checked. The value is stored"+
			" and confirmed if fn returns nil.", incoming(a.Type), "Pass [device.Accept] to take every valid value, nil to remove fn.")),
		f.method("On"+a.Name, handler(jen.Error(), f.context, change)).Block(
			f.binding("On"+a.Type.Word()+"Change", jen.Id(a.Const), jen.Id("fn"))),
	)
}

// changes writes what concerns requests that write several attributes.
func (f *file) changes() {
	set := jen.Id("set").Add(device("ChangeSet"))
	f.decl(
		comment("OnChange calls fn once for all attributes that one request of the cloud writes. All of them are stored and confirmed if fn"+
			" returns nil. A nil fn removes the handler."),
		f.method("OnChange", handler(jen.Error(), f.context, jen.Id("Changes"))).Block(
			jen.If(jen.Id("fn").Op("==").Nil()).Block(f.binding("OnChange", jen.Nil()), jen.Return()),
			f.binding("OnChange", call("func", jen.Id("ctx").Add(f.context), set).Error().Block(
				jen.Return(call("fn", jen.Id("ctx"), jen.Id("Changes{set: set}"))),
			)),
		),
	)
	f.decl(
		comment("Changes holds the attributes that one request of the cloud writes. The ok of its methods is false for those that it does not write."),
		jen.Type().Id("Changes").Add(structure(set)),
	)
	receiver := jen.Id("(c Changes)")
	for i := range f.p.Attributes {
		a := &f.p.Attributes[i]
		if !a.Writable {
			continue
		}
		f.decl(
			comment(a.Name+" returns the new value of "+a.Label+"."),
			jen.Func().Add(receiver).Add(call(a.Name)).Add(f.presence(a.Type)).Block(jen.Return(call("c.set."+a.Type.Word(), jen.Id(a.Const)))),
		)
	}
}
