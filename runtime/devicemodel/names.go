package devicemodel

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of names, in characters (docs/protocol/device-models.md §5 and §12).
const (
	maxName = 255
	maxURN  = 1024
)

// name gives the wire name of a part, which becomes a JSON key and, for attributes and actions, a part of a request path.
func (c *checker) name(p part) string {
	name := c.requiredText(p, "name")
	if name == "" {
		return ""
	}
	c.characters(p, p.get("name"), name, "/?#%\"\\", maxName)
	return name
}

// urn gives the URN of a model or a format.
func (c *checker) urn(p part) string {
	urn := c.requiredText(p, "urn")
	if urn == "" {
		return ""
	}
	n := p.get("urn")
	c.characters(p, n, urn, "/\\?#%\"<>^`{|}", maxURN)
	if len(urn) < 4 || !strings.EqualFold(urn[:4], "urn:") {
		c.report(n, "M13", Warning, fmt.Sprintf("the URN %s does not begin with \"urn:\"", quote(urn)),
			"begin it with urn: unless the server already knows it without")
	}
	return urn
}

// characters checks the length and the characters of a name or URN.
func (c *checker) characters(p part, n *node, text, forbidden string, most int) {
	if l := length(text); l > most {
		c.report(n, RuleModel, Error, fmt.Sprintf("%q of %s has %d characters, at most %d are allowed", string(n.key), p.label(), l, most), "shorten it")
	}
	for _, r := range text {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(forbidden, r) {
			c.report(n, RuleModel, Error, fmt.Sprintf("%q of %s holds %s", string(n.key), p.label(), describe(r)),
				"it becomes a part of request paths: leave out blanks, control characters and any of "+strings.Join(strings.Split(forbidden, ""), " "))
			return
		}
	}
	c.ascii(p, n, text)
}

// ascii warns of a name with characters beyond ASCII.
func (c *checker) ascii(p part, n *node, text string) {
	for _, r := range text {
		if r >= utf8.RuneSelf {
			c.report(n, "M13", Warning, fmt.Sprintf("%q of %s holds %s, which is not ASCII", string(n.key), p.label(), describe(r)),
				"it works here; test the other clients, some do not encode names in request paths, or use ASCII letters")
			return
		}
	}
}

func describe(r rune) string {
	switch {
	case r == ' ':
		return "a blank"
	case r < ' ' || r == 0x7f:
		return fmt.Sprintf("the control character U+%04X", r)
	}
	return fmt.Sprintf("the character %q", r)
}

const capabilityPrefix = "urn:oracle:iot:dcd:capability:"

func (c *checker) modelURN(p part, urn string) {
	if strings.HasPrefix(urn, capabilityPrefix) {
		c.report(p.get("urn"), "M14", Error, fmt.Sprintf("the URN %s is reserved: the service names its own capabilities so", quote(urn)), "choose a URN of your own")
	}
}

// unique finds names that are used twice.
type unique map[string]*node

// check reports a name, the member of p with the given key, that an earlier part has. An empty name, reported elsewhere, is never taken.
func (u *unique) check(c *checker, rule string, p part, key, name string) {
	if name == "" {
		return
	}
	n := p.get(key)
	if *u == nil {
		*u = make(unique)
	}
	if first, ok := (*u)[name]; ok {
		c.report(n, rule, Error, fmt.Sprintf("%s has the same %s as the one at %s", p.label(), key, first.up.pointer()), "rename or delete one of the two")
		return
	}
	(*u)[name] = n
}

// alias gives a part's alias: "" when it is absent, empty or the part's own name.
func (c *checker) alias(p part, name string) string {
	alias := c.optionalText(p, "alias")
	if alias == "" || alias == name {
		return ""
	}
	c.ascii(p, p.get("alias"), alias)
	return alias
}

// aliases reports aliases that are also the name or the alias of another part of the same kind, and drops them: the real name wins, and an
// alias of two parts is nobody's. alias gives the place where the alias of parts[i] is kept.
func (c *checker) aliases(names unique, parts []part, alias func(i int) *string) {
	count := make(map[string]int)
	for i := range parts {
		count[*alias(i)]++
	}
	for i, p := range parts {
		other := ""
		switch text := *alias(i); {
		case text == "":
		case names[text] != nil:
			other = "name"
		case count[text] > 1:
			other = "alias"
		}
		if other == "" {
			continue
		}
		c.report(p.get("alias"), "M09", c.strict(), fmt.Sprintf("the alias %s of %s is also the %s of another one", quote(*alias(i)), p.label(), other),
			"choose another alias or delete it; requests that use it would reach only one of the two")
		*alias(i) = ""
	}
}
