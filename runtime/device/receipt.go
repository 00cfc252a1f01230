package device

import (
	"context"
	"errors"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
)

// Receipt is what a [Client] gives for a message: the message has its place in the
// order, and Wait of the receipt tells whether it is stored. The zero Receipt stands
// for a message that needs no disk.
type Receipt = dispatch.Receipt

// await notes a receipt that the caller who holds the lock has to wait for once it
// has released it.
func (v *Virtual) await(r Receipt) {
	if !r.IsZero() {
		v.receipts = append(v.receipts, r)
	}
}

// settle releases the lock and waits until what was sent under it is stored. The
// error of that is joined to *err. Calls of the application end with it, so that
// nil means what [WithOutbox] promises.
func (v *Virtual) settle(err *error) {
	if receipts := v.release(); len(receipts) > 0 {
		*err = errors.Join(*err, waitAll(context.Background(), receipts))
	}
}

// unlock releases the lock for those who have nobody to return an error to: if
// what they sent cannot be stored, the hooks hear of it.
func (v *Virtual) unlock() {
	if err := abandonAll(v.release()); err != nil {
		v.report(DeliveryError{EndpointID: v.endpoint, Format: v.format, EventTime: v.client.Now().UTC(), Err: err})
	}
}

// waitAll waits for receipts and joins their errors, each once: messages that are
// written together fail together.
func waitAll(ctx context.Context, receipts []Receipt) error {
	return joinDistinct(receipts, func(r Receipt) error { return r.Wait(ctx) })
}

// abandonAll leaves receipts to the hooks. The error is that of those that failed
// before.
func abandonAll(receipts []Receipt) error { return joinDistinct(receipts, Receipt.Abandon) }

func joinDistinct(receipts []Receipt, of func(Receipt) error) error {
	var errs []error
	last := ""
	for _, r := range receipts {
		if err := of(r); err != nil && err.Error() != last {
			errs, last = append(errs, err), err.Error()
		}
	}
	return errors.Join(errs...)
}

// offered collects the receipts of messages that go through the relay, which has a
// lock of its own: one caller at a time, so that each waits for its own. What a
// policy sends when it is taken away is waited for by the next caller.
type offered struct {
	calling sync.Mutex // held by during

	mu       sync.Mutex
	receipts []Receipt
}

// during calls f and returns the receipts that came up meanwhile.
func (o *offered) during(f func()) []Receipt {
	o.calling.Lock()
	defer o.calling.Unlock()
	f()
	o.mu.Lock()
	defer o.mu.Unlock()
	receipts := o.receipts
	o.receipts = nil
	return receipts
}

// await notes a receipt.
func (o *offered) await(r Receipt) {
	if r.IsZero() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.receipts = append(o.receipts, r)
}
