package use

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"golden/types/bench"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

var (
	noon = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	page = must(device.ExternalURI("https://example.com/page"))
)

func must(u device.URI, err error) device.URI {
	if err != nil {
		panic(err)
	}
	return u
}

func newBench(t *testing.T) (*devicetest.Client, *bench.Bench) {
	t.Helper()
	c := devicetest.New()
	b, err := bench.New(c, "0-AB")
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

// sent expects one message and gives its value of the given name.
func sent(t *testing.T, c *devicetest.Client, name string) any {
	t.Helper()
	messages := c.Sent()
	if len(messages) != 1 {
		t.Fatalf("%d messages were sent", len(messages))
	}
	c.Reset()
	v, ok := messages[0].Get(name)
	if !ok {
		t.Fatalf("message without %s: %s", name, messages[0].JSON)
	}
	return v
}

func TestNewTwice(t *testing.T) {
	c, _ := newBench(t)
	if b, err := bench.New(c, "0-AB"); !errors.Is(err, device.ErrDuplicate) || b != nil {
		t.Errorf("got %v, %v", b, err)
	}
}

// Each setter sends its attribute, each getter gives it back.
func TestAttributes(t *testing.T) {
	c, b := newBench(t)
	for _, a := range []struct {
		name  string
		set   func() error
		offer func() error
		get   func() (any, bool)
		want  any
	}{
		{"boolean", func() error { return b.SetBoolean(true) }, func() error { return b.OfferBoolean(true) }, getter(b.Boolean), true},
		{"datetime", func() error { return b.SetDatetime(noon) }, func() error { return b.OfferDatetime(noon) }, getter(b.Datetime), noon},
		{"integer", func() error { return b.SetInteger(7) }, func() error { return b.OfferInteger(7) }, getter(b.Integer), int64(7)},
		{"number", func() error { return b.SetNumber(1.5) }, func() error { return b.OfferNumber(1.5) }, getter(b.Number), 1.5},
		{"string", func() error { return b.SetString("x") }, func() error { return b.OfferString("x") }, getter(b.String), "x"},
		{"uri", func() error { return b.SetUri(page) }, func() error { return b.OfferUri(page) }, getter(b.Uri), page},
	} {
		t.Run(a.name, func(t *testing.T) {
			if v, ok := a.get(); ok {
				t.Errorf("%v before the first value", v)
			}
			for _, send := range []func() error{a.set, a.offer} {
				if err := send(); err != nil {
					t.Fatal(err)
				}
				if got := sent(t, c, a.name); got != a.want {
					t.Errorf("sent %v, want %v", got, a.want)
				}
			}
			if v, ok := a.get(); !ok || v != a.want {
				t.Errorf("got %v, %v", v, ok)
			}
		})
	}
}

func getter[T any](get func() (T, bool)) func() (any, bool) {
	return func() (any, bool) { return get() }
}

func TestDefaults(t *testing.T) {
	_, b := newBench(t)
	for name, c := range map[string]struct {
		get  func() (any, bool)
		want any
	}{
		"boolean": {getter(b.BooleanReady), true}, "datetime": {getter(b.DatetimeReady), time.UnixMilli(1704067200000).UTC()},
		"integer": {getter(b.IntegerReady), int64(-7)}, "number": {getter(b.NumberReady), 0.5}, "zero": {getter(b.Zero), 0.0},
		"string": {getter(b.StringReady), "idle \"now\"\n"}, "uri": {getter(b.UriReady), must(device.ExternalURI("https://example.com/report.pdf"))},
	} {
		if got, ok := c.get(); !ok || got != c.want {
			t.Errorf("%s is %v, %v; want %v", name, got, ok, c.want)
		}
	}
}

func TestConstants(t *testing.T) {
	var low, high int64 = bench.HalfMin, bench.HalfMax
	if low != -2 || high != 7 || bench.WholeMax != math.MaxInt32 || bench.TinyMin != -1e-7 || bench.TinyMax != 1e20 {
		t.Error(low, high, bench.WholeMax, bench.TinyMin, bench.TinyMax)
	}
}

func TestRefusals(t *testing.T) {
	c, b := newBench(t)
	for name, err := range map[string]error{
		"low": b.SetHalf(bench.HalfMin - 1), "high": b.SetHalf(bench.HalfMax + 1), "32 bits": b.SetInteger(1 << 31), "float": b.SetTiny(2e20),
	} {
		if _, ok := errors.AsType[*device.RangeError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ got, want error }{
		"NaN": {b.SetNumber(math.NaN()), device.ErrNotFinite}, "no UTF-8": {b.SetString("\xff"), device.ErrNotUTF8},
		"zero time": {b.SetDatetime(time.Time{}), device.ErrZeroTime}, "no URI": {b.SetUri(device.URI{}), device.ErrEmptyURI},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	if n := len(c.Sent()); n > 0 {
		t.Errorf("%d messages were sent", n)
	}
}

func TestUpdate(t *testing.T) {
	c, b := newBench(t)
	u := b.Update(device.At(noon)).Boolean(true).Datetime(noon).Integer(1).Integer(2).Number(1.5).String("x").Uri(page)
	if err := u.Send(); err != nil {
		t.Fatal(err)
	}
	if err := u.Offer(); !errors.Is(err, device.ErrSent) {
		t.Errorf("sent twice: %v", err)
	}
	m := c.Sent()[0]
	if v, _ := m.Get("integer"); len(m.Values) != 6 || v != int64(2) || !m.EventTime.Equal(noon) || m.Format != bench.URN+":attributes" {
		t.Errorf("%+v", m)
	}
	c.Reset()
	if err := b.Update().Half(100).Boolean(true).Send(); err == nil || len(c.Sent()) > 0 {
		t.Errorf("a refused value: %v, %d messages", err, len(c.Sent()))
	}
	if err := b.Update().Number(3).Offer(); err != nil || len(c.Sent()) != 1 {
		t.Errorf("offer: %v, %d messages", err, len(c.Sent()))
	}
}

// Each handler gets the values of the cloud.
func TestCloudWrites(t *testing.T) {
	c, b := newBench(t)
	ctx := t.Context()
	got := make(map[string]any)
	b.OnBooleanReady(note[bool](got))
	b.OnDatetimeReady(note[time.Time](got))
	b.OnIntegerReady(note[int64](got))
	b.OnNumberReady(note[float64](got))
	b.OnStringReady(note[string](got))
	b.OnUriReady(note[device.URI](got))
	for name, v := range map[string]any{
		"boolean-ready": false, "datetime-ready": noon, "integer-ready": int64(5), "number-ready": 2.5, "string-ready": "x", "uri-ready": page,
	} {
		if answer := c.Write(ctx, b, name, v); answer.Status != 202 || got[name] != v {
			t.Errorf("%s: answer %+v, handler got %v, want %v", name, answer, got[name], v)
		}
	}
	if v, ok := b.IntegerReady(); v != 5 || !ok {
		t.Errorf("the value was not stored: %v, %v", v, ok)
	}
	b.OnIntegerReady(device.Accept)
	if answer := c.Write(ctx, b, "alias-INTEGER", int64(6)); answer.Status != 202 {
		t.Errorf("by alias: %+v", answer)
	}
	b.OnIntegerReady(nil)
	if answer := c.Write(ctx, b, "integer-ready", int64(7)); answer.Status == 202 {
		t.Errorf("without a handler: %+v", answer)
	}
}

func note[T any](got map[string]any) func(context.Context, device.Change[T]) error {
	return func(_ context.Context, c device.Change[T]) error {
		got[c.Attribute] = c.New
		return nil
	}
}

func TestChanges(t *testing.T) {
	c, b := newBench(t)
	var got bench.Changes
	b.OnChange(func(_ context.Context, changes bench.Changes) error {
		got = changes
		return nil
	})
	answer := c.WriteSeveral(t.Context(), b, devicetest.Named("integer-ready", int64(9)), devicetest.Named("string-ready", "y"))
	if answer.Status != 202 {
		t.Fatal(answer)
	}
	if v, ok := got.IntegerReady(); v != 9 || !ok {
		t.Errorf("integer %v, %v", v, ok)
	}
	if v, ok := got.StringReady(); v != "y" || !ok {
		t.Errorf("string %v, %v", v, ok)
	}
	if v, ok := got.BooleanReady(); ok {
		t.Errorf("an attribute that was not written is %v", v)
	}
	b.OnChange(nil)
	if answer := c.Write(t.Context(), b, "integer-ready", int64(1)); answer.Status == 202 {
		t.Errorf("without a handler: %+v", answer)
	}
}

func TestAttributeErrors(t *testing.T) {
	c, b := newBench(t)
	lost := errors.New("lost")
	var got error
	b.OnIntegerError(func(e device.DeliveryError) { got = e.Err })
	if err := b.SetInteger(1); err != nil {
		t.Fatal(err)
	}
	if c.Fail(lost); !errors.Is(got, lost) {
		t.Errorf("the hook got %v", got)
	}
}
