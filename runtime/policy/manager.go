package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Target is a virtual device whose policy a Manager looks after. Assign tells it
// the policy that it has from now on, nil for none. It is called from the
// goroutine that learned of it, one call at a time, and must not call the
// Manager. One last call may come while Detach is under way.
type Target interface{ Assign(p *Plan) }

// ManagerConfig is what a Manager works with.
type ManagerConfig struct {
	EndpointID string  // of the directly connected device or gateway
	Gateway    bool    // policies of other devices are managed as well
	Fetcher    Fetcher // the way to the server
	Store      Store   // keeps policies over restarts; nil: none are kept
	// Report takes what goes wrong, and the problems of policies; nil drops it.
	Report func(error)
}

// Manager finds out which policies the virtual devices of one directly connected
// device or gateway have, and follows changes (docs/protocol/policies.md §4).
// Its methods may be called from any goroutine, but not with a lock held that
// Target.Assign takes. Attach and Detach do not wait for the server.
type Manager struct {
	config ManagerConfig
	remote remote

	work    sync.Mutex // held during a lookup or a change, requests included
	deliver sync.Mutex // held while targets are told; taken after work, before mu

	mu       sync.Mutex // guards what follows
	members  map[memberKey]*member
	policies map[string]*Policy // by id
	stale    map[string]string  // policies of the store that the server was not asked about: id to model
	stored   Associations
	wake     chan struct{}
}

type memberKey struct{ model, device string }

// member is an endpoint with a device model: a virtual device, the messages that
// an application makes itself, or both.
type member struct {
	memberKey
	targets []Target
	model   *devicemodel.Model
	policy  string // id; "" for none
	due     bool   // the server has to be asked
	at      time.Time
	failure int // of lookups, in a row
}

// NewManager makes a manager and reads the store. An unreadable store is
// reported; the server has the policies.
func NewManager(config ManagerConfig) *Manager {
	if config.Report == nil {
		config.Report = func(error) {}
	}
	if config.Store == nil {
		config.Store = noStore{}
	}
	m := &Manager{
		config:   config,
		remote:   remote{config.Fetcher},
		members:  map[memberKey]*member{},
		policies: map[string]*Policy{},
		stale:    map[string]string{},
		wake:     make(chan struct{}, 1),
	}
	associations, err := config.Store.Associations()
	m.report(err)
	m.stored = associations
	for model, ids := range associations.Models {
		for _, id := range ids {
			m.load(model, id)
		}
	}
	return m
}

// load takes a policy from the store, to be confirmed by the server.
func (m *Manager) load(model, id string) {
	data, err := m.config.Store.Policy(id)
	if err == nil {
		var p *Policy
		if p, err = Parse(data); err == nil && p.ID == id {
			m.policies[id] = p
			m.stale[id] = model
			return
		}
	}
	m.report(err)
}

func (m *Manager) report(err error) {
	if err != nil {
		m.config.Report(err)
	}
}

// Attach makes a virtual device known. If its policy is known, the store's
// included, the target is told at once; otherwise the server has to be asked, which
// LookUp or Run does. A device may have several targets, which must be comparable.
func (m *Manager) Attach(model *devicemodel.Model, device string, t Target) {
	m.deliver.Lock()
	defer m.deliver.Unlock()
	key := memberKey{model.URN, device}
	m.mu.Lock()
	x := m.members[key]
	if x == nil {
		x = &member{memberKey: key, model: model}
		m.members[key] = x
		x.policy = m.stored.policyOf(key, m.policies)
		x.due = x.policy == ""
	}
	x.targets = append(x.targets, t)
	id, asked := x.policy, !x.due
	m.mu.Unlock()
	if asked || id != "" {
		t.Assign(m.plan(x, id))
	}
	m.signal()
}

// Detach makes a target of a virtual device unknown again. Its policy stays in the
// store.
func (m *Manager) Detach(model *devicemodel.Model, device string, t Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := memberKey{model.URN, device}
	x := m.members[key]
	if x == nil {
		return
	}
	x.targets = slices.DeleteFunc(slices.Clone(x.targets), func(other Target) bool { return other == t })
	if len(x.targets) == 0 {
		delete(m.members, key)
	}
}

// signal wakes Run.
func (m *Manager) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// give tells a member its policy, by id; "" for none. The server does not have
// to be asked any more.
func (m *Manager) give(to *member, id string) {
	m.deliver.Lock()
	defer m.deliver.Unlock()
	m.mu.Lock()
	to.due, to.failure = false, 0
	m.mu.Unlock()
	m.tell(to, id)
}

// tell is give for a caller that has the lock for it.
func (m *Manager) tell(to *member, id string) {
	plan := m.plan(to, id)
	m.mu.Lock()
	targets := to.targets // replaced by Detach, never changed
	m.mu.Unlock()
	for _, t := range targets {
		t.Assign(plan)
	}
}

// plan notes that a member has a policy, by id, and compiles it. It is nil for
// none.
func (m *Manager) plan(of *member, id string) *Plan {
	m.mu.Lock()
	p := m.policies[id]
	of.policy = ""
	if p != nil {
		of.policy = id
	}
	m.mu.Unlock()
	if !p.Active() {
		return nil
	}
	plan, problems := Compile(p, of.model)
	for _, problem := range problems {
		m.report(fmt.Errorf("policy %q: %w", id, problem))
	}
	return plan
}

// membersOf gives the members of a device model that a function picks, in the
// order of their device ids.
func (m *Manager) membersOf(model string, pick func(*member) bool) []*member {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []*member
	for _, x := range m.members {
		if x.memberKey.model == model && pick(x) {
			found = append(found, x)
		}
	}
	slices.SortFunc(found, func(a, b *member) int {
		if a.device < b.device {
			return -1
		}
		return 1
	})
	return found
}

// accept reads a document and makes it the policy with its id, in memory and in
// the store. A document that is no policy is an error.
func (m *Manager) accept(data json.RawMessage) (*Policy, error) {
	p, err := Parse(data)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.policies[p.ID] = p
	delete(m.stale, p.ID)
	m.mu.Unlock()
	m.report(m.config.Store.SavePolicy(p.ID, data))
	return p, nil
}

// forget drops policies that no device has.
func (m *Manager) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	used := map[string]bool{}
	for _, x := range m.members {
		used[x.policy] = true
	}
	maps.DeleteFunc(m.policies, func(id string, _ *Policy) bool {
		return !used[id] && len(m.stored.Devices[id]) == 0
	})
}

// associate notes in the store that devices have a policy, and no other of the
// same model; "" is none.
func (m *Manager) associate(id string, devices ...memberKey) {
	m.mu.Lock()
	changed := false
	for _, key := range devices {
		changed = m.stored.set(key, id) || changed
	}
	associations := m.stored.clone()
	m.mu.Unlock()
	if changed {
		m.report(m.config.Store.SaveAssociations(associations))
	}
}

// lookUp asks the server for the policy of one member. An error leaves the
// member with what it has.
func (m *Manager) lookUp(ctx context.Context, x *member) error {
	data, err := m.remote.lookup(ctx, x.memberKey.model, x.device)
	if err != nil {
		return err
	}
	id := ""
	if data != nil {
		p, err := m.accept(data)
		if err != nil {
			// The device has a policy that means nothing. Asking again does
			// not help; a change of the policy is announced.
			m.report(fmt.Errorf("device %s: %w", x.device, err))
		} else {
			id = p.ID
		}
	}
	m.associate(id, x.memberKey)
	m.give(x, id)
	return nil
}
