package dispatch

import (
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
// against the capacity.
//
// On an error the holds stay the caller's.
func (d *Dispatcher) AcceptAwaiting(done func(error), holds []Hold, ms ...*wire.Encoded) (Receipt, error) {
	if len(ms) == 0 {
		return Receipt{}, ErrEmpty
	}
	holdings := make([]*holding, len(ms))
	for i, h := range holds {
		if h != nil {
			holdings[i] = &holding{hold: h}
		}
	}
	receipt, err := d.queue.put(ms, done, 0, holdings...)
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

// concluded goes on with a message whose wait has ended.
func (d *Dispatcher) concluded(h *holding, err error) {
	if failed := d.queue.conclude(h, err); failed != nil {
		defer d.queue.ending.Done()
		d.giveUp([]*entry{failed}, err)
	}
}
