package dispatch

import (
	"context"
	"log/slog"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Dispatcher moves the messages of one device. All methods may be called from
// any goroutine, those of queueing also from hooks and handlers.
type Dispatcher struct {
	config   Config
	log      *slog.Logger
	parts    logs
	ctx      context.Context // ends when calls must stop
	cancel   context.CancelFunc
	stopping chan struct{} // closed when Close begins
	queue    *queue
	notifier *notifier
	receiver *receiver
	requests *requests
	keeper   keeper
	counters counters

	workers  sync.WaitGroup // transmitter and receiver
	closing  sync.Mutex     // held by the one Close that does the work
	closeErr error
	isClosed bool

	statusMu sync.Mutex
	status   Status
	waiters  []*stateWaiter
}

// New returns a running dispatcher: it has started its goroutines.
func New(config Config) (*Dispatcher, error) {
	if err := config.setDefaults(); err != nil {
		return nil, err
	}
	d := &Dispatcher{config: config, log: config.Logger, parts: newLogs(config.Logger), stopping: make(chan struct{})}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.queue = newQueue(config.QueueSize, config.BaseRetries)
	d.notifier = newNotifier(d)
	d.requests = newRequests(d)
	d.receiver = newReceiver(d)
	d.keeper = keeper{d: d}
	d.keeper.start()
	go d.notifier.run()
	d.workers.Go(d.receiver.run)
	d.workers.Go(newTransmitter(d).run)
	return d, nil
}

// Queue accepts messages for sending, all or none, and copies them. It is
// [Dispatcher.Accept] and then [Receipt.Wait]: nil says that the durable ones among
// them are stored.
//
// Errors: those of Accept, and that of the store.
func (d *Dispatcher) Queue(done func(error), ms ...*wire.Encoded) error {
	receipt, err := d.Accept(done, ms...)
	if err != nil {
		return err
	}
	return receipt.Wait(context.Background())
}

// Accept is the part of Queue that does not wait for a disk: when it returns, the
// place of the messages in the order is fixed. It may be called with locks held;
// Wait of the receipt should be called without.
//
// done, if not nil, is called once for each of the messages, with nil when the
// server accepted it, else with the reason why it was given up; without it the
// reporter hears of failures. Functions do not survive a restart: of messages of
// earlier runs the reporter hears.
//
// Errors: [*FullError], [ErrClosed], [ErrEmpty], and those of the store's Put,
// such as *outbox.FullError.
func (d *Dispatcher) Accept(done func(error), ms ...*wire.Encoded) (Receipt, error) {
	if len(ms) == 0 {
		return Receipt{}, ErrEmpty
	}
	return d.queue.put(ms, done, 0)
}

// delivered settles messages that the server accepted.
func (d *Dispatcher) delivered(entries []*entry) {
	d.forget(entries)
	d.notifier.delivered(entries)
}

// giveUp settles messages that will not be sent any more.
func (d *Dispatcher) giveUp(entries []*entry, err error) {
	d.log.Warn("messages given up", "messages", len(entries), "error", err)
	d.forget(entries)
	d.notifier.failed(entries, err)
}

// Flush returns nil when every message queued before is settled: accepted by the
// server or given up. Messages in the store from earlier runs count. It returns the
// context's error when that ends first, and [ErrClosed] when the dispatcher is
// closed while messages stay in the store.
func (d *Dispatcher) Flush(ctx context.Context) error { return d.queue.waitFlush(ctx) }

// WaitCapacity returns nil when n messages fit into the queue. Another goroutine
// may take the room before the caller does.
//
// Errors: the context's, [ErrClosed], [*FullError] if n is more than the queue
// can ever hold.
func (d *Dispatcher) WaitCapacity(ctx context.Context, n int) error {
	return d.queue.waitRoom(ctx, n)
}

// Waiting returns the number of messages that are not settled yet, those in the
// store included.
func (d *Dispatcher) Waiting() int {
	all, _ := d.queue.unsettled()
	return all
}

// Load is the part of the queue in memory that is in use, 0 to 1 or, with answers
// beyond the capacity, slightly above. Messages in the store use nothing of it.
func (d *Dispatcher) Load() float64 {
	_, held := d.queue.unsettled()
	return float64(held) / float64(d.config.QueueSize)
}

// Counters returns the totals since the start or the last reset.
func (d *Dispatcher) Counters() Counters { return d.counters.snapshot() }

// ResetCounters sets all totals to 0.
func (d *Dispatcher) ResetCounters() { d.counters.reset() }

// Close ends the dispatcher: it stops receiving, lets handlers finish, sends
// what waits, ignoring any back-off, and ends every goroutine. What cannot be sent,
// because ctx ends first or a call fails, is told by a [*LeftError]: messages in
// memory are given up with [ErrClosed], those in the store stay there and are sent
// by the next dispatcher. When ctx ends, handlers are cancelled too. A second call
// returns what the first returned. The store is the caller's to close, afterwards.
func (d *Dispatcher) Close(ctx context.Context) error {
	d.closing.Lock()
	defer d.closing.Unlock()
	if d.isClosed {
		return d.closeErr
	}
	d.isClosed = true
	close(d.stopping)
	d.receiver.stop()
	d.requests.close(ctx)
	release := context.AfterFunc(ctx, d.cancel)
	d.workers.Wait()
	lost, cause := d.sendRest(ctx)
	release()
	d.cancel()
	d.queue.ending.Wait()
	if len(lost) > 0 {
		d.giveUp(lost, ErrClosed)
	}
	d.keeper.end()
	d.queue.abort()
	if kept := d.inStore(); len(lost)+kept > 0 {
		d.closeErr = &LeftError{Messages: len(lost), Stored: kept, Cause: cause}
	}
	d.setStatus(Status{State: Closed})
	d.notifier.close()
	<-d.notifier.exited
	return d.closeErr
}

// inStore is the number of messages that stay in the store.
func (d *Dispatcher) inStore() int {
	if d.config.Store == nil {
		return 0
	}
	return d.config.Store.Stats().Messages
}
