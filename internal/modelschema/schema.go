package modelschema

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

//go:embed device-model.schema.json
var text []byte

// ID is the identifier of the schema.
const ID = "urn:iotcs-go:schema:device-model:1"

// Text gives the schema itself. The caller owns the slice.
func Text() []byte { return bytes.Clone(text) }

// schema is the compiled schema beside its plain form, in which the words for a violation are looked up.
type schema struct {
	compiled *jsonschema.Schema
	plain    any
}

// load compiles the schema once, when it is first needed: that takes some milliseconds.
var load = sync.OnceValues(func() (*schema, error) {
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	if err := c.AddResource(ID, bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("device model schema: %w", err)
	}
	compiled, err := c.Compile(ID)
	if err != nil {
		return nil, fmt.Errorf("device model schema: %w", err)
	}
	plain, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("device model schema: %w", err)
	}
	return &schema{compiled, plain}, nil
})

// Violation is one place where a text does not conform to the schema.
type Violation struct {
	Pointer string // RFC 6901 pointer of the value; of the object, when a member is missing
	Text    string // what is wrong, lower case, without a full stop
}

// Validate gives all violations of one device model, in the order of their pointers; none when it conforms. A text that is not JSON has one
// violation, of the whole. A byte order mark is skipped.
//
// Violations are those of single members, without the chain of conditions that led to them, and each mistake is told once. Validate may be
// called by several goroutines at once. Its time grows with the length of data, which the caller limits.
func Validate(data []byte) []Violation {
	s, err := load()
	if err != nil {
		return []Violation{{Text: err.Error()}} // a mistake in the embedded file, which the tests exclude
	}
	instance, err := decode(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if err != nil {
		return []Violation{{Text: "not a JSON text: " + err.Error()}}
	}
	instance = boundNumbers(instance)
	err = s.compiled.Validate(instance)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []Violation{{Text: err.Error()}}
	}
	return s.explain(invalid, instance)
}

func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if end := d.InputOffset(); len(bytes.TrimLeft(data[end:], " \t\r\n")) > 0 {
		return nil, fmt.Errorf("more text follows after byte %d", end)
	}
	return v, nil
}
