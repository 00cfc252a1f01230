package formula

import "strings"

// Entry says where a text stands, which decides what it may be.
type Entry uint8

const (
	// Formula is the entry of computed metrics, alert fields and action
	// arguments: the whole text is one formula.
	Formula Entry = iota
	// Condition is the entry of filterCondition, alertCondition and
	// actionCondition: a formula without a conditional at its top. Text that
	// follows it is ignored, as the official client does; Check reports it.
	Condition
)

// Expr is a parsed formula. It does not change and may be shared by goroutines.
type Expr struct {
	entry   Entry
	text    string
	nodes   []node
	root    int32
	ignored int // offset of ignored text; -1 for none
}

// node is an operator or an operand; x, y and z are the indices of its operands.
// Of a name or a text, x and y are where it starts and ends in the source.
type node struct {
	op      op
	folded  bool // number holds the value of the whole node
	at      int32
	x, y, z int32
	number  float64
}

// Entry gives the entry the text was parsed for.
func (e *Expr) Entry() Entry { return e.entry }

// Source gives the text as it was parsed.
func (e *Expr) Source() string { return e.text }

// Ignored gives the offset of text after a condition, which has no effect; ok
// is false when there is none.
func (e *Expr) Ignored() (offset int, ok bool) { return max(e.ignored, 0), e.ignored >= 0 }

// Reference is one mention of an attribute in a formula.
type Reference struct {
	Offset  int // byte offset in the text
	Name    string
	Current bool // $$(name): the current value, whatever is in process
}

// References gives every mention of an attribute, in the order of the text.
func (e *Expr) References() []Reference {
	var all []Reference
	for i := range e.nodes {
		if n := &e.nodes[i]; n.op == opValue || n.op == opCurrent {
			all = append(all, Reference{Offset: int(n.at), Name: e.word(n), Current: n.op == opCurrent})
		}
	}
	return all
}

// word gives the name or text of an operand. It shares memory with the source.
func (e *Expr) word(n *node) string { return e.text[n.x:n.y] }

// String writes the formula in its canonical form: operators as = != > >= < <=
// + - * / % ! AND OR LIKE, blanks around those with two operands, texts in
// quotation marks, and only the parentheses that the grouping needs. Parsing it
// for the same entry gives an equal formula. Ignored text is left out.
func (e *Expr) String() string {
	var b strings.Builder
	b.Grow(len(e.text) + 8)
	least := precedenceTernary
	if e.entry == Condition {
		least = precedenceOr
	}
	e.write(&b, e.root, least)
	return b.String()
}

// write appends a node, in parentheses when it binds looser than least.
func (e *Expr) write(b *strings.Builder, at int32, least int) {
	n := &e.nodes[at]
	switch {
	case n.op == opTernary:
		e.writeGrouped(b, n, precedenceTernary, least)
	case n.op.precedence() > 0:
		e.writeGrouped(b, n, n.op.precedence(), least)
	case n.op == opUpper || n.op == opLower:
		b.WriteString(spellings[n.op])
		b.WriteByte('(')
		e.write(b, n.x, precedenceOr)
		b.WriteByte(')')
	case n.op.unary():
		b.WriteString(spellings[n.op])
		e.write(b, n.x, precedenceUnary)
	default:
		e.writeOperand(b, n)
	}
}

func (e *Expr) writeGrouped(b *strings.Builder, n *node, own, least int) {
	if own < least {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	if n.op == opTernary {
		e.write(b, n.x, precedenceOr)
		b.WriteString(" ? ")
		e.write(b, n.y, precedenceTernary)
		b.WriteString(" : ")
		e.write(b, n.z, precedenceTernary)
		return
	}
	e.write(b, n.x, own)
	b.WriteByte(' ')
	b.WriteString(spellings[n.op])
	b.WriteByte(' ')
	e.write(b, n.y, own+1)
}

func (e *Expr) writeOperand(b *strings.Builder, n *node) {
	switch n.op {
	case opNumber:
		b.Write(appendNumber(make([]byte, 0, 24), n.number))
	case opText:
		b.WriteByte('"')
		b.WriteString(e.word(n))
		b.WriteByte('"')
	case opValue:
		b.WriteString("$(")
		b.WriteString(e.word(n))
		b.WriteByte(')')
	case opCurrent:
		b.WriteString("$$(")
		b.WriteString(e.word(n))
		b.WriteByte(')')
	}
}
