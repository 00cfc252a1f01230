package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Bounds of a Gate that waits for the first answer to the question which policy
// a device has.
const (
	// MaxHeldValues is the largest number of offered values that are held.
	MaxHeldValues = 1000
	// MaxHold is how long offered values are held, in milliseconds.
	MaxHold = 10_000
)

var (
	// ErrNoAnswer is reported when offered values go on as if there were no
	// policy, because MaxHold or MaxHeldValues was reached without an answer.
	ErrNoAnswer = errors.New("policy: no answer yet whether there is a policy; values go on without")
	// ErrHolding is returned for values beyond MaxHeldValues when a policy is
	// required, and reported for those that a closed Gate still held. They are
	// dropped.
	ErrHolding = errors.New("policy: no answer yet whether there is a policy, and one is required")
)

// Gate stands between a virtual device and its policy, whichever that is at the
// moment. Until it is first told which one, it holds back values that are
// offered; without a policy it lets everything pass. It is used like an Engine,
// under the lock of the virtual device.
type Gate struct {
	host     Host
	endpoint string
	model    *devicemodel.Model
	options  []StartOption
	require  bool

	engine   *Engine
	stopping []*Engine // whose last messages did not fit into the queue
	again    int64     // when to try again

	answered bool
	held     []heldOffer
	values   int   // in held
	since    int64 // time of the first one
}

type heldOffer struct {
	now    int64
	head   Head
	values []Item
}

// NewGate makes a gate that waits for Assign. With require, it waits for ever
// rather than letting values go on without an answer.
func NewGate(host Host, endpointID string, m *devicemodel.Model, now int64, require bool, options ...StartOption) *Gate {
	g := &Gate{host: host, endpoint: endpointID, model: m, options: options, require: require}
	g.engine = g.start(nil, now)
	return g
}

func (g *Gate) start(p *Plan, now int64) *Engine {
	if p == nil {
		p, _ = Compile(&Policy{}, g.model)
	}
	return p.Start(g.host, g.endpoint, now, g.options...)
}

// Assign gives the device a policy in place of the one that it has, or takes it
// away with a nil plan. The old one yields what it holds first, then the values
// that were waiting for an answer go on. What fails is reported.
func (g *Gate) Assign(now int64, p *Plan) {
	if g.answered {
		g.retire(now)
	}
	g.engine = g.start(p, now)
	g.answered = true
	if g.engine.batch == nil && g.engine.holds() {
		// Messages of an earlier run, for a device pipeline that is no more.
		if err := g.engine.releaseAll(); err != nil {
			g.host.Report(err)
			g.stopLater(g.engine, now)
		}
	}
	g.release()
}

// retire stops the engine; if its last messages do not fit into the queue, it
// is kept to try again.
func (g *Gate) retire(now int64) {
	if err := g.engine.Stop(now); err != nil {
		g.host.Report(err)
		if g.engine.holds() {
			g.stopLater(g.engine, now)
		}
	}
}

func (g *Gate) stopLater(e *Engine, now int64) {
	g.stopping = append(g.stopping, e)
	g.again = now + retryStop
}

// release hands the values that were held to the policy, each with the time at
// which it was offered.
func (g *Gate) release() {
	held := g.held
	g.held, g.values = nil, 0
	for _, offer := range held {
		if err := g.engine.Offer(offer.now, offer.head, offer.values...); err != nil {
			g.host.Report(err)
		}
	}
}

// Offer is Engine.Offer. Values that are held are accepted; what becomes of
// them is reported.
func (g *Gate) Offer(now int64, head Head, values ...Item) error {
	g.retry(now)
	if g.answered {
		return g.engine.Offer(now, head, values...)
	}
	if g.values+len(values) > MaxHeldValues {
		if g.require {
			return fmt.Errorf("%w: %d values are held", ErrHolding, g.values)
		}
		g.giveUp()
		return g.engine.Offer(now, head, values...)
	}
	if len(g.held) == 0 {
		g.since = now
	}
	if head.EventTime == 0 {
		head.EventTime = now
	}
	g.held = append(g.held, heldOffer{now, head, slices.Clone(values)})
	g.values += len(values)
	return nil
}

// giveUp goes on without an answer.
func (g *Gate) giveUp() {
	g.host.Report(ErrNoAnswer)
	g.answered = true
	g.release()
}

// Set is Engine.Set. Values that are set are never held for an answer.
func (g *Gate) Set(now int64, head Head, values ...Item) error {
	g.retry(now)
	return g.engine.Set(now, head, values...)
}

// Admit is Engine.Admit.
func (g *Gate) Admit(now int64, m *Message) error {
	g.retry(now)
	return g.engine.Admit(now, m)
}

// NetworkChanged is Engine.NetworkChanged.
func (g *Gate) NetworkChanged(now int64) error { return g.engine.NetworkChanged(now) }

// NextDeadline is Engine.NextDeadline; it also knows when the Gate stops waiting.
func (g *Gate) NextDeadline() (deadline int64, ok bool) {
	deadline, ok = g.engine.NextDeadline()
	if g.values > 0 && !g.require && (!ok || g.since+MaxHold < deadline) {
		deadline, ok = g.since+MaxHold, true
	}
	if len(g.stopping) > 0 && (!ok || g.again < deadline) {
		deadline, ok = g.again, true
	}
	return deadline, ok
}

// Expire is Engine.Expire; it also ends the wait for an answer.
func (g *Gate) Expire(now int64) {
	g.retry(now)
	if g.values > 0 && !g.require && now >= g.since+MaxHold {
		g.giveUp()
	}
	g.engine.Expire(now)
}

// retryStop is how long a Gate waits, in milliseconds, before it tries again to
// send what a policy held that was taken away.
const retryStop = 1000

// retry sends what is left of policies that were taken away.
func (g *Gate) retry(now int64) {
	if len(g.stopping) == 0 || now < g.again {
		return
	}
	g.again = now + retryStop
	g.stopping = slices.DeleteFunc(g.stopping, func(e *Engine) bool { return e.releaseAll() == nil })
}

// Close ends the policy as Assign does, for good. Values that still wait for an
// answer go on as if there were no policy; if one is required, they are dropped
// and reported. The error says that messages did not fit into the queue; Close
// may be called again.
func (g *Gate) Close(now int64) error {
	if g.values > 0 && g.require {
		g.host.Report(fmt.Errorf("%w: %d values are dropped", ErrHolding, g.values))
		g.held, g.values = nil, 0
	}
	if g.values > 0 {
		g.giveUp()
	}
	var errs []error
	for _, e := range append(g.stopping, g.engine) {
		errs = append(errs, e.Stop(now))
	}
	return errors.Join(errs...)
}
