package dispatch

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// notifier tells the reporter what happened, in order, from a goroutine of its
// own, so that a slow hook never holds up sending. Its mailbox has no bound: it
// holds what was taken out of the bounded queue.
type notifier struct {
	reporter Reporter
	queue    *queue
	counters *counters
	log      *slog.Logger

	mu      sync.Mutex
	mailbox []event
	wake    chan struct{}
	closed  bool
	exited  chan struct{}
}

// event is one thing to tell: entries delivered (err nil) or given up, or a
// change of state.
type event struct {
	entries  []*entry
	err      error
	from, to *Status
}

func newNotifier(d *Dispatcher) *notifier {
	return &notifier{
		reporter: d.config.Reporter,
		queue:    d.queue,
		counters: &d.counters,
		log:      d.log,
		wake:     make(chan struct{}, 1),
		exited:   make(chan struct{}),
	}
}

// delivered settles entries that the server accepted.
func (n *notifier) delivered(entries []*entry) {
	var bytes int64
	for _, e := range entries {
		bytes += int64(len(e.message.JSON))
	}
	n.counters.messagesSent.Add(int64(len(entries)))
	n.counters.bytesSent.Add(bytes)
	n.queue.settle(entries) // before post: the entries belong to run from then on
	n.post(event{entries: append([]*entry(nil), entries...)})
}

// failed settles entries that were given up.
func (n *notifier) failed(entries []*entry, err error) {
	n.queue.settle(entries)
	n.post(event{entries: append([]*entry(nil), entries...), err: err})
}

// dropped tells of a message that was given up before it was counted.
func (n *notifier) dropped(e *entry, err error) {
	n.post(event{entries: []*entry{e}, err: err})
}

func (n *notifier) changed(from, to Status) { n.post(event{from: &from, to: &to}) }

func (n *notifier) post(e event) {
	n.mu.Lock()
	n.mailbox = append(n.mailbox, e)
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// run tells events until close, and then those that are left.
func (n *notifier) run() {
	defer close(n.exited)
	for {
		n.mu.Lock()
		events, closed := n.mailbox, n.closed
		n.mailbox = nil
		n.mu.Unlock()
		for i := range events {
			n.tell(&events[i])
		}
		if closed && len(events) == 0 {
			return
		}
		if len(events) == 0 {
			<-n.wake
		}
	}
}

// close makes run return once everything is told.
func (n *notifier) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *notifier) tell(e *event) {
	switch {
	case e.to != nil:
		n.guard(func() { n.reporter.StateChanged(*e.from, *e.to) })
	case e.err == nil:
		n.tellDelivered(e.entries)
	default:
		n.tellFailed(e.entries, e.err)
	}
	n.queue.recycle(e.entries)
}

func (n *notifier) tellDelivered(entries []*entry) {
	batch := make([]*wire.Encoded, len(entries))
	for i, e := range entries {
		batch[i] = &e.message
		if e.done != nil {
			n.guard(func() { e.done(nil) })
		}
	}
	n.guard(func() { n.reporter.Delivered(batch) })
}

func (n *notifier) tellFailed(entries []*entry, err error) {
	for _, e := range entries {
		if e.done != nil {
			n.guard(func() { e.done(err) })
			continue
		}
		n.guard(func() { n.reporter.Failed(&e.message, err) })
	}
}

// guard keeps a panic of a hook from ending the dispatcher.
func (n *notifier) guard(call func()) {
	defer func() {
		if p := recover(); p != nil {
			n.log.Error("a hook panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	call()
}
