package device

import (
	"slices"

	"github.com/iotcs-go/iotcs/runtime/policy"
)

// batchStore is the [policy.BatchStore] of a device with an outbox: what a policy
// holds back lies in the outbox from the call on and is released there, to its
// place in the order. A batch does not outlive the program: Close releases it, and
// what a killed program held is sent by the next one.
//
// A message that could not be stored counts as held until the batch leaves, which
// may then be one message short.
type batchStore struct {
	d     *Device
	await func(Receipt) // notes what the caller has to wait for
	held  []Receipt
	bytes int
}

// startOptions are those of the policies of one device.
func (p *policies) startOptions(await func(Receipt)) []policy.StartOption {
	if p.d.outbox == nil {
		return p.options
	}
	return append(slices.Clip(p.options), policy.WithBatchStore(&batchStore{d: p.d, await: await}))
}

// Hold implements [policy.BatchStore].
func (b *batchStore) Hold(m *policy.Message) error {
	receipt, err := b.d.keep(b.d.dispatch(), m.Done, &m.Encoded)
	if err != nil {
		return err
	}
	b.await(receipt)
	b.held = append(b.held, receipt)
	b.bytes += len(m.JSON)
	return nil
}

// Release implements [policy.BatchStore]. It cannot fail, and nothing is emitted:
// the messages have a place already.
func (b *batchStore) Release(func(*policy.Message) error) error {
	b.d.dispatch().Release(b.held...)
	b.held, b.bytes = nil, 0
	return nil
}

// Held implements [policy.BatchStore].
func (b *batchStore) Held() (messages, bytes int) { return len(b.held), b.bytes }
