package devicemodel

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// text checks the quoted text at the current position and gives it with its quotes, as it stands in the input.
func (s *scanner) text() (raw []byte, ok bool) {
	start := s.pos
	for i := start + 1; i < len(s.data); {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[start:s.pos], true
		case c == '\\':
			n := s.escape(i)
			if n == 0 {
				return nil, false
			}
			i += n
		case c < 0x20:
			return nil, s.fail(i, "a control character ("+hexByte(c)+") stands in a text",
				`write it as an escape such as \n or \u0009, or remove it; a missing closing quote also looks like this`)
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(s.data[i:])
			if r == utf8.RuneError && n <= 1 {
				if !utf8.FullRune(s.data[i:]) {
					s.pos = len(s.data)
					return nil, s.truncated()
				}
				return nil, s.fail(i, "the byte "+hexByte(c)+" is not UTF-8", "save the file as UTF-8 (it may be Latin-1 or Windows-1252)")
			}
			i += n
		}
	}
	s.pos = len(s.data)
	return nil, s.truncated()
}

// escape checks the escape at i and gives its length; 0 means that a failure was reported.
func (s *scanner) escape(i int) int {
	rest := s.data[i:]
	if len(rest) < 2 {
		s.pos = len(s.data)
		s.truncated()
		return 0
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), rest[1]) >= 0 {
		return 2
	}
	if rest[1] != 'u' {
		s.fail(i, "JSON has no escape \\"+printable(rest[1]), `write \\ for a backslash`)
		return 0
	}
	hi, ok := hex4(rest[2:])
	if !ok {
		if len(rest) < 6 {
			s.pos = len(s.data)
			s.truncated()
			return 0
		}
		s.fail(i, `\u is not followed by four hexadecimal digits`, `write \\u for a backslash and a u`)
		return 0
	}
	if !utf16.IsSurrogate(hi) {
		return 6
	}
	if len(rest) >= 12 && rest[6] == '\\' && rest[7] == 'u' {
		if lo, ok := hex4(rest[8:]); ok && utf16.DecodeRune(hi, lo) != utf8.RuneError {
			return 12
		}
	}
	s.fail(i, "half of a surrogate pair ("+string(rest[:6])+") is no character", "write the character itself, or both halves")
	return 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unquote gives the characters of a checked JSON text. Without escapes it is a part of the input, not a copy.
func unquote(raw []byte) []byte {
	inner := raw[1 : len(raw)-1]
	i := bytes.IndexByte(inner, '\\')
	if i < 0 {
		return inner
	}
	out := make([]byte, 0, len(inner))
	for i >= 0 {
		out = append(out, inner[:i]...)
		var n int
		out, n = appendEscape(out, inner[i:])
		inner = inner[i+n:]
		i = bytes.IndexByte(inner, '\\')
	}
	return append(out, inner...)
}

// appendEscape appends the character of the checked escape at the start of b and gives the escape's length.
func appendEscape(out, b []byte) ([]byte, int) {
	switch b[1] {
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		r, _ := hex4(b[2:])
		if !utf16.IsSurrogate(r) {
			return utf8.AppendRune(out, r), 6
		}
		lo, _ := hex4(b[8:])
		return utf8.AppendRune(out, utf16.DecodeRune(r, lo)), 12
	}
	return append(out, b[1]), 2 // " \ /
}
