package formula

import "strconv"

// Parse parses a text for one of the two entries. It does not know attributes:
// names are looked at by Check and Expr.Compile.
//
// The error is a *SyntaxError, or wraps ErrTooLong, ErrTooDeep or ErrTooLarge.
func Parse(entry Entry, text string) (*Expr, error) {
	if len(text) > MaxSource {
		return nil, ErrTooLong
	}
	p := parser{
		lexer: lexer{text: text},
		nodes: make([]node, 0, min(len(text)/3+2, MaxNodes)),
	}
	p.advance()
	root, ignored, err := p.entry(entry)
	if err != nil {
		return nil, err
	}
	return &Expr{entry: entry, text: text, nodes: p.nodes, root: root, ignored: ignored}, nil
}

// parser is a recursive descent over the grammar of docs/protocol/policies.md
// §11.2 ("Go"), with one token of look-ahead.
type parser struct {
	lexer lexer
	token token
	nodes []node
	depth int
}

func (p *parser) advance() { p.token = p.lexer.next() }

func (p *parser) entry(entry Entry) (root int32, ignored int, err error) {
	if entry == Condition {
		root, err = p.binary(precedenceOr)
	} else {
		root, err = p.formula()
	}
	switch {
	case err != nil:
		return 0, 0, err
	case p.token.kind == tokenEnd:
		return root, -1, nil
	case p.token.kind == tokenIllegal || entry != Condition:
		return 0, 0, p.unexpected("an operator or the end of the formula")
	}
	return root, p.token.start, nil
}

// formula parses an expression with an optional conditional.
func (p *parser) formula() (int32, error) {
	condition, err := p.binary(precedenceOr)
	if err != nil || p.token.kind != tokenQuestion {
		return condition, err
	}
	at := p.token.start
	yes, err := p.nested(p.formula)
	if err != nil {
		return 0, err
	}
	if p.token.kind != tokenColon {
		return 0, p.unexpected(`an operator or ":"`)
	}
	no, err := p.nested(p.formula)
	if err != nil {
		return 0, err
	}
	return p.add(node{op: opTernary, at: int32(at), x: condition, y: yes, z: no})
}

// nested skips the token at hand and parses one level deeper.
func (p *parser) nested(parse func() (int32, error)) (int32, error) {
	if p.depth++; p.depth > MaxDepth {
		return 0, ErrTooDeep
	}
	p.advance()
	n, err := parse()
	p.depth--
	return n, err
}

// binary parses operators with two operands that bind at least as tight as
// least. Operators of one precedence group from left to right.
func (p *parser) binary(least int) (int32, error) {
	left, err := p.unary()
	for err == nil && p.token.kind == tokenOperator {
		o, at := p.token.op, p.token.start
		precedence := o.precedence()
		if precedence < least || precedence == 0 {
			break
		}
		p.advance()
		var right int32
		if right, err = p.binary(precedence + 1); err == nil {
			left, err = p.addBinary(o, at, left, right)
		}
	}
	return left, err
}

func (p *parser) unary() (int32, error) {
	if p.token.kind != tokenOperator {
		return p.primary()
	}
	sign, at := opNone, p.token.start
	switch p.token.op {
	case opAdd:
		sign = opPlus
	case opSubtract:
		sign = opMinus
	case opNot:
		sign = opNot
	default:
		return 0, p.unexpected("an operand")
	}
	operand, err := p.nested(p.unary)
	if err != nil {
		return 0, err
	}
	return p.addUnary(sign, at, operand)
}

func (p *parser) primary() (int32, error) {
	t := p.token
	n := node{at: int32(t.start), x: int32(t.textStart), y: int32(t.textEnd)}
	switch t.kind {
	case tokenOpen:
		return p.group(p.formula)
	case tokenCall:
		return p.call()
	case tokenNumber:
		n.op, n.number, n.folded = opNumber, t.number, true
	case tokenText:
		n.op = opText
	case tokenReference:
		n.op = t.op
	default:
		return 0, p.unexpected("an operand")
	}
	p.advance()
	return p.add(n)
}

// group parses what an opening parenthesis holds, and its closing one.
func (p *parser) group(parse func() (int32, error)) (int32, error) {
	n, err := p.nested(parse)
	if err != nil {
		return 0, err
	}
	if p.token.kind != tokenClose {
		return 0, p.unexpected(`an operator or ")"`)
	}
	p.advance()
	return n, nil
}

func (p *parser) call() (int32, error) {
	t := p.token
	var o op
	switch name := p.lexer.text[t.textStart:t.textEnd]; {
	case foldEqual(name, "upper"):
		o = opUpper
	case foldEqual(name, "lower"):
		o = opLower
	default:
		return 0, p.unexpected("the function UPPER or LOWER")
	}
	argument, err := p.group(func() (int32, error) { return p.binary(precedenceOr) })
	if err != nil {
		return 0, err
	}
	return p.addUnary(o, t.start, argument)
}

func (p *parser) unexpected(expected string) error {
	if p.token.kind == tokenIllegal {
		return p.lexer.fault
	}
	return &SyntaxError{
		Offset:   p.token.start,
		Expected: expected,
		Found:    p.lexer.quote(p.token.start, p.token.end),
	}
}

func (p *parser) add(n node) (int32, error) {
	if len(p.nodes) == MaxNodes {
		return 0, ErrTooLarge
	}
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1), nil
}

func (p *parser) addUnary(o op, at int, operand int32) (int32, error) {
	n := node{op: o, at: int32(at), x: operand}
	if x := &p.nodes[operand]; x.folded && o != opUpper && o != opLower {
		n.number, n.folded = number1(o, x.number), true
	}
	return p.add(n)
}

func (p *parser) addBinary(o op, at int, left, right int32) (int32, error) {
	n := node{op: o, at: int32(at), x: left, y: right}
	if l, r := &p.nodes[left], &p.nodes[right]; l.folded && r.folded {
		n.number, n.folded = number2(o, l.number, r.number), true
	}
	return p.add(n)
}

// appendNumber writes a number that is not negative the way the lexer reads it:
// without exponent, with the fewest digits that give the same double.
func appendNumber(dst []byte, f float64) []byte {
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
