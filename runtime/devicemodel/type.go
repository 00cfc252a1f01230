package devicemodel

// Type is the type of a value: of an attribute, an argument or a field (docs/protocol/device-models.md §2.1).
// The zero Type is none of them.
type Type uint8

// The value types of the platform.
const (
	String   Type = iota + 1 // UTF-8 text
	Number                   // IEEE double, finite
	Integer                  // integral number of 32 bits: -2147483648 to 2147483647
	Boolean                  // true or false
	DateTime                 // milliseconds since 1970-01-01T00:00:00Z, within ±(2^53-1)
	URI                      // text that names an external object or a storage object
)

var typeNames = [...]string{String: "STRING", Number: "NUMBER", Integer: "INTEGER", Boolean: "BOOLEAN", DateTime: "DATETIME", URI: "URI"}

// String gives the text that stands in a model, such as "STRING", and "Type(0)" style text for a value that is no type.
func (t Type) String() string {
	if t.valid() {
		return typeNames[t]
	}
	return unknownName("Type", uint8(t))
}

// Numeric tells whether values of the type may have a range: NUMBER and INTEGER only.
func (t Type) Numeric() bool { return t == Number || t == Integer }

func (t Type) valid() bool { return t >= String && t <= URI }

// ParseType finds the type with the given model text. Only the exact upper-case text is a type: "STRING", never "string".
func ParseType(text string) (Type, bool) {
	for t := String; t <= URI; t++ {
		if typeNames[t] == text {
			return t, true
		}
	}
	return 0, false
}

// FormatType says which kind of message a [Format] describes. The zero FormatType is neither.
type FormatType uint8

// The kinds of formats (docs/protocol/device-models.md §4).
const (
	Data  FormatType = iota + 1 // custom data
	Alert                       // alert; the severity is chosen per message, it is no part of the model
)

var formatTypeNames = [...]string{Data: "DATA", Alert: "ALERT"}

// String gives the text that stands in a model: "DATA" or "ALERT".
func (t FormatType) String() string {
	if t == Data || t == Alert {
		return formatTypeNames[t]
	}
	return unknownName("FormatType", uint8(t))
}

// ParseFormatType finds the format type with the given model text, upper case only.
func ParseFormatType(text string) (FormatType, bool) {
	switch text {
	case formatTypeNames[Data]:
		return Data, true
	case formatTypeNames[Alert]:
		return Alert, true
	}
	return 0, false
}
