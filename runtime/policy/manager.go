package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Target is a virtual device whose policy a Manager looks after. Assign tells it
// the policy that it has from now on, nil for none. It is called from the
// goroutine that learned of it, one call at a time, and must not call the
// Manager. One last call may come while Detach is under way. Targets are compared
// with ==.
type Target interface{ Assign(p *Plan) }

// ManagerConfig is what a Manager works with.
type ManagerConfig struct {
	EndpointID string  // of the directly connected device or gateway
	Gateway    bool    // policies of other devices are managed as well
	Require    bool    // a document that is no policy does not count as an answer: the device is told nothing
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
	members  map[Target]*member
	policies map[string]*Policy // by id
	stale    map[string]*stale  // policies of the store that the server was not asked about, by id
	stored   Associations
	wake     chan struct{}
}

type memberKey struct{ model, device string }

// member is a virtual device, or a device whose messages go through a Relay; there
// may be one of each for the same device and model.
type member struct {
	memberKey
	target  Target
	model   *devicemodel.Model
	policy  string // id; "" for none
	due     bool   // the server has to be asked
	unread  bool   // the last answer was a document that is no policy
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
		members:  map[Target]*member{},
		policies: map[string]*Policy{},
		stale:    map[string]*stale{},
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
			m.stale[id] = &stale{model: model}
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

// Attach makes a virtual device known, by its target. If the store has its policy, the target
// is told at once; otherwise the server has to be asked, which LookUp or Run
// does.
func (m *Manager) Attach(model *devicemodel.Model, device string, t Target) {
	m.deliver.Lock()
	defer m.deliver.Unlock()
	key := memberKey{model.URN, device}
	added := &member{memberKey: key, target: t, model: model, due: true}
	m.mu.Lock()
	m.members[t] = added
	id := m.stored.policyOf(key, m.policies)
	added.due = id == ""
	m.mu.Unlock()
	if id != "" {
		m.tell(added, id)
	}
	m.signal()
}

// Detach makes a virtual device unknown again. Its policy stays in the store.
func (m *Manager) Detach(t Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.members, t)
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
	to.due, to.unread, to.failure = false, false, 0
	m.mu.Unlock()
	m.tell(to, id)
}

// tell is give for a caller that has the lock for it.
func (m *Manager) tell(to *member, id string) {
	m.mu.Lock()
	p := m.policies[id]
	to.policy = ""
	if p != nil {
		to.policy = id
	}
	m.mu.Unlock()
	if !p.Active() {
		to.target.Assign(nil)
		return
	}
	plan, problems := Compile(p, to.model)
	for _, problem := range problems {
		m.report(fmt.Errorf("policy %q: %w", id, problem))
	}
	to.target.Assign(plan)
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
	slices.SortFunc(found, func(a, b *member) int { return strings.Compare(a.device, b.device) })
	return found
}

// holdersOf gives the members that have a policy.
func (m *Manager) holdersOf(model, id string) []*member {
	return m.membersOf(model, func(x *member) bool { return x.policy == id })
}

// accept reads a document and makes it the policy with its id, in memory and in
// the store; news tells whether it differs from the one before. A document that
// is no policy is an error.
func (m *Manager) accept(data json.RawMessage) (p *Policy, news bool, err error) {
	if p, err = Parse(data); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	news = !reflect.DeepEqual(p, m.policies[p.ID])
	m.policies[p.ID] = p
	delete(m.stale, p.ID)
	m.mu.Unlock()
	m.report(m.config.Store.SavePolicy(p.ID, data))
	return p, news, nil
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
	if data == nil {
		m.associate("", x.memberKey)
		m.give(x, "")
		return nil
	}
	p, news, err := m.accept(data)
	if err != nil {
		m.unusable(x, err)
		return nil
	}
	m.associate(p.ID, x.memberKey)
	m.give(x, p.ID)
	if news {
		m.giveOthers(x, p.ID)
	}
	return nil
}

// unusable notes that a member has a policy that means nothing. Asking again
// does not help; a change of the policy is announced.
func (m *Manager) unusable(x *member, err error) {
	m.report(fmt.Errorf("device %s: %w", x.device, err))
	m.associate("", x.memberKey)
	if !m.config.Require {
		m.give(x, "")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	x.due, x.unread = false, true
}

// giveOthers tells the other members with a policy that it has new content.
func (m *Manager) giveOthers(than *member, id string) {
	for _, x := range m.holdersOf(than.memberKey.model, id) {
		if x != than {
			m.give(x, id)
		}
	}
}
