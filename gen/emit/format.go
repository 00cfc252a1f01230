package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
)

// formats writes alerts.go or data.go.
func (f *file) formats(kind plan.Kind) {
	for _, format := range f.p.OfKind(kind) {
		b := builder{file: f, format: format, receiver: string(kind[:1]), send: "Raise", what: "alert"}
		if kind == plan.Data {
			b.send, b.what = "Submit", "data"
		}
		b.write()
	}
}

// builder writes the type of one alert or one kind of custom data.
type builder struct {
	*file
	format   *plan.Format
	receiver string // of the type's methods
	send     string // the method that sends
	what     string // for doc comments and for the local variable
}

func (b *builder) write() {
	format := b.format
	b.decl(
		comment(join(format.Type+" is the "+b.what+" \""+format.Label+"\" ("+format.URN+").", format.Doc, "It belongs to one goroutine.", format.Note)),
		jen.Type().Id(format.Type).Add(structure(jen.Id("fields").Add(device("Fields")))),
	)
	if format.FieldsType != "" {
		b.literal()
	}
	b.constructor()
	for i, field := range format.Optional() {
		b.decl(
			comment(join(field.Name+" sets the optional field "+field.Label+".", field.Doc, field.Note)),
			b.setter(field.Name, b.goType(field.Type)).Block(b.set(b.receiver, i, field, jen.Id("v")), b.done()),
		)
	}
	if format.Kind == plan.Alert {
		b.decl(
			comment("Severity sets the severity; without it the alert is significant."),
			b.setter("Severity", device("Severity")).Block(b.call("Severity", "v"), b.done()),
		)
	}
	b.decl(
		comment("OnError calls fn when the "+b.what+" was accepted for sending but could not be delivered."),
		b.method("OnError", handler(nil, device("DeliveryError"))).Id("*"+format.Type).Block(b.call("OnError", "fn"), b.done()),
	)
	b.decl(
		comment(b.send+" sends the "+b.what+". It may be called again: new message id and event time, same fields.",
			"Errors: a value that was refused, [device.ErrFieldMissing], [*device.QueueFullError], those of [device.WithOutbox], [device.ErrClosed]."),
		b.method(b.send, variadic("opts", device("MessageOption"))).Error().Block(jen.Return(b.call(b.send, "opts"))),
	)
}

// literal writes the struct of required fields.
func (b *builder) literal() {
	b.columns = true
	var fields []jen.Code
	for _, field := range b.format.Required() {
		fields = append(fields, inner(join(field.Doc, field.Note)), jen.Id(field.Name).Add(b.goType(field.Type)))
	}
	b.decl(
		comment(b.format.FieldsType+" are the required fields of [New"+b.format.Type+"]."),
		jen.Type().Id(b.format.FieldsType).Add(structure(fields...)),
	)
}

func (b *builder) constructor() {
	doc := " returns the " + b.what
	var params, body []jen.Code
	body = append(body,
		jen.Id(b.what+" := new("+b.format.Type+")"),
		call(b.what+".fields.Begin", jen.Id(b.p.Receiver+".binding"), jen.Id(b.format.Const)),
	)
	if b.format.FieldsType != "" {
		params = append(params, jen.Id("fields "+b.format.FieldsType))
	}
	for i, field := range b.format.Required() {
		doc = " returns the " + b.what + " with its required fields"
		value := jen.Id("fields." + field.Name)
		if b.format.FieldsType == "" {
			params = append(params, jen.Id(field.Param).Add(b.goType(field.Type)))
			value = jen.Id(field.Param)
		}
		body = append(body, b.set(b.what, i, field, value))
	}
	b.decl(
		comment("New"+b.format.Type+doc+". Nothing is sent before ["+b.format.Type+"."+b.send+"]."),
		b.file.method("New"+b.format.Type, params...).Id("*"+b.format.Type).Block(append(body, jen.Return(jen.Id(b.what)))...),
	)
}

// method begins a method of the builder's type.
func (b *builder) method(name string, parameters ...jen.Code) *jen.Statement {
	return jen.Func().Id("(" + b.receiver + " *" + b.format.Type + ")").Add(call(name, parameters...))
}

// setter begins a method that takes a value and gives the builder back.
func (b *builder) setter(name string, value jen.Code) *jen.Statement {
	return b.method(name, jen.Id("v").Add(value)).Id("*" + b.format.Type)
}

func (b *builder) done() jen.Code { return jen.Return(jen.Id(b.receiver)) }

// set puts a value into a field.
func (b *builder) set(target string, index int, field *plan.Field, value jen.Code) jen.Code {
	return call(target+".fields."+field.Type.Word(), jen.Lit(index), value)
}

// call calls a method of the fields with one argument.
func (b *builder) call(method, argument string) jen.Code {
	return call(b.receiver+".fields."+method, jen.Id(argument))
}
