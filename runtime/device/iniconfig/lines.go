package iniconfig

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// place is a key in a section. Keys are in lower case, as Python's configparser
// has them; sections are as written.
type place struct{ section, key string }

// lines tells where in the file things stand, which ini.v1 does not.
type lines struct {
	sections map[string]int
	keys     map[place]int
	values   map[place]string // to hold what ini.v1 reads against
}

// scan finds sections and keys, and refuses what Python's configparser refuses:
// keys before the first section, keys and sections that come twice, lines that
// are neither. A line that is indented continues the value before it.
func scan(file string, data []byte) (*lines, error) {
	found := &lines{sections: make(map[string]int), keys: make(map[place]int), values: make(map[place]string)}
	refuse := func(n int, format string, args ...any) error {
		return &SyntaxError{File: file, Line: n, Problem: fmt.Sprintf(format, args...)}
	}
	section, n, continues := "", 0, false
	for line := range bytes.Lines(data) {
		n++
		if !utf8.Valid(line) || bytes.ContainsRune(line, 0) {
			return nil, refuse(n, "the line is not UTF-8 text")
		}
		text := strings.TrimRight(string(line), "\r\n")
		trimmed := strings.TrimSpace(text)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case strings.ContainsRune(text, '\r'):
			return nil, refuse(n, "a carriage return stands within the line")
		case text[0] == ' ' || text[0] == '\t':
			if !continues {
				return nil, refuse(n, "the line is indented but continues nothing")
			}
			return nil, refuse(n, "values over several lines are not taken: write the value on one line")
		case trimmed[0] == '[':
			name, rest, closed := strings.Cut(trimmed[1:], "]")
			if !closed || rest != "" || name == "" || strings.TrimSpace(name) != name {
				return nil, refuse(n, "%q is no section: write [name]", trimmed)
			}
			if first, twice := found.sections[name]; twice {
				return nil, refuse(n, "section [%s] was begun in line %d: put its keys there", name, first)
			}
			section, continues = name, false
			found.sections[name] = n
		default:
			i := strings.IndexAny(trimmed, "=:")
			if i <= 0 {
				return nil, refuse(n, "%q is neither a section, nor key = value, nor a comment", trimmed)
			}
			if section == "" {
				return nil, refuse(n, "%q stands before the first section", trimmed)
			}
			p := place{section, strings.ToLower(strings.TrimSpace(trimmed[:i]))}
			if first, twice := found.keys[p]; twice {
				return nil, refuse(n, "%s was set in line %d: remove one of them", p.key, first)
			}
			found.keys[p] = n
			found.values[p] = strings.TrimSpace(trimmed[i+1:])
			continues = true
		}
	}
	return found, nil
}
