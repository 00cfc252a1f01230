package device

import (
	"errors"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Fields is an alert or a piece of custom data being filled in; the alert and
// data types of generated packages are made of it. It belongs to one goroutine.
// The zero Fields must be begun before use.
type Fields struct {
	v        *Virtual
	format   *Format
	severity Severity
	values   []wire.Value // one per field of the format, zero when not set
	errs     []error
	failed   func(DeliveryError)
}

var (
	errNotAlert = errors.New("the format is not of type ALERT: use Submit")
	errNotData  = errors.New("the format is not of type DATA: use Raise")
	errNoFields = errors.New("no field is set: a DATA message needs at least one")
	errSeverity = errors.New("no such severity")
)

// Begin binds f to a format of the model.
func (f *Fields) Begin(b Binding, format int) { f.begin(b.v, format) }

func (f *Fields) begin(v *Virtual, format int) {
	f.v = v
	f.format = &v.model.Formats[format]
	f.values = make([]wire.Value, len(f.format.Fields))
}

// Integer sets field i; the last value wins.
func (f *Fields) Integer(i int, v int64) { f.set(i, wire.IntegerValue(v), nil) }

// Number sets field i.
func (f *Fields) Number(i int, v float64) { f.set(i, wire.NumberValue(v), nil) }

// String sets field i.
func (f *Fields) String(i int, v string) { f.set(i, wire.StringValue(v), nil) }

// Boolean sets field i.
func (f *Fields) Boolean(i int, v bool) { f.set(i, wire.BooleanValue(v), nil) }

// URI sets field i.
func (f *Fields) URI(i int, v URI) { f.set(i, v.value(), nil) }

// DateTime sets field i.
func (f *Fields) DateTime(i int, v time.Time) {
	value, err := timeValue(f.format.Fields[i].Name, v)
	f.set(i, value, err)
}

// Set sets the field with the given name. What it refuses, with the errors of
// [Virtual.Set], is returned by Raise or Submit.
func (f *Fields) Set(name string, value any) *Fields {
	for i := range f.format.Fields {
		if f.format.Fields[i].Name == name {
			converted, err := convertAny(name, f.format.Fields[i].Type, value)
			f.set(i, converted, err)
			return f
		}
	}
	f.errs = append(f.errs, fmt.Errorf("field %s of %s: %w", name, f.format.URN, ErrUnknownName))
	return f
}

func (f *Fields) set(i int, value wire.Value, err error) {
	field := &f.format.Fields[i]
	if err == nil {
		err = checkValue(field.Name, field.Type, nil, value)
	}
	if err != nil {
		f.errs = append(f.errs, err)
		return
	}
	f.values[i] = value
}

// Severity sets the severity of an alert; without it the alert is significant.
func (f *Fields) Severity(s Severity) *Fields {
	if s > wire.SeverityCritical {
		f.errs = append(f.errs, fmt.Errorf("severity %d: %w", s, errSeverity))
		return f
	}
	f.severity = s
	return f
}

// OnError calls fn, instead of the virtual device's hook, for each message of f
// that was accepted and then given up.
func (f *Fields) OnError(fn func(DeliveryError)) *Fields {
	f.failed = fn
	return f
}

// Raise sends an ALERT message. It may be called again: the same fields leave
// with a new message id and event time. Nothing is sent if a value was refused.
//
// Errors: the refusals, [ErrFieldMissing] with the field's name,
// [*QueueFullError], [ErrClosed], those of the outbox (see [WithOutbox]).
func (f *Fields) Raise(opts []MessageOption) error {
	if f.format.Type != FormatAlert {
		return fmt.Errorf("%s: %w", f.format.URN, errNotAlert)
	}
	head := alertHead()
	items, err := f.items(&head, opts)
	if err != nil {
		return err
	}
	severity := f.severityOrDefault()
	return f.send(wire.TypeAlert, head, items, func(dst []byte, h *wire.Header) []byte {
		return wire.AppendAlert(dst, h, f.format.URN, f.format.Description, severity, items)
	})
}

func (f *Fields) severityOrDefault() Severity {
	if f.severity == 0 {
		return wire.SeveritySignificant
	}
	return f.severity
}

// Submit sends a DATA message; otherwise like [Fields.Raise].
func (f *Fields) Submit(opts []MessageOption) error {
	if f.format.Type != FormatData {
		return fmt.Errorf("%s: %w", f.format.URN, errNotData)
	}
	head := dataHead()
	items, err := f.items(&head, opts)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return fmt.Errorf("%s: %w", f.format.URN, errNoFields)
	}
	return f.send(wire.TypeData, head, items, func(dst []byte, h *wire.Header) []byte {
		return wire.AppendData(dst, h, f.format.URN, items)
	})
}

// items checks everything and returns the fields that are set, in model order.
func (f *Fields) items(head *messageHead, opts []MessageOption) ([]wire.Item, error) {
	errs := append([]error(nil), f.errs...)
	if err := head.apply(opts); err != nil {
		errs = append(errs, err)
	}
	var items []wire.Item
	for i := range f.format.Fields {
		field := &f.format.Fields[i]
		switch {
		case !f.values[i].IsZero():
			items = append(items, wire.Item{Name: field.Name, Value: f.values[i]})
		case !field.Optional && len(f.errs) == 0:
			errs = append(errs, fmt.Errorf("%s of %s: %w", field.Name, f.format.URN, ErrFieldMissing))
		}
	}
	return items, errors.Join(errs...)
}

// send queues the message that encode appends.
func (f *Fields) send(t wire.MessageType, head messageHead, items []wire.Item, encode func([]byte, *wire.Header) []byte) (err error) {
	v := f.v
	v.mu.Lock()
	defer v.settle(&err)
	if err := v.unusable(); err != nil {
		return err
	}
	h := v.header(head)
	v.buffer = encode(v.buffer[:0], &h)
	if v.gate != nil && t == wire.TypeAlert {
		// Policies see alerts, not custom data (docs/protocol/virtual-devices.md §4).
		m := &policy.Message{Encoded: v.encodedOf(&h, t, f.format.URN, items), Severity: f.severityOrDefault(), Done: f.done(&h, items)}
		return v.gate.admit(m)
	}
	v.encoded = v.encodedOf(&h, t, f.format.URN, items)
	return v.enqueue(f.done(&h, items))
}

// done reports a failure to the hook of f; nil when there is none.
func (f *Fields) done(h *wire.Header, items []wire.Item) func(error) {
	if f.failed == nil {
		return nil
	}
	fn, failure := f.failed, DeliveryError{
		EndpointID: h.Source,
		Format:     f.format.URN,
		Values:     f.v.Decode(f.format.URN, items),
		ClientID:   h.ClientID.String(),
		EventTime:  time.UnixMilli(h.EventTime).UTC(),
	}
	return func(err error) {
		if err != nil {
			failure.Err = err
			fn(failure)
		}
	}
}
