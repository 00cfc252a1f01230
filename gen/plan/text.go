package plan

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Texts of a model end up in comments of the generated code. What goes through here is one line of printable characters: no line feed that
// would end the comment, no U+2028 that an editor takes for one, no byte order mark that the compiler refuses, no mark that lets a line
// read differently from what the compiler sees.

// maxDoc and maxLabel are how many characters of a description and of a name a comment shows.
const (
	maxDoc   = 1000
	maxLabel = 120
)

// plain gives a text as one line of printable characters, of at most most characters. Runs of blanks become one; what cannot be printed is
// left out.
func plain(text string, most int) string {
	var b strings.Builder
	n, blank := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			blank = n > 0
			continue
		}
		if !unicode.IsPrint(r) && r != '\u200c' && r != '\u200d' { // the joiners of Persian, Indian scripts and pictures
			continue
		}
		if n >= most {
			return cutWord(b.String()) + " …"
		}
		if blank {
			b.WriteByte(' ')
			n++
		}
		b.WriteRune(r)
		n, blank = n+1, false
	}
	return b.String()
}

// cutWord takes off the last word, which may be half, unless it is a very long one.
func cutWord(text string) string {
	if i := strings.LastIndexByte(text, ' '); i > len(text)*3/4 {
		return text[:i]
	}
	return text
}

// sentence gives a description as a sentence: its first word with a capital unless it is a name of some kind, and with a full stop.
func sentence(description string) string {
	text := plain(description, maxDoc)
	text = strings.TrimRight(text, " ,;:")
	if text == "" {
		return ""
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?…。！？", last) {
		text += "."
	}
	first, _, _ := strings.Cut(text, " ")
	if strings.ContainsFunc(strings.TrimRight(first, ".,:;!?"), func(r rune) bool { return !unicode.IsLower(r) }) {
		return text
	}
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// label gives a wire name, URN or display name for use inside a sentence.
func label(name string) string {
	if text := plain(name, maxLabel); text != "" {
		return text
	}
	return "(no printable name)"
}

// Decimal gives a number as a person writes it, exactly.
func Decimal(v float64) string {
	if v == 0 {
		return "0" // never -0
	}
	if a := max(v, -v); a >= 1e15 || a < 1e-5 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func defaultOf(t devicemodel.Type, d *devicemodel.Default) *Default {
	if d == nil {
		return nil
	}
	switch t {
	case devicemodel.Integer:
		text := strconv.FormatInt(d.Integer, 10)
		return &Default{Literal: text, Zero: d.Integer == 0, Doc: text}
	case devicemodel.DateTime:
		at := time.UnixMilli(d.Integer).UTC().Format("2006-01-02T15:04:05.000Z")
		return &Default{Literal: strconv.FormatInt(d.Integer, 10), Zero: d.Integer == 0, Doc: at}
	case devicemodel.Number:
		text := Decimal(d.Number)
		return &Default{Literal: text, Zero: d.Number == 0, Doc: text}
	case devicemodel.Boolean:
		text := strconv.FormatBool(d.Boolean)
		return &Default{Literal: text, Zero: !d.Boolean, Doc: text}
	case devicemodel.URI:
		return &Default{Literal: strconv.Quote(d.Text), Zero: d.Text == "", Doc: label(d.Text)}
	}
	return &Default{Literal: strconv.Quote(d.Text), Zero: d.Text == "", Doc: `"` + plain(d.Text, maxLabel) + `"`}
}
