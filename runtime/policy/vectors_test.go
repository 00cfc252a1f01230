package policy

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// vectorFile reads a file of testdata/policies.
func vectorFile(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/policies/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func loadModel(t testing.TB, data []byte) *devicemodel.Model {
	t.Helper()
	m, _, err := devicemodel.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// testHost is a virtual device that keeps its values and notes what it is asked
// for.
type testHost struct {
	t       testing.TB
	model   *devicemodel.Model
	values  []wire.Value
	sent    []Message
	calls   []testCall
	reports []error
	refuse  error // what Emit returns
	check   func(attribute int, v wire.Value) error
}

type testCall struct {
	index     int
	name      string
	arguments []wire.Value
}

func newTestHost(t testing.TB, m *devicemodel.Model) *testHost {
	return &testHost{t: t, model: m, values: make([]wire.Value, len(m.Attributes))}
}

func (h *testHost) Current(attribute int) wire.Value {
	if v := h.values[attribute]; !v.IsZero() {
		return v
	}
	return defaultOf(&h.model.Attributes[attribute])
}

func (h *testHost) Commit(attribute int, v wire.Value) error {
	if h.check != nil {
		if err := h.check(attribute, v); err != nil {
			return err
		}
	}
	h.values[attribute] = v
	return nil
}

func (h *testHost) Emit(m *Message) error {
	if h.refuse != nil {
		return h.refuse
	}
	kept := *m
	kept.JSON = append([]byte(nil), m.JSON...)
	h.sent = append(h.sent, kept)
	return nil
}

func (h *testHost) Call(action int, name string, arguments []wire.Value) {
	h.calls = append(h.calls, testCall{action, name, arguments})
}

func (h *testHost) Report(err error) {
	if err == nil {
		h.t.Error("nil was reported")
	}
	h.reports = append(h.reports, err)
}

// attribute gives the index of an attribute.
func (h *testHost) attribute(name string) int {
	h.t.Helper()
	i := attributeIndex(h.model, name)
	if i < 0 {
		h.t.Fatalf("no attribute %q", name)
	}
	return i
}

// value makes a value of a type from JSON.
func valueOf(t testing.TB, kind devicemodel.Type, v any) wire.Value {
	t.Helper()
	switch v := v.(type) {
	case bool:
		return wire.BooleanValue(v)
	case string:
		if kind == devicemodel.URI {
			return wire.URIValue(v)
		}
		return wire.StringValue(v)
	case float64:
		switch kind {
		case devicemodel.Integer:
			return wire.IntegerValue(int64(v))
		case devicemodel.DateTime:
			return wire.DateTimeValue(int64(v))
		}
		return wire.NumberValue(v)
	}
	t.Fatalf("value %v (%T)", v, v)
	return wire.Value{}
}

// sameValue compares a value with JSON, numbers to a relative 1e-9.
func sameValue(got wire.Value, want any) bool {
	switch want := want.(type) {
	case nil:
		return got.IsZero()
	case bool:
		return got == wire.BooleanValue(want)
	case string:
		return got.Kind() == wire.KindString && got.Text() == want
	case float64:
		number, ok := got.AsNumber()
		return ok && math.Abs(number-want) <= 1e-9*math.Abs(want)
	}
	return false
}

// plainMessage decodes a message and takes away what the vectors leave out.
func plainMessage(t testing.TB, data []byte) map[string]any {
	t.Helper()
	var message map[string]any
	if err := json.Unmarshal(data, &message); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	for _, name := range []string{"clientId", "destination", "sender"} {
		delete(message, name)
	}
	return message
}
