package formula

import (
	"math"
	"strings"
)

// Sizes of the evaluation stack. What a formula keeps on it is what waits for a
// right operand that is more than a number, a text or a reference.
const (
	smallStack = 8
	largeStack = 256
)

// Eval computes the formula. The result is a number (NaN and infinities
// included) or a text. env may be nil when the formula names no attribute.
//
// Eval allocates only where "+", UPPER or LOWER build a text, and for its error,
// an *EvalError.
func (p *Program) Eval(env Env) (Value, error) {
	switch {
	case !p.mixed:
		return NumberValue(p.evalNumbers(env)), nil
	case p.deep:
		var stack [largeStack]Value
		return p.runMixed(env, stack[:])
	default:
		var stack [smallStack]Value
		return p.runMixed(env, stack[:])
	}
}

// EvalNumber computes a formula that has to yield a number; a text is an
// *EvalError with ErrOperand.
func (p *Program) EvalNumber(env Env) (float64, error) {
	if !p.mixed {
		return p.evalNumbers(env), nil
	}
	v, err := p.Eval(env)
	if err == nil && v.kind == KindText {
		err = &EvalError{Err: ErrOperand}
	}
	return v.number, err
}

func (p *Program) evalNumbers(env Env) float64 {
	if p.deep {
		var stack [largeStack]float64
		return p.runNumbers(env, stack[:])
	}
	var stack [smallStack]float64
	return p.runNumbers(env, stack[:])
}

// runNumbers runs a program in which every value is a number. It cannot fail.
// The commonest operators stand here once more because the call to number2 costs
// as much as they do.
func (p *Program) runNumbers(env Env, stack []float64) float64 {
	var acc float64
	code, top := p.code, 0
	for pc := 0; pc < len(code); pc++ {
		in := &code[pc]
		left, right := acc, in.number
		switch in.source {
		case fromValue:
			right = env.Value(int(in.index)).Number()
		case fromCurrent:
			right = env.Current(int(in.index)).Number()
		case fromStack:
			top--
			left, right = stack[top], acc
		}
		switch in.op {
		case opPushLoad:
			stack[top] = acc
			top++
			acc = right
		case opLoad:
			acc = right
		case opAdd:
			acc = left + right
		case opSubtract:
			acc = left - right
		case opMultiply:
			acc = left * right
		case opDivide:
			acc = left / right
		case opGreater:
			acc = greater(left, right)
		case opLess:
			acc = less(left, right)
		case opPlus, opMinus, opNot:
			acc = number1(in.op, acc)
		case opJump:
			pc = int(in.index) - 1
		case opJumpUnless:
			if acc != 1 {
				pc = int(in.index) - 1
			}
		default:
			acc = number2(in.op, left, right)
		}
	}
	return acc
}

// runMixed runs a program in which texts may occur.
func (p *Program) runMixed(env Env, stack []Value) (Value, error) {
	var acc Value
	top := 0
	for pc := 0; pc < len(p.code); pc++ {
		in := &p.code[pc]
		var err error
		switch {
		case in.op == opLoad:
			acc = p.load(env, in)
		case in.op == opPushLoad:
			stack[top] = acc
			top++
			acc = p.load(env, in)
		case in.op == opJump:
			pc = int(in.index) - 1
		case in.op == opJumpUnless:
			if acc.kind == KindText {
				err = ErrOperand
			} else if acc.number != 1 {
				pc = int(in.index) - 1
			}
		case in.op.unary():
			acc, err = value1(in.op, acc)
		case in.source == fromStack:
			top--
			acc, err = value2(in.op, stack[top], acc)
		default:
			acc, err = value2(in.op, acc, p.load(env, in))
		}
		if err != nil {
			return Value{}, &EvalError{Offset: int(p.at[pc]), Operator: spellings[in.op], Err: err}
		}
	}
	return acc, nil
}

// load gives the operand of an instruction; no value becomes NaN.
func (p *Program) load(env Env, in *instruction) Value {
	var v Value
	switch in.source {
	case fromNumber:
		return NumberValue(in.number)
	case fromText:
		return TextValue(p.texts[in.index])
	case fromValue:
		v = env.Value(int(in.index))
	case fromCurrent:
		v = env.Current(int(in.index))
	}
	if v.kind == KindNone {
		return NumberValue(math.NaN())
	}
	return v
}

// value1 applies an operator to one value.
func value1(o op, x Value) (Value, error) {
	if o != opUpper && o != opLower {
		if x.kind == KindText {
			return Value{}, ErrOperand
		}
		return NumberValue(number1(o, x.number)), nil
	}
	if x.kind != KindText {
		return Value{}, ErrOperand
	}
	if len(x.text) > MaxText {
		return Value{}, ErrTextTooLong
	}
	if o == opUpper {
		return boundedText(strings.ToUpper(x.text))
	}
	return boundedText(strings.ToLower(x.text))
}

// value2 applies an operator to two values.
func value2(o op, l, r Value) (Value, error) {
	if l.kind == KindNumber && r.kind == KindNumber {
		return NumberValue(number2(o, l.number, r.number)), nil
	}
	texts := l.kind == KindText && r.kind == KindText
	switch {
	case o == opEqual:
		return BooleanValue(texts && l.text == r.text), nil
	case o == opNotEqual:
		return BooleanValue(!texts || l.text != r.text), nil
	case o == opLike:
		if !texts {
			return NumberValue(0), nil
		}
		matches, err := like(l.text, r.text)
		return BooleanValue(matches), err
	case o == opAdd && texts:
		if len(l.text)+len(r.text) > MaxText {
			return Value{}, ErrTextTooLong
		}
		return TextValue(l.text + r.text), nil
	}
	return Value{}, ErrOperand
}

// boundedText makes a value of a text that was built. Changing the case may
// lengthen a text: some letters have more bytes in one case than in the other.
func boundedText(s string) (Value, error) {
	if len(s) > MaxText {
		return Value{}, ErrTextTooLong
	}
	return TextValue(s), nil
}
