package gen

import "github.com/iotcs-go/iotcs/gen/lint"

// Diagnostic is one remark: about a model, the configuration, a lock or a generated file.
type Diagnostic = lint.Finding

// Level says how much a [Diagnostic] matters.
type Level = lint.Level

// The levels, in rising order.
const (
	Note    = lint.Note
	Warning = lint.Warning
	Error   = lint.Error
)

// Worst gives the highest level among the diagnostics, 0 when there are none.
func Worst(found []Diagnostic) Level { return lint.Worst(found) }

// Nearest finds the choice that word was probably meant to be, "" when nothing is near.
func Nearest(word string, choices []string) string { return lint.Nearest(word, choices) }
