package wire

// ScalarKind is the JSON type of a Scalar.
type ScalarKind uint8

// The JSON types; arrays and objects are told together.
const (
	ScalarNull ScalarKind = iota
	ScalarBoolean
	ScalarNumber
	ScalarString
	ScalarComposite
)

// String gives the name of the JSON type, such as "number".
func (k ScalarKind) String() string {
	switch k {
	case ScalarNull:
		return "null"
	case ScalarBoolean:
		return "boolean"
	case ScalarNumber:
		return "number"
	case ScalarString:
		return "string"
	case ScalarComposite:
		return "array or object"
	}
	return number("ScalarKind", uint8(k))
}

// Scalar is one value of a flat JSON object. The zero value is null.
type Scalar struct {
	Kind    ScalarKind
	Number  float64 // ScalarNumber
	Text    string  // ScalarString: the characters; ScalarNumber, ScalarComposite: the JSON text
	Boolean bool    // ScalarBoolean
}

// Member is one member of a flat JSON object.
type Member struct {
	Name  string
	Value Scalar
}

// DecodeObject reads a flat JSON object such as the body of a request,
// {"value":1} (docs/protocol/messages.md §8), and appends its members in their
// order to dst. Arrays and objects among the values are checked to be JSON and
// given as text. An empty name is a name like any other.
//
// The error is a *DecodeError: text that is no JSON, no object or no UTF-8, a
// name given twice, a number beyond float64, nesting beyond 64 levels. dst comes
// back unchanged then. Texts share one copy of data.
func DecodeObject(data []byte, dst []Member) ([]Member, error) {
	d := decoder{scanner: scanner{text: string(data)}}
	members := d.flat(dst)
	d.finish()
	if err := d.failure(&Message{}); err != nil {
		return dst, err
	}
	return members, nil
}

func (d *decoder) flat(dst []Member) []Member {
	if _, ok := d.begin(CodeOther); !ok {
		return dst
	}
	var names nameSet
	for t, ok := d.member(true); ok; t, ok = d.member(false) {
		name := d.name(t)
		if !names.add(name) {
			d.report(t.start-1, CodeSyntax, ErrDuplicate, name)
		}
		dst = append(dst, Member{Name: name, Value: d.flatValue()})
	}
	return dst
}

func (d *decoder) flatValue() Scalar {
	at := d.pos
	value, ok := d.scalar(CodeOther)
	if !ok {
		return Scalar{Kind: ScalarComposite, Text: d.text[at:d.pos]}
	}
	switch value.Kind() {
	case KindBoolean:
		return Scalar{Kind: ScalarBoolean, Boolean: value.Boolean()}
	case KindString:
		return Scalar{Kind: ScalarString, Text: value.Text()}
	case KindInteger, KindNumber:
		n, _ := value.AsNumber()
		return Scalar{Kind: ScalarNumber, Number: n, Text: d.text[at:d.pos]}
	}
	return Scalar{}
}
