package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Virtual is one virtual device: an endpoint together with the values and
// handlers of one device model. Generated packages wrap it; on its own it
// gives access by name, for programs that learn the model at run time.
//
// All methods may be called from any goroutine, also from inside handlers.
// Storing a value and queueing its message are one step: values leave in the
// order in which they were stored. Handlers are called without any lock held.
type Virtual struct {
	client   Client
	endpoint string
	model    *Model
	format   string // URN of the attribute messages
	config   virtualConfig
	restored []entry      // what WithState brought back; never changed
	stateLog *slog.Logger // set with state

	handling sync.Mutex  // held while handlers of writes run, before mu
	state    *savedState // nil without WithState; under handling

	mu      sync.Mutex
	closed  bool
	drift   *DriftError // set when the model drifted and that is an error
	gate    *gate       // the device's policies; nil for clients without them
	slots   []slot      // one per attribute of the model
	failed  func(DeliveryError)
	changed func(context.Context, ChangeSet) error
	acted   func(context.Context, *ActionCall) error
	actions map[int]func(context.Context, *ActionCall) error // by index, set by name

	ids wire.UUIDSource // of messages; faster than asking the system for each

	receipts []Receipt // of what was sent under this lock, see settle

	// Scratch space of send, kept so that sending allocates nothing.
	items   []wire.Item
	buffer  []byte
	encoded wire.Encoded
}

// slot is the state of one attribute.
type slot struct {
	value  wire.Value // zero until the first value
	change changeHandler
	failed func(DeliveryError)
}

// NewVirtual returns a virtual device of the given model on c. It does no I/O.
// The model must not be changed afterwards.
//
// Errors: [ErrDuplicate], [ErrClosed], an invalid option, an empty endpoint id.
func NewVirtual(c Client, endpointID string, m *Model, opts ...VirtualOption) (*Virtual, error) {
	if endpointID == "" {
		return nil, errors.New("virtual device: the endpoint id is empty; a device has one once it is activated")
	}
	v := &Virtual{
		client:   c,
		endpoint: endpointID,
		model:    m,
		format:   m.AttributesURN(),
		config:   virtualConfig{strictAccess: true},
		slots:    make([]slot, len(m.Attributes)),
	}
	for _, o := range opts {
		if err := o(&v.config); err != nil {
			return nil, fmt.Errorf("virtual device %s of %s: %w", endpointID, m.URN, err)
		}
	}
	if err := c.Attach(v); err != nil {
		return nil, fmt.Errorf("virtual device %s of %s: %w", endpointID, m.URN, err)
	}
	return v, nil
}

// EndpointID returns the id of the endpoint that v stands for.
func (v *Virtual) EndpointID() string { return v.endpoint }

// Model returns the device model of v. It must not be changed.
func (v *Virtual) Model() *Model { return v.model }

// Fingerprint returns the hexadecimal SHA-256 of v's model in canonical form.
func (v *Virtual) Fingerprint() string { return devicemodel.Fingerprint(v.model) }

// OnError calls fn for every message of v that was given up, alerts and data
// with a hook of their own excepted. Setting it again replaces it, nil removes it.
func (v *Virtual) OnError(fn func(DeliveryError)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failed = fn
}

// Close ends v's policy, whose windows and batches leave, and detaches v from its
// device: requests for it are answered 404, its hooks
// are not called any more and everything else returns [ErrClosed]. Messages that
// were accepted before are still sent. Closing it again does nothing.
func (v *Virtual) Close() (err error) {
	v.mu.Lock()
	closed := v.closed
	v.closed = true
	err = v.endPolicy()
	v.failed, v.changed, v.acted, v.actions = nil, nil, nil, nil
	for i := range v.slots {
		v.slots[i].change, v.slots[i].failed = nil, nil
	}
	v.settle(&err)
	if !closed {
		v.client.Detach(v)
	}
	return err
}

// store keeps value for attribute i and sends it.
func (v *Virtual) store(i int, value wire.Value) (err error) {
	if err := checkAttribute(&v.model.Attributes[i], value); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.settle(&err)
	if err := v.unusable(); err != nil {
		return err
	}
	if v.gate != nil {
		return v.gate.set(dataHead(), policy.Item{Attribute: i, Value: value})
	}
	v.slots[i].value = value
	v.items = append(v.items[:0], wire.Item{Name: v.model.Attributes[i].Name, Value: value})
	return v.sendItems(dataHead())
}

// storeBatch keeps the values of a batch and sends them in one message.
func (v *Virtual) storeBatch(first, more []entry, head messageHead) (err error) {
	v.mu.Lock()
	defer v.settle(&err)
	if err := v.unusable(); err != nil {
		return err
	}
	return v.setEntries(first, more, head)
}

// setEntries stores entries and sends them in one message. The caller holds the
// lock.
func (v *Virtual) setEntries(first, more []entry, head messageHead) error {
	if v.gate != nil {
		return v.gate.set(head, v.gate.collect(first, more)...)
	}
	v.items = v.items[:0]
	v.take(first)
	v.take(more)
	return v.sendItems(head)
}

// take stores entries and adds them to the items of the next message.
func (v *Virtual) take(entries []entry) {
	for i := range entries {
		e := &entries[i]
		v.slots[e.index].value = e.value
		v.items = append(v.items, wire.Item{Name: v.model.Attributes[e.index].Name, Value: e.value})
	}
}

// sendItems sends the collected items as one DATA message of the attribute
// format. The caller holds the lock.
func (v *Virtual) sendItems(head messageHead) error {
	h := v.header(head)
	v.buffer = wire.AppendData(v.buffer[:0], &h, v.format, v.items)
	v.encoded = v.encodedOf(&h, wire.TypeData, v.format, v.items)
	clear(v.items) // texts must not live on in the scratch space
	return v.enqueue(nil)
}

func (v *Virtual) header(head messageHead) wire.Header {
	if head.eventTime == 0 {
		head.eventTime = v.client.Now().UnixMilli()
	}
	return wire.Header{
		ClientID:    v.ids.New(),
		Source:      v.endpoint,
		EventTime:   head.eventTime,
		Priority:    head.priority,
		Reliability: head.reliability,
	}
}

// encodedOf is the message in v.buffer, which carries items.
func (v *Virtual) encodedOf(h *wire.Header, t wire.MessageType, format string, items []wire.Item) wire.Encoded {
	return wire.Encoded{
		ClientID:    h.ClientID,
		Source:      v.endpoint,
		Format:      format,
		Type:        t,
		Priority:    h.Priority,
		Reliability: h.Reliability,
		EventTime:   h.EventTime,
		JSON:        v.buffer,
		Attachments: wire.Attachments(items),
	}
}

// keepBuffer is how large a scratch buffer may be to be kept for the next
// message: a device has thousands of virtual devices, most of them idle.
const keepBuffer = 4096

// enqueue hands the message in v.encoded to the device. The caller holds the lock.
func (v *Virtual) enqueue(done func(error)) error {
	receipt, err := v.client.Enqueue(&v.encoded, done)
	v.await(receipt)
	if cap(v.buffer) > keepBuffer {
		v.buffer = nil
	}
	v.encoded.JSON, v.encoded.Attachments = nil, nil
	return err
}

// current returns the last value of attribute i, else its default; the zero
// value when there is neither.
func (v *Virtual) current(i int) wire.Value {
	if last := v.lastKnown(i); !last.IsZero() {
		return last
	}
	a := &v.model.Attributes[i]
	return defaultValue(a.Type, a.Default)
}

func (v *Virtual) lastKnown(i int) wire.Value {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.slots[i].value
}

// unusable is the error of everything that would send, nil while v is usable.
// The caller holds the lock.
func (v *Virtual) unusable() error {
	switch {
	case v.closed:
		return fmt.Errorf("virtual device %s of %s: %w", v.endpoint, v.model.URN, ErrClosed)
	case v.drift != nil:
		return v.drift
	}
	return nil
}

// refuse makes everything that would send fail because the model drifted.
func (v *Virtual) refuse(drift *DriftError) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.drift = drift
}

// attribute returns the index of the attribute with the given name or alias; a
// name goes before an alias. It is -1 when there is none.
func (v *Virtual) attribute(name string) int {
	if i := slices.IndexFunc(v.model.Attributes, func(a Attribute) bool { return a.Name == name }); i >= 0 {
		return i
	}
	if name == "" {
		return -1
	}
	return slices.IndexFunc(v.model.Attributes, func(a Attribute) bool { return a.Alias == name })
}

// action is attribute for actions.
func (v *Virtual) action(name string) int {
	if i := slices.IndexFunc(v.model.Actions, func(a Action) bool { return a.Name == name }); i >= 0 {
		return i
	}
	if name == "" {
		return -1
	}
	return slices.IndexFunc(v.model.Actions, func(a Action) bool { return a.Alias == name })
}

// formatIndex returns the index of the format with the given URN, or -1.
func (v *Virtual) formatIndex(urn string) int {
	return slices.IndexFunc(v.model.Formats, func(f Format) bool { return f.URN == urn })
}
