package plan

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// roster holds every member of one model that needs a Go name, and the former members on record.
type roster struct {
	byKey map[lock.Fact]*member // by fact without name
	top   []*member             // the main type, attributes, actions, alerts and custom data: all that share names
	inner map[string][]*member  // fields by URN of their format
	args  map[string][]*member  // arguments by name of their action
	err   error                 // what no loader would have let through
}

// newRoster lists the members of m. typeWords are those of the main type.
func newRoster(m *devicemodel.Model, typeWords []string, l *lock.Lock) *roster {
	r := &roster{byKey: make(map[lock.Fact]*member), inner: make(map[string][]*member), args: make(map[string][]*member)}
	r.add(lock.Fact{URN: m.URN, Kind: lock.Type}, exported(typeWords), place{}, devicemodel.String)
	for i := range m.Attributes {
		name := m.Attributes[i].Name
		r.add(lock.Fact{URN: m.URN, Kind: lock.Attribute, Wire: name}, exported(words(name)), place{index: i}, m.Attributes[i].Type)
	}
	for i := range m.Actions {
		a := &m.Actions[i]
		r.add(lock.Fact{URN: m.URN, Kind: lock.Action, Wire: a.Name}, exported(words(a.Name)), place{index: i}, devicemodel.String)
		for k := range a.Arguments {
			name := a.Arguments[k].Name
			r.add(lock.Fact{URN: m.URN, Kind: lock.Argument, In: a.Name, Wire: name}, exported(words(name)), place{i, k}, a.Arguments[k].Type)
		}
	}
	for i := range m.Formats {
		f := &m.Formats[i]
		kind := kindOf(f.Type)
		plain := exported(formatWords(m.URN, f.URN, f.Name, kind))
		r.add(lock.Fact{URN: m.URN, Kind: lock.Kind(kind), Wire: f.URN}, plain, place{index: i}, devicemodel.String)
		for k := range f.Fields {
			name := f.Fields[k].Name
			r.add(lock.Fact{URN: m.URN, Kind: lock.Field, In: f.URN, Wire: name}, exported(words(name)), place{i, k}, f.Fields[k].Type)
		}
	}
	r.addFormer(m.URN, l)
	r.sort()
	return r
}

// add lists a member of the model. What has no type of its own comes with STRING.
func (r *roster) add(f lock.Fact, plain string, at place, t devicemodel.Type) {
	if r.known(f) || Type(t).Go() == "" {
		r.err = errors.Join(r.err, fmt.Errorf("model %q: %s %q is there twice or has no type", f.URN, f.Kind, f.Wire))
	}
	r.put(&member{Fact: f, plain: plain, place: at})
}

// known tells whether a member is listed. A URN belongs to one format, be it an alert or data.
func (r *roster) known(f lock.Fact) bool {
	if f.Kind == lock.Alert || f.Kind == lock.Data {
		alert, data := f, f
		alert.Kind, data.Kind = lock.Alert, lock.Data
		return r.byKey[alert] != nil || r.byKey[data] != nil
	}
	return r.byKey[f] != nil
}

func (r *roster) put(m *member) {
	r.byKey[m.Fact] = m
	switch m.Kind {
	case lock.Field:
		r.inner[m.In] = append(r.inner[m.In], m)
	case lock.Argument:
		r.args[m.In] = append(r.args[m.In], m)
	default:
		r.top = append(r.top, m)
	}
}

// addFormer adds members that are only on record, since their names are taken for ever.
func (r *roster) addFormer(urn string, l *lock.Lock) {
	for _, f := range l.Facts(urn) {
		f.Name = ""
		switch f.Kind {
		case lock.Attribute, lock.Action, lock.Alert, lock.Data, lock.Field, lock.Argument:
			if r.byKey[f] == nil {
				r.put(&member{Fact: f, former: true})
			}
		}
	}
}

// sort puts members that share names into the order in which they are served: by kind, then by wire name.
func (r *roster) sort() {
	order := []lock.Kind{lock.Type, lock.Attribute, lock.Action, lock.Alert, lock.Data}
	byWire := func(a, b *member) int { return strings.Compare(a.Wire, b.Wire) }
	slices.SortFunc(r.top, func(a, b *member) int {
		if d := slices.Index(order, a.Kind) - slices.Index(order, b.Kind); d != 0 {
			return d
		}
		return byWire(a, b)
	})
	for _, group := range r.inner {
		slices.SortFunc(group, byWire)
	}
	for _, group := range r.args {
		slices.SortFunc(group, byWire)
	}
}

// groups calls yield for each set of members that share names, in a fixed order.
func (r *roster) groups(yield func([]*member) bool) {
	if !yield(r.top) {
		return
	}
	for _, m := range r.top {
		var group []*member
		switch m.Kind {
		case lock.Action:
			group = r.args[m.Wire]
		case lock.Alert, lock.Data:
			group = r.inner[m.Wire]
		}
		if len(group) > 0 && !yield(group) {
			return
		}
	}
}

// key gives the member's key in [Override.Names].
func (m *member) key() string {
	switch m.Kind {
	case lock.Type:
		return keyType
	case lock.Argument:
		return pointer("actions", m.In, "arguments", m.Wire)
	case lock.Field:
		return pointer("formats", m.In, "fields", m.Wire)
	}
	return pointer(m.list(), m.Wire)
}

// Keys of [Diagnostic] that are no members.
const (
	keyPackage = "package"
	keyType    = "type"
)

// pointer gives the RFC 6901 pointer to the text in the model's JSON that the name comes from.
func (m *member) pointer() string {
	i, k := strconv.Itoa(m.place.index), strconv.Itoa(m.place.inner)
	switch m.Kind {
	case lock.Attribute, lock.Action:
		return pointer(m.list(), i, "name")
	case lock.Alert, lock.Data:
		return pointer("formats", i, "urn")
	case lock.Argument:
		return pointer("actions", i, "arguments", k, "name")
	case lock.Field:
		return pointer("formats", i, "value", "fields", k, "name")
	}
	return "/urn"
}

// list names the list of the model that has the member.
func (m *member) list() string {
	switch m.Kind {
	case lock.Attribute:
		return "attributes"
	case lock.Action, lock.Argument:
		return "actions"
	}
	return "formats"
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(p))
	}
	return b.String()
}

func kindOf(t devicemodel.FormatType) Kind {
	if t == devicemodel.Alert {
		return Alert
	}
	return Data
}
