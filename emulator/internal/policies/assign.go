package policies

import (
	"maps"
	"slices"
)

// Assign gives a policy to devices. Those that have another one of the same device model lose that; those that have the policy already
// are told again. A device that does not exist is [ErrNotFound]; then nothing happens.
func (s *Store) Assign(id string, devices ...string) ([]Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.policies[id]
	if p == nil {
		return nil, ErrNotFound
	}
	joining := make(map[string]int64, len(devices))
	replaced := make(map[string][]string) // by policy id: the devices that lose it
	for _, device := range devices {
		_, registered, ok := s.owner(device)
		if !ok {
			return nil, ErrNotFound
		}
		joining[device] = registered
		if old := s.of(device, p.Model); old != "" && old != id && !slices.Contains(replaced[old], device) {
			replaced[old] = append(replaced[old], device)
		}
	}
	notices := s.assignNotices(p, joining, replaced)
	return notices, s.commit(entry{Join: &members{id, joining}, Notices: notices})
}

// assignNotices tells each owner first what its devices lose, then what they get. It is for the holder of the lock.
func (s *Store) assignNotices(p *Policy, joining map[string]int64, replaced map[string][]string) []Notice {
	notices := s.notices(slices.Sorted(maps.Keys(joining)), p.item(Assigned))
	for _, old := range slices.Sorted(maps.Keys(replaced)) {
		item := s.policies[old].item(Unassigned)
		for _, lost := range s.notices(replaced[old], item) {
			i := slices.IndexFunc(notices, func(n Notice) bool { return n.Owner == lost.Owner })
			notices[i].Items = append([]Item{item}, notices[i].Items...)
		}
	}
	return notices
}

// Unassign takes a policy from devices. One that does not have it is [ErrNotFound]; then nothing happens.
func (s *Store) Unassign(id string, devices ...string) ([]Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.policies[id]
	if p == nil {
		return nil, ErrNotFound
	}
	leaving := make(map[string]int64, len(devices))
	for _, device := range devices {
		if s.of(device, p.Model) != id {
			return nil, ErrNotFound
		}
		leaving[device] = 0
	}
	notices := s.notices(slices.Sorted(maps.Keys(leaving)), p.item(Unassigned))
	return notices, s.commit(entry{Leave: &members{id, leaving}, Notices: notices})
}

// Of gives the policy that a device has of a device model, nil if it has none.
func (s *Store) Of(device, model string) *Policy {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.policies[s.of(device, model)]
}

// Devices gives the endpoint ids of the devices that have a policy, sorted.
func (s *Store) Devices(id string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.devicesOf(id)
}

// of gives the id of the policy that a device has, or "". It is for the holder of the lock.
func (s *Store) of(device, model string) string {
	id := s.policyOf[device][model]
	if id == "" || !s.exists(device, s.devices[id][device]) {
		return ""
	}
	return id
}

func (s *Store) exists(device string, registered int64) bool {
	_, now, ok := s.owner(device)
	return ok && now == registered
}

// devicesOf is for the holder of the lock.
func (s *Store) devicesOf(id string) []string {
	ids := make([]string, 0, len(s.devices[id]))
	for device, registered := range s.devices[id] {
		if s.exists(device, registered) {
			ids = append(ids, device)
		}
	}
	slices.Sort(ids)
	return ids
}

// join is for the holder of the lock.
func (s *Store) join(p *Policy, device string, registered int64) {
	if old := s.policies[s.policyOf[device][p.Model]]; old != nil {
		s.leave(old, device)
	}
	if s.devices[p.ID] == nil {
		s.devices[p.ID] = make(map[string]int64)
	}
	s.devices[p.ID][device] = registered
	if s.policyOf[device] == nil {
		s.policyOf[device] = make(map[string]string)
	}
	s.policyOf[device][p.Model] = p.ID
}

// leave is for the holder of the lock.
func (s *Store) leave(p *Policy, device string) {
	delete(s.devices[p.ID], device)
	if len(s.devices[p.ID]) == 0 {
		delete(s.devices, p.ID)
	}
	delete(s.policyOf[device], p.Model)
	if len(s.policyOf[device]) == 0 {
		delete(s.policyOf, device)
	}
}
