package policies

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
)

// Store is the whole of the policies. Make one with [New] or [Open].
type Store struct {
	mu       sync.RWMutex
	owner    Owner
	policies map[string]*Policy
	devices  map[string]map[string]int64  // by policy id: endpoint id and the time of its registration
	policyOf map[string]map[string]string // by endpoint id: device model and policy id
	waiting  map[string][]Notice          // by owner
	seq      uint64                       // of the last notice
	bytes    int                          // of all documents
	journal  *journal.Journal             // nil: nothing is kept
	path     string                       // of the journal
	written  int                          // entries in the journal
}

// New makes an empty store that keeps nothing.
func New(owner Owner) *Store {
	return &Store{
		owner:    owner,
		policies: make(map[string]*Policy),
		devices:  make(map[string]map[string]int64),
		policyOf: make(map[string]map[string]string),
		waiting:  make(map[string][]Notice),
	}
}

// Add adds a policy that no device has yet. An id that is in use is [ErrExists], for whatever device model.
func (s *Store) Add(p *Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.policies[p.ID] != nil:
		return ErrExists
	case len(s.policies) >= MaxPolicies, s.bytes+len(p.Document) > MaxBytes:
		return ErrFull
	}
	return s.commit(entry{Policy: p})
}

// Update calls change with a copy of the policy, of which it may replace the document and the user, and puts the copy in the place of
// the policy. now, in ms since the epoch, becomes the time of the change; it is moved on when it is not later than the last one. An
// error of change leaves everything as it was. change must not call the store.
func (s *Store) Update(id string, now int64, change func(p *Policy) error) (*Policy, []Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.policies[id]
	if old == nil {
		return nil, nil, ErrNotFound
	}
	p := *old
	if err := change(&p); err != nil {
		return nil, nil, err
	}
	if s.bytes+len(p.Document)-len(old.Document) > MaxBytes {
		return nil, nil, ErrFull
	}
	p.Modified = max(now, old.Modified+1)
	notices := s.notices(s.devicesOf(id), p.item(Changed))
	return &p, notices, s.commit(entry{Policy: &p, Notices: notices})
}

// Delete takes a policy from its devices and removes it.
func (s *Store) Delete(id string) ([]Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.policies[id]
	if p == nil {
		return nil, ErrNotFound
	}
	notices := s.notices(s.devicesOf(id), p.item(Unassigned))
	return notices, s.commit(entry{Gone: id, Notices: notices})
}

func (p *Policy) item(op Op) Item { return Item{p.Model, p.ID, p.Modified, op} }

// Policy finds a policy by its id, nil if there is none.
func (s *Store) Policy(id string) *Policy {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.policies[id]
}

// Policies gives the policies of a device model in the order in which they were made.
func (s *Store) Policies(model string) []*Policy {
	s.mu.RLock()
	all := slices.DeleteFunc(slices.Collect(maps.Values(s.policies)), func(p *Policy) bool { return p.Model != model })
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *Policy) int { return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID)) })
	return all
}

// putPolicy is for the holder of the lock.
func (s *Store) putPolicy(p *Policy) {
	if old := s.policies[p.ID]; old != nil {
		s.bytes -= len(old.Document)
	}
	s.policies[p.ID] = p
	s.bytes += len(p.Document)
}

// removePolicy is for the holder of the lock.
func (s *Store) removePolicy(id string) {
	p := s.policies[id]
	if p == nil {
		return
	}
	for device := range s.devices[id] {
		s.leave(p, device)
	}
	delete(s.policies, id)
	s.bytes -= len(p.Document)
}
