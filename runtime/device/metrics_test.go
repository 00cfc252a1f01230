package device_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// meters is a provider that keeps what it is told.
type meters struct {
	noop.MeterProvider
	refuse string // name of the instrument that cannot be made

	mu        sync.Mutex
	scope     string
	names     []string
	callbacks map[*registration]metric.Callback
	calls     map[string]int // by operation and outcome
}

func newMeters() *meters {
	return &meters{callbacks: make(map[*registration]metric.Callback), calls: make(map[string]int)}
}

func (p *meters) Meter(name string, _ ...metric.MeterOption) metric.Meter {
	p.scope = name
	return &meter{p: p}
}

type meter struct {
	noop.Meter
	p *meters
}

var errInstrument = errors.New("no such instrument")

func (m *meter) made(name string) error {
	m.p.names = append(m.p.names, name)
	if name == m.p.refuse {
		return errInstrument
	}
	return nil
}

type observable struct {
	noop.Int64ObservableCounter
	name string
}

type upDown struct {
	noop.Int64ObservableUpDownCounter
	name string
}

type gauge struct {
	noop.Int64ObservableGauge
	name string
}

func (m *meter) Int64ObservableCounter(name string, _ ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	return observable{name: name}, m.made(name)
}

func (m *meter) Int64ObservableUpDownCounter(name string, _ ...metric.Int64ObservableUpDownCounterOption) (metric.Int64ObservableUpDownCounter, error) {
	return upDown{name: name}, m.made(name)
}

func (m *meter) Int64ObservableGauge(name string, _ ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	return gauge{name: name}, m.made(name)
}

func (m *meter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return histogram{p: m.p}, m.made(name)
}

type histogram struct {
	noop.Float64Histogram
	p *meters
}

func (h histogram) Record(_ context.Context, seconds float64, opts ...metric.RecordOption) {
	set := metric.NewRecordConfig(opts).Attributes()
	operation, _ := set.Value("operation")
	outcome, _ := set.Value("outcome")
	h.p.mu.Lock()
	defer h.p.mu.Unlock()
	if seconds < 0 {
		h.p.calls["negative"]++
	}
	h.p.calls[operation.AsString()+" "+outcome.AsString()]++
}

type registration struct {
	noop.Registration
	p *meters
}

func (r *registration) Unregister() error {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	delete(r.p.callbacks, r)
	return nil
}

func (m *meter) RegisterCallback(f metric.Callback, _ ...metric.Observable) (metric.Registration, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	r := &registration{p: m.p}
	m.p.callbacks[r] = f
	return r, m.made("callback")
}

// observer keeps observations by name, with the value of "state" behind it.
type observer struct {
	noop.Observer
	values   map[string]int64
	endpoint []string
}

func (o *observer) ObserveInt64(of metric.Int64Observable, value int64, opts ...metric.ObserveOption) {
	var name string
	switch i := of.(type) {
	case observable:
		name = i.name
	case upDown:
		name = i.name
	case gauge:
		name = i.name
	}
	set := metric.NewObserveConfig(opts).Attributes()
	if state, ok := set.Value("state"); ok {
		name += " " + state.AsString()
	}
	id, _ := set.Value(attribute.Key("iotcs.endpoint.id"))
	if !slices.Contains(o.endpoint, id.AsString()) {
		o.endpoint = append(o.endpoint, id.AsString())
	}
	o.values[strings.TrimPrefix(name, "iotcs.device.")] = value
}

// collect does what a reader of metrics does.
func (p *meters) collect(t *testing.T) *observer {
	t.Helper()
	p.mu.Lock()
	callbacks := make([]metric.Callback, 0, len(p.callbacks))
	for _, f := range p.callbacks {
		callbacks = append(callbacks, f)
	}
	p.mu.Unlock()
	o := &observer{values: make(map[string]int64)}
	for _, f := range callbacks {
		must(t, f(t.Context(), o))
	}
	return o
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		p := newMeters()
		d := c.open(c.assets("D-1", true, plantURN), device.WithMeterProvider(p))
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		accept(b)
		must(t, b.SetInteger(attrSpeed, 5))
		must(t, d.Flush(t.Context()))
		c.await(c.WriteAttribute(d.EndpointID(), plantURN, "target", 55))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		o := p.collect(t)
		// The report of resources, the reading, the new target; the answer is sent too.
		for name, want := range map[string]int64{
			"messages.queued": 3, "messages.sent": 4, "messages.received": 1, "messages.dropped": 0, "messages.retried": 0,
			"queue.messages": 0, "state online": 1, "state backoff": 0, "state closed": 0,
		} {
			if o.values[name] != want {
				t.Errorf("%s is %d, want %d", name, o.values[name], want)
			}
		}
		if o.values["bytes.sent"] < 400 || o.values["bytes.received"] < 50 {
			t.Errorf("bytes: %v", o.values)
		}
		if !slices.Equal(o.endpoint, []string{d.EndpointID()}) || p.scope != "github.com/iotcs-go/iotcs/runtime/device" {
			t.Errorf("endpoint %v, scope %s", o.endpoint, p.scope)
		}
		p.mu.Lock()
		if p.calls["send ok"] == 0 || p.calls["receive ok"] == 0 || p.calls["negative"] > 0 {
			t.Errorf("calls: %v", p.calls)
		}
		p.mu.Unlock()
		must(t, d.Close(t.Context()))
		if len(p.callbacks) != 0 {
			t.Error("the callback is still registered after Close")
		}
	})
}

// TestMetricsOfFailures: what is retried and dropped counts, also where a hook
// of the program is told, and a reset by the cloud does not turn counters back.
func TestMetricsOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		p := newMeters()
		d := c.open(c.assets("D-1", true, plantURN), device.WithMeterProvider(p))
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		must(t, d.Wait(t.Context(), device.StateOnline))
		must(t, d.Flush(t.Context()))
		c.cut(true)
		must(t, b.SetInteger(attrSpeed, 5))
		told := make(chan error, 1)
		alert := new(device.Fields)
		alert.Begin(b, formatHot)
		alert.Number(1, 81)
		alert.OnError(func(e device.DeliveryError) { told <- e.Err })
		must(t, alert.Raise(nil))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		before := p.collect(t).values
		if before["queue.messages"] != 2 || before["state backoff"] != 1 {
			t.Errorf("while the server is gone: %v", before)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		o := &observer{values: make(map[string]int64)}
		var collect metric.Callback
		for _, f := range p.callbacks {
			collect = f
		}
		if err := d.Close(ctx); !errors.As(err, new(*device.LeftError)) {
			t.Errorf("close: %v", err)
		}
		<-told
		must(t, collect(t.Context(), o))
		if o.values["messages.dropped"] != 2 || o.values["messages.queued"] != 3 || o.values["state closed"] != 1 {
			t.Errorf("after the end: %v", o.values)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.calls["send failed"] == 0 {
			t.Errorf("calls: %v", p.calls)
		}
	})
}

func TestMetricsSurviveAResetByTheCloud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		p := newMeters()
		d := c.open(c.assets("D-1", true), device.WithMeterProvider(p))
		must(t, d.Flush(t.Context()))
		sent := p.collect(t).values["messages.sent"]
		if status, text := c.ask(d.EndpointID(), "PUT", capabilities+"message_dispatcher/reset", ""); status != 200 {
			t.Fatal(status, text)
		}
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if again := p.collect(t).values["messages.sent"]; again < sent+1 {
			t.Errorf("sent went from %d to %d", sent, again)
		}
	})
}

func TestMeterProviderThatCannot(t *testing.T) {
	c := newCloud(t)
	for i, name := range []string{"iotcs.device.messages.sent", "iotcs.device.queue.messages", "iotcs.device.state", "iotcs.device.call.duration", "callback"} {
		p := newMeters()
		p.refuse = name
		if _, err := device.OpenAssets(t.Context(), c.assets("D-"+string(rune('1'+i)), true), device.WithMeterProvider(p)); !errors.Is(err, errInstrument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := device.OpenAssets(t.Context(), c.assets("D-9", true), device.WithMeterProvider(nil)); err == nil {
		t.Error("a nil provider was taken")
	}
}

// TestAllocsOfMeasuring: a provider costs the path from set to queue nothing
// that is worth an allocation.
func TestAllocsOfMeasuring(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	c := newCloud(t)
	c.addPlant()
	allocations := func(id string, opts ...device.Option) float64 {
		d := c.open(c.assets(id, true, plantURN), append(opts, device.WithQueueSize(1_000_000))...)
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		must(t, d.Wait(t.Context(), device.StateOnline))
		c.cut(true)
		defer c.cut(false)
		for range 2000 {
			must(t, b.SetInteger(attrSpeed, 47))
		}
		return testing.AllocsPerRun(1000, func() { must(t, b.SetInteger(attrSpeed, 47)) })
	}
	without, with := allocations("D-1"), allocations("D-2", device.WithMeterProvider(newMeters()))
	if with > without || without > 3 {
		t.Errorf("%v allocations with, %v without", with, without)
	}
}
