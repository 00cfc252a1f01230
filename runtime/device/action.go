package device

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// ActionCall is one call of the cloud, with checked arguments: those that the
// cloud left out have the model's default. It is valid during the handler's call.
type ActionCall struct {
	action *Action
	index  int
	args   []wire.Value
}

// Index returns the position of the action in the model.
func (c *ActionCall) Index() int { return c.index }

// Name returns the action's name in the model, also when the cloud used the alias.
func (c *ActionCall) Name() string { return c.action.Name }

// Len returns the number of arguments.
func (c *ActionCall) Len() int { return len(c.args) }

// Argument returns name and value of argument i, in the model's order.
func (c *ActionCall) Argument(i int) (name string, value any) {
	return c.action.Arguments[i].Name, anyOf(c.args[i])
}

// Integer returns argument i.
func (c *ActionCall) Integer(i int) int64 { return integerOf(c.args[i]) }

// Number returns argument i.
func (c *ActionCall) Number(i int) float64 { return numberOf(c.args[i]) }

// String returns argument i.
func (c *ActionCall) String(i int) string { return stringOf(c.args[i]) }

// Boolean returns argument i.
func (c *ActionCall) Boolean(i int) bool { return booleanOf(c.args[i]) }

// DateTime returns argument i, in UTC.
func (c *ActionCall) DateTime(i int) time.Time { return timeOf(c.args[i]) }

// URI returns argument i.
func (c *ActionCall) URI(i int) URI { return uriOf(c.args[i]) }

// act serves POST deviceModels/{urn}/actions/{name}.
func (v *Virtual) act(ctx context.Context, name string, body []byte) (int, string) {
	i := v.action(name)
	if i < 0 {
		return http.StatusNotFound, "no action " + name
	}
	handle := v.actionHandler(i)
	if handle == nil {
		return http.StatusNotFound, "nothing on the device handles action " + name
	}
	action := &v.model.Actions[i]
	args, err := arguments(action, body)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	for k := range args {
		args[k] = v.adopt(args[k])
	}
	if err := handle(ctx, &ActionCall{action: action, index: i, args: args}); err != nil {
		return answer(err, http.StatusInternalServerError)
	}
	return http.StatusAccepted, ""
}

func (v *Virtual) actionHandler(i int) func(context.Context, *ActionCall) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h := v.actions[i]; h != nil {
		return h
	}
	return v.acted
}

// arguments decodes the body of a call (docs/protocol/messages.md §8.3). The
// body of an action without arguments is ignored.
func arguments(a *Action, body []byte) ([]wire.Value, error) {
	if len(a.Arguments) == 0 {
		return nil, nil
	}
	members, err := wire.DecodeObject(body, nil)
	if err != nil {
		return nil, err
	}
	if len(a.Arguments) == 1 && len(members) == 1 && members[0].Name == "value" {
		members[0].Name = a.Arguments[0].Name // what senders without knowledge of named arguments write
	}
	args := make([]wire.Value, len(a.Arguments))
	for _, m := range members {
		i := argument(a, m.Name)
		if i < 0 {
			return nil, fmt.Errorf("%s: no argument %s", a.Name, m.Name)
		}
		arg := &a.Arguments[i]
		if args[i], err = convertArgument(arg.Name, arg.Type, m.Value); err != nil {
			return nil, err
		}
		if err := checkValue(arg.Name, arg.Type, arg.Range, args[i]); err != nil {
			return nil, err
		}
	}
	return args, fillDefaults(a, args)
}

// fillDefaults puts the model's defaults where the caller gave nothing.
func fillDefaults(a *Action, args []wire.Value) error {
	for i := range args {
		if !args[i].IsZero() {
			continue
		}
		arg := &a.Arguments[i]
		if args[i] = defaultValue(arg.Type, arg.Default); args[i].IsZero() {
			return fmt.Errorf("%s: argument %s is missing", a.Name, arg.Name)
		}
	}
	return nil
}

func argument(a *Action, name string) int {
	for i := range a.Arguments {
		if a.Arguments[i].Name == name {
			return i
		}
	}
	return -1
}
