package device

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// NetworkCost is the class of a network by what a message costs on it; batches
// of a policy may wait for a cheaper one.
type NetworkCost = policy.Cost

// The classes, from cheap to dear.
const (
	Ethernet  = policy.Ethernet
	Cellular  = policy.Cellular
	Satellite = policy.Satellite
)

// policyConfig is what the program says about policies.
type policyConfig struct {
	dir     string
	require bool
	cost    NetworkCost
}

// RequirePolicy makes values and messages that are offered wait until the server,
// or the policy store, has said which policy a device has; a policy that cannot be
// read does not count. Beyond a thousand they are refused with policy.ErrHolding.
// Without it they go on after ten seconds, or a thousand values, as if there were
// none.
func RequirePolicy() Option {
	return func(c *config) error {
		c.policy.require = true
		return nil
	}
}

// WithPolicyStore keeps device policies in a folder, so that they apply from the
// start after a restart. The folder must exist. Without it the folder of
// [WithModelStore] serves, as with the official clients
// (docs/protocol/policies.md §5.1).
func WithPolicyStore(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("policy store: no folder given")
		}
		c.policy.dir = dir
		return nil
	}
}

// WithNetworkCost sets the class of the network that the device uses; see
// [Device.SetNetworkCost]. Default [Ethernet].
func WithNetworkCost(cost NetworkCost) Option {
	return func(c *config) error {
		if cost > Satellite {
			return fmt.Errorf("network cost %d: use Ethernet, Cellular or Satellite", cost)
		}
		c.policy.cost = cost
		return nil
	}
}

// policies connects virtual devices with their policies: one manager, one timer
// for all windows, one goroutine for actions that policies call.
type policies struct {
	d         *Device
	manager   *policy.Manager
	scheduler *policy.Scheduler
	relay     *policy.Relay
	cost      atomic.Uint32
	ready     *policy.Timer // asks the relay for messages that waited for an answer
	offered   offered
	space     policy.Workspace
	options   []policy.StartOption // of all engines
	cancel    context.CancelFunc
	workers   sync.WaitGroup
}

// readyInterval is how often, in milliseconds, the relay is asked for messages
// that waited to learn whether there is a policy.
const readyInterval = 1000

// newPolicies starts looking after the policies of an activated device.
func newPolicies(d *Device, endpointID string) *policies {
	p := &policies{d: d, scheduler: policy.NewScheduler(d.Now)}
	p.cost.Store(uint32(d.config.policy.cost))
	p.options = []policy.StartOption{policy.WithNetworkCost(p.networkCost), policy.WithWorkspace(&p.space)}
	config := policy.ManagerConfig{EndpointID: endpointID, Gateway: d.config.gateway, Require: d.config.policy.require, Fetcher: policyFetcher{d}, Report: p.report}
	dir := d.config.policy.dir
	if dir == "" && d.config.models.stored {
		dir = d.config.models.store.Dir
	}
	if dir != "" {
		config.Store = policy.DirStore{Dir: dir}
	}
	p.manager = policy.NewManager(config)
	p.relay = policy.NewRelay(policy.RelayConfig{
		Model:   p.model,
		Manager: p.manager,
		Require: d.config.policy.require,
		Now:     func() int64 { return d.Now().UnixMilli() },
		Options: func(string) []policy.StartOption { return p.startOptions(p.offered.await) },
		Report:  p.report,
	})
	p.ready = p.scheduler.NewTimer(func(now int64) (int64, bool) {
		p.offerReady()
		return now + readyInterval, p.relay.Waiting()
	})
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.workers.Go(func() { p.scheduler.Run(ctx) })
	p.workers.Go(func() { p.manager.Run(ctx) })
	return p
}

// stop ends the goroutines.
func (p *policies) stop() {
	p.cancel()
	p.workers.Wait()
}

// report logs what went wrong with policies as such and with messages of the
// application that they treat.
func (p *policies) report(err error) { p.d.component("policy").Warn("device policy", "error", err) }

func (p *policies) networkCost() NetworkCost { return NetworkCost(p.cost.Load()) }

// model finds a device model for messages that the application made itself: one
// that is in use, in memory or in the store.
func (p *policies) model(urn string) *devicemodel.Model {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	if m := p.d.models[urn]; m != nil {
		return m
	}
	for k, v := range p.d.virtuals {
		if k.urn == urn {
			return v.model
		}
	}
	return nil
}

// attach puts a gate before a virtual device and asks for its policy.
func (p *policies) attach(v *Virtual) {
	host := policyHost{v}
	g := &gate{policies: p}
	options := p.startOptions(v.await)
	g.Gate = policy.NewGate(host, v.endpoint, v.model, p.d.Now().UnixMilli(), p.d.config.policy.require, options...)
	g.timer = p.scheduler.NewTimer(func(now int64) (int64, bool) {
		v.mu.Lock()
		defer v.unlock()
		if g.ended {
			return 0, false
		}
		g.Expire(now)
		return g.NextDeadline()
	})
	v.mu.Lock()
	v.gate = g
	v.mu.Unlock()
	p.manager.Attach(v.model, v.endpoint, policyTarget{v})
}

// detach ends the policy of a virtual device.
func (p *policies) detach(v *Virtual) { p.manager.Detach(policyTarget{v}) }

// gate is the policy of one virtual device; it is used under the lock of that.
type gate struct {
	*policy.Gate
	policies *policies
	timer    *policy.Timer
	calls    []policyCall
	reports  []error
	items    []policy.Item // scratch space of collect
	ended    bool
}

// policyCall is an action that a policy wants called.
type policyCall struct {
	action    int
	name      string
	arguments []wire.Value
}

// now is the time by which windows are measured.
func (g *gate) now() int64 { return g.policies.d.Now().UnixMilli() }

// policyTarget tells a virtual device its policy.
type policyTarget struct{ v *Virtual }

// Assign implements [policy.Target].
func (t policyTarget) Assign(plan *policy.Plan) {
	v := t.v
	v.mu.Lock()
	defer v.unlock()
	if v.gate == nil || v.gate.ended {
		return
	}
	v.gate.Assign(v.gate.now(), plan)
	v.gate.timer.Set(v.gate.NextDeadline())
}

// policyHost is the virtual device as a policy sees it; its methods are called
// with the lock held.
type policyHost struct{ v *Virtual }

// Current implements [policy.Host].
func (h policyHost) Current(i int) wire.Value {
	if value := h.v.slots[i].value; !value.IsZero() {
		return value
	}
	a := &h.v.model.Attributes[i]
	return defaultValue(a.Type, a.Default)
}

// Commit implements [policy.Host].
func (h policyHost) Commit(i int, value wire.Value) error {
	if err := checkAttribute(&h.v.model.Attributes[i], value); err != nil {
		return err
	}
	h.v.slots[i].value = value
	return nil
}

// Emit implements [policy.Host].
func (h policyHost) Emit(m *policy.Message) error {
	receipt, err := h.v.client.Enqueue(&m.Encoded, m.Done)
	h.v.await(receipt)
	return err
}

// Call implements [policy.Host].
func (h policyHost) Call(action int, name string, arguments []wire.Value) {
	h.v.gate.calls = append(h.v.gate.calls, policyCall{action, name, arguments})
}

// Report implements [policy.Host].
func (h policyHost) Report(err error) { h.v.gate.reports = append(h.v.gate.reports, err) }

// release releases the lock and then does what policies wanted done meanwhile. It
// returns the receipts of what was sent under the lock: see settle and unlock.
func (v *Virtual) release() []Receipt {
	g, receipts := v.gate, v.receipts
	v.receipts = nil
	if g == nil || len(g.calls) == 0 && len(g.reports) == 0 {
		v.mu.Unlock()
		return receipts
	}
	calls, reports := g.calls, g.reports
	g.calls, g.reports = nil, nil
	failed := v.failed
	v.mu.Unlock()
	for _, err := range reports {
		g.policies.d.component("virtual").Warn("a policy of a virtual device failed", "endpoint", v.endpoint, "urn", v.model.URN, "error", err)
		if failed != nil {
			failed(DeliveryError{EndpointID: v.endpoint, Format: v.format, EventTime: v.client.Now().UTC(), Err: err})
		}
	}
	for _, c := range calls {
		g.policies.call(v, c)
	}
	return receipts
}

// call runs an action of the device itself, in line with the requests of the
// cloud to the endpoint (docs/protocol/virtual-devices.md §8.3).
func (p *policies) call(v *Virtual, c policyCall) {
	p.d.dispatch().Run(v.endpoint, func(ctx context.Context) {
		if err := v.callAction(ctx, c); err != nil {
			p.d.component("policy-device").Warn("an action that a policy called failed", "endpoint", v.endpoint, "urn", v.model.URN, "action", c.name, "error", err)
		}
	})
}

var (
	errNoAction    = errors.New("the device model has no such action")
	errNoHandler   = errors.New("no handler is set")
	errArgumentSet = errors.New("the arguments do not fit the device model")
)

// callAction checks the arguments of a policy's call and calls the handler.
func (v *Virtual) callAction(ctx context.Context, c policyCall) error {
	if c.action < 0 {
		return errNoAction
	}
	action := &v.model.Actions[c.action]
	handle := v.actionHandler(c.action)
	if handle == nil {
		return errNoHandler
	}
	if len(c.arguments) > len(action.Arguments) {
		return errArgumentSet
	}
	args := make([]wire.Value, len(action.Arguments))
	copy(args, c.arguments)
	for i := range args {
		arg := &action.Arguments[i]
		if args[i].IsZero() {
			continue
		}
		if args[i].Kind() != retype(arg.Type, args[i]).Kind() {
			return fmt.Errorf("%s: %w", arg.Name, errArgumentSet)
		}
		args[i] = v.adopt(retype(arg.Type, args[i]))
		if err := checkValue(arg.Name, arg.Type, arg.Range, args[i]); err != nil {
			return err
		}
	}
	if err := fillDefaults(action, args); err != nil {
		return err
	}
	return handle(ctx, &ActionCall{action: action, index: c.action, args: args})
}

// policyFetcher reads policies from the server.
type policyFetcher struct{ d *Device }

// Get implements [policy.Fetcher].
func (f policyFetcher) Get(ctx context.Context, path string) (int, []byte, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(path, "/"), "?")
	body, err := f.d.conn.Get(ctx, transport.Resource{Root: transport.PrivateRoot, Path: path, Query: query, Limit: policy.MaxDocument + 1})
	var status *transport.StatusError
	if errors.As(err, &status) {
		return status.Status, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, body, nil
}

// change serves policyChanged.
func (p *policies) change(ctx context.Context, m *wire.Message) *wire.Response {
	status, body := p.manager.Change(ctx, time.Now(), m.Request.Body)
	p.offerReady()
	return &wire.Response{StatusCode: status, Body: body}
}

// SetNetworkCost tells that the device uses another network from now on: batches
// that wait for it leave.
func (d *Device) SetNetworkCost(cost NetworkCost) error {
	if cost > Satellite {
		return fmt.Errorf("network cost %d: use Ethernet, Cellular or Satellite", cost)
	}
	if _, err := d.running(); err != nil {
		return err
	}
	d.policies.cost.Store(uint32(cost))
	var errs []error
	for _, v := range d.attached() {
		errs = append(errs, v.networkChanged())
	}
	return errors.Join(errs...)
}

func (v *Virtual) networkChanged() (err error) {
	v.mu.Lock()
	defer v.settle(&err)
	if v.gate == nil || v.gate.ended {
		return nil
	}
	err = v.gate.NetworkChanged(v.gate.now())
	v.gate.timer.Set(v.gate.NextDeadline())
	return err
}

// OfferMessages hands messages that the application made itself to the policies
// of their devices and queues what comes out (docs/protocol/policies.md §7).
// Messages of device models that this program has not loaded pass. Windows and
// delays of the policies end when a further message comes, or with Close.
//
// With an outbox nil says that the durable ones among them are stored: see
// [WithOutbox].
//
// Errors: an invalid message, a value that a policy refused, policy.ErrHolding
// when [RequirePolicy] makes too many wait, [*QueueFullError], [ErrNotActivated],
// [ErrClosed], those of the outbox.
func (d *Device) OfferMessages(ms ...*wire.Message) error {
	q, err := d.running()
	if err != nil {
		return err
	}
	var errs []error
	receipts := d.policies.offered.during(func() {
		for _, m := range ms {
			out, err := d.policies.relay.Offer(d.Now().UnixMilli(), d.complete(m))
			if errors.Is(err, policy.ErrClosed) {
				err = ErrClosed
			}
			errs = append(errs, err, d.queueAll(q, out))
		}
	})
	errs = append(errs, waitAll(context.Background(), receipts))
	if d.policies.relay.Waiting() {
		d.policies.ready.Set(d.Now().UnixMilli()+readyInterval, true)
	}
	return errors.Join(errs...)
}

// flushRelay ends the policies of messages that the application made itself before
// the device closes. What they held is queued, and still to be waited for.
func (p *policies) flushRelay() ([]Receipt, error) {
	q := p.d.dispatch()
	var err error
	receipts := p.offered.during(func() { err = p.d.queueAll(q, p.relay.Close(p.d.Now().UnixMilli())) })
	return receipts, err
}

// offerReady queues messages whose policy has become known.
func (p *policies) offerReady() {
	q := p.d.dispatch()
	var err error
	receipts := p.offered.during(func() { err = p.d.queueAll(q, p.relay.Ready(p.d.Now().UnixMilli())) })
	if err := errors.Join(err, abandonAll(receipts)); err != nil {
		p.report(err)
	}
}

// queueAll queues what came out of the relay; requests are those of actions that
// policies call, and the device's own to answer (docs/protocol/policies.md §10.2).
// It is called within offered.during.
func (d *Device) queueAll(q *dispatch.Dispatcher, ms []*policy.Message) error {
	var errs []error
	for _, m := range ms {
		if m.Type == wire.TypeRequest {
			request, err := wire.DecodeMessage(m.JSON)
			if err == nil {
				q.Serve(request)
			}
			errs = append(errs, err)
			continue
		}
		receipt, err := d.queue(q, m.Done, &m.Encoded)
		d.policies.offered.await(receipt)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
