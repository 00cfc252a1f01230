package plan

import (
	"iter"

	"github.com/iotcs-go/iotcs/gen/lock"
)

// Plan is what is to be generated into one output folder. It holds no pointers into the models it was made from.
type Plan struct {
	Packages []Package `json:"packages"` // by URN
}

// Package is the package of one model. Texts called Doc and Note are whole sentences on one line, free of control characters, of whatever
// length; the same texts under other names are as the model has them.
type Package struct {
	URN         string `json:"urn"`
	Name        string `json:"name"`     // package name, also the name of its folder
	Type        string `json:"type"`     // main type
	Note        string `json:"note"`     // why Type is not the plain name
	Receiver    string `json:"receiver"` // of the methods of Type
	DisplayName string `json:"displayName"`
	Label       string `json:"label"` // the display name, safe in a comment, without quotes
	Doc         string `json:"doc"`
	Fingerprint string `json:"fingerprint"`

	Attributes []Attribute `json:"attributes"` // by wire name; an attribute's index is its place here
	Actions    []Action    `json:"actions"`    // by wire name, likewise
	Formats    []Format    `json:"formats"`    // alerts and custom data, by URN, likewise

	Files []string    `json:"files"` // names of the files, without folder, sorted
	Facts []lock.Fact `json:"facts"` // what the lock has to record: all names of the package and its files
}

// Attribute is one attribute.
type Attribute struct {
	Name     string   `json:"name"`  // Go name: X of SetX
	Const    string   `json:"const"` // constant that holds its index
	Wire     string   `json:"wire"`
	Alias    string   `json:"alias,omitempty"`
	Label    string   `json:"label"` // the wire name, safe in a comment
	Doc      string   `json:"doc,omitempty"`
	Note     string   `json:"note,omitempty"` // why Name is not the plain name
	Type     Type     `json:"type"`
	Range    *Range   `json:"range,omitempty"`
	Default  *Default `json:"default,omitempty"`
	Writable bool     `json:"writable"`
}

// Action is one action.
type Action struct {
	Name      string     `json:"name"`               // method of the interface Actions
	Const     string     `json:"const"`              // constant that holds its index
	ArgsType  string     `json:"argsType,omitempty"` // struct of two and more arguments
	Wire      string     `json:"wire"`
	Alias     string     `json:"alias,omitempty"`
	Label     string     `json:"label"`
	Doc       string     `json:"doc,omitempty"`
	Note      string     `json:"note,omitempty"`
	Named     bool       `json:"named"`     // arguments have names on the wire
	Arguments []Argument `json:"arguments"` // in document order
}

// Argument is one argument of an action.
type Argument struct {
	Name    string   `json:"name"`  // field of the struct
	Param   string   `json:"param"` // parameter, used when it is the only argument
	Wire    string   `json:"wire"`
	Label   string   `json:"label"`
	Doc     string   `json:"doc,omitempty"`
	Note    string   `json:"note,omitempty"`
	Type    Type     `json:"type"`
	Range   *Range   `json:"range,omitempty"`
	Default *Default `json:"default,omitempty"`
}

// Format is one alert or one kind of custom data.
type Format struct {
	Kind        Kind    `json:"kind"`
	Name        string  `json:"name"`                 // TooHot of TooHotAlert
	Type        string  `json:"type"`                 // TooHotAlert
	FieldsType  string  `json:"fieldsType,omitempty"` // TooHotFields, of data TooHotDataFields: where the required fields are no parameters
	Const       string  `json:"const"`                // constant that holds its index
	URN         string  `json:"urn"`
	Label       string  `json:"label"` // the display name, safe in a comment, without quotes
	Description string  `json:"description,omitempty"`
	Doc         string  `json:"doc,omitempty"`
	Note        string  `json:"note,omitempty"`
	Fields      []Field `json:"fields"` // by wire name; a field's index is its place here
}

// Field is one field of a format.
type Field struct {
	Name     string `json:"name"`            // method of the builder, or field of the struct
	Param    string `json:"param,omitempty"` // parameter, where required fields are parameters
	Wire     string `json:"wire"`
	Label    string `json:"label"`
	Doc      string `json:"doc,omitempty"`
	Note     string `json:"note,omitempty"`
	Type     Type   `json:"type"`
	Optional bool   `json:"optional"`
}

// Range holds the bounds of a NUMBER or INTEGER.
type Range struct {
	Low  float64 `json:"low"` // as the model has them
	High float64 `json:"high"`
	Min  string  `json:"min"` // Go literals: of INTEGER the integers inside the bounds
	Max  string  `json:"max"`
	Doc  string  `json:"doc"` // "0 to 100"
}

// Default is a default value.
type Default struct {
	Literal string `json:"literal"` // Go literal of the model's value: of DATETIME milliseconds, of STRING and URI a quoted text
	Zero    bool   `json:"zero"`    // the literal is the zero of its type
	Doc     string `json:"doc"`     // as a reader understands it, cut when it is long
}

// Kind tells alerts from custom data.
type Kind string

// The kinds of formats.
const (
	Alert Kind = "alert"
	Data  Kind = "data"
)

// suffix is what type names end with.
func (k Kind) suffix() string {
	if k == Alert {
		return "Alert"
	}
	return "Data"
}

// OfKind yields the formats of one kind with their indexes.
func (p *Package) OfKind(k Kind) iter.Seq2[int, *Format] {
	return func(yield func(int, *Format) bool) {
		for i := range p.Formats {
			if p.Formats[i].Kind == k && !yield(i, &p.Formats[i]) {
				return
			}
		}
	}
}

// Has tells whether the package has a format of the kind.
func (p *Package) Has(k Kind) bool {
	for range p.OfKind(k) {
		return true
	}
	return false
}

// Writable tells whether the cloud may write any attribute.
func (p *Package) Writable() bool {
	for i := range p.Attributes {
		if p.Attributes[i].Writable {
			return true
		}
	}
	return false
}

// Required yields the fields that a message must have, with their indexes.
func (f *Format) Required() iter.Seq2[int, *Field] { return f.optional(false) }

// Optional yields the other fields.
func (f *Format) Optional() iter.Seq2[int, *Field] { return f.optional(true) }

func (f *Format) optional(want bool) iter.Seq2[int, *Field] {
	return func(yield func(int, *Field) bool) {
		for i := range f.Fields {
			if f.Fields[i].Optional == want && !yield(i, &f.Fields[i]) {
				return
			}
		}
	}
}
