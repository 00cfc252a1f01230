package wire

// maxDepth bounds the nesting of arrays and objects, so that no text can use up
// the stack. Messages need six levels.
const maxDepth = 64

// scanner walks over JSON text byte by byte. It accepts what encoding/json
// accepts, except for nesting beyond maxDepth. The first error sticks: the
// position moves to the end of the text, so that every later step fails too and
// loops end.
type scanner struct {
	text  string
	pos   int
	depth int
	err   error // ErrSyntax or ErrTooDeep
	errAt int   // position of the offending byte
}

// token is the inside of a JSON string.
type token struct {
	start, end int
	escaped    bool // has a backslash
	wide       bool // has bytes from 0x80 up
}

func (s *scanner) fail(err error) bool {
	if s.err == nil {
		s.err, s.errAt = err, s.pos
	}
	s.pos = len(s.text)
	return false
}

func (s *scanner) failAt(pos int) bool {
	s.pos = pos
	return s.fail(ErrSyntax)
}

// peek skips white space and gives the next byte, 0 at the end of the text.
// There is none in compact JSON, so the common case is the one to be inlined.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) && s.text[s.pos] > ' ' {
		return s.text[s.pos]
	}
	return s.peekSpace()
}

func (s *scanner) peekSpace() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// finish reports whether nothing but white space is left.
func (s *scanner) finish() bool {
	s.peek()
	if s.pos < len(s.text) {
		return s.fail(ErrSyntax)
	}
	return s.err == nil
}

// open enters the object or array that starts at the position.
func (s *scanner) open() bool {
	if s.depth == maxDepth {
		return s.fail(ErrTooDeep)
	}
	s.depth++
	s.pos++
	return true
}

func (s *scanner) close() {
	s.depth--
	s.pos++
}

// member moves to the value of the next member of an object and gives its name;
// it reports false after the last one and on errors.
func (s *scanner) member(first bool) (name token, ok bool) {
	c := s.peek()
	if c == '}' {
		s.close()
		return token{}, false
	}
	if !first {
		if c != ',' {
			return token{}, s.fail(ErrSyntax)
		}
		s.pos++
		c = s.peek()
	}
	if c != '"' {
		return token{}, s.fail(ErrSyntax)
	}
	if name, ok = s.quoted(); !ok {
		return token{}, false
	}
	if s.peek() != ':' {
		return token{}, s.fail(ErrSyntax)
	}
	s.pos++
	s.peek()
	return name, true
}

// element moves to the next value of an array; it reports false after the last
// one and on errors.
func (s *scanner) element(first bool) bool {
	c := s.peek()
	switch {
	case c == ']':
		s.close()
		return false
	case first:
		return true
	case c != ',':
		return s.fail(ErrSyntax)
	}
	s.pos++
	s.peek()
	return true
}

// skip passes over one value of any kind.
func (s *scanner) skip() bool {
	switch c := s.peek(); c {
	case '{':
		return s.skipObject()
	case '[':
		return s.skipArray()
	case '"':
		_, ok := s.quoted()
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, _, ok := s.number()
		return ok
	}
}

func (s *scanner) skipObject() bool {
	if !s.open() {
		return false
	}
	for _, ok := s.member(true); ok; _, ok = s.member(false) {
		s.skip()
	}
	return s.err == nil
}

func (s *scanner) skipArray() bool {
	if !s.open() {
		return false
	}
	for ok := s.element(true); ok; ok = s.element(false) {
		s.skip()
	}
	return s.err == nil
}

// literal passes over true, false or null.
func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if s.pos+i >= len(s.text) || s.text[s.pos+i] != word[i] {
			return s.failAt(s.pos + i)
		}
	}
	s.pos += len(word)
	return true
}

// number passes over a number; integer tells that it has neither fraction nor
// exponent.
func (s *scanner) number() (text string, integer, ok bool) {
	t, i := s.text, s.pos
	if i < len(t) && t[i] == '-' {
		i++
	}
	switch {
	case i < len(t) && t[i] == '0':
		i++
	case i < len(t) && '1' <= t[i] && t[i] <= '9':
		i = digits(t, i)
	default:
		return "", false, s.failAt(i)
	}
	integer = true
	if i < len(t) && t[i] == '.' {
		integer = false
		end := digits(t, i+1)
		if end == i+1 {
			return "", false, s.failAt(end)
		}
		i = end
	}
	if i < len(t) && (t[i] == 'e' || t[i] == 'E') {
		integer = false
		i++
		if i < len(t) && (t[i] == '+' || t[i] == '-') {
			i++
		}
		end := digits(t, i)
		if end == i {
			return "", false, s.failAt(end)
		}
		i = end
	}
	text = t[s.pos:i]
	s.pos = i
	return text, integer, true
}

// digits gives the index after the run of digits at i.
func digits(t string, i int) int {
	for i < len(t) && '0' <= t[i] && t[i] <= '9' {
		i++
	}
	return i
}
