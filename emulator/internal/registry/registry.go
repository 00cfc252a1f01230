package registry

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
)

// What can stand against a change.
var (
	ErrNotFound = errors.New("registry: not found")
	ErrExists   = errors.New("registry: exists already")
	ErrFull     = errors.New("registry: too many entries")
)

// Bounds of the registry.
const (
	MaxDevices = 100_000
	MaxModels  = 10_000
)

// Registry is the whole of models, devices and tokens. Make one with [New] or [Open].
type Registry struct {
	mu         sync.RWMutex
	models     map[string]*Model   // by URN
	devices    map[string]*Device  // by id
	byHardware map[string]*Device  // by hardware id
	behind     map[string][]string // ids of the indirectly connected devices of a gateway
	tokens     map[string]Token    // by text
	tokensOf   map[string][]string // texts by device id, the oldest first
	journal    *journal.Journal    // nil: nothing is kept
	path       string              // of the journal
	written    int                 // entries in the journal
}

// New makes an empty registry that keeps nothing.
func New() *Registry {
	return &Registry{
		models:     make(map[string]*Model),
		devices:    make(map[string]*Device),
		byHardware: make(map[string]*Device),
		behind:     make(map[string][]string),
		tokens:     make(map[string]Token),
		tokensOf:   make(map[string][]string),
	}
}

// AddModel adds the model. A draft gives way to a real model; otherwise a URN that is there already is [ErrExists].
func (r *Registry) AddModel(m *Model) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.models[m.URN]; old != nil && (m.Draft || !old.Draft) {
		return ErrExists
	}
	if len(r.models) >= MaxModels {
		return ErrFull
	}
	if err := r.recordDurably(entry{Model: m}); err != nil {
		return err
	}
	r.models[m.URN] = m
	return nil
}

// Model finds a model by its URN, nil if there is none.
func (r *Registry) Model(urn string) *Model {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.models[urn]
}

// Models gives all models in the order in which they were made.
func (r *Registry) Models() []*Model {
	r.mu.RLock()
	all := slices.Collect(maps.Values(r.models))
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b *Model) int { return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.URN, b.URN)) })
	return all
}

// AddDevice adds a device and gives it an id if it has none, itself as owner if it has none, and the time as creation time. A hardware
// id or an id that is in use is [ErrExists]. The caller must not use d any more, but what is returned.
func (r *Registry) AddDevice(d *Device) (*Device, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byHardware[d.HardwareID] != nil || r.devices[d.ID] != nil {
		return nil, ErrExists
	}
	if len(r.devices) >= MaxDevices {
		return nil, ErrFull
	}
	for d.ID == "" || r.devices[d.ID] != nil {
		d.ID = newID()
	}
	d.Owner = cmp.Or(d.Owner, d.ID)
	d.Created = time.Now().UnixMilli()
	if err := d.prepare(nil); err != nil {
		return nil, err
	}
	if err := r.recordDurably(entry{Device: d}); err != nil {
		return nil, err
	}
	r.putDevice(d)
	return d, nil
}

// newID makes an endpoint id in the style of the real service, such as 0-2UFQ8K: characters that are safe with all clients
// (docs/protocol/transport.md §6).
func newID() string {
	const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	var random [6]byte
	rand.Read(random[:]) // never fails since Go 1.24: the program ends instead
	id := []byte("0-......")
	for i, b := range random {
		id[2+i] = letters[int(b)%len(letters)]
	}
	return string(id)
}

// putDevice puts the device in the place of its former state. It is for the holder of the lock.
func (r *Registry) putDevice(d *Device) {
	old := r.devices[d.ID]
	r.devices[d.ID] = d
	r.byHardware[d.HardwareID] = d
	if old != nil && old.Owner == d.Owner {
		return // it is in the list, which may be long
	}
	if old != nil {
		r.leave(old)
	}
	if d.Owner != d.ID {
		r.behind[d.Owner] = append(r.behind[d.Owner], d.ID)
	}
}

// leave takes the device from its gateway's list. It is for the holder of the lock.
func (r *Registry) leave(d *Device) {
	if d.Owner == d.ID {
		return
	}
	left := slices.DeleteFunc(r.behind[d.Owner], func(id string) bool { return id == d.ID })
	if len(left) == 0 {
		delete(r.behind, d.Owner)
		return
	}
	r.behind[d.Owner] = left
}

// UpdateDevice calls change with a copy of the device, which it may modify but for its id and hardware id, and puts the copy in the
// place of the device. An error of change leaves everything as it was. change must not call the registry.
func (r *Registry) UpdateDevice(id string, change func(d *Device) error) (*Device, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.devices[id]
	if old == nil {
		return nil, ErrNotFound
	}
	d := old.clone()
	if err := change(d); err != nil {
		return nil, err
	}
	if err := d.prepare(old); err != nil {
		return nil, err
	}
	if err := r.recordDurably(entry{Device: d}); err != nil {
		return nil, err
	}
	r.putDevice(d)
	return d, nil
}

// DeleteDevice removes the device, its tokens, and the devices behind it. It gives the ids of all that were removed.
func (r *Registry) DeleteDevice(id string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.devices[id] == nil {
		return nil, ErrNotFound
	}
	removed := append([]string{id}, r.behind[id]...)
	if err := r.recordDurably(entry{Gone: removed}); err != nil {
		return nil, err
	}
	for _, id := range removed {
		r.removeDevice(id)
	}
	return removed, nil
}

// removeDevice is for the holder of the lock.
func (r *Registry) removeDevice(id string) {
	d := r.devices[id]
	if d == nil {
		return
	}
	r.leave(d)
	delete(r.devices, id)
	delete(r.byHardware, d.HardwareID)
	for _, text := range r.tokensOf[id] {
		delete(r.tokens, text)
	}
	delete(r.tokensOf, id)
}

// Device finds a device by its endpoint id, nil if there is none.
func (r *Registry) Device(id string) *Device {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.devices[id]
}

// DeviceByHardwareID finds a device by its hardware id, nil if there is none.
func (r *Registry) DeviceByHardwareID(id string) *Device {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byHardware[id]
}

// Devices gives all devices in the order of their registration.
func (r *Registry) Devices() []*Device {
	r.mu.RLock()
	all := slices.Collect(maps.Values(r.devices))
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b *Device) int { return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID)) })
	return all
}

// Close brings the journal to the disk and closes it. The registry cannot be changed any more.
func (r *Registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal == nil {
		return nil
	}
	if err := r.journal.Close(); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	return nil
}
