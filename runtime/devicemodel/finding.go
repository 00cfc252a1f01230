package devicemodel

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Level says how much a [Finding] matters.
type Level uint8

// The levels.
const (
	Warning Level = iota + 1 // the model is used as it is
	Error                    // the model cannot be used
)

// String gives "warning" or "error".
func (l Level) String() string {
	switch l {
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return unknownName("Level", uint8(l))
}

// Rule names beside M01 to M15.
const (
	RuleSyntax = "JSON"  // the text is not JSON, or not JSON that is safe to read: duplicate keys, wrong encoding, too deep, too large
	RuleModel  = "MODEL" // a member is missing or has the wrong type
)

// Finding is one remark about a model's text.
type Finding struct {
	Rule    string // "M01" to "M15", [RuleSyntax] or [RuleModel]; see [Rules]
	Level   Level
	Offset  int64  // byte offset in the input, from 0 to its length; a stripped byte order mark is counted
	Pointer string // RFC 6901 pointer of the member, "" for the whole document
	Text    string // what is wrong, lower case, without a full stop
	Remedy  string // what to do about it
}

// String gives rule, place, text and remedy on one line.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.Level.String())
	if f.Pointer != "" {
		b.WriteString(" at " + f.Pointer)
	}
	b.WriteString(" (byte " + strconv.FormatInt(f.Offset, 10) + "): " + f.Text)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	b.WriteString(" (" + f.Rule + ")")
	return b.String()
}

func unknownName(kind string, n uint8) string { return kind + "(" + strconv.Itoa(int(n)) + ")" }

// maxFindings bounds the findings of either level that one call reports. With that many errors nothing more is read: a hostile text
// must not cost more than an honest one.
const maxFindings = 1000

// findings collects what a call has found.
type findings struct {
	list     []Finding
	errors   int
	warnings int
}

func (f *findings) add(n Finding) {
	count := &f.warnings
	if n.Level == Error {
		count = &f.errors
	}
	*count++
	if *count <= maxFindings {
		f.list = append(f.list, n)
	}
}

// full tells whether reading has to end.
func (f *findings) full() bool { return f.errors >= maxFindings }

// sorted gives the findings in the order of the text, and at the end what was left out.
func (f *findings) sorted() []Finding {
	slices.SortStableFunc(f.list, func(a, b Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	if len(f.list) == 0 {
		return nil
	}
	last := f.list[len(f.list)-1].Offset
	if more := f.warnings - maxFindings; more > 0 {
		f.list = append(f.list, Finding{Rule: RuleModel, Level: Warning, Offset: last,
			Text: fmt.Sprintf("%d more warnings are not shown", more), Remedy: "see to those above first"})
	}
	if f.full() {
		f.list = append(f.list, Finding{Rule: RuleModel, Level: Error, Offset: last,
			Text: fmt.Sprintf("the rest was not read after %d errors", f.errors), Remedy: "correct those above first"})
	}
	return f.list
}

// quote shows a text of the model in a finding: quoted, escaped and at most 60 characters long.
func quote(text string) string {
	const most = 60
	n := 0
	for i := range text {
		if n == most {
			return strconv.Quote(text[:i]) + "…"
		}
		n++
	}
	return strconv.Quote(text)
}
