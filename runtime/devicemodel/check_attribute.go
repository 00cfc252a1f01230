package devicemodel

func (c *checker) attributes(model part) []Attribute {
	list := c.list(model, "attributes")
	var names unique
	var parts []part
	var all []Attribute
	for p := range c.parts(list, "attribute", nil) {
		a := Attribute{
			Name:        c.name(p),
			Description: c.optionalText(p, "description"),
			Type:        c.valueType(p, "type"),
			Writable:    c.flag(p, "writable"),
		}
		names.check(c, "M01", p, "name", a.Name)
		a.Alias = c.alias(p, a.Name)
		a.Range = c.valueRange(p, a.Type)
		a.Default = c.defaultValue(p, a.Type, a.Range, Error)
		all = append(all, a)
		parts = append(parts, p)
	}
	c.aliases(names, parts, func(i int) *string { return &all[i].Alias })
	return all
}
