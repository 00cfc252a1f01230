package use

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"golden/types/bench"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

// recorder handles some actions and leaves the others to UnimplementedActions.
type recorder struct {
	bench.UnimplementedActions
	got any
	err error
}

func (r *recorder) All(_ context.Context, args bench.AllArgs) error { return r.note(args) }
func (r *recorder) None(context.Context) error                      { return r.note("none") }
func (r *recorder) NewBoolean(_ context.Context, v bool) error      { return r.note(v) }
func (r *recorder) NewDatetime(_ context.Context, v time.Time) error {
	return r.note(v)
}
func (r *recorder) NewInteger(_ context.Context, v int64) error  { return r.note(v) }
func (r *recorder) NewNumber(_ context.Context, v float64) error { return r.note(v) }
func (r *recorder) NewString(_ context.Context, v string) error  { return r.note(v) }
func (r *recorder) NewUri(_ context.Context, v device.URI) error { return r.note(v) }
func (r *recorder) OldInteger(_ context.Context, v int64) error  { return r.note(v) }

func (r *recorder) note(v any) error {
	r.got = v
	return r.err
}

func TestActions(t *testing.T) {
	c, b := newBench(t)
	r := new(recorder)
	b.HandleActions(r)
	defaults := bench.AllArgs{Boolean: true, Datetime: time.UnixMilli(1704067200000).UTC(), Integer: -7, Number: 0.5, String: "idle \"now\"\n",
		Uri: must(device.ExternalURI("https://example.com/report.pdf"))}
	given := bench.AllArgs{Boolean: false, Datetime: noon, Integer: 1, Number: 2, String: "x", Uri: page}
	for _, call := range []struct {
		name   string
		action string
		args   []devicetest.Value
		want   any
	}{
		{"no argument", "none", nil, "none"},
		{"boolean", "new-boolean", []devicetest.Value{devicetest.Named("boolean", true)}, true},
		{"datetime", "new-datetime", []devicetest.Value{devicetest.Named("datetime", noon)}, noon},
		{"integer", "new-integer", []devicetest.Value{devicetest.Named("integer", int64(4))}, int64(4)},
		{"number", "new-number", []devicetest.Value{devicetest.Named("number", 4.5)}, 4.5},
		{"string", "new-string", []devicetest.Value{devicetest.Named("string", "x")}, "x"},
		{"uri", "new-uri", []devicetest.Value{devicetest.Named("uri", page)}, page},
		{"unnamed argument", "old-integer", []devicetest.Value{devicetest.Named("value", int64(5))}, int64(5)},
		{"defaults", "all", nil, defaults},
		{"by alias", "everything", nil, defaults},
		{"all arguments", "all", []devicetest.Value{devicetest.Named("boolean", false), devicetest.Named("datetime", noon), devicetest.Named("integer", int64(1)),
			devicetest.Named("number", 2.0), devicetest.Named("string", "x"), devicetest.Named("uri", page)}, given},
	} {
		t.Run(call.name, func(t *testing.T) {
			r.got = nil
			if answer := c.Call(t.Context(), b, call.action, call.args...); answer.Status != 202 || !reflect.DeepEqual(r.got, call.want) {
				t.Errorf("answer %+v, got %+v, want %+v", answer, r.got, call.want)
			}
		})
	}
}

func TestAnswersOfActions(t *testing.T) {
	c, b := newBench(t)
	if answer := c.Call(t.Context(), b, "none"); answer.Status != 404 {
		t.Errorf("nobody handles it: %+v", answer)
	}
	r := new(recorder)
	b.HandleActions(r)
	if answer := c.Call(t.Context(), b, "old-string", devicetest.Named("value", "x")); answer.Status != 501 {
		t.Errorf("not implemented: %+v", answer)
	}
	r.err = &device.StatusError{Code: 409, Text: "busy"}
	if answer := c.Call(t.Context(), b, "none"); answer.Status != 409 || answer.Text != "busy" {
		t.Errorf("a chosen status: %+v", answer)
	}
	r.err = errors.New("broken")
	if answer := c.Call(t.Context(), b, "none"); answer.Status != 500 {
		t.Errorf("any other error: %+v", answer)
	}
	b.HandleActions(nil)
	if answer := c.Call(t.Context(), b, "none"); answer.Status != 404 {
		t.Errorf("the handler was removed: %+v", answer)
	}
}
