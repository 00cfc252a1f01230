package devicemodel

import (
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
