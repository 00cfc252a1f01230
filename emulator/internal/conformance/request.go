package conformance

import (
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Why a request to a device is refused. They are wrapped with what is wrong.
var (
	ErrUnknown  = errors.New("not in the device model")
	ErrReadOnly = errors.New("not writable")
	ErrValue    = errors.New("the value does not fit")
)

// Write checks the body of a write of one attribute, {"value": …}, and gives the body that the device is to get: the same, but for the
// ISO text of a DATETIME, which becomes milliseconds (docs/protocol/management-api.md §8).
func Write(model *registry.Model, name string, body []byte) ([]byte, error) {
	attribute, err := writable(model, name)
	if err != nil {
		return nil, err
	}
	members, err := object(body)
	if err != nil {
		return nil, err
	}
	for i := range members {
		if members[i].Name == devicemodel.ArgumentName {
			changed, err := fit(name, attribute.Type, attribute.Range, &members[i].Value)
			return encode(body, members, changed), err
		}
	}
	return nil, fmt.Errorf("%w: the body has no member \"value\"", ErrValue)
}

// Update checks the body of a write of several attributes, {"name": …, …}, as [Write] does.
func Update(model *registry.Model, body []byte) ([]byte, error) {
	members, err := object(body)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("%w: the body names no attribute", ErrValue)
	}
	changed := false
	for i := range members {
		attribute, err := writable(model, members[i].Name)
		if err != nil {
			return nil, err
		}
		converted, err := fit(members[i].Name, attribute.Type, attribute.Range, &members[i].Value)
		if err != nil {
			return nil, err
		}
		changed = changed || converted
	}
	return encode(body, members, changed), nil
}

// Call checks the body of the call of an action: anything without arguments, {"value": …} or {"<name>": …} with one, all names with
// several; arguments with a default may be left out (docs/protocol/device-models.md §3).
func Call(model *registry.Model, name string, body []byte) ([]byte, error) {
	action := model.Action(name)
	if action == nil {
		return nil, fmt.Errorf("action %.100s is %w", name, ErrUnknown)
	}
	if len(action.Arguments) == 0 {
		if len(body) == 0 || string(body) == "null" {
			return []byte("{}"), nil
		}
		return body, nil
	}
	members, err := object(body)
	if err != nil {
		return nil, err
	}
	changed := false
	given := make(map[string]bool, len(members))
	for i := range members {
		argument := findArgument(action, members[i].Name)
		if argument == nil {
			return nil, fmt.Errorf("%w: action %s has no argument %.100q", ErrValue, action.Name, members[i].Name)
		}
		converted, err := fit(members[i].Name, argument.Type, argument.Range, &members[i].Value)
		if err != nil {
			return nil, err
		}
		changed = changed || converted
		given[argument.Name] = true
	}
	for i := range action.Arguments {
		if argument := &action.Arguments[i]; !given[argument.Name] && argument.Default == nil {
			return nil, fmt.Errorf("%w: argument %q of action %s is missing", ErrValue, argument.Name, action.Name)
		}
	}
	return encode(body, members, changed), nil
}

func findArgument(action *devicemodel.Action, name string) *devicemodel.Argument {
	for i := range action.Arguments {
		if action.Arguments[i].Name == name {
			return &action.Arguments[i]
		}
	}
	if len(action.Arguments) == 1 && name == devicemodel.ArgumentName {
		return &action.Arguments[0]
	}
	return nil
}

func writable(model *registry.Model, name string) (*devicemodel.Attribute, error) {
	attribute := model.Attribute(name)
	switch {
	case attribute == nil:
		return nil, fmt.Errorf("attribute %.100s is %w", name, ErrUnknown)
	case !attribute.Writable:
		return nil, fmt.Errorf("attribute %s is %w", attribute.Name, ErrReadOnly)
	}
	return attribute, nil
}

func object(body []byte) ([]wire.Member, error) {
	members, err := wire.DecodeObject(body, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrValue, err)
	}
	return members, nil
}

// fit checks one value, and turns the ISO text of a date into milliseconds.
func fit(name string, t devicemodel.Type, r *devicemodel.Range, s *wire.Scalar) (changed bool, err error) {
	if s.Kind == wire.ScalarComposite {
		return false, fmt.Errorf("%w: %.100s is an array or object", ErrValue, name)
	}
	v := scalarValue(s)
	if text := value(t, r, v); text != "" {
		return false, fmt.Errorf("%w: %.100s %s", ErrValue, name, text)
	}
	if t != devicemodel.DateTime || s.Kind != wire.ScalarString {
		return false, nil
	}
	ms, _ := parseDate(s.Text)
	*s = wire.Scalar{Kind: wire.ScalarNumber, Text: string(wire.DateTimeValue(ms).AppendJSON(nil))}
	return true, nil
}

func scalarValue(s *wire.Scalar) wire.Value {
	switch s.Kind {
	case wire.ScalarBoolean:
		return wire.BooleanValue(s.Boolean)
	case wire.ScalarNumber:
		return wire.NumberValue(s.Number)
	case wire.ScalarString:
		return wire.StringValue(s.Text)
	}
	return wire.Value{}
}

// encode gives the body as it came, or written anew if a value was changed.
func encode(body []byte, members []wire.Member, changed bool) []byte {
	if !changed {
		return body
	}
	text := []byte{'{'}
	for i, member := range members {
		if i > 0 {
			text = append(text, ',')
		}
		text = wire.StringValue(member.Name).AppendJSON(text)
		text = append(text, ':')
		switch member.Value.Kind {
		case wire.ScalarNumber, wire.ScalarComposite:
			text = append(text, member.Value.Text...)
		default:
			v := scalarValue(&member.Value)
			text = v.AppendJSON(text)
		}
	}
	return append(text, '}')
}
