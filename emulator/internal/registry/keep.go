package registry

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
)

// entry is one record of the journal; one member is set.
type entry struct {
	Model  *Model   `json:"model,omitempty"`
	Device *Device  `json:"device,omitempty"`
	Gone   []string `json:"gone,omitempty"` // ids of removed devices
	Token  *Token   `json:"token,omitempty"`
}

// spare is how many superseded entries the journal may hold beside as many as there are live ones before it is written anew.
const spare = 10_000

// Open reads the registry that is kept at path, or begins one there. lost is the number of bytes that a crash had left half written
// and that were cut off.
func Open(path string) (r *Registry, lost int64, err error) {
	r = New()
	r.path = path
	r.journal, lost, err = journal.Open(path, r.replay)
	if err != nil {
		return nil, 0, fmt.Errorf("registry: %w", err)
	}
	if err := r.tidy(0); err != nil {
		return nil, 0, err
	}
	return r, lost, nil
}

func (r *Registry) replay(record []byte) error {
	var e entry
	if err := json.Unmarshal(record, &e); err != nil {
		return err
	}
	r.written++
	switch {
	case e.Model != nil:
		if err := e.Model.prepare(); err != nil {
			return err
		}
		r.models[e.Model.URN] = e.Model
	case e.Device != nil:
		if err := e.Device.prepare(r.devices[e.Device.ID]); err != nil {
			return err
		}
		r.putDevice(e.Device)
	case e.Token != nil:
		if r.devices[e.Token.Device] != nil {
			r.dropTokens(e.Token.Device, time.Now())
			r.putToken(*e.Token)
		}
	}
	for _, id := range e.Gone {
		r.removeDevice(id)
	}
	return nil
}

// record writes an entry, which the caller then applies. It is for the holder of the lock.
func (r *Registry) record(e entry) error {
	if r.journal == nil {
		return nil
	}
	if err := r.tidy(spare); err != nil { // before the entry, which is not applied yet
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	if err := r.journal.Append(text); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	r.written++
	return nil
}

// recordDurably writes an entry and has it on the disk when it returns: what the caller is told must be true after a power failure.
func (r *Registry) recordDurably(e entry) error {
	if err := r.record(e); err != nil || r.journal == nil {
		return err
	}
	return r.journal.Sync()
}

// tidy writes the journal anew when it holds more than twice as many entries as there are live ones, and more than some beside.
func (r *Registry) tidy(spare int) error {
	live := len(r.models) + len(r.devices) + len(r.tokens)
	if r.written <= 2*live+spare {
		return nil
	}
	if err := r.rewrite(); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	return nil
}

func (r *Registry) rewrite() (err error) {
	if err := r.journal.Close(); err != nil {
		return err
	}
	count := 0
	err = journal.Write(r.path, func(add func([]byte) error) error {
		for e := range r.entries {
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
	r.written = count
	r.journal, _, err = journal.Open(r.path, func([]byte) error { return nil })
	return err
}

// entries yields the state as entries: devices before the tokens that belong to them.
func (r *Registry) entries(yield func(entry) bool) {
	for _, m := range r.models {
		if !yield(entry{Model: m}) {
			return
		}
	}
	for _, d := range r.devices {
		if !yield(entry{Device: d}) {
			return
		}
	}
	for _, t := range r.liveTokens(time.Now()) {
		if !yield(entry{Token: &t}) {
			return
		}
	}
}
