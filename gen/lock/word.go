package lock

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendWord appends a text as one word of a line, quoted where a plain word would be misread. It asks no Unicode table but
// the one written here: the same text gives the same bytes with every release of Go.
func appendWord(b []byte, text string) []byte {
	if plainWord(text) {
		return append(b, text...)
	}
	return strconv.AppendQuoteToASCII(b, text)
}

// plainWord tells whether a text can stand unquoted: not empty, no blank, quote or backslash, nothing that an editor takes for the end of
// a line, and a first character that begins neither a comment nor a conflict marker.
func plainWord(text string) bool {
	if text == "" || !utf8.ValidString(text) || strings.IndexByte("#<=>|", text[0]) >= 0 {
		return false
	}
	for _, r := range text {
		switch {
		case r <= ' ', r == '"', r == '\\', r >= 0x7f && r <= 0xa0, r >= 0x2028 && r <= 0x202e, r == 0xfeff:
			return false
		}
	}
	return true
}

// cutWord takes the first word off a line.
func cutWord(line string) (word, rest string, ok bool) {
	if strings.HasPrefix(line, `"`) {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return "", "", false
		}
		word, err = strconv.Unquote(quoted)
		rest = line[len(quoted):]
		if err != nil || rest != "" && rest[0] != ' ' {
			return "", "", false
		}
		return word, strings.TrimLeft(rest, " "), true
	}
	word, rest, _ = strings.Cut(line, " ")
	return word, strings.TrimLeft(rest, " "), true
}
