package policies

import (
	"maps"
	"slices"
)

// Op is what happened to a policy (docs/protocol/policies.md §3.3).
type Op string

// The changes that devices are told.
const (
	Changed    Op = "changed"
	Assigned   Op = "assigned"
	Unassigned Op = "unassigned"
)

// Item is one change, in the form of the wire.
type Item struct {
	Model        string `json:"deviceModelUrn"`
	ID           string `json:"id"`
	LastModified int64  `json:"lastModified"`
	Op           Op     `json:"op"`
}

// Notice is what one directly connected device or gateway has to be told, in this order.
type Notice struct {
	Seq   uint64 `json:"seq"` // distinct for all notices of a store
	Owner string `json:"owner"`
	Items []Item `json:"items"`
}

// notices makes a notice for every owner of the devices. It is for the holder of the lock.
func (s *Store) notices(devices []string, items ...Item) []Notice {
	var all []Notice
	told := make(map[string]bool)
	for _, id := range devices {
		owner, _, ok := s.owner(id)
		if !ok || told[owner] {
			continue
		}
		told[owner] = true
		all = append(all, Notice{s.seq + uint64(len(all)) + 1, owner, items})
	}
	return all
}

// putNotice is for the holder of the lock.
func (s *Store) putNotice(n Notice) {
	s.seq = max(s.seq, n.Seq)
	waiting := append(s.waiting[n.Owner], n)
	s.waiting[n.Owner] = waiting[max(0, len(waiting)-maxNotices):]
}

// Waiting gives the notices that the owner was not told yet, the oldest first.
func (s *Store) Waiting(owner string) []Notice {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.waiting[owner])
}

// Owners gives who has notices waiting, sorted.
func (s *Store) Owners() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.waiting))
}

// Told forgets a notice of the owner, who knows it now or never will.
func (s *Store) Told(owner string, seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.waiting[owner], func(n Notice) bool { return n.Seq == seq }) {
		return nil
	}
	return s.commit(entry{Told: &told{owner, seq}})
}

func (s *Store) dropNotice(t told) {
	left := slices.DeleteFunc(s.waiting[t.Owner], func(n Notice) bool { return n.Seq == t.Seq })
	if len(left) == 0 {
		delete(s.waiting, t.Owner)
		return
	}
	s.waiting[t.Owner] = left
}

// dropStrangers forgets notices for owners that do not exist any more. It is for the holder of the lock.
func (s *Store) dropStrangers() {
	maps.DeleteFunc(s.waiting, func(owner string, _ []Notice) bool {
		_, _, ok := s.owner(owner)
		return !ok
	})
}
