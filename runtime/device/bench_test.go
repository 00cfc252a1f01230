package device_test

import (
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// sink is a client that takes messages and forgets them.
type sink struct{ bytes int }

func (*sink) Attach(*device.Virtual) error { return nil }
func (*sink) Detach(*device.Virtual)       {}
func (*sink) Now() time.Time               { return time.Now() }
func (s *sink) Enqueue(m *wire.Encoded, _ func(error)) (device.Receipt, error) {
	s.bytes += len(m.JSON)
	return device.Receipt{}, nil
}

// update is an update builder the way generated code writes it.
type update struct{ batch device.Batch }

func begin(b device.Binding, opts ...device.MessageOption) *update {
	u := new(update)
	u.batch.Begin(b, opts)
	return u
}

func (u *update) Level(v float64) *update   { u.batch.Number(attrLevel, v); return u }
func (u *update) Mode(v string) *update     { u.batch.String(attrMode, v); return u }
func (u *update) On(v bool) *update         { u.batch.Boolean(attrOn, v); return u }
func (u *update) Since(v time.Time) *update { u.batch.DateTime(attrSince, v); return u }
func (u *update) Speed(v int64) *update     { u.batch.Integer(attrSpeed, v); return u }
func (u *update) Target(v int64) *update    { u.batch.Integer(attrTarget, v); return u }
func (u *update) Send() error               { return u.batch.Send() }

func sixValues(b device.Binding, at time.Time) error {
	return begin(b, device.At(at)).Level(21.5).Mode("auto").On(true).Since(at).Speed(1200).Target(80).Send()
}

func TestAllocsOfSending(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	b, err := device.Bind(new(sink), endpoint, &plant)
	must(t, err)
	at := time.UnixMilli(1_511_805_927_387)
	for name, send := range map[string]func() error{
		"set":             func() error { return b.SetInteger(attrSpeed, 47) },
		"offer":           func() error { return b.OfferNumber(attrLevel, 47) },
		"update of six":   func() error { return sixValues(b, at) },
		"set of a time":   func() error { return b.SetDateTime(attrSince, at) },
		"set of a text":   func() error { return b.SetString(attrMode, "auto") },
		"empty update":    func() error { return begin(b).Send() },
		"read of a value": func() error { b.Integer(attrSpeed); return nil },
	} {
		must(t, send())
		if n := testing.AllocsPerRun(100, func() { must(t, send()) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func BenchmarkUpdateOfSix(b *testing.B) {
	binding, err := device.Bind(new(sink), endpoint, &plant)
	must(b, err)
	at := time.UnixMilli(1_511_805_927_387)
	b.ReportAllocs()
	for b.Loop() {
		if err := sixValues(binding, at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSet(b *testing.B) {
	binding, err := device.Bind(new(sink), endpoint, &plant)
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := binding.SetInteger(attrSpeed, 47); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkServeWrite(b *testing.B) {
	binding, err := device.Bind(new(sink), endpoint, &plant)
	must(b, err)
	binding.OnIntegerChange(attrTarget, device.Accept)
	bodies := [2][]byte{[]byte(`{"value":80}`), []byte(`{"value":81}`)}
	r := &wire.Request{Method: "PUT", URL: "deviceModels/" + plantURN + "/attributes/target"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Body = bodies[i&1]
		if a := binding.Virtual().ServeRequest(b.Context(), r); a.StatusCode != 202 {
			b.Fatal(a.StatusCode)
		}
	}
}
