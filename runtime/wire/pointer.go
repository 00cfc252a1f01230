package wire

import (
	"strconv"
	"strings"
)

// pointerAt gives the RFC 6901 pointer of the innermost value or member that
// the offset lies in. The decoder keeps no track of where it is; only an error
// pays for the second walk.
func pointerAt(text string, offset int) string {
	s := scanner{text: text}
	s.peek()
	return string(s.locate(offset, nil))
}

func (s *scanner) locate(target int, pointer []byte) []byte {
	if s.pos >= len(s.text) || target <= s.pos {
		return pointer
	}
	switch s.text[s.pos] {
	case '{':
		return s.locateMember(target, pointer)
	case '[':
		return s.locateElement(target, pointer)
	}
	return pointer
}

func (s *scanner) locateMember(target int, pointer []byte) []byte {
	if !s.open() {
		return pointer
	}
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		if inner, found := s.inside(target); found {
			text, ok := s.unquote(name)
			if !ok {
				text = strings.ToValidUTF8(s.text[name.start:name.end], "\uFFFD")
			}
			return inner.locate(target, appendPointer(pointer, text))
		}
	}
	return pointer
}

func (s *scanner) locateElement(target int, pointer []byte) []byte {
	if !s.open() {
		return pointer
	}
	index := 0
	for ok := s.element(true); ok; ok = s.element(false) {
		if inner, found := s.inside(target); found {
			pointer = append(pointer, '/')
			return inner.locate(target, strconv.AppendInt(pointer, int64(index), 10))
		}
		index++
	}
	return pointer
}

// inside passes over the value at the position. If the target is not behind it,
// it gives a scanner at the value's start.
func (s *scanner) inside(target int) (start scanner, found bool) {
	start = *s
	if !s.skip() || target < s.pos {
		return start, true
	}
	return scanner{}, false
}

// appendPointer appends one step of a pointer.
func appendPointer(pointer []byte, name string) []byte {
	pointer = append(pointer, '/')
	if strings.ContainsAny(name, "~/") {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return append(pointer, name...)
}
