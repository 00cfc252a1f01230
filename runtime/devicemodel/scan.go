package devicemodel

import (
	"bytes"
	"fmt"
	"strconv"
)

// Limits of the JSON reader: a model comes from a server or a file and must not be able to exhaust a device.
const (
	maxDepth   = 64      // a model needs 8 levels
	maxMembers = 1 << 16 // of one object
)

// scanner checks once that a text is strict JSON (RFC 8259) with unique member names and bounded depth. Everything after it walks over
// the same bytes with nodes and cannot fail any more.
type scanner struct {
	data  []byte
	pos   int
	path  []frame  // where we are, for pointers
	keys  [][]byte // names seen in the open objects, innermost last
	found *findings
	fatal bool
}

// frame is one step of the path: the member name of an object, or the index in a list.
type frame struct {
	key   []byte
	index int
	list  bool
}

// scan reports to found what is wrong with the JSON text that begins at start, and whether the text can be walked.
// Duplicate names are findings but do not stop it.
func scan(data []byte, start int, found *findings) bool {
	s := scanner{data: data, pos: start, found: found}
	if !s.value() {
		return false
	}
	s.space()
	if s.pos < len(s.data) {
		return s.trailing()
	}
	return true
}

func (s *scanner) space() {
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// peek gives the next byte after white space; ok is false, and the failure reported, at the end of the text.
func (s *scanner) peek() (c byte, ok bool) {
	s.space()
	if s.pos == len(s.data) {
		return 0, s.truncated()
	}
	return s.data[s.pos], true
}

func (s *scanner) value() bool {
	c, ok := s.peek()
	if !ok {
		return false
	}
	switch {
	case c == '{':
		return s.object()
	case c == '[':
		return s.list()
	case c == '"':
		_, ok := s.text()
		return ok
	case c == '-' || isDigit(c):
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.unexpected("a value")
}

func (s *scanner) literal(word string) bool {
	if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		s.pos += len(word)
		return true
	}
	if len(s.data)-s.pos < len(word) && word[:len(s.data)-s.pos] == string(s.data[s.pos:]) {
		s.pos = len(s.data)
		return s.truncated()
	}
	return s.unexpected("a value")
}

func (s *scanner) enter(f frame) bool {
	if len(s.path) == maxDepth {
		return s.fail(s.pos, fmt.Sprintf("the text is nested deeper than %d levels", maxDepth), "a device model needs 8 levels: check where this file comes from")
	}
	s.path = append(s.path, f)
	return true
}

func (s *scanner) leave() { s.path = s.path[:len(s.path)-1] }

func (s *scanner) list() bool {
	if !s.enter(frame{list: true}) {
		return false
	}
	s.pos++ // [
	c, ok := s.peek()
	if !ok {
		return false
	}
	for c != ']' {
		if !s.value() {
			return false
		}
		if c, ok = s.peek(); !ok {
			return false
		}
		switch c {
		case ',':
			s.pos++
			s.path[len(s.path)-1].index++
			if c, ok = s.peek(); !ok {
				return false
			}
			if c == ']' {
				return s.strayComma()
			}
		case ']':
		default:
			return s.unexpected("a comma or ]")
		}
	}
	s.pos++ // ]
	s.leave()
	return true
}

func (s *scanner) object() bool {
	if !s.enter(frame{}) {
		return false
	}
	names := nameSet{first: len(s.keys)}
	s.pos++ // {
	c, ok := s.peek()
	if !ok {
		return false
	}
	for c != '}' {
		if !s.member(&names) {
			return false
		}
		if c, ok = s.peek(); !ok {
			return false
		}
		switch c {
		case ',':
			s.pos++
			if c, ok = s.peek(); !ok {
				return false
			}
			if c == '}' {
				return s.strayComma()
			}
		case '}':
		default:
			return s.unexpected("a comma or }")
		}
	}
	s.pos++ // }
	s.keys = s.keys[:names.first]
	s.leave()
	return true
}

// member reads "name": value.
func (s *scanner) member(names *nameSet) bool {
	start := s.pos
	if s.data[s.pos] != '"' {
		return s.unexpected("a member name in double quotes")
	}
	raw, ok := s.text()
	if !ok {
		return false
	}
	key := unquote(raw)
	s.path[len(s.path)-1].key = key
	if names.add(s, key) {
		s.found.add(Finding{
			Rule: RuleSyntax, Level: Error, Offset: int64(start), Pointer: s.pointer(),
			Text:   "the member " + quote(string(key)) + " occurs twice in one object",
			Remedy: "delete one of the two: readers differ in which one they take",
		})
		if s.found.full() {
			return false
		}
	}
	if len(s.keys)-names.first > maxMembers {
		return s.fail(start, "an object has more than "+strconv.Itoa(maxMembers)+" members", "check where this file comes from: it is no device model")
	}
	c, ok := s.peek()
	if !ok {
		return false
	}
	if c != ':' {
		return s.unexpected("a colon after the member name")
	}
	s.pos++
	return s.value()
}

// nameSet finds names that an object repeats. Few names are compared one by one, many through a map.
type nameSet struct {
	first int // index of the object's first name in scanner.keys
	many  map[string]struct{}
}

const fewNames = 24

// add records a name and tells whether the object had it already.
func (n *nameSet) add(s *scanner, key []byte) (twice bool) {
	own := s.keys[n.first:]
	switch {
	case n.many != nil:
		_, twice = n.many[string(key)]
	default:
		for _, k := range own {
			if bytes.Equal(k, key) {
				twice = true
				break
			}
		}
	}
	s.keys = append(s.keys, key)
	if n.many != nil {
		n.many[string(key)] = struct{}{}
	} else if len(own) == fewNames {
		n.many = make(map[string]struct{}, 4*fewNames)
		for _, k := range s.keys[n.first:] {
			n.many[string(k)] = struct{}{}
		}
	}
	return twice
}

// number checks -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func (s *scanner) number() bool {
	start := s.pos
	if s.data[s.pos] == '-' {
		s.pos++
	}
	whole := s.pos
	if !s.digits() {
		return false
	}
	if s.data[whole] == '0' && s.pos > whole+1 {
		return s.fail(start, "the number "+quote(string(s.data[start:s.pos]))+" begins with a needless 0", "write it without the leading zero")
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('-') || s.at('+') {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && isDigit(s.data[s.pos]) {
		s.pos++
	}
	switch {
	case s.pos > start:
		return true
	case s.pos == len(s.data):
		return s.truncated()
	}
	return s.unexpected("a digit")
}
