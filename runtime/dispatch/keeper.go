package dispatch

import (
	"errors"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/outbox"
)

// keeper listens to the store: what was committed can be sent, what was dropped
// has to be told.
type keeper struct {
	d    *Dispatcher
	stop chan struct{}
	done sync.WaitGroup
}

// dropped is a message that the store gave up.
type dropped struct {
	entry *entry
	err   error
}

// start tells what the store dropped when it was opened and goes on in a goroutine.
func (k *keeper) start() {
	store := k.d.config.Store
	if store == nil {
		return
	}
	for _, x := range k.collect() {
		k.d.notifier.dropped(x.entry, x.err) // it was never counted
	}
	k.d.queue.useStore(store)
	k.stop = make(chan struct{})
	k.done.Go(k.run)
}

func (k *keeper) run() {
	for {
		select {
		case <-k.d.config.Store.Signal():
			k.settle()
			k.d.queue.signal()
		case <-k.stop:
			k.settle()
			return
		}
	}
}

// end settles what is left to settle and ends the goroutine.
func (k *keeper) end() {
	if k.stop != nil {
		close(k.stop)
		k.done.Wait()
	}
}

// settle counts off and tells what the store dropped.
func (k *keeper) settle() {
	committed := k.d.config.Store.Stats().Committed
	for _, x := range k.collect() {
		single := []*entry{x.entry}
		var why *outbox.DropError
		if errors.As(x.err, &why) && why.Reason == outbox.NotStored && !k.d.queue.unheard(x.entry.ordinal) {
			k.d.queue.settle(single) // who waits for the receipt was told
			k.d.queue.recycle(single)
			continue
		}
		k.d.notifier.failed(single, x.err)
	}
	k.d.queue.forgetAbandoned(committed)
}

// collect copies what the store dropped: its lock must not be held when the queue
// is locked.
func (k *keeper) collect() (all []dropped) {
	counts := map[outbox.Reason]int{}
	k.d.config.Store.Drops(func(m *outbox.Message, err error) {
		e := &entry{message: m.Encoded, ordinal: m.Sequence, attempts: m.Attempts, stored: true}
		e.message.JSON = append([]byte(nil), m.JSON...)
		all = append(all, dropped{e, err})
		var why *outbox.DropError
		if errors.As(err, &why) {
			counts[why.Reason]++
		}
	})
	for reason, n := range counts {
		k.d.parts.outbox.Warn("messages were dropped from the outbox", "messages", n, "reason", reason.String())
	}
	return all
}

// forget removes from the store what is done with.
func (d *Dispatcher) forget(entries []*entry) {
	sequences := sequencesOf(entries)
	if len(sequences) == 0 {
		return
	}
	if err := d.config.Store.Remove(sequences); err != nil {
		d.parts.outbox.Warn("the outbox cannot note what was sent; after a restart it may be sent again", "messages", len(sequences), "error", err)
	}
}
