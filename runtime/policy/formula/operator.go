package formula

import "math"

// op is what a node of a formula, or an instruction of a program, does.
type op uint8

const (
	opNone op = iota

	// Operands.
	opNumber
	opText
	opValue   // $(name)
	opCurrent // $$(name)

	// Operators with one operand.
	opPlus
	opMinus
	opNot
	opUpper
	opLower

	// Operators with two operands.
	opMultiply
	opDivide
	opModulo
	opAdd
	opSubtract
	opEqual
	opNotEqual
	opGreater
	opGreaterEqual
	opLess
	opLessEqual
	opLike
	opAnd
	opOr

	opTernary

	// Instructions that are not nodes.
	opLoad
	opPushLoad // keep the accumulator on the stack, then load
	opJump
	opJumpUnless // jump unless the accumulator is exactly 1
)

// spellings are the operators as String writes them.
var spellings = [...]string{
	opPlus: "+", opMinus: "-", opNot: "!", opUpper: "UPPER", opLower: "LOWER",
	opMultiply: "*", opDivide: "/", opModulo: "%", opAdd: "+", opSubtract: "-",
	opEqual: "=", opNotEqual: "!=", opGreater: ">", opGreaterEqual: ">=", opLess: "<", opLessEqual: "<=",
	opLike: "LIKE", opAnd: "AND", opOr: "OR", opTernary: "?", opJumpUnless: "?",
}

// Precedences, loosest first. A ternary is looser than every operator.
const (
	precedenceTernary = iota
	precedenceOr
	precedenceAnd
	precedenceCompare
	precedenceAdd
	precedenceMultiply
	precedenceUnary
)

// precedence of an operator with two operands; 0 for anything else.
func (o op) precedence() int {
	switch {
	case o < opMultiply || o > opOr:
		return 0
	case o <= opModulo:
		return precedenceMultiply
	case o <= opSubtract:
		return precedenceAdd
	case o <= opLike:
		return precedenceCompare
	case o == opAnd:
		return precedenceAnd
	default:
		return precedenceOr
	}
}

func (o op) unary() bool { return o >= opPlus && o <= opLower }

// keyword gives the operator that a word stands for. Only ASCII letters fold:
// no other letter makes a keyword.
func keyword(word string) op {
	switch {
	case len(word) < 2 || len(word) > 4:
		return opNone
	case foldEqual(word, "or"):
		return opOr
	case foldEqual(word, "and"):
		return opAnd
	case foldEqual(word, "not"):
		return opNot
	case foldEqual(word, "like"):
		return opLike
	}
	return opNone
}

// foldEqual compares a word with a lower-case ASCII word, in any case.
func foldEqual(word, lower string) bool {
	if len(word) != len(lower) {
		return false
	}
	for i := range len(word) {
		if word[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func twoBytes(a, b byte) op {
	switch {
	case a == '=' && b == '=':
		return opEqual
	case a == '!' && b == '=':
		return opNotEqual
	case a == '>' && b == '=':
		return opGreaterEqual
	case a == '<' && b == '=':
		return opLessEqual
	case a == '&' && b == '&':
		return opAnd
	case a == '|' && b == '|':
		return opOr
	}
	return opNone
}

// oneByte gives the operator with two operands; "+" and "-" may also turn out
// to be signs.
func oneByte(c byte) op {
	switch c {
	case '+':
		return opAdd
	case '-':
		return opSubtract
	case '*':
		return opMultiply
	case '/':
		return opDivide
	case '%':
		return opModulo
	case '=':
		return opEqual
	case '>':
		return opGreater
	case '<':
		return opLess
	}
	return opNone
}

// number1 applies an operator to one number.
func number1(o op, x float64) float64 {
	switch o {
	case opMinus:
		return -x
	case opNot:
		return truth(x != 1)
	default: // opPlus
		return x
	}
}

// number2 applies an operator to two numbers; docs/protocol/policies.md §11.3.
func number2(o op, l, r float64) float64 {
	switch o {
	case opMultiply:
		return l * r
	case opDivide:
		return l / r
	case opModulo:
		return math.Mod(l, r)
	case opAdd:
		return l + r
	case opSubtract:
		return l - r
	case opEqual:
		return truth(l == r || l != l && r != r)
	case opNotEqual:
		return truth(l != r && (l == l || r == r))
	case opGreater:
		return greater(l, r)
	case opGreaterEqual:
		return truth(r != r || l >= r)
	case opLess:
		return less(l, r)
	case opLessEqual:
		return truth(r != r || l <= r)
	case opAnd:
		return truth(holds(l) && holds(r))
	case opOr:
		return truth(holds(l) || holds(r))
	default: // opLike: numbers match nothing
		return 0
	}
}

// greater is ">": NaN on the left is never greater, anything else is greater
// than NaN.
func greater(l, r float64) float64 { return truth(l == l && (r != r || l > r)) }

// less is "<", with the same rules for NaN.
func less(l, r float64) float64 { return truth(l == l && (r != r || l < r)) }

// holds is the truth of AND and OR: neither 0 nor NaN.
func holds(x float64) bool { return x < 0 || x > 0 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
