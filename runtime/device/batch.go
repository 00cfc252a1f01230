package device

import (
	"errors"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Batch collects values that leave in one message; the update builders of
// generated packages are made of it. It belongs to one goroutine. The zero
// Batch must be begun before use. Up to 24 values cost no allocation.
type Batch struct {
	v     *Virtual
	head  messageHead
	sent  bool
	n     int
	first [24]entry
	more  []entry
	errs  []error
}

// entry is a value for the attribute with the given index.
type entry struct {
	index int
	value wire.Value
}

// Begin binds the batch to a virtual device. A bad option is reported by Send.
func (b *Batch) Begin(binding Binding, opts []MessageOption) {
	b.v = binding.v
	b.head = dataHead()
	if err := b.head.apply(opts); err != nil {
		b.errs = append(b.errs, err)
	}
}

// Integer adds attribute i; a value added before for it is replaced.
func (b *Batch) Integer(i int, v int64) { b.add(i, wire.IntegerValue(v)) }

// Number is [Batch.Integer] for NUMBER.
func (b *Batch) Number(i int, v float64) { b.add(i, wire.NumberValue(v)) }

// String is [Batch.Integer] for STRING.
func (b *Batch) String(i int, v string) { b.add(i, wire.StringValue(v)) }

// Boolean is [Batch.Integer] for BOOLEAN.
func (b *Batch) Boolean(i int, v bool) { b.add(i, wire.BooleanValue(v)) }

// URI is [Batch.Integer] for URI.
func (b *Batch) URI(i int, v URI) { b.add(i, v.value()) }

// DateTime is [Batch.Integer] for DATETIME.
func (b *Batch) DateTime(i int, v time.Time) {
	value, err := timeValue(b.v.model.Attributes[i].Name, v)
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.add(i, value)
}

// Set adds the attribute with the given name or alias. What it refuses, with
// the errors of [Virtual.Set], is returned by Send.
func (b *Batch) Set(name string, value any) *Batch {
	i, converted, err := b.v.convertNamed(name, value)
	if err != nil {
		b.errs = append(b.errs, err)
		return b
	}
	b.add(i, converted)
	return b
}

func (b *Batch) add(i int, value wire.Value) {
	if err := checkAttribute(&b.v.model.Attributes[i], value); err != nil {
		b.errs = append(b.errs, err)
		return
	}
	if e := b.find(i); e != nil {
		e.value = value
		return
	}
	if b.n < len(b.first) {
		b.first[b.n] = entry{index: i, value: value}
		b.n++
		return
	}
	b.more = append(b.more, entry{index: i, value: value})
}

func (b *Batch) find(i int) *entry {
	for k := range b.first[:b.n] {
		if b.first[k].index == i {
			return &b.first[k]
		}
	}
	for k := range b.more {
		if b.more[k].index == i {
			return &b.more[k]
		}
	}
	return nil
}

// Send stores the values and sends them in one DATA message, in the order in
// which they were first added. An empty batch sends nothing. If a value or an
// option was refused, nothing is stored or sent and the refusals are returned,
// joined. The batch is used up, whatever Send returns: a second call returns
// [ErrSent].
//
// Errors: the refusals ([*RangeError], [ErrNotFinite], [*LengthError],
// [ErrNotUTF8], [ErrZeroTime], [ErrEmptyURI]), [*QueueFullError] and those of
// the outbox (the values are kept; see [WithOutbox]), [ErrClosed], [ErrSent].
func (b *Batch) Send() error {
	if err := b.finish(); err != nil || b.n == 0 {
		return err
	}
	return b.v.storeBatch(b.first[:b.n], b.more, b.head)
}

// Offer hands the values to the device's policies and sends what they let
// through in one message. Without policies it is [Batch.Send]. Errors as there.
func (b *Batch) Offer() error {
	if err := b.finish(); err != nil || b.n == 0 {
		return err
	}
	return b.v.offerBatch(b.first[:b.n], b.more, b.head)
}

// finish uses the batch up and returns what was refused.
func (b *Batch) finish() error {
	if b.sent {
		return ErrSent
	}
	b.sent = true
	return errors.Join(b.errs...)
}
