package device

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// WithMeterProvider makes the device measure what it sends and receives:
// docs/configuration.md lists the instruments. Every measurement has the
// attribute "iotcs.endpoint.id". Without it nothing is measured; a global
// provider is never used.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) error {
		if p == nil {
			return errors.New("the meter provider is nil")
		}
		c.meters = p
		return nil
	}
}

// meterName is the instrumentation scope: the package.
const meterName = "github.com/iotcs-go/iotcs/runtime/device"

// metrics counts for one device; nil counts nothing. Totals are kept here and
// read when the provider collects, so that sending costs an atomic addition.
type metrics struct {
	queued, sent, dropped, received, bytesSent, bytesReceived atomic.Int64
	retriedBefore                                             atomic.Int64 // before the cloud reset the dispatcher's counters

	calls        metric.Float64Histogram
	registration metric.Registration
	close        sync.Once

	device   *Device
	endpoint atomic.Pointer[metric.MeasurementOption] // nil until activated
}

// newMetrics makes the instruments. It returns nil without a provider.
func newMetrics(d *Device) (*metrics, error) {
	if d.config.meters == nil {
		return nil, nil
	}
	m := &metrics{device: d}
	meter := d.config.meters.Meter(meterName)
	var errs []error
	counter := func(name, unit, about string) metric.Int64ObservableCounter {
		c, err := meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(about))
		errs = append(errs, err)
		return c
	}
	queued := counter("iotcs.device.messages.queued", "{message}", "Messages that the program queued.")
	sent := counter("iotcs.device.messages.sent", "{message}", "Messages that the server accepted.")
	retried := counter("iotcs.device.messages.retried", "{message}", "Messages that were sent again.")
	dropped := counter("iotcs.device.messages.dropped", "{message}", "Messages that were given up.")
	received := counter("iotcs.device.messages.received", "{message}", "Requests that the server handed over.")
	bytesSent := counter("iotcs.device.bytes.sent", "By", "JSON of the messages that the server accepted.")
	bytesReceived := counter("iotcs.device.bytes.received", "By", "JSON of the requests that the server handed over.")
	waiting, err := meter.Int64ObservableUpDownCounter("iotcs.device.queue.messages", metric.WithUnit("{message}"), metric.WithDescription("Messages that wait or are under way."))
	errs = append(errs, err)
	state, err := meter.Int64ObservableGauge("iotcs.device.state", metric.WithDescription("1 for the state in which the device is, 0 for the others."))
	errs = append(errs, err)
	m.calls, err = meter.Float64Histogram("iotcs.device.call.duration", metric.WithUnit("s"), metric.WithDescription("Round trips to the server. A receive includes the time that the server held it."))
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("device: meter provider: %w", err)
	}
	m.registration, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		q := d.dispatch()
		if q == nil {
			return nil
		}
		id := *m.endpoint.Load()
		o.ObserveInt64(queued, m.queued.Load(), id)
		o.ObserveInt64(sent, m.sent.Load(), id)
		o.ObserveInt64(retried, m.retriedBefore.Load()+q.Counters().MessagesRetried, id)
		o.ObserveInt64(dropped, m.dropped.Load(), id)
		o.ObserveInt64(received, m.received.Load(), id)
		o.ObserveInt64(bytesSent, m.bytesSent.Load(), id)
		o.ObserveInt64(bytesReceived, m.bytesReceived.Load(), id)
		o.ObserveInt64(waiting, int64(q.Waiting()), id)
		now := q.Status().State
		for s := dispatch.Connecting; s <= dispatch.Closed; s++ {
			value := int64(0)
			if s == now {
				value = 1
			}
			o.ObserveInt64(state, value, id, metric.WithAttributes(attribute.String("state", s.String())))
		}
		return nil
	}, queued, sent, retried, dropped, received, bytesSent, bytesReceived, waiting, state)
	if err != nil {
		return nil, fmt.Errorf("device: meter provider: %w", err)
	}
	return m, nil
}

// start names the endpoint of the device and returns the connection for its
// dispatcher, measured.
func (m *metrics) start(endpointID string, conn transport.Conn) transport.Conn {
	if m == nil {
		return conn
	}
	var id metric.MeasurementOption = metric.WithAttributeSet(attribute.NewSet(attribute.String("iotcs.endpoint.id", endpointID)))
	m.endpoint.Store(&id)
	return &measuredConn{Conn: conn, m: m, endpoint: endpointID}
}

// stop ends the observation.
func (m *metrics) stop() error {
	if m == nil {
		return nil
	}
	var err error
	m.close.Do(func() { err = m.registration.Unregister() })
	return err
}

// enqueue queues messages and counts them; with a done function also what
// becomes of them, which the reporter does not hear of.
func (m *metrics) enqueue(q *dispatch.Dispatcher, done func(error), holds []dispatch.Hold, ms ...*wire.Encoded) (Receipt, error) {
	receipt, err := accept(q, m.watched(done), holds, ms)
	m.accepted(len(ms), err)
	return receipt, err
}

// hold is enqueue for messages that are stored now and released later.
func (m *metrics) hold(q *dispatch.Dispatcher, done func(error), holds []dispatch.Hold, ms ...*wire.Encoded) (Receipt, error) {
	receipt, err := q.AcceptHeld(m.watched(done), holds, ms...)
	m.accepted(len(ms), err)
	return receipt, err
}

func (m *metrics) accepted(messages int, err error) {
	if m != nil && err == nil {
		m.queued.Add(int64(messages))
	}
}

// watched is a done function that counts what is given up; nil stays nil.
func (m *metrics) watched(done func(error)) func(error) {
	if m == nil || done == nil {
		return done
	}
	return func(err error) {
		if err != nil {
			m.dropped.Add(1)
		}
		done(err)
	}
}

// delivered counts messages that the server accepted.
func (m *metrics) delivered(batch []*wire.Encoded) {
	if m == nil {
		return
	}
	bytes := 0
	for _, e := range batch {
		bytes += len(e.JSON)
	}
	m.sent.Add(int64(len(batch)))
	m.bytesSent.Add(int64(bytes))
}

// failed counts a message that was given up.
func (m *metrics) failed() {
	if m != nil {
		m.dropped.Add(1)
	}
}

// reset is called before the cloud resets the dispatcher's counters: those of
// the provider only grow.
func (m *metrics) reset(q *dispatch.Dispatcher) {
	if m != nil {
		m.retriedBefore.Add(q.Counters().MessagesRetried)
	}
}

// measuredConn measures round trips.
type measuredConn struct {
	transport.Conn
	m        *metrics
	endpoint string
}

// Send implements [transport.Conn].
func (c *measuredConn) Send(ctx context.Context, body []byte, acceptBytes int) (transport.Received, error) {
	began := time.Now()
	got, err := c.Conn.Send(ctx, body, acceptBytes)
	c.measured(ctx, "send", began, got, err)
	return got, err
}

// Receive implements [transport.Conn].
func (c *measuredConn) Receive(ctx context.Context, acceptBytes int, hold time.Duration) (transport.Received, error) {
	began := time.Now()
	got, err := c.Conn.Receive(ctx, acceptBytes, hold)
	c.measured(ctx, "receive", began, got, err)
	return got, err
}

func (c *measuredConn) measured(ctx context.Context, operation string, began time.Time, got transport.Received, err error) {
	for _, r := range got.Requests {
		c.m.bytesReceived.Add(int64(len(r)))
	}
	c.m.received.Add(int64(len(got.Requests)))
	c.m.calls.Record(context.WithoutCancel(ctx), time.Since(began).Seconds(), metric.WithAttributes(
		attribute.String("iotcs.endpoint.id", c.endpoint),
		attribute.String("operation", operation),
		attribute.String("outcome", outcomeOf(err)),
	))
}

// outcomeOf is a word for the end of a call.
func outcomeOf(err error) string {
	var status *transport.StatusError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &status):
		return "refused"
	case errors.Is(err, context.Canceled) || errors.Is(err, transport.ErrClosed):
		return "cancelled"
	}
	return "failed"
}
