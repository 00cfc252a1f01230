package lint

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Level says how much a [Finding] matters.
type Level uint8

// The levels, in rising order.
const (
	Note    Level = iota + 1 // worth knowing: something was left out on purpose
	Warning                  // the input is used as it is
	Error                    // the input cannot be used
)

// String gives "note", "warning" or "error".
func (l Level) String() string {
	switch l {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "Level(" + strconv.Itoa(int(l)) + ")"
}

// Finding is one remark about a file, made for people and for editors.
type Finding struct {
	File    string // as a message shows it
	Line    int    // from 1; 0 when the remark is about the file as a whole
	Col     int    // from 1, in characters; 0 together with Line
	Level   Level
	Rule    string // see [Rules]
	Pointer string // RFC 6901 pointer of the member in a JSON file, "" otherwise
	Text    string // what is wrong, lower case, without a full stop
	Remedy  string // what to do about it, may be empty
}

// String gives "file:line:col: text; remedy (RULE)" on one line. Warnings and notes say so before the text.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(oneLine(f.File))
	if f.Line > 0 {
		b.WriteString(":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Col))
	}
	b.WriteString(": ")
	if f.Level != Error {
		b.WriteString(f.Level.String() + ": ")
	}
	b.WriteString(oneLine(f.Text))
	if f.Remedy != "" {
		b.WriteString("; " + oneLine(f.Remedy))
	}
	b.WriteString(" (" + f.Rule + ")")
	return b.String()
}

// oneLine quotes control characters: a name out of a hostile file must not write to the reader's terminal.
func oneLine(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !unprintable(r) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRuneToASCII(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// unprintable is true of control characters and of those that change the direction of the text around them.
func unprintable(r rune) bool {
	return r < ' ' || 0x7f <= r && r < 0xa0 || 0x2028 <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 || r == 0xfeff
}

// Sort orders findings by file and position; findings of one place keep their order.
func Sort(found []Finding) {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// Worst gives the highest level among the findings, 0 when there are none.
func Worst(found []Finding) Level {
	worst := Level(0)
	for _, f := range found {
		worst = max(worst, f.Level)
	}
	return worst
}
