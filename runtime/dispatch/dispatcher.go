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
	ctx      context.Context // ends when calls must stop
	cancel   context.CancelFunc
	stopping chan struct{} // closed when Close begins
	queue    *queue
	notifier *notifier
	receiver *receiver
	requests *requests
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
	d := &Dispatcher{config: config, log: config.Logger, stopping: make(chan struct{})}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.queue = newQueue(config.QueueSize, config.BaseRetries)
	d.notifier = newNotifier(d)
	d.requests = newRequests(d)
	d.receiver = newReceiver(d)
	go d.notifier.run()
	d.workers.Go(d.receiver.run)
	d.workers.Go((&transmitter{d: d, backoff: backoff{base: config.BaseDelay}}).run)
	return d, nil
}

// Queue accepts messages for sending, all or none, and copies them. done, if
// not nil, is called once for each of them, with nil when the server accepted
// it, else with the reason why it was given up; without it the reporter hears of
// failures.
//
// Errors: [*FullError], [ErrClosed], [ErrEmpty].
func (d *Dispatcher) Queue(done func(error), ms ...*wire.Encoded) error {
	if len(ms) == 0 {
		return ErrEmpty
	}
	return d.queue.put(ms, done, 0)
}

// giveUp settles messages that will not be sent any more.
func (d *Dispatcher) giveUp(entries []*entry, err error) {
	d.log.Warn("messages given up", "messages", len(entries), "error", err)
	d.notifier.failed(entries, err)
}

// Flush returns nil when every message queued before is settled: accepted by the
// server or given up. It returns the context's error when that ends first.
func (d *Dispatcher) Flush(ctx context.Context) error { return d.queue.waitFlush(ctx) }

// WaitCapacity returns nil when n messages fit into the queue. Another goroutine
// may take the room before the caller does.
//
// Errors: the context's, [ErrClosed], [*FullError] if n is more than the queue
// can ever hold.
func (d *Dispatcher) WaitCapacity(ctx context.Context, n int) error {
	return d.queue.waitRoom(ctx, n)
}

// Waiting returns the number of messages that are not settled yet.
func (d *Dispatcher) Waiting() int {
	waiting, taken, _ := d.queue.state()
	return waiting + taken
}

// Load is the part of the queue that is in use, 0 to 1 or, with answers beyond
// the capacity, slightly above.
func (d *Dispatcher) Load() float64 { return float64(d.Waiting()) / float64(d.config.QueueSize) }

// Counters returns the totals since the start or the last reset.
func (d *Dispatcher) Counters() Counters { return d.counters.snapshot() }

// ResetCounters sets all totals to 0.
func (d *Dispatcher) ResetCounters() { d.counters.reset() }

// Close ends the dispatcher: it stops receiving, lets handlers finish, sends
// what waits, ignoring any back-off, and ends every goroutine. When ctx ends
// first, handlers are cancelled and what could not be sent is given up with
// [ErrClosed] and counted in a [*LeftError]. A second call returns what the first
// returned.
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
	left, cause := d.sendRest(ctx)
	release()
	d.cancel()
	if len(left) > 0 {
		d.closeErr = &LeftError{Messages: len(left), Cause: cause}
		d.giveUp(left, ErrClosed)
	}
	d.setStatus(Status{State: Closed})
	d.notifier.close()
	<-d.notifier.exited
	return d.closeErr
}
