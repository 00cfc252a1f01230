package iniconfig

import (
	"errors"
	"fmt"
)

// ErrInvalid is matched by every error about the content of a file.
var ErrInvalid = errors.New("invalid configuration")

// Finding is something in the file that has no effect.
type Finding struct {
	File    string
	Line    int // from 1
	Section string
	Key     string // "" for a finding about a section
	Text    string // what is wrong and what to do
}

// String is one line, as compilers write it: file:line: text.
func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text) }

// ValueError says that a value cannot be used. It matches [ErrInvalid].
type ValueError struct {
	File    string
	Line    int // from 1
	Section string
	Key     string
	Value   string // as it stands in the file
	Problem string
	Remedy  string // what to write instead
}

// Error tells where, what and what to do.
func (e *ValueError) Error() string {
	return fmt.Sprintf("%s:%d: [%s] %s = %s: %s; %s", e.File, e.Line, e.Section, e.Key, e.Value, e.Problem, e.Remedy)
}

// Is tells whether target is [ErrInvalid].
func (e *ValueError) Is(target error) bool { return target == ErrInvalid }

// SyntaxError says that a file, or a line of it, is no INI. It matches
// [ErrInvalid].
type SyntaxError struct {
	File    string
	Line    int // from 1
	Problem string
}

// Error tells where and what.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem) }

// Is tells whether target is [ErrInvalid].
func (e *SyntaxError) Is(target error) bool { return target == ErrInvalid }
