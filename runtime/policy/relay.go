package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// RelayConfig is what a Relay works with.
type RelayConfig struct {
	// Model gives the device model with a URN, nil if it is not known. Messages
	// of unknown models pass.
	Model func(urn string) *devicemodel.Model
	// Manager finds out which policies the devices have.
	Manager *Manager
	// Now gives the time, in milliseconds since the epoch, at which a policy is
	// taken away.
	Now func() int64
	// Options gives the options of the engine of a device; nil for none.
	Options func(endpointID string) []StartOption
	// Require makes messages wait for the answer whether there is a policy for as
	// long as it takes.
	Require bool
	// Report takes errors that have no caller.
	Report func(error)
}

// ErrClosed is returned for messages that are offered to a closed Relay.
var ErrClosed = errors.New("policy: relay is closed")

// Relay applies policies to messages that the application made itself, without a
// virtual device (docs/protocol/policies.md §7). It has no timers: windows and
// intervals are judged when a message comes. Each device behind a gateway has
// its own state. Its methods may be called from any goroutine.
type Relay struct {
	config RelayConfig

	mu      sync.Mutex
	devices map[memberKey]*relayed
	closed  bool
}

// relayed is a device whose messages go through a Relay. It is the Host of its
// engine.
type relayed struct {
	relay    *Relay
	model    *devicemodel.Model
	endpoint string

	engine   *Engine // nil without a policy
	plan     *Plan
	answered bool
	started  bool            // engine works; it starts with the first message
	waiting  []*wire.Message // until the first answer
	since    int64

	values []wire.Value // by attribute
	now    int64
	out    []*Message // ready to be sent
}

// NewRelay makes a Relay.
func NewRelay(config RelayConfig) *Relay {
	return &Relay{config: config, devices: map[memberKey]*relayed{}}
}

const attributesSuffix = ":attributes"

// modelOf gives the URN of the device model that a message belongs to: for DATA
// its format without ":attributes", for an ALERT its format up to the last
// colon. Other messages belong to none.
func modelOf(m *wire.Message) (urn string, ok bool) {
	switch {
	case m.Type == wire.TypeData && m.Data != nil:
		return strings.CutSuffix(m.Data.Format, attributesSuffix)
	case m.Type == wire.TypeAlert && m.Alert != nil:
		at := strings.LastIndexByte(m.Alert.Format, ':')
		return m.Alert.Format[:max(at, 0)], at >= 0
	}
	return "", false
}

// Offer takes a message and gives those that are to be sent now, in order: what
// became of the message, alerts that it raised, messages that were held back
// before, and calls of actions as requests of the device to itself. The message
// must not be changed afterwards.
//
// Until it is known whether the device has a policy, messages are held, within
// the bounds of a Gate; Ready gives them later. The error joins those of values
// that were dropped, or says why the message cannot be encoded; it is ErrHolding
// for a message beyond those bounds when a policy is required, and ErrClosed
// after Close.
func (r *Relay) Offer(now int64, m *wire.Message) ([]*Message, error) {
	urn, ok := modelOf(m)
	var model *devicemodel.Model
	if ok {
		model = r.config.Model(urn)
	}
	if model == nil {
		passed, err := encode(m)
		if err != nil {
			return nil, err
		}
		return []*Message{passed}, nil
	}
	d := r.device(model, m.Source)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	err := d.offer(now, m)
	return d.take(), err
}

// Ready gives the messages that can be sent now without a further one: those
// whose device's policy has become known or was waited for too long, and what a
// policy held that was taken away.
func (r *Relay) Ready(now int64) []*Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Message
	for _, d := range r.devices {
		d.release(now)
		all = append(all, d.take()...)
	}
	return all
}

// Waiting tells whether messages wait for the answer whether there is a policy,
// so that Ready will have something to give.
func (r *Relay) Waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.devices {
		if len(d.waiting) > 0 {
			return true
		}
	}
	return false
}

// Close ends the policies of all devices for good and gives the messages that are
// to be sent because of it: windows yield the result of the values that they
// have, and batches leave. Messages that still wait for an answer go on as if
// there were no policy; if one is required, they are dropped and reported.
func (r *Relay) Close(now int64) []*Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var all []*Message
	for _, d := range r.devices {
		d.close(now)
		all = append(all, d.take()...)
	}
	return all
}

// device gives the state of a device, and makes it known to the manager if it
// is new.
func (r *Relay) device(model *devicemodel.Model, endpoint string) *relayed {
	key := memberKey{model.URN, endpoint}
	r.mu.Lock()
	d, known := r.devices[key]
	if !known {
		d = &relayed{relay: r, model: model, endpoint: endpoint, values: make([]wire.Value, len(model.Attributes))}
		r.devices[key] = d
	}
	r.mu.Unlock()
	if !known {
		r.config.Manager.Attach(model, endpoint, d)
	}
	return d
}

// Assign implements Target. What the old policy held goes out with the next
// message.
func (d *relayed) Assign(p *Plan) {
	d.relay.mu.Lock()
	defer d.relay.mu.Unlock()
	if d.relay.closed {
		return
	}
	if d.engine != nil && d.started {
		d.report(d.engine.Stop(d.relay.config.Now()))
	}
	d.plan, d.engine, d.answered, d.started = p, nil, true, false
	clear(d.values)
}

// begin starts the engine at the time of the first message.
func (d *relayed) begin(now int64) {
	if d.started {
		return
	}
	d.started = true
	if d.plan != nil {
		var options []StartOption
		if d.relay.config.Options != nil {
			options = d.relay.config.Options(d.endpoint)
		}
		d.engine = d.plan.Start(d, d.endpoint, now, options...)
		if d.engine.batch != nil {
			d.engine.batch.start = now
		}
	}
}

func (d *relayed) take() []*Message {
	out := d.out
	d.out = nil
	return out
}

func (d *relayed) offer(now int64, m *wire.Message) error {
	d.release(now)
	if !d.answered && len(d.waiting) < MaxHeldValues {
		if len(d.waiting) == 0 {
			d.since = now
		}
		d.waiting = append(d.waiting, m)
		return nil
	}
	if !d.answered && d.relay.config.Require {
		return fmt.Errorf("%w: %d messages are held", ErrHolding, len(d.waiting))
	}
	if !d.answered {
		d.giveUp(now)
	}
	return d.process(now, m)
}

func (d *relayed) close(now int64) {
	switch {
	case d.answered || len(d.waiting) == 0:
		d.release(now)
	case d.relay.config.Require:
		d.report(fmt.Errorf("%w: %d messages are dropped", ErrHolding, len(d.waiting)))
		d.waiting = nil
	default:
		d.giveUp(now)
	}
	if d.engine != nil {
		d.report(d.engine.Stop(now))
	}
}

func (d *relayed) giveUp(now int64) {
	d.report(ErrNoAnswer)
	d.answered = true
	d.release(now)
}

// release processes the messages that waited for an answer.
func (d *relayed) release(now int64) {
	if !d.answered && len(d.waiting) > 0 && now >= d.since+MaxHold && !d.relay.config.Require {
		d.giveUp(now)
		return
	}
	if !d.answered {
		return
	}
	waiting := d.waiting
	d.waiting = nil
	for _, m := range waiting {
		d.report(d.process(now, m))
	}
}

func (d *relayed) process(now int64, m *wire.Message) error {
	d.now = now
	d.begin(now)
	if d.engine == nil {
		passed, err := encode(m)
		if err == nil {
			d.out = append(d.out, passed)
		}
		return err
	}
	defer d.engine.end(d.engine.begin(now))
	if m.Type != wire.TypeData {
		return d.admit(m)
	}
	items, changed, err := d.engine.relayItems(m.Data.Items)
	if len(items) == 0 && changed {
		return err
	}
	if changed {
		kept := *m
		kept.Data = &wire.DataPayload{Format: m.Data.Format, Items: items}
		m = &kept
	}
	return errors.Join(err, d.admit(m))
}

// admit brings a message through the device pipeline. An interval of batchByTime
// that has ended lets the batch go, this message included.
func (d *relayed) admit(m *wire.Message) error {
	encoded, err := encode(m)
	if err != nil {
		return err
	}
	if err := d.engine.admit(encoded); err != nil {
		return err
	}
	b := d.engine.batch
	if b == nil {
		return nil
	}
	if end, waits := b.deadline(); waits && end <= d.now {
		d.engine.Expire(d.now)
	}
	return nil
}

// encode makes a message ready to be sent.
func encode(m *wire.Message) (*Message, error) {
	data, err := m.Append(nil)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	out := &Message{Encoded: wire.Encoded{
		ClientID:    m.ClientID,
		Source:      m.Source,
		Type:        m.Type,
		Priority:    m.Priority,
		Reliability: m.Reliability,
		EventTime:   m.EventTime,
		JSON:        data,
	}}
	switch {
	case m.Data != nil:
		out.Format, out.Attachments = m.Data.Format, wire.Attachments(m.Data.Items)
	case m.Alert != nil:
		out.Format, out.Severity = m.Alert.Format, m.Alert.Severity
		out.Attachments = wire.Attachments(m.Alert.Items)
	}
	return out, nil
}

// Current implements Host.
func (d *relayed) Current(attribute int) wire.Value {
	if v := d.values[attribute]; !v.IsZero() {
		return v
	}
	return defaultOf(&d.model.Attributes[attribute])
}

// Commit implements Host. Messages are the application's: nothing is checked.
func (d *relayed) Commit(attribute int, v wire.Value) error {
	d.values[attribute] = v
	return nil
}

// Emit implements Host.
func (d *relayed) Emit(m *Message) error {
	kept := *m
	kept.JSON = slices.Clone(m.JSON)
	d.out = append(d.out, &kept)
	return nil
}

// Call implements Host: a request of the device to itself, which whoever gets it
// from Offer or Ready hands to the handlers of the device.
func (d *relayed) Call(_ int, name string, arguments []wire.Value) {
	body := []byte("{}")
	if len(arguments) > 0 && !arguments[0].IsZero() {
		body = append(arguments[0].AppendJSON([]byte(`{"value":`)), '}')
	}
	request, err := encode(&wire.Message{
		Header: wire.Header{
			ClientID:    wire.NewUUID(),
			Source:      d.endpoint,
			Destination: d.endpoint,
			EventTime:   d.now,
			Priority:    wire.Highest,
			Reliability: wire.BestEffort,
		},
		Type: wire.TypeRequest,
		Request: &wire.Request{
			Method: "POST",
			URL:    "deviceModels/" + d.model.URN + "/actions/" + name,
			Body:   body,
		},
	})
	if err != nil {
		d.report(err)
		return
	}
	d.out = append(d.out, request)
}

// Report implements Host.
func (d *relayed) Report(err error) { d.report(err) }

func (d *relayed) report(err error) {
	if err != nil && d.relay.config.Report != nil {
		d.relay.config.Report(err)
	}
}
