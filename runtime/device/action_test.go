package device_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func patchRequest(body string) *wire.Request {
	return &wire.Request{
		Method:  "POST",
		URL:     "deviceModels/" + plantURN + "/attributes",
		Headers: map[string][]string{"x-http-method-override": {"PATCH"}},
		Body:    []byte(body),
	}
}

// spell is a handler that writes a call down.
func spell(call *device.ActionCall) string {
	var b strings.Builder
	b.WriteString(call.Name())
	for i := range call.Len() {
		name, value := call.Argument(i)
		if at, ok := value.(time.Time); ok {
			value = at.UnixMilli()
		}
		fmt.Fprintf(&b, " %s=%v", name, value)
	}
	return b.String()
}

func TestActions(t *testing.T) {
	tests := []struct {
		name   string
		method string
		action string
		body   string
		status int
		text   string // part of the answer
		call   string // what the handler saw, "" for no call
	}{
		{"no argument", "POST", "stop", `{}`, 202, "", "stop"},
		{"no argument, empty body", "POST", "stop", ``, 202, "", "stop"},
		{"no argument, any body", "POST", "stop", `{"value":1}`, 202, "", "stop"},
		{"older form", "POST", "ramp", `{"value":7}`, 202, "", "ramp value=7"},
		{"older form by alias", "POST", "slope", `{"value":7}`, 202, "", "ramp value=7"},
		{"older form without value", "POST", "ramp", `{}`, 400, "value is missing", ""},
		{"older form out of range", "POST", "ramp", `{"value":101}`, 400, "outside 0 to 100", ""},
		{"older form of wrong type", "POST", "ramp", `{"value":"7"}`, 400, "no INTEGER", ""},
		{"older form, other name", "POST", "ramp", `{"x":7}`, 400, "no argument x", ""},
		{"one named argument by name", "POST", "dim", `{"percent":12.5}`, 202, "", "dim percent=12.5"},
		{"one named argument as value", "POST", "dim", `{"value":12.5}`, 202, "", "dim percent=12.5"},
		{"both names at once", "POST", "dim", `{"value":12.5,"percent":1}`, 400, "no argument value", ""},
		{"several arguments", "POST", "book", `{"seats":4,"at":5,"by":"me"}`, 202, "", "book at=5 by=me seats=4"},
		{"defaults", "POST", "book", `{"at":5}`, 202, "", "book at=5 by=nobody seats=2"},
		{"missing without default", "POST", "book", `{"seats":4}`, 400, "argument at is missing", ""},
		{"unknown argument", "POST", "book", `{"at":5,"x":1}`, 400, "no argument x", ""},
		{"value counts only for one argument", "POST", "book", `{"value":5}`, 400, "no argument value", ""},
		{"time as numeric text", "POST", "book", `{"at":"1511805927387"}`, 202, "", "book at=1511805927387 by=nobody seats=2"},
		{"time as ISO 8601", "POST", "book", `{"at":"2017-11-27T18:05:27.387Z"}`, 202, "", "book at=1511805927387 by=nobody seats=2"},
		{"time as other text", "POST", "book", `{"at":"yesterday"}`, 400, "yesterday", ""},
		{"time as NaN text", "POST", "book", `{"at":"NaN"}`, 400, "", ""},
		{"time with fraction", "POST", "book", `{"at":1.5}`, 400, "milliseconds", ""},
		{"not JSON", "POST", "book", `{`, 400, "", ""},
		{"array", "POST", "book", `[1]`, 400, "", ""},
		{"unknown action", "POST", "nothing", `{}`, 404, "", ""},
		{"wrong method", "PUT", "stop", `{}`, 405, "POST", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			var call string
			g.HandleActions(func(_ context.Context, a *device.ActionCall) error {
				call = spell(a)
				return nil
			})
			a := c.Request(t.Context(), g, tc.method, "actions/"+tc.action, []byte(tc.body))
			if a.Status != tc.status || !strings.Contains(a.Text, tc.text) {
				t.Errorf("answer %+v, want %d with %q", a, tc.status, tc.text)
			}
			if call != tc.call {
				t.Errorf("call %q, want %q", call, tc.call)
			}
			if len(c.Sent()) != 0 {
				t.Error("an action sent a message")
			}
		})
	}
}

func TestActionAnswers(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		text   string
	}{
		{"done", nil, 202, ""},
		{"any error", errors.New("pump is dry"), 500, "pump is dry"},
		{"chosen", fmt.Errorf("wrapped: %w", &device.StatusError{Code: 423, Text: "locked"}), 423, "locked"},
		{"not implemented", device.ErrNotImplemented, 501, "not implemented"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			g.HandleActions(func(context.Context, *device.ActionCall) error { return tc.err })
			if a := c.Call(t.Context(), g, "stop"); a.Status != tc.status || a.Text != tc.text {
				t.Errorf("answer %+v, want %d %q", a, tc.status, tc.text)
			}
		})
	}
}

func TestActionHandlers(t *testing.T) {
	c, g := start(t)
	if a := c.Call(t.Context(), g, "stop"); a.Status != 404 {
		t.Errorf("without handler: %+v", a)
	}
	var calls []string
	v := g.Virtual()
	v.OnActions(func(_ context.Context, a *device.ActionCall) error {
		calls = append(calls, "all "+a.Name())
		return nil
	})
	must(t, v.OnAction("slope", func(_ context.Context, a *device.ActionCall) error {
		calls = append(calls, "own "+a.Name())
		if a.Integer(0) != 5 || a.Index() != 2 {
			t.Errorf("call %+v", a)
		}
		return nil
	}))
	c.Call(t.Context(), g, "stop")
	c.Call(t.Context(), g, "ramp", named("value", 5))
	must(t, v.OnAction("ramp", nil))
	c.Call(t.Context(), g, "ramp", named("value", 5))
	if got := strings.Join(calls, ", "); got != "all stop, own ramp, all ramp" {
		t.Errorf("calls: %s", got)
	}
	v.OnActions(nil)
	if a := c.Call(t.Context(), g, "stop"); a.Status != 404 {
		t.Errorf("after removal: %+v", a)
	}
}

func TestTypedArguments(t *testing.T) {
	m := device.Model{URN: "urn:x", Actions: []device.Action{{Name: "all", Named: true, Arguments: []device.Argument{
		{Name: "i", Type: device.TypeInteger}, {Name: "n", Type: device.TypeNumber}, {Name: "s", Type: device.TypeString},
		{Name: "b", Type: device.TypeBoolean}, {Name: "d", Type: device.TypeDateTime}, {Name: "u", Type: device.TypeURI, Default: &device.Default{Text: "urn:def"}},
	}}}}
	c, _ := start(t)
	b, err := device.Bind(c, endpoint, &m)
	must(t, err)
	called := false
	b.HandleActions(func(_ context.Context, a *device.ActionCall) error {
		called = true
		if a.Integer(0) != 1 || a.Number(1) != 2.5 || a.String(2) != "x" || !a.Boolean(3) || a.DateTime(4).UnixMilli() != 9 || a.URI(5).String() != "urn:def" {
			t.Errorf("arguments %s", spell(a))
		}
		return nil
	})
	a := c.Call(t.Context(), b, "all", named("i", 1), named("n", 2.5), named("s", "x"), named("b", true), named("d", time.UnixMilli(9)))
	if a.Status != 202 || !called {
		t.Errorf("answer %+v", a)
	}
}
