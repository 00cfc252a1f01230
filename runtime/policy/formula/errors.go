package formula

import (
	"errors"
	"fmt"
)

// Bounds of this package. The official client knows none; these are far above
// what a person writes and small enough for a device.
const (
	// MaxSource is the longest formula text, in bytes.
	MaxSource = 64 << 10
	// MaxDepth is the deepest nesting of parentheses, function calls, signs and
	// conditional branches.
	MaxDepth = 1000
	// MaxNodes is the largest number of operators and operands of one formula.
	MaxNodes = 4096
	// MaxText is the longest text, in bytes, that "+", UPPER or LOWER may build,
	// and that UPPER and LOWER take.
	MaxText = 64 << 10
	// MaxLikeSteps is the largest number of characters that one LIKE compares.
	MaxLikeSteps = 1 << 20
)

var (
	// ErrSyntax is in the chain of every *SyntaxError.
	ErrSyntax = errors.New("formula: syntax error")
	// ErrTooLong means that the text has more than MaxSource bytes.
	ErrTooLong = errors.New("formula: text too long")
	// ErrTooDeep means that the text nests deeper than MaxDepth, or that its
	// evaluation would keep more than 256 intermediate results.
	ErrTooDeep = errors.New("formula: nested too deep")
	// ErrTooLarge means that the text has more than MaxNodes operators and
	// operands.
	ErrTooLarge = errors.New("formula: too many operators and operands")
	// ErrUnknownAttribute is in the chain of every *AttributeError.
	ErrUnknownAttribute = errors.New("formula: unknown attribute")

	// ErrOperand means that an operator met a text where it needs a number, a
	// number where it needs a text, or one of each where it needs two alike.
	ErrOperand = errors.New("operand of the wrong kind")
	// ErrTextTooLong means that a text built by an operator exceeds MaxText.
	ErrTextTooLong = errors.New("text result too long")
	// ErrLikeSteps means that LIKE gave up after MaxLikeSteps.
	ErrLikeSteps = errors.New("pattern takes too many steps")

	// ErrNeverEqual is the finding of Check about a comparison of a text with
	// a number, which never holds.
	ErrNeverEqual = errors.New("a text and a number are never equal")
	// ErrIgnored is the finding of Check about text after a condition, which
	// has no effect.
	ErrIgnored = errors.New("text after the condition is ignored")
)

// SyntaxError says that a text is not in the grammar. errors.Is(err, ErrSyntax)
// holds.
type SyntaxError struct {
	Offset   int    // byte offset in the text
	Expected string // what would have been right there, such as "an operand"
	Found    string // what is there, quoted, or "end of text"
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("formula: offset %d: expected %s, found %s", e.Offset, e.Expected, e.Found)
}

// Unwrap gives ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

// AttributeError says that a formula names an attribute that the device model
// does not have. errors.Is(err, ErrUnknownAttribute) holds.
type AttributeError struct {
	Offset int // byte offset of the reference in the text
	Name   string
}

func (e *AttributeError) Error() string {
	return fmt.Sprintf("formula: offset %d: unknown attribute %q", e.Offset, e.Name)
}

// Unwrap gives ErrUnknownAttribute.
func (e *AttributeError) Unwrap() error { return ErrUnknownAttribute }

// EvalError says that an evaluation failed. Err is ErrOperand, ErrTextTooLong
// or ErrLikeSteps and is in the chain.
type EvalError struct {
	Offset   int    // byte offset of the operator in the text
	Operator string // the operator as Expr.String writes it; "" for the result as a whole
	Err      error
}

func (e *EvalError) Error() string {
	if e.Operator == "" {
		return fmt.Sprintf("formula: result: %v", e.Err)
	}
	return fmt.Sprintf("formula: offset %d: %s: %v", e.Offset, e.Operator, e.Err)
}

// Unwrap gives Err.
func (e *EvalError) Unwrap() error { return e.Err }
