package policies

import (
	"encoding/json"
	"fmt"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
)

// entry is one record of the journal: one change and the notices of it.
type entry struct {
	Policy  *Policy  `json:"policy,omitempty"`
	Gone    string   `json:"gone,omitempty"` // id of a policy
	Join    *members `json:"join,omitempty"`
	Leave   *members `json:"leave,omitempty"`
	Notices []Notice `json:"notices,omitempty"`
	Told    *told    `json:"told,omitempty"`
}

// members are devices of a policy, with the times of their registration.
type members struct {
	Policy  string           `json:"policy"`
	Devices map[string]int64 `json:"devices"`
}

type told struct {
	Owner string `json:"owner"`
	Seq   uint64 `json:"seq"`
}

// spare is how many superseded entries the journal may hold beside as many as there are live ones before it is written anew.
const spare = 10_000

// Open reads the store that is kept at path, or begins one there. lost is the number of bytes that a crash had left half written and
// that were cut off.
func Open(path string, owner Owner) (s *Store, lost int64, err error) {
	s = New(owner)
	s.path = path
	s.journal, lost, err = journal.Open(path, s.replay)
	if err != nil {
		return nil, 0, fmt.Errorf("policies: %w", err)
	}
	s.dropStrangers()
	if err := s.tidy(0); err != nil {
		return nil, 0, err
	}
	return s, lost, nil
}

func (s *Store) replay(record []byte) error {
	var e entry
	if err := json.Unmarshal(record, &e); err != nil {
		return err
	}
	s.written++
	s.apply(e)
	return nil
}

// commit writes an entry, to the disk, and applies it. It is for the holder of the lock.
func (s *Store) commit(e entry) error {
	if s.journal != nil {
		if err := s.write(e); err != nil {
			return err
		}
	}
	s.apply(e)
	return nil
}

func (s *Store) write(e entry) error {
	if err := s.tidy(spare); err != nil { // before the entry, which is not applied yet
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	if err := s.journal.Append(text); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	s.written++
	if err := s.journal.Sync(); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	return nil
}

// apply lets an entry take effect. An entry about a policy that is gone has none. It is for the holder of the lock.
func (s *Store) apply(e entry) {
	if e.Policy != nil {
		s.putPolicy(e.Policy)
	}
	if e.Gone != "" {
		s.removePolicy(e.Gone)
	}
	if e.Join != nil && s.policies[e.Join.Policy] != nil {
		for device, registered := range e.Join.Devices {
			s.join(s.policies[e.Join.Policy], device, registered)
		}
	}
	if e.Leave != nil && s.policies[e.Leave.Policy] != nil {
		for device := range e.Leave.Devices {
			s.leave(s.policies[e.Leave.Policy], device)
		}
	}
	for _, n := range e.Notices {
		s.putNotice(n)
	}
	if e.Told != nil {
		s.dropNotice(*e.Told)
	}
}

// tidy writes the journal anew when it holds more than twice as many entries as there are live ones, and more than some beside.
func (s *Store) tidy(spare int) error {
	live := len(s.policies) + len(s.devices) + len(s.waiting)
	if s.written <= 2*live+spare {
		return nil
	}
	if err := s.rewrite(); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	return nil
}

func (s *Store) rewrite() (err error) {
	if err := s.journal.Close(); err != nil {
		return err
	}
	count := 0
	err = journal.Write(s.path, func(add func([]byte) error) error {
		for e := range s.entries {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if err := add(text); err != nil {
				return err
			}
			count++
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.written = count
	s.journal, _, err = journal.Open(s.path, func([]byte) error { return nil })
	return err
}

// entries yields the state as entries: policies before their devices. Devices that are gone are left out.
func (s *Store) entries(yield func(entry) bool) {
	for id, p := range s.policies {
		if !yield(entry{Policy: p}) {
			return
		}
		joined := make(map[string]int64, len(s.devices[id]))
		for device, registered := range s.devices[id] {
			if s.exists(device, registered) {
				joined[device] = registered
			}
		}
		if len(joined) > 0 && !yield(entry{Join: &members{id, joined}}) {
			return
		}
	}
	for _, notices := range s.waiting {
		if !yield(entry{Notices: notices}) {
			return
		}
	}
}

// Close brings the journal to the disk and closes it. The store cannot be changed any more.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	if err := s.journal.Close(); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	return nil
}
