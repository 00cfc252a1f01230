package formula

// Types tells the kind of an attribute: KindNumber or KindText. Any other kind
// means that the device model has no attribute of this name.
type Types func(name string) Kind

// Slots tells the slot of an attribute, by which Env is asked for its value,
// and its kind. Any kind but KindNumber and KindText means that the device model
// has no attribute of this name.
type Slots func(name string) (slot int, kind Kind)

// Env gives the values of attributes to an evaluation. Slots are those of the
// Slots function the program was compiled with.
//
// A value of KindNone stands for no value. A numeric attribute must not give a
// text: a program that is all numbers takes it for no value.
type Env interface {
	// Value gives the in-process value of an attribute if it has one (0, false
	// and the empty text count), and its current value otherwise. This is $(x).
	Value(slot int) Value
	// Current gives the value last stored, else the default value of the device
	// model, else the zero Value. This is $$(x).
	Current(slot int) Value
}

// Values is an Env over two slices, indexed by slot. The zero Value, and a slot
// beyond the end, stand for no value.
type Values struct {
	InProcess, Stored []Value
}

// Value implements Env.
func (v *Values) Value(slot int) Value {
	if slot < len(v.InProcess) && v.InProcess[slot].kind != KindNone {
		return v.InProcess[slot]
	}
	return v.Current(slot)
}

// Current implements Env.
func (v *Values) Current(slot int) Value {
	if slot < len(v.Stored) {
		return v.Stored[slot]
	}
	return Value{}
}

// Program is a compiled formula. It does not change: goroutines may evaluate it
// at the same time.
type Program struct {
	expr  *Expr
	code  []instruction
	at    []int32 // source offset of each instruction, for errors
	texts []string
	mixed bool // texts may occur
	deep  bool // needs the large stack
}

// instruction works on an accumulator. An operator with two operands takes its
// right one from source; with source fromStack it takes the left one from the
// stack and the right one from the accumulator.
type instruction struct {
	op     op
	source source
	index  int32 // slot, index of a text, or target of a jump
	number float64
}

type source uint8

const (
	fromNowhere source = iota
	fromNumber
	fromText
	fromValue
	fromCurrent
	fromStack
)

// Compile parses and compiles a text; see Parse and Expr.Compile.
func Compile(entry Entry, text string, slots Slots) (*Program, error) {
	e, err := Parse(entry, text)
	if err != nil {
		return nil, err
	}
	return e.Compile(slots)
}

// Expr gives the formula the program was compiled from.
func (p *Program) Expr() *Expr { return p.expr }

// String gives the canonical text of the formula; see Expr.String.
func (p *Program) String() string { return p.expr.String() }

// Compile makes the program of a formula. A nil function stands for a device
// model without attributes. The error is an *AttributeError for the first
// unknown attribute, or wraps ErrTooDeep.
func (e *Expr) Compile(slots Slots) (*Program, error) {
	c := compiler{
		expr:  e,
		slots: slots,
		program: &Program{
			expr: e,
			code: make([]instruction, 0, len(e.nodes)),
			at:   make([]int32, 0, len(e.nodes)),
		},
	}
	if err := c.compile(e.root, opLoad); err != nil {
		return nil, err
	}
	c.program.deep = c.deepest > smallStack
	return c.program, nil
}

// compiler turns nodes into instructions. depth counts the values that are on
// the stack at the point it has reached.
type compiler struct {
	expr           *Expr
	slots          Slots
	program        *Program
	depth, deepest int
}

// compile emits the code that leaves the value of a node in the accumulator.
// Its first instruction is always a load; load says which: opPushLoad keeps what
// the accumulator held before.
func (c *compiler) compile(at int32, load op) error {
	n := &c.expr.nodes[at]
	switch {
	case n.folded || n.op <= opCurrent:
		return c.operand(n, load)
	case n.op.unary():
		if err := c.compile(n.x, load); err != nil {
			return err
		}
		c.emit(n.at, instruction{op: n.op})
		c.program.mixed = c.program.mixed || n.op == opUpper || n.op == opLower
		return nil
	case n.op == opTernary:
		return c.ternary(n, load)
	}
	if err := c.compile(n.x, load); err != nil {
		return err
	}
	if right := &c.expr.nodes[n.y]; right.folded || right.op <= opCurrent {
		return c.operandOf(n, right)
	}
	if err := c.compile(n.y, opPushLoad); err != nil {
		return err
	}
	c.depth--
	c.emit(n.at, instruction{op: n.op, source: fromStack})
	return nil
}

func (c *compiler) operand(n *node, load op) error {
	if load == opPushLoad {
		c.depth++
		if c.depth > largeStack {
			return ErrTooDeep
		}
		c.deepest = max(c.deepest, c.depth)
	}
	in, err := c.source(n)
	in.op = load
	c.emit(n.at, in)
	return err
}

// operandOf emits an operator whose right operand needs no code of its own.
func (c *compiler) operandOf(n, right *node) error {
	in, err := c.source(right)
	in.op = n.op
	c.emit(n.at, in)
	return err
}

func (c *compiler) source(n *node) (instruction, error) {
	switch {
	case n.folded:
		return instruction{source: fromNumber, number: n.number}, nil
	case n.op == opText:
		c.program.mixed = true
		c.program.texts = append(c.program.texts, c.expr.word(n))
		return instruction{source: fromText, index: int32(len(c.program.texts) - 1)}, nil
	}
	name := c.expr.word(n)
	slot, kind := 0, KindNone
	if c.slots != nil {
		slot, kind = c.slots(name)
	}
	if kind != KindNumber && kind != KindText {
		return instruction{}, &AttributeError{Offset: int(n.at), Name: name}
	}
	c.program.mixed = c.program.mixed || kind == KindText
	in := instruction{source: fromValue, index: int32(slot)}
	if n.op == opCurrent {
		in.source = fromCurrent
	}
	return in, nil
}

func (c *compiler) ternary(n *node, load op) error {
	if err := c.compile(n.x, load); err != nil {
		return err
	}
	unless := c.emit(n.at, instruction{op: opJumpUnless})
	if err := c.compile(n.y, opLoad); err != nil {
		return err
	}
	end := c.emit(n.at, instruction{op: opJump})
	c.program.code[unless].index = int32(len(c.program.code))
	if err := c.compile(n.z, opLoad); err != nil {
		return err
	}
	c.program.code[end].index = int32(len(c.program.code))
	return nil
}

func (c *compiler) emit(at int32, in instruction) int {
	c.program.code = append(c.program.code, in)
	c.program.at = append(c.program.at, at)
	return len(c.program.code) - 1
}
