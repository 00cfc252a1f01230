package wire

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted passes over the string that starts at the position.
func (s *scanner) quoted() (t token, ok bool) {
	i := s.pos + 1
	t.start = i
	for {
		i = plainPrefix(s.text, i)
		if i >= len(s.text) {
			return token{}, s.failAt(len(s.text))
		}
		switch c := s.text[i]; {
		case c == '"':
			t.end = i
			s.pos = i + 1
			return t, true
		case c == '\\':
			t.escaped = true
			if i, ok = s.escape(i); !ok {
				return token{}, false
			}
		case c >= utf8.RuneSelf:
			t.wide = true
			for i < len(s.text) && s.text[i] >= utf8.RuneSelf {
				i++
			}
		default:
			return token{}, s.failAt(i)
		}
	}
}

// escape gives the index after the escape at i.
func (s *scanner) escape(i int) (int, bool) {
	if i+1 >= len(s.text) {
		return 0, s.failAt(len(s.text))
	}
	switch s.text[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, true
	case 'u':
		for j := i + 2; j < i+6; j++ {
			if j >= len(s.text) || hexDigit(s.text[j]) > 15 {
				return 0, s.failAt(min(j, len(s.text)))
			}
		}
		return i + 6, true
	}
	return 0, s.failAt(i + 1)
}

// unquote gives the characters of a string; ok is false when they are not
// UTF-8. An escaped surrogate without its other half becomes U+FFFD. The result
// shares the scanner's text unless there were escapes.
func (s *scanner) unquote(t token) (text string, ok bool) {
	text = s.text[t.start:t.end]
	if t.wide && !utf8.ValidString(text) {
		return "", false
	}
	if t.escaped {
		text = unescape(text)
	}
	return text, true
}

func unescape(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		c := text[i+1]
		text = text[i+2:]
		switch c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			var r rune
			r, text = unescapeRune(text)
			b.WriteRune(r)
		default:
			b.WriteByte(c)
		}
	}
}

// unescapeRune reads the digits of a \u escape, and the second escape of a
// surrogate pair.
func unescapeRune(text string) (r rune, rest string) {
	r, rest = hex4(text), text[4:]
	if !utf16.IsSurrogate(r) {
		return r, rest
	}
	if strings.HasPrefix(rest, `\u`) {
		if pair := utf16.DecodeRune(r, hex4(rest[2:])); pair != utf8.RuneError {
			return pair, rest[6:]
		}
	}
	return utf8.RuneError, rest
}

func hex4(text string) rune {
	return rune(hexDigit(text[0]))<<12 | rune(hexDigit(text[1]))<<8 |
		rune(hexDigit(text[2]))<<4 | rune(hexDigit(text[3]))
}
