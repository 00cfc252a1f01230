package device_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

type attr = devicetest.Value

var named = devicetest.Named

func TestWriteOfOneAttribute(t *testing.T) {
	refuse := errors.New("valve is stuck")
	tests := []struct {
		name   string
		setup  func(g generated)
		method string
		path   string
		body   string
		status int
		text   string
		sent   string // data of the message, "" for none
	}{
		{"applied", nil, "PUT", "attributes/target", `{"value":80}`, 202, "", `{"target":80}`},
		{"by alias", nil, "PUT", "attributes/goal", `{"value":80}`, 202, "", `{"target":80}`},
		{"exponent", nil, "PUT", "attributes/target", `{"value":8.0E1}`, 202, "", `{"target":80}`},
		{"equal to the current value", func(g generated) { g.SetInteger(attrTarget, 80) }, "PUT", "attributes/target", `{"value":80}`, 202, "", ""},
		{"equal to the default only", nil, "PUT", "attributes/target", `{"value":7}`, 202, "", `{"target":7}`},
		{"out of range", nil, "PUT", "attributes/target", `{"value":101}`, 400, "outside 0 to 100", ""},
		{"fraction", nil, "PUT", "attributes/target", `{"value":1.5}`, 400, "no integer", ""},
		{"huge", nil, "PUT", "attributes/target", `{"value":1e300}`, 400, "outside", ""},
		{"wrong type", nil, "PUT", "attributes/target", `{"value":"80"}`, 400, "no INTEGER", ""},
		{"null", nil, "PUT", "attributes/target", `{"value":null}`, 400, "no INTEGER", ""},
		{"composite", nil, "PUT", "attributes/target", `{"value":{}}`, 400, "no INTEGER", ""},
		{"no value", nil, "PUT", "attributes/target", `{"wert":80}`, 400, "value", ""},
		{"not JSON", nil, "PUT", "attributes/target", `{"value":`, 400, "", ""},
		{"empty body", nil, "PUT", "attributes/target", ``, 400, "", ""},
		{"unknown attribute", nil, "PUT", "attributes/nothing", `{"value":80}`, 400, "nothing", ""},
		{"not writable", nil, "PUT", "attributes/speed", `{"value":80}`, 405, "not writable", ""},
		{"no handler", nil, "PUT", "attributes/mode", `{"value":"a"}`, 404, "", ""},
		{"wrong method", nil, "GET", "attributes/target", ``, 405, "PUT", ""},
		{"delete", nil, "DELETE", "attributes/target", ``, 405, "PUT", ""},
		{"handler refuses", func(g generated) {
			g.OnIntegerChange(attrTarget, func(context.Context, device.Change[int64]) error { return refuse })
		}, "PUT", "attributes/target", `{"value":80}`, 400, "valve is stuck", ""},
		{"handler chooses", func(g generated) {
			g.OnIntegerChange(attrTarget, func(context.Context, device.Change[int64]) error {
				return &device.StatusError{Code: 409, Text: "busy"}
			})
		}, "PUT", "attributes/target", `{"value":80}`, 409, "busy", ""},
		{"handler chooses nonsense", func(g generated) {
			g.OnIntegerChange(attrTarget, func(context.Context, device.Change[int64]) error {
				return &device.StatusError{Code: 42, Text: "what"}
			})
		}, "PUT", "attributes/target", `{"value":80}`, 500, "what", ""},
		{"handler of whole requests refuses", func(g generated) {
			g.OnChange(func(context.Context, device.ChangeSet) error { return refuse })
		}, "PUT", "attributes/target", `{"value":80}`, 400, "valve is stuck", ""},
		{"handler removed", func(g generated) { g.OnIntegerChange(attrTarget, nil) }, "PUT", "attributes/target", `{"value":80}`, 404, "", ""},
		{"unknown part", nil, "PUT", "things/target", `{"value":80}`, 404, "", ""},
		{"nothing", nil, "PUT", "", `{"value":80}`, 404, "", ""},
		{"empty name", nil, "PUT", "attributes/", `{"value":80}`, 400, "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			g.OnIntegerChange(attrTarget, device.Accept)
			if tc.setup != nil {
				tc.setup(g)
			}
			before, _ := g.Virtual().LastKnown("target")
			c.Reset()
			a := c.Request(t.Context(), g, tc.method, tc.path, []byte(tc.body))
			if a.Status != tc.status || !strings.Contains(a.Text, tc.text) {
				t.Errorf("answer %+v, want %d with %q", a, tc.status, tc.text)
			}
			sent := c.Sent()
			if tc.sent == "" {
				if len(sent) != 0 {
					t.Errorf("sent %s", sent[0].JSON)
				}
				if after, _ := g.Virtual().LastKnown("target"); after != before {
					t.Errorf("value changed from %v to %v", before, after)
				}
				return
			}
			if len(sent) != 1 || !strings.Contains(sent[0].JSON, `"data":`+tc.sent) {
				t.Errorf("sent %+v, want data %s", sent, tc.sent)
			}
		})
	}
}

func TestWriteReachesTypedHandlers(t *testing.T) {
	c, g := start(t)
	var got []string
	g.OnNumberChange(attrLevel, func(_ context.Context, ch device.Change[float64]) error {
		if ch.New != 0.5 || ch.Old != 2.5 || !ch.HasOld || ch.Attribute != "level" {
			t.Errorf("%+v", ch)
		}
		if v, _ := g.Number(attrLevel); v != 2.5 {
			t.Errorf("level during the call is %v", v)
		}
		got = append(got, "level")
		return nil
	})
	g.OnStringChange(attrMode, func(_ context.Context, ch device.Change[string]) error {
		if ch.New != "auto" || ch.HasOld {
			t.Errorf("%+v", ch)
		}
		got = append(got, "mode")
		return nil
	})
	g.OnBooleanChange(attrOn, func(_ context.Context, ch device.Change[bool]) error {
		got = append(got, "on")
		return nil
	})
	g.OnDateTimeChange(attrSince, func(_ context.Context, ch device.Change[time.Time]) error {
		if !ch.New.Equal(time.UnixMilli(1_511_805_927_387)) || ch.New.Location() != time.UTC {
			t.Errorf("%+v", ch)
		}
		got = append(got, "since")
		return nil
	})
	g.OnURIChange(attrPicture, func(_ context.Context, ch device.Change[device.URI]) error {
		if ch.New.String() != "https://a/b" {
			t.Errorf("%+v", ch)
		}
		got = append(got, "picture")
		return nil
	})
	for _, w := range []attr{
		named("level", 0.5),
		named("mode", "auto"),
		named("on", true),
		named("since", time.UnixMilli(1_511_805_927_387)),
		named("picture", uri(t, "https://a/b")),
	} {
		if a := c.Write(t.Context(), g, w.Name, w.Value); a.Status != 202 {
			t.Errorf("%s: %+v", w.Name, a)
		}
	}
	if diff := cmp.Diff([]string{"level", "mode", "on", "since", "picture"}, got); diff != "" {
		t.Error(diff)
	}
	if v, _ := g.Number(attrLevel); v != 0.5 {
		t.Errorf("level is %v after the write", v)
	}
	if len(c.Sent()) != 5 {
		t.Errorf("%d messages", len(c.Sent()))
	}
}

func TestWriteCallsAttributeThenDevice(t *testing.T) {
	c, g := start(t)
	var order []string
	g.OnIntegerChange(attrTarget, func(context.Context, device.Change[int64]) error {
		order = append(order, "attribute")
		return g.SetInteger(attrSpeed, 1) // leaves before the change itself
	})
	g.OnChange(func(_ context.Context, set device.ChangeSet) error {
		order = append(order, "device")
		if v, ok := set.Integer(attrTarget); v != 50 || !ok || set.Len() != 1 {
			t.Errorf("change set: %v %v", v, ok)
		}
		if _, ok := set.Boolean(attrOn); ok {
			t.Error("the set has what the request does not write")
		}
		return nil
	})
	if a := c.Write(t.Context(), g, "target", 50); a.Status != 202 {
		t.Fatalf("%+v", a)
	}
	if diff := cmp.Diff([]string{"attribute", "device"}, order); diff != "" {
		t.Error(diff)
	}
	sent := c.Sent()
	if len(sent) != 2 || sent[0].Values[0].Name != "speed" || sent[1].Values[0].Name != "target" {
		t.Errorf("sent %+v", sent)
	}
}

func TestWriteWithoutStrictAccess(t *testing.T) {
	c, g := start(t, device.WithStrictAccess(false))
	if a := c.Write(t.Context(), g, "speed", 5); a.Status != 404 {
		t.Errorf("without handler: %+v", a)
	}
	g.OnIntegerChange(attrSpeed, device.Accept)
	if a := c.Write(t.Context(), g, "speed", 5); a.Status != 202 {
		t.Errorf("with handler: %+v", a)
	}
}

func TestWriteOfSeveralAttributes(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		setup  func(g generated, calls *[]string)
		values []attr
		status int
		calls  []string
		sent   string
	}{
		{"all with handlers of their own", func(g generated, calls *[]string) {
			g.OnIntegerChange(attrTarget, record[int64](calls, nil))
			g.OnBooleanChange(attrOn, record[bool](calls, nil))
		}, []attr{named("on", true), named("goal", 9)}, 202, []string{"on", "target"}, `{"on":true,"target":9}`},
		{"one without any handler", func(g generated, calls *[]string) {
			g.OnIntegerChange(attrTarget, record[int64](calls, nil))
		}, []attr{named("target", 9), named("on", true)}, 404, nil, ""},
		{"handler of the whole request", func(g generated, calls *[]string) {
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("target", 9), named("on", true)}, 202, []string{"target+on"}, `{"target":9,"on":true}`},
		{"what is equal is left out", func(g generated, calls *[]string) {
			g.SetInteger(attrTarget, 9)
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("target", 9), named("on", true)}, 202, []string{"on"}, `{"on":true}`},
		{"all equal", func(g generated, calls *[]string) {
			g.SetInteger(attrTarget, 9)
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("target", 9)}, 202, nil, ""},
		{"one out of range: no handler runs", func(g generated, calls *[]string) {
			g.OnChange(recordSet(calls, nil))
			g.OnBooleanChange(attrOn, record[bool](calls, nil))
		}, []attr{named("on", true), named("target", 900)}, 400, nil, ""},
		{"one unknown", func(g generated, calls *[]string) {
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("on", true), named("nothing", 1)}, 400, nil, ""},
		{"one read-only", func(g generated, calls *[]string) {
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("on", true), named("speed", 1)}, 405, nil, ""},
		{"name and alias", func(g generated, calls *[]string) {
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("target", 1), named("goal", 2)}, 400, nil, ""},
		{"attribute handler fails", func(g generated, calls *[]string) {
			g.OnIntegerChange(attrTarget, record[int64](calls, boom))
			g.OnChange(recordSet(calls, nil))
		}, []attr{named("on", true), named("target", 9)}, 400, []string{"target"}, ""},
		{"handler of the whole request fails", func(g generated, calls *[]string) {
			g.OnChange(recordSet(calls, boom))
		}, []attr{named("on", true), named("target", 9)}, 500, []string{"on+target"}, ""},
		{"empty", func(g generated, calls *[]string) { g.OnChange(recordSet(calls, nil)) }, nil, 202, nil, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			var calls []string
			tc.setup(g, &calls)
			c.Reset()
			a := c.WriteSeveral(t.Context(), g, tc.values...)
			if a.Status != tc.status {
				t.Errorf("answer %+v, want %d", a, tc.status)
			}
			if diff := cmp.Diff(tc.calls, calls); diff != "" {
				t.Error(diff)
			}
			sent := c.Sent()
			if tc.sent == "" && len(sent) != 0 || tc.sent != "" && (len(sent) != 1 || !strings.Contains(sent[0].JSON, `"data":`+tc.sent)) {
				t.Errorf("sent %+v, want %s", sent, tc.sent)
			}
		})
	}
}

func record[T any](calls *[]string, err error) func(context.Context, device.Change[T]) error {
	return func(_ context.Context, c device.Change[T]) error {
		*calls = append(*calls, c.Attribute)
		return err
	}
}

func recordSet(calls *[]string, err error) func(context.Context, device.ChangeSet) error {
	return func(_ context.Context, set device.ChangeSet) error {
		var names []string
		for i := range set.Len() {
			name, _ := set.At(i)
			names = append(names, name)
		}
		*calls = append(*calls, strings.Join(names, "+"))
		return err
	}
}

func TestPatchByOverrideHeader(t *testing.T) {
	_, g := start(t)
	g.OnBooleanChange(attrOn, device.Accept)
	r := g.Virtual().ServeRequest(t.Context(), patchRequest(`{"on":true}`))
	if r.StatusCode != 202 {
		t.Errorf("status %d: %s", r.StatusCode, r.Body)
	}
}

func TestConfirmationThatCannotBeQueued(t *testing.T) {
	c, g := start(t)
	g.OnIntegerChange(attrTarget, device.Accept)
	var hooks []string
	g.OnAttributeError(attrTarget, func(e device.DeliveryError) { hooks = append(hooks, "attribute "+e.Values[0].Name) })
	g.Virtual().OnError(func(e device.DeliveryError) {
		if !errors.As(e.Err, new(*device.QueueFullError)) {
			t.Errorf("error %v", e.Err)
		}
		hooks = append(hooks, "device")
	})
	c.Refuse(&device.QueueFullError{Capacity: 1, Waiting: 1, Offered: 1})
	if a := c.Write(t.Context(), g, "target", 9); a.Status != 202 {
		t.Errorf("answer %+v: the write itself was accepted", a)
	}
	if v, _ := g.Integer(attrTarget); v != 9 {
		t.Errorf("value %d", v)
	}
	if diff := cmp.Diff([]string{"attribute target", "device"}, hooks); diff != "" {
		t.Error(diff)
	}
}

func TestChangesByName(t *testing.T) {
	c, g := start(t)
	v := g.Virtual()
	must(t, v.OnAttributeChange("goal", func(_ context.Context, ch device.Change[any]) error {
		if ch.New != int64(3) || ch.Old != int64(7) || ch.Attribute != "target" {
			t.Errorf("%+v", ch)
		}
		return nil
	}))
	var whole int
	v.OnChange(func(_ context.Context, set device.ChangeSet) error {
		whole++
		if name, value := set.At(0); name != "target" || value != int64(3) {
			t.Errorf("%s = %v", name, value)
		}
		return nil
	})
	if a := c.Write(t.Context(), g, "target", 3); a.Status != 202 || whole != 1 {
		t.Errorf("answer %+v, %d calls", a, whole)
	}
	for what, err := range map[string]error{
		"change": v.OnAttributeChange("nothing", nil),
		"error":  v.OnAttributeError("nothing", nil),
		"action": v.OnAction("nothing", nil),
	} {
		if !errors.Is(err, device.ErrUnknownName) {
			t.Errorf("%s of an unknown name: %v", what, err)
		}
	}
}
