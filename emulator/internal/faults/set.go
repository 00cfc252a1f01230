package faults

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
)

// Bounds of a set.
const (
	MaxRules   = 1000
	maxRevoked = 10_000 // tokens; the oldest go first
)

// Why a set refuses something.
var (
	ErrFull     = errors.New("faults: too many rules")
	ErrNotFound = errors.New("faults: no such rule")
)

// Active is a rule of a set with what it did so far.
type Active struct {
	ID    int // from 1, in the order of addition; never used again
	Rule  Rule
	Calls int64 // that fit
	Fired int64 // those that the fault met
}

// Set is the rules of an emulator. The zero value is one without rules.
type Set struct {
	mu      sync.Mutex
	rules   []*rule
	last    int // id
	revoked []string
}

type rule struct {
	Active
	chance *rand.Rand
}

// Add adds a rule and gives its id.
func (s *Set) Add(r Rule) (int, error) {
	if err := r.Check(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) >= MaxRules {
		return 0, ErrFull
	}
	s.last++
	s.rules = append(s.rules, &rule{Active{ID: s.last, Rule: r}, rand.New(rand.NewPCG(r.Seed, 0))})
	return s.last, nil
}

// Remove removes a rule. It fails with [ErrNotFound].
func (s *Set) Remove(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(r *rule) bool { return r.ID == id })
	if len(s.rules) == n {
		return ErrNotFound
	}
	return nil
}

// Clear removes all rules. Tokens that were made to expire stay so.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// All gives all rules in the order of their addition.
func (s *Set) All() []Active {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Active, len(s.rules))
	for i, r := range s.rules {
		all[i] = r.Active
	}
	return all
}

// Empty tells whether there are no rules.
func (s *Set) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rules) == 0
}

// ByDevice tells whether a rule looks at who calls: whoever asks about a call needs to know that.
func (s *Set) ByDevice() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.rules, func(r *rule) bool { return r.Rule.Device != "" })
}

// Meet gives the faults that meet a call, in the order of their rules. Of those that end a call in their own way there is one at most,
// the last; rules behind it do not count the call. [Redeliver] is not counted yet: [Set.Happens] decides about it when the answer is known.
func (s *Set) Meet(c *Call) []Active {
	s.mu.Lock()
	defer s.mu.Unlock()
	var met []Active
	for _, r := range s.rules {
		if !r.Rule.fits(c) {
			continue
		}
		if r.Rule.Kind != Redeliver && !r.happens() {
			continue
		}
		met = append(met, r.Active)
		if !r.Rule.Kind.passes() {
			break
		}
	}
	return met
}

// Happens counts a call for a rule that was put off and tells whether its fault meets it.
func (s *Set) Happens(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.ID == id {
			return r.happens()
		}
	}
	return false
}

// happens is for the holder of the lock.
func (r *rule) happens() bool {
	r.Calls++
	picked := true
	switch {
	case r.Rule.Nth > 0:
		picked = r.Calls == int64(r.Rule.Nth)
	case r.Rule.Every > 0:
		picked = r.Calls%int64(r.Rule.Every) == 0
	case r.Rule.Chance > 0:
		picked = r.chance.Float64() < r.Rule.Chance
	}
	if !picked || r.Rule.Times > 0 && r.Fired >= int64(r.Rule.Times) {
		return false
	}
	r.Fired++
	return true
}

// Revoke makes an access token one that has expired.
func (s *Set) Revoke(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, token)
	s.revoked = s.revoked[max(0, len(s.revoked)-maxRevoked):]
}

// Revoked tells whether an access token was made to expire.
func (s *Set) Revoked(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.revoked) > 0 && slices.Contains(s.revoked, token)
}
