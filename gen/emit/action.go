package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/iotcs-go/iotcs/gen/plan"
)

// actions writes actions.go.
func (f *file) actions() {
	methods := make([]jen.Code, 0, 2*len(f.p.Actions))
	for i := range f.p.Actions {
		a := &f.p.Actions[i]
		methods = append(methods, inner(actionDoc(a)), call(a.Name, f.parameters(a, true)...).Error())
	}
	f.decl(
		comment("Actions are what the cloud can ask the device to do. Arguments have been checked. The answer is 202 when a method returns nil,"+
			" the status of a [*device.StatusError], and 500 for other errors. A model that gains an action stops compiling until the"+
			" program handles it, unless it embeds [UnimplementedActions]."),
		jen.Type().Id("Actions").Id("interface").Block(methods...),
	)
	for i := range f.p.Actions {
		if a := &f.p.Actions[i]; a.ArgsType != "" {
			f.arguments(a)
		}
	}
	f.decl(
		comment("UnimplementedActions answers every action with 501, not implemented. Embed it to keep compiling when the model gains actions."),
		jen.Type().Id("UnimplementedActions").Id("struct{}"),
	)
	for i := range f.p.Actions {
		a := &f.p.Actions[i]
		f.decl(
			comment(a.Name+" returns [device.ErrNotImplemented]."),
			jen.Func().Id("(UnimplementedActions)").Add(call(a.Name, f.parameters(a, false)...)).Error().Block(jen.Return(device("ErrNotImplemented"))),
		)
	}
	f.handleActions()
}

func actionDoc(a *plan.Action) string {
	argument := ""
	if len(a.Arguments) == 1 {
		arg := &a.Arguments[0]
		argument = join(arg.Doc, bounds(arg.Type, arg.Range), defaultSentence(arg.Default))
		if argument != "" {
			argument = "The argument " + arg.Param + ": " + argument
		}
	}
	return join(a.Name+" runs the action "+a.Label+".", a.Doc, argument, aliasSentence(a.Alias), a.Note)
}

// parameters gives those of an action's method, with or without their names.
func (f *file) parameters(a *plan.Action, named bool) []jen.Code {
	types, names := []jen.Code{f.context}, []string{"ctx"}
	switch {
	case a.ArgsType != "":
		types, names = append(types, jen.Id(a.ArgsType)), append(names, "args")
	case len(a.Arguments) == 1:
		types, names = append(types, f.goType(a.Arguments[0].Type)), append(names, a.Arguments[0].Param)
	}
	if named {
		for i := range types {
			types[i] = jen.Id(names[i]).Add(types[i])
		}
	}
	return types
}

// arguments writes the struct of an action's arguments.
func (f *file) arguments(a *plan.Action) {
	f.columns = true
	fields := make([]jen.Code, 0, 2*len(a.Arguments))
	for i := range a.Arguments {
		arg := &a.Arguments[i]
		doc := join(arg.Doc, bounds(arg.Type, arg.Range), defaultSentence(arg.Default), arg.Note)
		fields = append(fields, inner(doc), jen.Id(arg.Name).Add(f.goType(arg.Type)))
	}
	f.decl(
		comment(a.ArgsType+" are the arguments of [Actions."+a.Name+"], with defaults where the cloud left them out."),
		jen.Type().Id(a.ArgsType).Add(structure(fields...)),
	)
}

func (f *file) handleActions() {
	cases := make([]jen.Code, len(f.p.Actions))
	for i := range f.p.Actions {
		a := &f.p.Actions[i]
		cases[i] = jen.Case(jen.Id(a.Const)).Block(jen.Return(call("actions."+a.Name, callArguments(a)...)))
	}
	f.decl(
		comment("HandleActions serves the actions with the methods of actions; nil removes the handler, and calls are answered with 404."),
		f.method("HandleActions", jen.Id("actions Actions")).Block(
			jen.If(jen.Id("actions").Op("==").Nil()).Block(f.binding("HandleActions", jen.Nil()), jen.Return()),
			f.binding("HandleActions", call("func", jen.Id("ctx").Add(f.context), jen.Id("call").Add(glue(jen.Id("*"), device("ActionCall")))).Error().Block(
				jen.Switch(call("call.Index")).Block(cases...),
				jen.Return(device("ErrNotImplemented")),
			)),
		),
	)
}

// callArguments gives what an action's method is called with.
func callArguments(a *plan.Action) []jen.Code {
	values := make([]jen.Code, len(a.Arguments))
	for i := range a.Arguments {
		values[i] = call("call."+a.Arguments[i].Type.Word(), jen.Lit(i))
		if a.ArgsType != "" {
			values[i] = entry(a.Arguments[i].Name, values[i])
		}
	}
	all := []jen.Code{jen.Id("ctx")}
	switch {
	case a.ArgsType == "":
		return append(all, values...)
	case len(values) > 3:
		return append(all, glue(jen.Id(a.ArgsType), rows(values)))
	}
	return append(all, literal(a.ArgsType, values...))
}
