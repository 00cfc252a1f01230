package devicemodel

import "fmt"

func (c *checker) actions(model part) []Action {
	list := c.list(model, "actions")
	var names unique
	var parts []part
	var all []Action
	for p := range c.parts(list, "action", nil) {
		a := Action{Name: c.name(p), Description: c.optionalText(p, "description")}
		names.check(c, "M02", p, "name", a.Name)
		a.Alias = c.alias(p, a.Name)
		c.arguments(p, &a)
		all = append(all, a)
		parts = append(parts, p)
	}
	c.aliases(names, parts, func(i int) *string { return &all[i].Alias })
	return all
}

// arguments reads the arguments of an action in either form (docs/protocol/device-models.md §3).
func (c *checker) arguments(p part, a *Action) {
	argType := p.value("argType")
	list := c.list(p, "arguments")
	newer := list != nil && !list.empty()
	if argType != nil {
		if newer {
			c.report(argType, RuleModel, Error, fmt.Sprintf("%s has both \"argType\" and \"arguments\"", p.label()),
				`keep "arguments", or delete it and keep "argType"`)
		}
		t := c.parseType(p, argType)
		a.Arguments = []Argument{{Name: ArgumentName, Type: t, Range: c.valueRange(p, t)}}
		return
	}
	if r := p.value("range"); r != nil {
		c.report(r, "M06", c.strict(), p.label()+" has a range but no \"argType\"", `delete the range, or move it to the argument it belongs to`)
	}
	if newer {
		a.Named = true
		a.Arguments = c.namedArguments(p, list)
	}
}

func (c *checker) namedArguments(action part, list *node) []Argument {
	var names unique
	var all []Argument
	for p := range c.parts(list, "argument", &action) {
		a := Argument{Name: c.name(p), Description: c.optionalText(p, "description"), Type: c.valueType(p, "type")}
		names.check(c, "M03", p, "name", a.Name)
		a.Range = c.valueRange(p, a.Type)
		a.Default = c.defaultValue(p, a.Type, a.Range, Error)
		all = append(all, a)
	}
	return all
}
