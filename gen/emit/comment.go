package emit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"
)

// Widths of comments in characters, slashes included: outside and inside of a declaration.
const (
	wide   = 100
	narrow = 92
)

// comment gives a doc comment. Each text is a paragraph; empty ones are left out.
func comment(paragraphs ...string) jen.Code { return jen.Comment(commentText(wide, paragraphs...)) }

// inner is comment for a part of a declaration, which may have none.
func inner(paragraphs ...string) jen.Code {
	if text := commentText(narrow, paragraphs...); text != "" {
		return jen.Comment(text)
	}
	return jen.Null()
}

func commentText(width int, paragraphs ...string) string {
	var b strings.Builder
	for _, p := range paragraphs {
		p = paragraph(strings.TrimSpace(typographic(printable(p))))
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n//\n")
		}
		wrap(&b, p, width)
	}
	return b.String()
}

// typographic makes of doubled quotation marks what gofmt makes of them.
func typographic(text string) string {
	if !strings.ContainsAny(text, "`'") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "``", "“"), "''", "”")
}

// wrap writes a paragraph as lines of a comment. Each line begins with "// ", so none is a directive; none but the first can begin with
// +build, which is a build constraint in spite of the blank.
func wrap(b *strings.Builder, text string, width int) {
	b.Grow(len(text) + len(text)/16 + 8)
	b.WriteString("// ")
	n, first := 3, true
	for word := range strings.SplitSeq(text, " ") {
		size := utf8.RuneCountInString(word)
		switch {
		case size == 0:
			continue
		case first:
			first = false
		case n+1+size > width && !strings.HasPrefix(word, "+build"):
			b.WriteString("\n// ")
			n = 3
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += size
	}
}

// paragraph makes a text fit to begin a comment: a description that gofmt would take for a heading, a list, the definition of a link or a
// build constraint gets a word in front. (gofmt moves a constraint to the head of the file, wherever it stands.)
func paragraph(doc string) string {
	for _, mark := range []string{"#", "[", "- ", "* ", "+ ", "+build"} {
		if strings.HasPrefix(doc, mark) {
			return "Description: " + doc
		}
	}
	return doc
}

// printable is the last guard before a comment: whatever the plan holds, no character passes that could end a line.
func printable(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.IsPrint(r), r == '\u200c', r == '\u200d':
			return r
		}
		return -1
	}, text)
}
