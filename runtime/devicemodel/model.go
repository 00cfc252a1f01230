package devicemodel

// Model is one device model. Attributes, actions, formats and fields stand in document order, which is not stable between servers;
// only the order of an action's arguments means something.
type Model struct {
	URN         string // identity; case sensitive, compared byte for byte; never empty in a loaded model
	Name        string // display name; any Unicode, not unique
	Description string // free text, may be empty
	System      bool   // a model of the service itself
	Draft       bool   // an empty placeholder that the server made during an activation (docs/protocol/device-models.md §8)
	Attributes  []Attribute
	Actions     []Action
	Formats     []Format
}

// AttributesURN is the URN of the implicit DATA format that carries attribute values: the model's URN plus ":attributes"
// (docs/protocol/device-models.md §4).
func (m *Model) AttributesURN() string { return m.URN + attributesSuffix }

const attributesSuffix = ":attributes"

// Range holds the bounds of a NUMBER or INTEGER value. Both ends are finite and belong to the range, Low is never above High, and
// values are compared as doubles. An INTEGER may have fractional ends; at least one integer lies between them.
type Range struct{ Low, High float64 }

// Contains tells whether v lies between the bounds or on one of them. NaN lies in no range.
func (r Range) Contains(v float64) bool { return r.Low <= v && v <= r.High }

// Default is the value that stands in until there is a first one. The field that belongs to the type is set, the others are zero.
type Default struct {
	Integer int64   // INTEGER: within 32 bits; DATETIME: ms since the epoch, within ±(2^53-1)
	Number  float64 // NUMBER: finite
	Text    string  // STRING, and URI (never empty for URI)
	Boolean bool    // BOOLEAN
}

// Attribute is one value that a device reports.
type Attribute struct {
	Name        string // the key in messages, a segment in request URLs
	Alias       string // second name accepted on input, never sent; "" when absent or equal to the name
	Description string
	Type        Type
	Range       *Range   // nil: every value of the type; only NUMBER and INTEGER have one
	Default     *Default // nil: no value until the first one is set
	Writable    bool     // the cloud side may set the attribute; the device always may
}

// Action is something that a device does when the cloud side asks for it.
type Action struct {
	Name        string // a segment in request URLs
	Alias       string // second name accepted in request URLs; "" when absent or equal to the name
	Description string
	Arguments   []Argument // in document order: none, one or several
	Named       bool       // the newer form ("arguments"); false with one argument: the older form ("argType"), its Name is "value"
}

// ArgumentName is the name of the one argument of an action in the older form: the key of its value in request bodies.
const ArgumentName = "value"

// Argument is one argument of an action.
type Argument struct {
	Name        string
	Description string
	Type        Type
	Range       *Range   // nil: every value of the type
	Default     *Default // applied when the caller leaves the argument out; nil: the argument is required
}

// Format describes a message of custom data or an alert.
type Format struct {
	URN         string // identity; often, but not always, the model's URN plus a suffix: never derive one from the other
	Name        string // display name
	Description string // for an alert this text travels in every message
	Type        FormatType
	Fields      []Field // may be empty: a bare alert
}

// Field is one value of a [Format].
type Field struct {
	Name        string
	Description string
	Type        Type
	Optional    bool     // false: the message cannot be sent without it
	Default     *Default // possible, but used by no client (docs/protocol/device-models.md §4)
}
