package devicemodel

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fail reports the one failure that ends the scan. It always returns false.
func (s *scanner) fail(offset int, text, remedy string) bool {
	if !s.fatal {
		s.fatal = true
		s.found.add(Finding{Rule: RuleSyntax, Level: Error, Offset: int64(offset), Pointer: s.pointer(), Text: text, Remedy: remedy})
	}
	return false
}

func (s *scanner) pointer() string {
	var b strings.Builder
	for _, f := range s.path {
		switch {
		case f.list:
			b.WriteString("/" + strconv.Itoa(f.index))
		case f.key != nil:
			b.WriteString("/" + escapePointer(string(f.key)))
		}
	}
	return b.String()
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(key string) string { return pointerEscaper.Replace(key) }

const incomplete = "the file is incomplete: get it again or restore it"

func (s *scanner) truncated() bool {
	if len(s.path) == 0 {
		return s.fail(len(s.data), "the text ends inside a value", incomplete)
	}
	return s.fail(len(s.data), fmt.Sprintf("the text ends after %d bytes, inside an unfinished %s", len(s.data), s.openKind()), incomplete)
}

func (s *scanner) openKind() string {
	if s.path[len(s.path)-1].list {
		return "list"
	}
	return "object"
}

func (s *scanner) strayComma() bool {
	comma := bytes.LastIndexByte(s.data[:s.pos], ',')
	return s.fail(comma, "a comma stands before the closing "+string(s.data[s.pos:s.pos+1]), "delete the comma")
}

func (s *scanner) trailing() bool {
	return s.fail(s.pos, "more text follows after the end of the document",
		"one file holds one model; put several into a list: [ {…}, {…} ]")
}

// mistakes are beginnings of what people write where JSON wants something else.
var mistakes = []struct{ begin, text, remedy string }{
	{"<<<<<<<", "a merge conflict stands in the file", "resolve the conflict"},
	{"=======", "a merge conflict stands in the file", "resolve the conflict"},
	{">>>>>>>", "a merge conflict stands in the file", "resolve the conflict"},
	{"//", "JSON has no comments", "delete the comment or move it into a description"},
	{"/*", "JSON has no comments", "delete the comment or move it into a description"},
	{"#", "JSON has no comments", "delete the comment or move it into a description"},
	{"'", "JSON has no single quotes", "write double quotes"},
	{"NaN", "JSON has no NaN", "leave the member out"},
	{"Infinity", "JSON has no infinity", "leave the member out"},
	{"+", "a JSON number has no plus sign", "delete the plus sign"},
	{"True", "JSON writes true in lower case", "write true"},
	{"False", "JSON writes false in lower case", "write false"},
	{"None", "JSON has no None", "write null or leave the member out"},
	{"undefined", "JSON has no undefined", "write null or leave the member out"},
	{",", "there is nothing between two commas", "delete one comma"},
}

// unexpected reports what stands at the current position where want was wanted.
func (s *scanner) unexpected(want string) bool {
	rest := s.data[s.pos:]
	for _, m := range mistakes {
		if bytes.HasPrefix(rest, []byte(m.begin)) {
			return s.fail(s.pos, m.text, m.remedy)
		}
	}
	r, n := utf8.DecodeRune(rest)
	what := strconv.QuoteRune(r)
	if r == utf8.RuneError && n <= 1 {
		what = "the byte " + hexByte(rest[0])
	}
	return s.fail(s.pos, "found "+what+" where "+want+" was expected", "correct the JSON text here or just before")
}

// recognise says what a text is that is certainly no JSON text, so that the finding can be about the real mistake.
func recognise(data []byte) (text, remedy string) {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(data) == 0:
		return "the file is empty", incomplete
	case len(trimmed) == 0:
		return "the file holds only white space", incomplete
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}), len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return "the file is UTF-16, JSON is UTF-8", "save the file as UTF-8"
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return "the file is compressed with gzip", "unpack it first"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "the file is a zip archive", "unpack it first"
	case trimmed[0] == '<' && !bytes.HasPrefix(trimmed, []byte("<<<<")):
		return "the file is HTML or XML, not JSON", "a server's login or error page was probably saved in place of the model: fetch it again"
	case data[0] == 0:
		return "the file begins with zero bytes", incomplete
	}
	return "", ""
}

func hexByte(c byte) string { return fmt.Sprintf("0x%02X", c) }

// printable gives an ASCII character as it is and any other byte in hexadecimal.
func printable(c byte) string {
	if c > ' ' && c < utf8.RuneSelf-1 {
		return string(rune(c))
	}
	return " " + hexByte(c)
}
