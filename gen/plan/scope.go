package plan

import (
	"slices"
	"strconv"

	"github.com/iotcs-go/iotcs/gen/lock"
)

// scope is a place where Go names must differ.
type scope uint8

const (
	inType    scope = iota // methods of the main type
	inUpdate               // methods of Update; getters of Changes likewise
	inBuilder              // methods of the type of one alert or one kind of custom data
	inActions              // methods of the interface Actions
	inPackage              // types, functions, constants
	inStruct               // fields of the struct of an action's arguments
)

// claim is a name in a scope.
type claim struct {
	scope scope
	name  string
}

// claims gives every form of the name x that a member of the kind may ever need. The table stands in the package documentation.
func claims(kind lock.Kind, x string) []claim {
	switch kind {
	case lock.Type:
		return []claim{{inPackage, x}}
	case lock.Attribute:
		return []claim{{inType, x}, {inType, "Set" + x}, {inType, "Offer" + x}, {inType, "On" + x}, {inType, "On" + x + "Error"},
			{inUpdate, x}, {inPackage, x + "Min"}, {inPackage, x + "Max"}}
	case lock.Action:
		return []claim{{inActions, x}, {inPackage, x + "Args"}}
	case lock.Alert:
		return []claim{{inType, "New" + x + "Alert"}, {inPackage, x + "Alert"}, {inPackage, x + "Fields"}}
	case lock.Data:
		return []claim{{inType, "New" + x + "Data"}, {inPackage, x + "Data"}, {inPackage, x + "DataFields"}}
	case lock.Field:
		return []claim{{inBuilder, x}}
	}
	return []claim{{inStruct, x}}
}

// member is something that needs a Go name.
type member struct {
	lock.Fact        // Name is "" until the member has one
	plain     string // the name by the rules alone; "" when none can be formed
	place     place  // where the model has it
	former    bool   // on record only: the model has it no longer
	chosen    bool   // named by the configuration
	owner     string // who keeps the plain name from this member, in words; "" when nobody does
	was       string // the name on record, where it could not be kept
}

// place is where a model has a member.
type place struct {
	index int // in the list of attributes, actions or formats; of arguments and fields that of their action or format
	inner int // of arguments and fields: in their list
}

// table tells who has which name.
type table map[claim]*member

// free tells whether a member of the kind can have a name: whether no form of it is taken.
func (t table) free(kind lock.Kind, name string) bool {
	for _, c := range claims(kind, name) {
		if t[c] != nil || c.reserved() != "" {
			return false
		}
	}
	return true
}

// reserved says who has a name that no member can have; "" when members can have it.
func (c claim) reserved() string {
	own := false
	switch c.scope {
	case inType:
		own = slices.Contains(reservedInType, c.name)
	case inUpdate:
		own = slices.Contains(reservedInUpdate, c.name)
	case inBuilder:
		own = slices.Contains(reservedInBuilder, c.name)
	case inPackage:
		own = slices.Contains(reservedInPackage, c.name)
	}
	switch {
	case own:
		return "generated code itself, which has its own " + c.name
	case c.scope <= inActions && slices.Contains(reservedByVet, c.name):
		return "a well-known interface, which has a method " + c.name + " with other parameters"
	}
	return ""
}

func (t table) take(m *member, name string) {
	m.Name = name
	for _, c := range claims(m.Kind, name) {
		t[c] = m
	}
}

// resolve names all members that share the table. They come in the order in which they are served where that matters. chosen holds the
// names of the configuration; a member that cannot have its chosen name is named as if there were none, and is not marked as chosen.
func (t table) resolve(members []*member, chosen map[*member]string, l *lock.Lock) {
	t.recall(members, l, func(m *member) bool { return !m.former && chosen[m] == "" })
	for _, m := range members {
		if name := chosen[m]; name != "" && t.free(m.Kind, name) {
			t.take(m, name)
			m.chosen = true
		}
	}
	t.recall(members, l, func(m *member) bool { return m.Name == "" && chosen[m] != "" })
	t.recall(members, l, func(m *member) bool { return m.former })
	t.assign(members)
	for _, m := range members {
		if !m.former && !m.chosen && m.Name != m.plain {
			m.owner = t.describe(m)
		}
	}
}

// recall gives members the names that they have on record, if these are free.
func (t table) recall(members []*member, l *lock.Lock, which func(*member) bool) {
	for _, m := range members {
		if !which(m) {
			continue
		}
		switch name, ok := l.Name(m.URN, m.Kind, m.In, m.Wire); {
		case !ok:
		case t.free(m.Kind, name):
			t.take(m, name)
		default:
			m.was = name
		}
	}
}

// assign names what has no name yet: first all whose plain name is free, then the others with numbers.
func (t table) assign(members []*member) {
	var rest []*member
	for _, m := range members {
		switch {
		case m.Name != "" || m.former || m.plain == "":
		case t.free(m.Kind, m.plain):
			t.take(m, m.plain)
		default:
			rest = append(rest, m)
		}
	}
	last := make(map[string]int) // the number last tried, by kind and plain name
	for _, m := range rest {
		key := string(m.Kind) + m.plain
		name := m.plain
		for n := max(last[key], 1); !t.free(m.Kind, name); {
			n++
			name, last[key] = m.plain+strconv.Itoa(n), n
		}
		t.take(m, name)
	}
}

// describe says who keeps the plain name from a member. It depends on the outcome only, not on how it came about: a run with the lock
// that an earlier run wrote gives the same words.
func (t table) describe(m *member) string {
	if m.plain == "" {
		return ""
	}
	for _, c := range claims(m.Kind, m.plain) {
		if owner := c.reserved(); owner != "" {
			return owner
		}
		switch o := t[c]; {
		case o == nil || o == m:
		case o.former:
			return "the former " + o.what()
		default:
			return "the " + o.what()
		}
	}
	return ""
}

// what names a member for people, on one line: attribute "left-door".
func (m *member) what() string {
	if m.Kind == lock.Type {
		return "main type"
	}
	return string(m.Kind) + " " + strconv.Quote(m.Wire)
}
