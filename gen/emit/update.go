package emit

import "github.com/dave/jennifer/jen"

// update writes the type that collects values of attributes.
func (f *file) update() {
	p := f.p
	f.decl(
		comment("Update collects values that leave in one message; a second value for an attribute replaces the first. It belongs to one"+
			" goroutine and costs no allocation while it does not escape."),
		jen.Type().Id("Update").Add(structure(jen.Id("batch").Add(device("Batch")))),
	)
	f.decl(
		comment("Update starts an update: "+p.Receiver+".Update()."+p.Attributes[0].Name+"(v).Send(). The options are those of the message."),
		f.method("Update", variadic("opts", device("MessageOption"))).Id("*Update").Block(
			jen.Id("update := new(Update)"),
			call("update.batch.Begin", jen.Id(p.Receiver+".binding"), jen.Id("opts")),
			jen.Return(jen.Id("update")),
		),
	)
	receiver, done := jen.Id("(u *Update)"), jen.Return(jen.Id("u"))
	for i := range p.Attributes {
		a := &p.Attributes[i]
		limits := ""
		if a.Range != nil {
			limits = ", " + a.Range.Doc
		}
		f.decl(
			comment(a.Name+" adds "+a.Label+limits+"."),
			jen.Func().Add(receiver).Add(call(a.Name, f.value(a.Type))).Id("*Update").Block(
				call("u.batch."+a.Type.Word(), jen.Id(a.Const), jen.Id("v")), done),
		)
	}
	f.decl(
		comment("Send stores the values and sends them in one message. If one was refused, nothing is stored or sent and the refusals are"+
			" returned, joined; see the Set methods for the errors. A second Send or Offer returns [device.ErrSent]."),
		jen.Func().Add(receiver).Add(call("Send")).Error().Block(jen.Return(call("u.batch.Send"))),
	)
	f.decl(
		comment("Offer hands the values to the device's policies and sends what they let through in one message. Errors are those of Send."),
		jen.Func().Add(receiver).Add(call("Offer")).Error().Block(jen.Return(call("u.batch.Offer"))),
	)
}
