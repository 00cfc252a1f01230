package devicemodel

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// checker builds models out of scanned texts and collects what the rules say about them.
type checker struct {
	generator   bool // report what a device tolerates as errors
	allowDrafts bool
	found       findings
}

// strict is the level of what a generator refuses and a device tolerates.
func (c *checker) strict() Level {
	if c.generator {
		return Error
	}
	return Warning
}

func (c *checker) report(n *node, rule string, level Level, text, remedy string) {
	c.found.add(Finding{Rule: rule, Level: level, Offset: int64(n.start), Pointer: n.pointer(), Text: text, Remedy: remedy})
}

// part is an object of the document that has a name for people: the model, an attribute, an action, an argument, a format, a field.
type part struct {
	object
	what string // "attribute"; "" for the model and for the value of a format, which has no name of its own
	in   *part  // the part around it; nil for the model and the parts that stand directly in it
}

// label names the part in a finding, such as `attribute "speed"`, or by its number where it has no name.
func (p part) label() string {
	if p.what == "" {
		if p.in != nil {
			return p.in.label()
		}
		return "the model"
	}
	label := fmt.Sprintf("%s number %d", p.what, p.index+1)
	if n := p.get("name"); n != nil && n.kind() == textKind && n.text() != "" {
		label = p.what + " " + quote(n.text())
	}
	if p.in != nil {
		label += " of " + p.in.label()
	}
	return label
}

// document reads one device model.
func (c *checker) document(n *node) (*Model, string) {
	if n.kind() != objectKind {
		remedy := "a device model is a JSON object: { \"urn\": …, \"name\": … }"
		if n.kind() == listKind && !c.generator {
			remedy = "pass its elements one by one"
		}
		c.report(n, RuleModel, Error, "found "+n.kind().String()+" where a device model was expected", remedy)
		return nil, ""
	}
	p := part{object: n.object()}
	m := &Model{URN: c.urn(p), Name: c.requiredText(p, "name"), Description: c.optionalText(p, "description")}
	m.System = c.flag(p, "system")
	m.Draft = c.flag(p, "draft")
	if m.Draft && !c.allowDrafts {
		c.report(p.get("draft"), "M10", Error, "the model is a draft: an empty placeholder that the server made when a device named this URN",
			"define the model on the server and fetch it again")
	}
	c.modelURN(p, m.URN)
	m.Attributes = c.attributes(p)
	m.Actions = c.actions(p)
	m.Formats = c.formats(p, m)
	return m, m.URN
}

// list gives the list under key; nil when it is absent, null or, reported, no list.
func (c *checker) list(p part, key string) *node {
	n := p.value(key)
	if n != nil && n.kind() != listKind {
		c.report(n, RuleModel, Error, fmt.Sprintf("%q of %s is %s, a list was expected", key, p.label(), n.kind()), "write a list: [ … ]")
		return nil
	}
	return n
}

// parts calls yield for each object of a list and reports the elements that are none. The list may be nil.
func (c *checker) parts(list *node, what string, in *part) func(yield func(part) bool) {
	return func(yield func(part) bool) {
		if list == nil {
			return
		}
		for n := range list.elements {
			if c.found.full() {
				return
			}
			if n.kind() != objectKind {
				c.report(n, RuleModel, Error, fmt.Sprintf("%s number %d is %s, an object was expected", what, n.index+1, n.kind()), "write an object: { \"name\": … }")
				continue
			}
			if !yield(part{object: n.object(), what: what, in: in}) {
				return
			}
		}
	}
}

func (c *checker) missing(p part, key string, level Level, remedy string) {
	c.report(p.node, RuleModel, level, p.label()+" has no "+fmt.Sprintf("%q", key), remedy)
}

func (c *checker) mistyped(p part, n *node, want, remedy string) {
	c.report(n, RuleModel, Error, fmt.Sprintf("%q of %s is %s, %s was expected", string(n.key), p.label(), n.kind(), want), remedy)
}

// required finds a member that must be there; nil when, reported, it is not.
func (c *checker) required(p part, key string) *node {
	n := p.get(key)
	if n == nil {
		c.missing(p, key, Error, fmt.Sprintf("add %q", key))
	}
	return n
}

// requiredText gives a text that must be there and must not be empty.
func (c *checker) requiredText(p part, key string) string {
	n := c.required(p, key)
	switch {
	case n == nil:
		return ""
	case n.kind() != textKind:
		c.mistyped(p, n, "a text", "write it in double quotes")
		return ""
	}
	text := n.text()
	if text == "" {
		c.report(n, RuleModel, Error, fmt.Sprintf("%q of %s is empty", key, p.label()), fmt.Sprintf("give it a %s", key))
	}
	return text
}

// optionalText gives a text, "" when it is absent or null.
func (c *checker) optionalText(p part, key string) string {
	n := p.value(key)
	switch {
	case n == nil:
		return ""
	case n.kind() != textKind:
		c.mistyped(p, n, "a text", fmt.Sprintf("write it in double quotes, or leave %q out", key))
		return ""
	}
	return n.text()
}

// flag gives a boolean, false when it is absent. Null is not absent here (docs/protocol/device-models.md §12).
func (c *checker) flag(p part, key string) bool {
	n := p.get(key)
	switch {
	case n == nil:
		return false
	case n.kind() != booleanKind:
		c.mistyped(p, n, "true or false", fmt.Sprintf("write true or false without quotes, or leave %q out", key))
		return false
	}
	return n.boolean()
}

// valueType gives the type that stands under key; 0 when, reported, there is none.
func (c *checker) valueType(p part, key string) Type {
	n := c.required(p, key)
	if n == nil {
		return 0
	}
	return c.parseType(p, n)
}

func (c *checker) parseType(p part, n *node) Type {
	if n.kind() != textKind {
		c.mistyped(p, n, "one of "+allTypes, "name a type in double quotes")
		return 0
	}
	text := n.text()
	t, ok := ParseType(text)
	if !ok {
		remedy := "use one of " + allTypes
		if meant := similarType(text); meant != 0 {
			remedy = fmt.Sprintf("write %q", meant)
		}
		c.report(n, RuleModel, Error, fmt.Sprintf("%q of %s is %s, which is no type", string(n.key), p.label(), quote(text)), remedy)
	}
	return t
}

const allTypes = "STRING, NUMBER, INTEGER, BOOLEAN, DATETIME, URI"

// similarType guesses what an unknown type is meant to be; 0 when there is no good guess.
func similarType(text string) Type {
	upper := strings.ToUpper(strings.TrimSpace(text))
	if t, ok := ParseType(upper); ok {
		return t
	}
	switch upper {
	case "TEXT", "STR", "CHAR", "VARCHAR":
		return String
	case "INT", "INT32", "SHORT", "BYTE", "UINT":
		return Integer
	case "FLOAT", "DOUBLE", "DECIMAL", "REAL", "LONG", "INT64":
		return Number
	case "BOOL":
		return Boolean
	case "DATE", "TIME", "TIMESTAMP", "DATE_TIME":
		return DateTime
	case "URL":
		return URI
	}
	return 0
}

func length(text string) int { return utf8.RuneCountInString(text) }
