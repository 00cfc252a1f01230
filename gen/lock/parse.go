package lock

import (
	"bytes"
	"fmt"
	"strings"
)

// SyntaxError says which line of a lock cannot be read, and why.
type SyntaxError struct {
	Line int    // from 1
	Text string // what is wrong, lower case, without a full stop
}

// Error gives line and reason.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Parse reads a lock. Lines that are empty or begin with # are skipped; a byte order mark and carriage returns do not matter, nor does the
// order of the lines.
//
// A text with conflict markers of a merge is read as the union of both sides; the middle part that the diff3 style adds is
// skipped. Where the sides, or any two lines, give one member different names, the shorter one stays, of two equally long ones the first
// in byte order: two people who read the same merge get the same lock.
//
// The error is a [*SyntaxError].
func Parse(data []byte) (*Lock, error) {
	l := new(Lock)
	base := false // inside the common ancestor of a diff3 conflict
	n := 0
	for line := range strings.Lines(string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))) {
		n++
		line = strings.Trim(line, " \t\r\n")
		switch {
		case line == "" || line[0] == '#':
			continue
		case marker(line, '|'):
			base = true
			continue
		case marker(line, '<'), marker(line, '='), marker(line, '>'):
			base = false
			continue
		case base:
			continue
		}
		f, err := parseFact(line)
		if err != nil {
			return nil, &SyntaxError{Line: n, Text: err.Error()}
		}
		l.merge(f)
	}
	return l, nil
}

// marker tells whether a line is the conflict marker that consists of seven characters c.
func marker(line string, c byte) bool {
	return len(line) >= 7 && strings.Count(line[:7], string(c)) == 7 && (len(line) == 7 || line[7] == ' ')
}

func parseFact(line string) (Fact, error) {
	var words []string
	for rest := line; rest != ""; {
		word, after, ok := cutWord(rest)
		if !ok {
			return Fact{}, fmt.Errorf("quoted word %s does not end", strings.TrimSpace(rest))
		}
		words, rest = append(words, word), after
	}
	if len(words) < 2 {
		return Fact{}, fmt.Errorf("%q is no fact: URN, kind and name are missing", line)
	}
	f := Fact{URN: words[0], Kind: Kind(words[1]), Name: words[len(words)-1]}
	want := f.Kind.wires()
	if want < 0 {
		return Fact{}, fmt.Errorf("%q is no kind of fact", words[1])
	}
	if len(words) != want+3 {
		return Fact{}, fmt.Errorf("%d words, a fact of kind %s has %d", len(words), f.Kind, want+3)
	}
	if want > 0 {
		f.Wire = words[want+1]
	}
	if want > 1 {
		f.In = words[2]
	}
	return f, f.check()
}
