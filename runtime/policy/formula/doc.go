// Package formula is the expression language of device policies: the conditions
// of filters, alerts and actions, and the formulas of computed metrics, alert
// fields and action arguments.
//
// A text is parsed once (Parse), checked against the attributes of a device
// model (Check) and compiled to a small program (Expr.Compile) in which
// attributes are slot numbers. Evaluating a program looks nothing up by name,
// boxes nothing and, as long as no text is built by "+", UPPER or LOWER,
// allocates nothing.
//
// The language is that of docs/protocol/policies.md §11. Values are IEEE 754
// doubles or texts; an attribute without a value is NaN. Comparisons and logic
// yield 1 or 0, and their treatment of NaN is the official one (1 > NaN holds,
// NaN equals NaN). Where the official client groups operators wrongly or
// guesses at broken texts, this package follows the rows marked "Correct" there:
// operators of one level group from left to right, AND binds tighter than OR,
// and a text that is not in the grammar is refused with its position.
//
// Everything is bounded, because policies come from outside: the length of the
// text (MaxSource), its nesting (MaxDepth), the size of the program (MaxNodes),
// the length of texts that an evaluation builds (MaxText) and the steps of one
// LIKE (MaxLikeSteps).
package formula
