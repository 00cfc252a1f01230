package lint

import (
	"bytes"
	"encoding/json"
)

// scanner steps through JSON text that is known to be valid. On other text it stops early and never fails: it only looks.
type scanner struct {
	text []byte
	pos  int
}

// peek gives the first byte of the next token, over white space, commas and colons; 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return c
		}
	}
	return 0
}

// more tells whether another member or element follows, and steps over the closing bracket when none does.
func (s *scanner) more() bool {
	switch s.peek() {
	case 0:
		return false
	case '}', ']':
		s.pos++
		return false
	}
	return true
}

// quoted steps over the quoted text at the position and gives it, with its quotes.
func (s *scanner) quoted() []byte {
	start := s.pos
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '"':
			s.pos++
			return s.text[start:s.pos]
		case '\\':
			s.pos++
		}
	}
	s.pos = len(s.text)
	return s.text[start:]
}

// value steps over the value at the position and gives its text.
func (s *scanner) value() []byte {
	first := s.peek()
	start := s.pos
	switch first {
	case '"':
		return s.quoted()
	case '{', '[':
		s.nested()
	default:
		for s.pos < len(s.text) && !ends(s.text[s.pos]) {
			s.pos++
		}
	}
	return s.text[start:s.pos]
}

// nested steps over an object or a list. It counts brackets instead of recursing: hostile text nests deeply.
func (s *scanner) nested() {
	for depth := 0; s.pos < len(s.text); {
		switch s.text[s.pos] {
		case '"':
			s.quoted()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.pos++
		if depth == 0 {
			return
		}
	}
}

// ends tells whether a byte ends a number, true, false or null.
func ends(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ']', '}':
		return true
	}
	return false
}

// unquote gives the text of a quoted one. It copies only where there are escapes.
func unquote(quoted []byte) string {
	if len(quoted) < 2 {
		return ""
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return ""
	}
	return text
}
