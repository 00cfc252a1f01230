package policy

import (
	"errors"
	"fmt"
)

var (
	// ErrTooLarge means that a document has more than MaxDocument bytes.
	ErrTooLarge = errors.New("policy: document too large")
	// ErrSyntax means that a document is no JSON object.
	ErrSyntax = errors.New("not a JSON object")
	// ErrMissing means that a required member of a document is missing.
	ErrMissing = errors.New("required member is missing")
	// ErrType means that a member of a document has the wrong JSON type.
	ErrType = errors.New("wrong JSON type")
	// ErrTooMany is about a document that has more pipelines, functions or
	// arguments of an action than MaxPipelines and MaxSteps allow; its policy
	// drops every value.
	ErrTooMany = errors.New("too many")

	// ErrUnknownFunction is about a step whose function is unknown; it is left
	// out.
	ErrUnknownFunction = errors.New("unknown function; the step is left out")
	// ErrUnknownAttribute is about a pipeline of an attribute that the device
	// model does not have; it is left out.
	ErrUnknownAttribute = errors.New("the device model has no such attribute; the pipeline is left out")
	// ErrUnknownFormat is about an alert whose format the device model does not
	// have; it cannot be raised.
	ErrUnknownFormat = errors.New("the device model has no such format")
	// ErrUnknownField is about a field of an alert that the format does not
	// have; it is left out.
	ErrUnknownField = errors.New("the format has no such field; it is left out")
	// ErrUnknownAction is about an action that the device model does not have.
	ErrUnknownAction = errors.New("the device model has no such action")
	// ErrArguments is about arguments for an action that takes none; they are
	// left out.
	ErrArguments = errors.New("the action takes no arguments; they are left out")
	// ErrReplaced is about a pipeline that a later one for the same attribute
	// replaces.
	ErrReplaced = errors.New("a later pipeline for the same attribute replaces this one")
	// ErrMisplaced is about a function that does not work where it stands: a
	// batch function for an attribute, or another function for the device.
	ErrMisplaced = errors.New("the function does not work here; it is left out")
	// ErrOnlyFirst is about functions of the device pipeline after the first
	// one; they are left out.
	ErrOnlyFirst = errors.New("only the first function of the device pipeline is used")
	// ErrNoWindow is about a function that works on windows and has none; it is
	// left out.
	ErrNoWindow = errors.New("the function has no window; it is left out")
	// ErrNoKey is about privacyPolicy with level "two-way" and without a key,
	// which lets values pass unchanged.
	ErrNoKey = errors.New("no hashing key; values pass unchanged")
	// ErrUnknownLevel is about an unknown level of privacyPolicy, which lets
	// values pass unchanged.
	ErrUnknownLevel = errors.New("unknown level; values pass unchanged")
	// ErrRandomLevel is about the level "random" of privacyPolicy, which drops
	// every value.
	ErrRandomLevel = errors.New("level random drops every value")
	// ErrBound is about a window, a slide or a delay outside the bounds of this
	// package, or about more windows than MaxPanes allows.
	ErrBound = errors.New("outside the bounds for windows")
	// ErrReadAs is about a parameter with a value that has no meaning and is
	// read as something else.
	ErrReadAs = errors.New("meaningless value")
	// ErrNotNumeric means that a function that needs a number, or a step that
	// has to yield one, got something else.
	ErrNotNumeric = errors.New("the value is not a number")
	// ErrResultType means that a function yielded a value that cannot become
	// the type of the attribute.
	ErrResultType = errors.New("the result does not fit the type of the attribute")
	// ErrNotFinite means that a function yielded NaN or an infinity, which has
	// no place in a message.
	ErrNotFinite = errors.New("the result is not finite")
)

// DocumentError says why a document is no policy, or drops every value. Err is
// ErrSyntax, ErrMissing, ErrType or ErrTooMany and is in the chain.
type DocumentError struct {
	Pointer string // RFC 6901 pointer of the member, which may be missing
	Err     error
	Detail  string // may be ""
}

func (e *DocumentError) Error() string {
	text := fmt.Sprintf("policy: document at %q: %v", e.Pointer, e.Err)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap gives Err.
func (e *DocumentError) Unwrap() error { return e.Err }

// Problem is something to know about a policy that can be used all the same.
// It is an error whose chain holds Err.
type Problem struct {
	// Pointer is the RFC 6901 pointer of the member of the document.
	Pointer string
	// Warning tells that the pipeline works; without it, its values are
	// dropped, each with an error.
	Warning bool
	// Err is a sentinel of this package, or an error of package formula.
	Err error
	// Detail is what was found, or what was made of it; may be "".
	Detail string
}

func (p Problem) Error() string {
	text := fmt.Sprintf("policy: %s: %v", p.Pointer, p.Err)
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// Unwrap gives Err.
func (p Problem) Unwrap() error { return p.Err }

// StepError says that a function of a pipeline failed on a value, which was
// dropped.
type StepError struct {
	PolicyID  string
	Attribute string   // name
	Pointer   string   // RFC 6901 pointer of the step in the document
	Function  Function // "" when the policy as a whole drops the value
	Err       error
}

func (e *StepError) Error() string {
	if e.Function == "" {
		return fmt.Sprintf("policy %q: attribute %q: %v", e.PolicyID, e.Attribute, e.Err)
	}
	return fmt.Sprintf("policy %q: %s of attribute %q: %v", e.PolicyID, e.Function, e.Attribute, e.Err)
}

// Unwrap gives Err.
func (e *StepError) Unwrap() error { return e.Err }
