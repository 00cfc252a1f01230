package formula

import (
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// token is one word of a formula text. The text of a quoted token lies between
// its quotation marks, that of a reference is the attribute name.
type token struct {
	kind       tokenKind
	op         op // of an operator
	start, end int
	textStart  int // of quoted texts, words, calls and references
	textEnd    int
	number     float64
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenIllegal
	tokenNumber
	tokenText // a quoted text or a bare word
	tokenReference
	tokenCall // a word and the parenthesis that follows it at once
	tokenOpen
	tokenClose
	tokenQuestion
	tokenColon
	tokenOperator
)

// lexer cuts a text into tokens. After an illegal one, fault says what is wrong.
type lexer struct {
	text  string
	at    int
	fault *SyntaxError
}

func (l *lexer) next() token {
	for l.at < len(l.text) && isBlank(l.text[l.at]) {
		l.at++
	}
	start := l.at
	if start == len(l.text) {
		return token{kind: tokenEnd, start: start, end: start}
	}
	switch c := l.text[start]; {
	case isDigit(c) || c == '.':
		return l.scanNumber(start)
	case c == '"':
		return l.scanQuoted(start)
	case c == '$':
		return l.scanReference(start)
	}
	if end := l.wordEnd(start); end > start {
		return l.scanWord(start, end)
	}
	return l.scanSymbol(start)
}

func (l *lexer) scanNumber(start int) token {
	end := start
	for end < len(l.text) && isDigit(l.text[end]) {
		end++
	}
	digits := end - start
	if end < len(l.text) && l.text[end] == '.' {
		end++
		digits--
		for end < len(l.text) && isDigit(l.text[end]) {
			end++
		}
		digits += end - start
	}
	if digits == 0 {
		return l.illegal(start, end, "a digit beside the point")
	}
	if end < len(l.text) && l.text[end] == '.' {
		return l.illegal(start, end+1, "a number with one point")
	}
	if word := l.wordEnd(end); word > end && keyword(l.text[end:word]) == opNone {
		return l.illegal(start, word, "a number without exponent or unit")
	}
	number, err := strconv.ParseFloat(l.text[start:end], 64)
	if err != nil || math.IsInf(number, 0) {
		return l.illegal(start, end, "a number within the range of a double")
	}
	l.at = end
	return token{kind: tokenNumber, start: start, end: end, number: number}
}

func (l *lexer) scanQuoted(start int) token {
	end := start + 1
	for end < len(l.text) && l.text[end] != '"' {
		end++
	}
	if end == len(l.text) {
		return l.illegal(start, end, "a text that ends with a quotation mark")
	}
	if !utf8.ValidString(l.text[start:end]) {
		return l.illegal(start, end, "valid UTF-8")
	}
	l.at = end + 1
	if l.at < len(l.text) && l.text[l.at] == '"' {
		return l.illegal(start, l.at+1, "a text without quotation marks inside")
	}
	return token{kind: tokenText, start: start, end: l.at, textStart: start + 1, textEnd: end}
}

// scanReference reads $(name) and $$(name), blanks around the name included.
func (l *lexer) scanReference(start int) token {
	reference, at := opValue, start+1
	if at < len(l.text) && l.text[at] == '$' {
		reference = opCurrent
		at++
	}
	if at == len(l.text) || l.text[at] != '(' {
		return l.illegal(start, at, `"$(" or "$$("`)
	}
	for at++; at < len(l.text) && isBlank(l.text[at]); {
		at++
	}
	end := l.wordEnd(at)
	if end == at || keyword(l.text[at:end]) != opNone {
		return l.illegal(at, max(end, at), "an attribute name")
	}
	name := at
	for at = end; at < len(l.text) && isBlank(l.text[at]); {
		at++
	}
	if at == len(l.text) || l.text[at] != ')' {
		return l.illegal(at, at, `")" after the attribute name`)
	}
	l.at = at + 1
	return token{kind: tokenReference, op: reference, start: start, end: l.at, textStart: name, textEnd: end}
}

func (l *lexer) scanWord(start, end int) token {
	t := token{kind: tokenText, start: start, end: end, textStart: start, textEnd: end}
	l.at = end
	if o := keyword(l.text[start:end]); o != opNone {
		return token{kind: tokenOperator, op: o, start: start, end: end}
	}
	if end < len(l.text) && l.text[end] == '(' {
		l.at++
		t.kind, t.end = tokenCall, l.at
	}
	return t
}

func (l *lexer) scanSymbol(start int) token {
	if start+1 < len(l.text) {
		if o := twoBytes(l.text[start], l.text[start+1]); o != opNone {
			l.at = start + 2
			return token{kind: tokenOperator, op: o, start: start, end: l.at}
		}
	}
	t := token{kind: tokenOperator, start: start, end: start + 1}
	switch l.text[start] {
	case '(':
		t.kind = tokenOpen
	case ')':
		t.kind = tokenClose
	case '?':
		t.kind = tokenQuestion
	case ':':
		t.kind = tokenColon
	case '!':
		t.op = opNot
	default:
		if t.op = oneByte(l.text[start]); t.op == opNone {
			_, size := utf8.DecodeRuneInString(l.text[start:])
			return l.illegal(start, start+size, "an operand or an operator")
		}
	}
	l.at = start + 1
	return t
}

// illegal notes the fault and stays where it is: the text is not read further.
func (l *lexer) illegal(start, end int, expected string) token {
	l.fault = &SyntaxError{Offset: start, Expected: expected, Found: l.quote(start, end)}
	return token{kind: tokenIllegal, start: start, end: end}
}

// quote shows the text from start to end, at most about thirty bytes of it.
func (l *lexer) quote(start, end int) string {
	if start >= len(l.text) {
		return "end of text"
	}
	if end <= start {
		_, size := utf8.DecodeRuneInString(l.text[start:])
		end = start + size
	}
	if end-start <= 30 {
		return strconv.Quote(l.text[start:end])
	}
	for end = start + 30; !utf8.RuneStart(l.text[end]) && end > start+26; {
		end--
	}
	return strconv.Quote(l.text[start:end]) + "..."
}

// wordEnd gives the end of the word that starts at start: a letter or "_", then
// letters, digits, "_", "." and "-". It gives start when there is none.
func (l *lexer) wordEnd(start int) int {
	at := start
	for at < len(l.text) {
		c := l.text[at]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(l.text[at:])
			if !unicode.IsLetter(r) && (at == start || !unicode.IsDigit(r)) {
				return at
			}
			at += size
			continue
		}
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (at == start || !isDigit(c) && c != '.' && c != '-') {
			return at
		}
		at++
	}
	return at
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
