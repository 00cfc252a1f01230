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
		methods = append(methods, inner(actionDoc(a)), jen.Id(a.Name).Params(f.parameters(a, true)...).Error())
	}
	f.decl(
		comment("Actions are what the cloud can ask the device to do. Arguments have been checked. The answer is 202 when a method returns nil,"+
			" the status of a [*device.StatusError], and 500 for other errors. A model that gains an action stops compiling until the"+
			" program handles it, unless it embeds [UnimplementedActions]."),
		jen.Type().Id("Actions").Interface(methods...),
	)
	for i := range f.p.Actions {
		if a := &f.p.Actions[i]; a.ArgsType != "" {
			f.arguments(a)
		}
	}
	f.decl(
		comment("UnimplementedActions answers every action with 501, not implemented. Embed it to keep compiling when the model gains actions."),
		jen.Type().Id("UnimplementedActions").Struct(),
	)
	for i := range f.p.Actions {
		a := &f.p.Actions[i]
		f.decl(
			comment(a.Name+" returns [device.ErrNotImplemented]."),
			jen.Func().Params(jen.Id("UnimplementedActions")).Id(a.Name).Params(f.parameters(a, false)...).Error().Block(
				jen.Return(device("ErrNotImplemented"))),
		)
	}
	f.handleActions()
}

func actionDoc(a *plan.Action) string {
	alias, argument := "", ""
	if a.Alias != "" {
		alias = "Alias " + a.Alias + "."
	}
	if len(a.Arguments) == 1 {
		arg := &a.Arguments[0]
		argument = join(arg.Doc, bounds(arg.Type, arg.Range), defaultSentence(arg.Default))
		if argument != "" {
			argument = "The argument " + arg.Param + ": " + argument
		}
	}
	return join(a.Name+" runs the action "+a.Label+".", a.Doc, argument, alias, a.Note)
}

// parameters gives those of an action's method.
func (f *file) parameters(a *plan.Action, named bool) []jen.Code {
	types := []jen.Code{f.context}
	names := []string{"ctx"}
	switch {
	case a.ArgsType != "":
		types, names = append(types, jen.Id(a.ArgsType)), append(names, "args")
	case len(a.Arguments) == 1:
		types, names = append(types, f.goType(a.Arguments[0].Type)), append(names, a.Arguments[0].Param)
	}
	all := make([]jen.Code, len(types))
	for i, t := range types {
		all[i] = t
		if named {
			all[i] = jen.Id(names[i]).Add(t)
		}
	}
	return all
}

// arguments writes the struct of an action's arguments.
func (f *file) arguments(a *plan.Action) {
	fields := make([]jen.Code, 0, 2*len(a.Arguments))
	for i := range a.Arguments {
		arg := &a.Arguments[i]
		doc := join(arg.Doc, bounds(arg.Type, arg.Range), defaultSentence(arg.Default), arg.Note)
		fields = append(fields, inner(doc), jen.Id(arg.Name).Add(f.goType(arg.Type)))
	}
	f.decl(
		comment(a.ArgsType+" are the arguments of [Actions."+a.Name+"], with defaults where the cloud left them out."),
		jen.Type().Id(a.ArgsType).Struct(fields...),
	)
}

func (f *file) handleActions() {
	cases := make([]jen.Code, len(f.p.Actions))
	for i := range f.p.Actions {
		a := &f.p.Actions[i]
		cases[i] = jen.Case(jen.Id(a.Const)).Block(jen.Return(jen.Id("actions." + a.Name).Call(callArguments(a)...)))
	}
	f.decl(
		comment("HandleActions serves the actions with the methods of actions; nil removes the handler, and calls are answered with 404."),
		f.method("HandleActions").Params(jen.Id("actions").Id("Actions")).Block(
			jen.If(jen.Id("actions").Op("==").Nil()).Block(f.binding("HandleActions", jen.Nil()), jen.Return()),
			f.binding("HandleActions", jen.Func().Params(jen.Id("ctx").Add(f.context), jen.Id("call").Op("*").Add(device("ActionCall"))).Error().Block(
				jen.Switch(jen.Id("call.Index").Call()).Block(cases...),
				jen.Return(device("ErrNotImplemented")),
			)),
		),
	)
}

// callArguments gives what an action's method is called with.
func callArguments(a *plan.Action) []jen.Code {
	all := []jen.Code{jen.Id("ctx")}
	values := make([]jen.Code, len(a.Arguments))
	for i := range a.Arguments {
		values[i] = jen.Id("call." + a.Arguments[i].Type.Word()).Call(jen.Lit(i))
		if a.ArgsType != "" {
			values[i] = entry(a.Arguments[i].Name, values[i])
		}
	}
	switch {
	case a.ArgsType == "":
		return append(all, values...)
	case len(values) > 3:
		return append(all, jen.Id(a.ArgsType).Add(rows(values)))
	}
	return append(all, jen.Id(a.ArgsType).Values(values...))
}

// rows gives the elements of a composite literal, one a line.
func rows(elements []jen.Code) jen.Code {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, elements...)
}
