package plan

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

const (
	warning = devicemodel.Warning
	failure = devicemodel.Error
)

// remedy tells how to choose a name in the configuration.
func remedy(urn, key, why string) string {
	line := strconv.Quote(urn) + ": {names: {" + strconv.Quote(key) + ": NewName}}"
	if key == keyPackage || key == keyType {
		line = strconv.Quote(urn) + ": {" + key + ": NewName}"
	}
	return why + " write under overrides in iotcs-gen.yaml: " + line
}

// choose finds the members that the configuration names, and reports names that cannot be given.
func choose(r *roster, urn string, o Override, report func(Diagnostic)) map[*member]string {
	chosen := make(map[*member]string)
	if o.Type != "" {
		chooseOne(chosen, r.top[0], keyType, o.Type, report)
	}
	for _, key := range slices.Sorted(maps.Keys(o.Names)) {
		found := r.named(key)
		switch len(found) {
		case 0:
			report(Diagnostic{URN: urn, Pointer: "/urn", Key: key, Rule: RuleConfig, Level: warning,
				Text:   "the configuration names " + strconv.Quote(key) + ", but the model has no such member",
				Remedy: "delete the line, or correct the name: it is the wire name, or a pointer such as /attributes/speed"})
		case 1:
			chooseOne(chosen, found[0], key, o.Names[key], report)
		default:
			keys := make([]string, len(found))
			for i, m := range found {
				keys[i] = strconv.Quote(m.key())
			}
			report(found[0].diagnostic(failure, "the configuration names "+strconv.Quote(key)+", which several members of the model are called",
				"write one of "+strings.Join(keys, ", ")))
		}
	}
	return chosen
}

func chooseOne(chosen map[*member]string, m *member, key, name string, report func(Diagnostic)) {
	switch {
	case !token.IsIdentifier(name) || !token.IsExported(name):
		report(m.diagnostic(failure, fmt.Sprintf("the configuration calls the %s %s, which is no exported Go name", m.what(), strconv.Quote(name)),
			"choose one that begins with an upper-case letter and has only letters, digits and underscores"))
	case chosen[m] != "" && chosen[m] != name:
		report(m.diagnostic(failure, fmt.Sprintf("the configuration calls the %s both %s and %s", m.what(), chosen[m], name),
			"delete one of the two lines"))
	default:
		chosen[m] = name
	}
}

// named gives the members of the model that a key of the configuration means.
func (r *roster) named(key string) []*member {
	var found []*member
	consider := func(group []*member) {
		for _, m := range group {
			bare := m.Wire == key && m.Kind != lock.Argument && m.Kind != lock.Field
			if !m.former && m.Kind != lock.Type && (bare || m.key() == key) {
				found = append(found, m)
			}
		}
	}
	for group := range r.groups {
		consider(group)
	}
	return found
}

// diagnostic gives a remark about the member's name.
func (m *member) diagnostic(level devicemodel.Level, text, remedy string) Diagnostic {
	return Diagnostic{URN: m.URN, Pointer: m.pointer(), Key: m.key(), Rule: Rule, Level: level, Text: text, Remedy: remedy}
}

// explain reports what happened to the names of a group, and refuses what has none.
func explain(members []*member, chosen map[*member]string, report func(Diagnostic)) {
	for _, m := range members {
		switch name := chosen[m]; {
		case m.former:
		case name != "" && !m.chosen:
			report(m.diagnostic(failure, fmt.Sprintf("the configuration calls the %s %s, but that name, or one made from it, is taken", m.what(), name),
				"choose another; see go doc github.com/iotcs-go/iotcs/gen/plan for the names that a member takes"))
		case m.Name == "":
			report(m.diagnostic(failure, "no Go name can be formed for the "+m.what(), remedy(m.URN, m.key(), "to choose one")))
		case m.was != "" && m.was != m.Name && !m.chosen:
			report(m.diagnostic(warning, fmt.Sprintf("the %s is now called %s: its recorded name %s belongs to another member as well", m.what(), m.Name, m.was),
				remedy(m.URN, m.key(), "for a better name")))
		case m.owner != "":
			report(m.diagnostic(warning, fmt.Sprintf("the %s is called %s: %s belongs to %s", m.what(), m.Name, m.plain, m.owner),
				remedy(m.URN, m.key(), "for a better name")))
		}
	}
}

// note says in a doc comment why the name is not the plain one.
func (m *member) note() string {
	if m.owner == "" {
		return ""
	}
	return plain(fmt.Sprintf("It is called %s because the plain name %s belongs to %s.", m.Name, m.plain, m.owner), maxDoc)
}
