package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Parse reads a policy document. Unknown members and parameters have no effect;
// a missing member that is required makes the document unusable.
//
// The error is ErrTooLarge or a *DocumentError. A parameter that cannot be read
// does not make the document unusable: it is among the Problems of its step,
// and Compile builds the pipeline so that it drops its values. Nor does a number
// of pipelines, functions or arguments that is too large: it is the policy's
// Excess.
func Parse(data []byte) (*Policy, error) {
	if len(data) > MaxDocument {
		return nil, ErrTooLarge
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	root, err := readObject("", data)
	if err != nil {
		return nil, err
	}
	p := &Policy{Enabled: true}
	if p.ID, err = root.text("id"); err != nil {
		return nil, err
	}
	if p.LastModified, err = root.integer("lastModified"); err != nil {
		return nil, err
	}
	if err := root.optional("enabled", &p.Enabled); err != nil {
		return nil, err
	}
	for name, target := range map[string]*string{"name": &p.Name, "description": &p.Description} {
		if err := root.optional(name, target); err != nil {
			return nil, err
		}
	}
	err = p.parsePipelines(root)
	if errors.Is(err, ErrTooMany) && errors.As(err, &p.Excess) {
		p.Pipelines, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Policy) parsePipelines(root object) error {
	list, err := root.list("pipelines", false, MaxPipelines)
	if err != nil {
		return err
	}
	for i := range list {
		pipeline, err := parsePipeline("/pipelines/"+strconv.Itoa(i), list[i])
		if err != nil {
			return err
		}
		p.Pipelines = append(p.Pipelines, pipeline)
	}
	return nil
}

func parsePipeline(pointer string, data json.RawMessage) (Pipeline, error) {
	o, err := readObject(pointer, data)
	if err != nil {
		return Pipeline{}, err
	}
	p := Pipeline{Attribute: DeviceLevel}
	if err := o.optional("attributeName", &p.Attribute); err != nil {
		return Pipeline{}, err
	}
	list, err := o.list("pipeline", true, MaxSteps)
	if err != nil {
		return Pipeline{}, err
	}
	for i := range list {
		step, err := parseStep(pointer+"/pipeline/"+strconv.Itoa(i), list[i])
		if err != nil {
			return Pipeline{}, err
		}
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

// object is a JSON object and where it stands.
type object struct {
	pointer string
	members map[string]json.RawMessage
}

func readObject(pointer string, data json.RawMessage) (object, error) {
	o := object{pointer: pointer}
	if err := json.Unmarshal(data, &o.members); err != nil || o.members == nil {
		fault := &DocumentError{Pointer: pointer, Err: ErrType, Detail: "an object is expected"}
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			fault.Err, fault.Detail = ErrSyntax, syntax.Error()
		}
		return object{}, fault
	}
	return o, nil
}

func (o object) at(name string) string {
	name = strings.ReplaceAll(name, "~", "~0")
	return o.pointer + "/" + strings.ReplaceAll(name, "/", "~1")
}

// has tells whether a member is there and not null.
func (o object) has(name string) bool {
	value, ok := o.members[name]
	return ok && string(value) != "null"
}

func (o object) fault(name string, err error, detail string) error {
	return &DocumentError{Pointer: o.at(name), Err: err, Detail: detail}
}

// text reads a required member that is a text with at least one character.
func (o object) text(name string) (string, error) {
	var text string
	if !o.has(name) {
		return "", o.fault(name, ErrMissing, "")
	}
	if err := json.Unmarshal(o.members[name], &text); err != nil {
		return "", o.fault(name, ErrType, "a text is expected")
	}
	if text == "" {
		return "", o.fault(name, ErrMissing, "the text is empty")
	}
	return text, nil
}

// integer reads a required member that is an integer.
func (o object) integer(name string) (int64, error) {
	if !o.has(name) {
		return 0, o.fault(name, ErrMissing, "")
	}
	n, ok := readInteger(o.members[name])
	if !ok {
		return 0, o.fault(name, ErrType, "an integer is expected")
	}
	return n, nil
}

// optional reads a member into target; one that is absent or null leaves the
// target as it is.
func (o object) optional(name string, target any) error {
	if !o.has(name) {
		return nil
	}
	if err := json.Unmarshal(o.members[name], target); err != nil {
		return o.fault(name, ErrType, "")
	}
	return nil
}

// list reads a member that is an array.
func (o object) list(name string, required bool, most int) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if !o.has(name) && required {
		return nil, o.fault(name, ErrMissing, "")
	}
	if err := o.optional(name, &list); err != nil {
		return nil, err
	}
	if len(list) > most {
		return nil, o.fault(name, ErrTooMany, "at most "+strconv.Itoa(most)+" are allowed")
	}
	return list, nil
}

// object reads a required member that is an object.
func (o object) object(name string) (object, error) {
	if !o.has(name) {
		return object{}, o.fault(name, ErrMissing, "")
	}
	return readObject(o.at(name), o.members[name])
}

// readInteger reads a JSON number without fraction, in any notation.
func readInteger(data json.RawMessage) (int64, bool) {
	if n, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(data), 64)
	if err != nil || f != float64(int64(f)) || f >= 1<<53 || f <= -1<<53 {
		return 0, false
	}
	return int64(f), true
}
