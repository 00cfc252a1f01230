package devicemodel

import (
	"bytes"
	"strconv"
	"strings"
)

// kind is the JSON type of a value.
type kind uint8

const (
	nullKind kind = iota
	booleanKind
	numberKind
	textKind
	listKind
	objectKind
)

var kindNames = [...]string{"null", "true or false", "a number", "a text", "a list", "an object"}

func (k kind) String() string { return kindNames[k] }

// node is one value of a text that scan has accepted, with the way back to the top for pointers.
type node struct {
	data       []byte
	start, end int // data[start:end] is the value
	up         *node
	key        []byte // member name; nil for an element of a list
	index      int
}

// root finds the outermost value of a scanned text.
func root(data []byte, start int) *node {
	start = skipSpace(data, start)
	return &node{data: data, start: start, end: skipValue(data, start)}
}

func (n *node) kind() kind {
	switch n.data[n.start] {
	case '{':
		return objectKind
	case '[':
		return listKind
	case '"':
		return textKind
	case 't', 'f':
		return booleanKind
	case 'n':
		return nullKind
	}
	return numberKind
}

func (n *node) raw() []byte { return n.data[n.start:n.end] }

// text, number and boolean may be called for their own kind only.
func (n *node) text() string   { return string(unquote(n.raw())) }
func (n *node) number() string { return string(n.raw()) }
func (n *node) boolean() bool  { return n.data[n.start] == 't' }

// pointer gives the RFC 6901 pointer from the top of the document.
func (n *node) pointer() string {
	if n.up == nil {
		return ""
	}
	if n.key == nil {
		return n.up.pointer() + "/" + strconv.Itoa(n.index)
	}
	return n.up.pointer() + "/" + escapePointer(string(n.key))
}

// elements calls yield for every element of a list.
func (n *node) elements(yield func(*node) bool) {
	pos := skipSpace(n.data, n.start+1)
	for i := 0; n.data[pos] != ']'; i++ {
		e := &node{data: n.data, start: pos, end: skipValue(n.data, pos), up: n, index: i}
		if !yield(e) {
			return
		}
		pos = skipSeparator(n.data, e.end)
	}
}

// empty tells whether a list has no elements.
func (n *node) empty() bool { return n.data[skipSpace(n.data, n.start+1)] == ']' }

// object is a node with the places of its members, found in one walk.
type object struct {
	*node
	members []member
}

type member struct {
	key        []byte
	start, end int
}

// object may be called for an object only.
func (n *node) object() object {
	o := object{node: n, members: make([]member, 0, 8)}
	pos := skipSpace(n.data, n.start+1)
	for n.data[pos] != '}' {
		keyEnd := skipText(n.data, pos)
		start := skipSpace(n.data, skipSpace(n.data, keyEnd)+1) // over the colon
		end := skipValue(n.data, start)
		o.members = append(o.members, member{unquote(n.data[pos:keyEnd]), start, end})
		pos = skipSeparator(n.data, end)
	}
	return o
}

// get finds the member with the given name; nil when there is none.
func (o object) get(name string) *node {
	for i := range o.members {
		if m := &o.members[i]; string(m.key) == name {
			return &node{data: o.data, start: m.start, end: m.end, up: o.node, key: m.key}
		}
	}
	return nil
}

// value is get, with null in the place of an absent member: most members may be null (docs/protocol/device-models.md §12).
func (o object) value(name string) *node {
	if m := o.get(name); m != nil && m.kind() != nullKind {
		return m
	}
	return nil
}

func skipSpace(data []byte, pos int) int {
	for pos < len(data) && isSpace(data[pos]) {
		pos++
	}
	return pos
}

// skipSeparator goes from the end of a value to the next value or name, or to the closing bracket.
func skipSeparator(data []byte, pos int) int {
	pos = skipSpace(data, pos)
	if data[pos] == ',' {
		pos = skipSpace(data, pos+1)
	}
	return pos
}

// skipText gives the position after the quoted text at pos.
func skipText(data []byte, pos int) int {
	for pos++; ; pos++ {
		pos += bytes.IndexByte(data[pos:], '"')
		slashes := pos
		for data[slashes-1] == '\\' {
			slashes--
		}
		if (pos-slashes)%2 == 0 {
			return pos + 1
		}
	}
}

// skipValue gives the position after the value at pos.
func skipValue(data []byte, pos int) int {
	switch data[pos] {
	case '"':
		return skipText(data, pos)
	case '{', '[':
		return skipNested(data, pos)
	}
	for pos < len(data) && data[pos] != ',' && data[pos] != ']' && data[pos] != '}' && !isSpace(data[pos]) {
		pos++
	}
	return pos
}

func skipNested(data []byte, pos int) int {
	for depth := 0; ; {
		switch data[pos] {
		case '"':
			pos = skipText(data, pos)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		pos++
		if depth == 0 {
			return pos
		}
	}
}

// descend follows a pointer as far as it goes.
func (n *node) descend(pointer string) (*node, bool) {
	if pointer == "" {
		return n, true
	}
	if pointer[0] != '/' {
		return n, false
	}
	step, rest, more := strings.Cut(pointer[1:], "/")
	if more {
		rest = "/" + rest
	}
	var next *node
	switch n.kind() {
	case objectKind:
		next = n.object().get(strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
	case listKind:
		for e := range n.elements {
			if strconv.Itoa(e.index) == step {
				next = e
				break
			}
		}
	}
	if next == nil {
		return n, false
	}
	return next.descend(rest)
}
