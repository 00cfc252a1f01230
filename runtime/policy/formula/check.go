package formula

// Problem is a finding of Check. It is an error whose chain holds Err.
type Problem struct {
	// Offset is a byte offset in the text.
	Offset int
	// Warning tells that the formula can be evaluated all the same.
	Warning bool
	// Err is an *AttributeError, an *EvalError with ErrOperand or
	// ErrNeverEqual, or ErrIgnored.
	Err error
}

func (p Problem) Error() string { return p.Err.Error() }

// Unwrap gives Err.
func (p Problem) Unwrap() error { return p.Err }

// Check looks at a formula with the attributes of a device model: are all names
// known, and does no operator get a text where it needs a number, or a number
// where it needs a text. It assumes that text attributes have a value. Problems
// come in the order of evaluation.
//
// result is the kind of the result, KindNone when it is not the same in every
// case. A nil function stands for a device model without attributes.
func Check(e *Expr, types Types) (result Kind, problems []Problem) {
	c := checker{expr: e, types: types}
	result = c.kind(e.root)
	if e.entry == Condition && result == KindText {
		c.report(e.nodes[e.root].at, false, &EvalError{Offset: int(e.nodes[e.root].at), Err: ErrOperand})
	}
	if e.ignored >= 0 {
		c.report(int32(e.ignored), true, ErrIgnored)
	}
	return result, c.problems
}

type checker struct {
	expr     *Expr
	types    Types
	problems []Problem
}

// kind gives the kind of a node's value, KindNone when it is unknown.
func (c *checker) kind(at int32) Kind {
	n := &c.expr.nodes[at]
	switch n.op {
	case opNumber:
		return KindNumber
	case opText:
		return KindText
	case opValue, opCurrent:
		return c.attribute(n)
	case opTernary:
		c.need(n, KindNumber, c.kind(n.x))
		yes, no := c.kind(n.y), c.kind(n.z)
		if yes != no {
			return KindNone
		}
		return yes
	case opUpper, opLower:
		c.need(n, KindText, c.kind(n.x))
		return KindText
	case opPlus, opMinus, opNot:
		c.need(n, KindNumber, c.kind(n.x))
		return KindNumber
	}
	return c.binary(n)
}

func (c *checker) attribute(n *node) Kind {
	name, kind := c.expr.word(n), KindNone
	if c.types != nil {
		kind = c.types(name)
	}
	if kind == KindNumber || kind == KindText {
		return kind
	}
	c.report(n.at, false, &AttributeError{Offset: int(n.at), Name: name})
	return KindNone
}

func (c *checker) binary(n *node) Kind {
	left, right := c.kind(n.x), c.kind(n.y)
	known := left != KindNone && right != KindNone
	switch n.op {
	case opAdd:
		if known && left != right {
			c.fault(n, false, ErrOperand)
			return KindNone
		}
		return max(left, right) // of one that is unknown and one that is not, the latter
	case opEqual, opNotEqual:
		if known && left != right {
			c.fault(n, true, ErrNeverEqual)
		}
	case opLike:
		if left == KindNumber || right == KindNumber {
			c.fault(n, true, ErrOperand)
		}
	default:
		if left == KindText || right == KindText {
			c.fault(n, false, ErrOperand)
		}
	}
	return KindNumber
}

// need reports an operator whose operand is known not to be of a kind.
func (c *checker) need(n *node, want, have Kind) {
	if have != KindNone && have != want {
		c.fault(n, false, ErrOperand)
	}
}

func (c *checker) fault(n *node, warning bool, err error) {
	c.report(n.at, warning, &EvalError{Offset: int(n.at), Operator: spellings[n.op], Err: err})
}

func (c *checker) report(at int32, warning bool, err error) {
	c.problems = append(c.problems, Problem{Offset: int(at), Warning: warning, Err: err})
}
