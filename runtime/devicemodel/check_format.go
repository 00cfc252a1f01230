package devicemodel

import (
	"fmt"
	"strings"
)

// formats reads the formats of a model. A device takes formats that are no list as none (docs/protocol/device-models.md §1.1, §4).
func (c *checker) formats(model part, m *Model) []Format {
	list := model.value("formats")
	switch {
	case list == nil:
		return nil
	case list.kind() == objectKind:
		c.report(list, "M11", c.strict(), "the formats are not expanded: a link stands in their place", "fetch the model with ?expand=formats")
		return nil
	case list.kind() != listKind:
		c.report(list, RuleModel, c.strict(), fmt.Sprintf("\"formats\" of the model is %s, a list was expected", list.kind()), "write a list: [ … ]")
		return nil
	}
	var urns unique
	var all []Format
	for p := range c.parts(list, "format", nil) {
		f := c.format(p)
		if urn := p.get("urn"); f.URN != "" {
			urns.check(c, "M04", p, "urn", f.URN)
			c.formatURN(urn, f.URN, m)
		}
		all = append(all, f)
	}
	return all
}

func (c *checker) formatURN(n *node, urn string, m *Model) {
	switch {
	case m.URN == "":
	case urn == m.AttributesURN():
		c.report(n, "M04", Error, fmt.Sprintf("the format %s is the one in which attribute values travel", quote(urn)),
			"choose another URN, or delete the format: this one exists without being listed")
	case !strings.HasPrefix(urn, m.URN+":"):
		c.report(n, "M13", Warning, fmt.Sprintf("the format %s lies outside the model's URN %s", quote(urn), quote(m.URN)),
			"if this is not on purpose, begin it with the model's URN and a colon")
	}
}

func (c *checker) format(p part) Format {
	f := Format{
		URN:         c.urn(p),
		Name:        c.requiredText(p, "name"),
		Description: c.optionalText(p, "description"),
		Type:        c.formatType(p),
	}
	n := c.required(p, "value")
	if n == nil {
		return f
	}
	if n.kind() != objectKind {
		c.mistyped(p, n, "an object", `write { "fields": [ … ] }`)
		return f
	}
	value := part{object: n.object(), in: &p}
	fields := c.required(value, "fields")
	if fields == nil {
		return f
	}
	if fields.kind() != listKind {
		c.mistyped(value, fields, "a list", "write a list: [ … ]; it may be empty")
		return f
	}
	f.Fields = c.fields(p, fields)
	return f
}

func (c *checker) formatType(p part) FormatType {
	n := c.required(p, "type")
	if n == nil {
		return 0
	}
	if n.kind() != textKind {
		c.mistyped(p, n, "DATA or ALERT", "name the type in double quotes")
		return 0
	}
	t, ok := ParseFormatType(n.text())
	if !ok {
		c.report(n, RuleModel, Error, fmt.Sprintf("\"type\" of %s is %s, which is no type of a format", p.label(), quote(n.text())), "write DATA or ALERT")
	}
	return t
}

func (c *checker) fields(format part, list *node) []Field {
	var names unique
	var all []Field
	for p := range c.parts(list, "field", &format) {
		f := Field{Name: c.name(p), Description: c.optionalText(p, "description"), Type: c.valueType(p, "type")}
		names.check(c, "M05", p, "name", f.Name)
		if p.get("optional") == nil {
			c.missing(p, "optional", c.strict(), `add "optional": false when the field must be set, true when it may be left out`)
		}
		f.Optional = c.flag(p, "optional")
		f.Default = c.defaultValue(p, f.Type, nil, c.strict())
		all = append(all, f)
	}
	return all
}
