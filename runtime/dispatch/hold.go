package dispatch

import (
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Hold is what a message waits for before it may leave, such as the upload of its
// content (docs/protocol/storage.md §7.1).
//
// Obligations of an implementation: methods may be called from any goroutine.
// Complete and Withdraw do not call back into the dispatcher before they return,
// other than through what Notify was given for another message.
type Hold interface {
	// Notify has f called once when the wait is over, perhaps before Notify
	// returns: with nil, the message may leave, or with the reason why it must
	// not be sent. It is called without any lock held.
	Notify(f func(error))
	// Complete returns the message as it is to be sent, now that the wait ended
	// well. The JSON is the dispatcher's and may be changed in place. It may be
	// called again for another copy of the message.
	Complete(json []byte) []byte
	// Needs is what Config.Renew makes another such Hold of, in a later run. It is
	// stored with a durable message. nil says that there is nothing to wait for any
	// more.
	Needs() []byte
	// Withdraw says that nobody waits any more: the message was given up. f is
	// not called after that, except by an end of the wait that came just before.
	Withdraw()
}

// AcceptAwaiting is [Dispatcher.Accept] for messages of which some have to wait:
// holds[i], unless it is nil, is what ms[i] waits for. Such a message leaves as
// soon as its wait ends well; if it ends with an error that message alone is given
// up, and the error is what done or the reporter gets.
//
// To keep the order of an endpoint, DATA of the same source and of the same or a
// lower priority that is accepted later waits with it. Everything else goes
// before: alerts, answers, other sources, higher priorities. What waits counts
// against the capacity, or lies in the store from the call on; after a restart
// Config.Renew begins again what it waits for.
//
// On an error the holds stay the caller's.
func (d *Dispatcher) AcceptAwaiting(done func(error), holds []Hold, ms ...*wire.Encoded) (Receipt, error) {
	return d.acceptAwaiting(holds, ms, func(holdings []*holding) (Receipt, error) { return d.queue.put(ms, done, 0, holdings...) })
}

func (d *Dispatcher) acceptAwaiting(holds []Hold, ms []*wire.Encoded, put func([]*holding) (Receipt, error)) (Receipt, error) {
	if len(ms) == 0 {
		return Receipt{}, ErrEmpty
	}
	holdings := make([]*holding, len(ms))
	for i, h := range holds {
		if h != nil {
			holdings[i] = &holding{hold: h}
			if d.config.Store != nil {
				holdings[i].needs = h.Needs()
			}
		}
	}
	receipt, err := put(holdings)
	if err != nil {
		return Receipt{}, err
	}
	for _, h := range holdings {
		if h != nil {
			h.hold.Notify(func(err error) { d.concluded(h, err) })
		}
	}
	return receipt, nil
}

var (
	// ErrBusy is what Config.Renew returns to be asked again, once a Hold has ended.
	ErrBusy = errors.New("too much is being waited for")

	errNoRenew = errors.New("what it waited for cannot be begun again")
)

// renew begins again what messages of earlier runs waited for. Where that cannot be
// done a message is given up when it is sifted.
func (d *Dispatcher) renew(entries []*entry) {
	var begun []*holding
	for _, e := range entries {
		if len(e.needs) == 0 || d.queue.isKnown(e) {
			continue
		}
		h := new(holding)
		if h.hold, h.err = d.renewed(e.needs); h.hold != nil {
			begun = append(begun, h)
		}
		d.queue.renew(h, e)
	}
	for _, h := range begun {
		h.hold.Notify(func(err error) { d.concluded(h, err) })
	}
}

func (d *Dispatcher) renewed(needs []byte) (h Hold, err error) {
	err = errNoRenew
	if d.config.Renew != nil {
		h, err = d.config.Renew(needs)
	}
	if err != nil {
		return nil, fmt.Errorf("after a restart: %w", err)
	}
	return h, nil
}

// concluded goes on with a message whose wait has ended.
func (d *Dispatcher) concluded(h *holding, err error) {
	if failed := d.queue.conclude(h, err); failed != nil {
		defer d.queue.ending.Done()
		d.giveUp([]*entry{failed}, err)
	}
}
