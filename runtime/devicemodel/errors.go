package devicemodel

import (
	"errors"
	"fmt"
	"slices"
)

// Reasons why a model cannot be used. A [LoadError] matches those that apply to it.
var (
	ErrSyntax      = errors.New("not a readable JSON text")                         // findings of rule JSON
	ErrInvalid     = errors.New("not a valid device model")                         // findings of rule MODEL, M01 to M09, M14 and M15
	ErrDraft       = errors.New("the device model is a draft")                      // rule M10
	ErrNotExpanded = errors.New("the formats of the device model are not expanded") // rule M11; never from Load, which takes such a model as one without formats
	ErrTooLarge    = fmt.Errorf("a device model is larger than %d bytes", MaxSize)
)

// LoadError says why a text cannot be used as a device model. errors.Is finds [ErrSyntax], [ErrInvalid], [ErrDraft], [ErrNotExpanded]
// and [ErrTooLarge] in it.
type LoadError struct {
	URN      string    // of the model, "" when it could not be read
	Findings []Finding // everything found, in the order of the text; at least one of them is of level Error
}

// Error gives the first finding of level Error and how many more there are.
func (e *LoadError) Error() string {
	text := "device model"
	if e.URN != "" {
		text += " " + e.URN
	}
	first, errs := -1, 0
	for i, f := range e.Findings {
		if f.Level != Error {
			continue
		}
		if first < 0 {
			first = i
		}
		errs++
	}
	if first >= 0 {
		text += ": " + e.Findings[first].String()
	}
	if errs > 1 {
		text += fmt.Sprintf(" (and %d more)", errs-1)
	}
	return text
}

// Unwrap gives the sentinels that apply, each once.
func (e *LoadError) Unwrap() []error {
	var all []error
	for _, f := range e.Findings {
		if s := f.sentinel(); s != nil && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

func (f Finding) sentinel() error {
	switch {
	case f.Level != Error:
		return nil
	case f.Rule == RuleSyntax && f.Text == tooLargeText:
		return ErrTooLarge
	case f.Rule == RuleSyntax:
		return ErrSyntax
	case f.Rule == "M10":
		return ErrDraft
	case f.Rule == "M11":
		return ErrNotExpanded
	}
	return ErrInvalid
}

// AsError makes a [LoadError] of what [Inspect] has found; nil when none of the findings is of level Error.
func AsError(urn string, found []Finding) error {
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Level == Error }) {
		return nil
	}
	return &LoadError{URN: urn, Findings: found}
}
