package registry

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
)

// Kind is how a device is connected.
type Kind uint8

// The kinds of devices.
const (
	Direct   Kind = iota // DIRECTLY_CONNECTED_DEVICE
	Indirect             // INDIRECTLY_CONNECTED_DEVICE: behind a gateway
	Gateway              // GATEWAY: directly connected, may register indirectly connected devices
)

// String gives the text of the wire (docs/protocol/management-api.md §4.1).
func (k Kind) String() string {
	switch k {
	case Direct:
		return "DIRECTLY_CONNECTED_DEVICE"
	case Indirect:
		return "INDIRECTLY_CONNECTED_DEVICE"
	case Gateway:
		return "GATEWAY"
	}
	return "UNKNOWN"
}

// State is where a device is in its life.
type State uint8

// The states of devices.
const (
	Registered State = iota // known, not activated
	Activated               // has an endpoint id in use
	Disabled                // refused until an operator enables it
)

// String gives the text of the wire (docs/protocol/management-api.md §4.1).
func (s State) String() string {
	switch s {
	case Registered:
		return "REGISTERED"
	case Activated:
		return "ACTIVATED"
	case Disabled:
		return "DISABLED"
	}
	return "UNKNOWN"
}

// Details are what an operator or a gateway tells about a device; nothing depends on them.
type Details struct {
	Name             string `json:"name,omitempty"`
	Description      string `json:"description,omitempty"`
	Manufacturer     string `json:"manufacturer,omitempty"`
	ModelNumber      string `json:"modelNumber,omitempty"`
	SerialNumber     string `json:"serialNumber,omitempty"`
	HardwareRevision string `json:"hardwareRevision,omitempty"`
	SoftwareRevision string `json:"softwareRevision,omitempty"`
	SoftwareVersion  string `json:"softwareVersion,omitempty"`

	Metadata map[string]any     `json:"metadata,omitempty"`
	Location map[string]float64 `json:"location,omitempty"` // latitude, longitude, altitude, uncertainty
}

// Device is one device. The zero values of Kind and State are those of a newly registered one.
type Device struct {
	ID         string   `json:"id"`         // endpoint id, given at registration; never changes
	HardwareID string   `json:"hardwareId"` // activation id; unique
	Kind       Kind     `json:"kind"`
	State      State    `json:"state"`
	Secret     []byte   `json:"secret,omitempty"`    // shared secret; none for a device that a gateway registered without one
	PublicKey  []byte   `json:"publicKey,omitempty"` // DER SubjectPublicKeyInfo, set by the activation
	Owner      string   `json:"owner"`               // id of the gateway, or of the device itself
	Bound      bool     `json:"bound,omitempty"`     // an indirectly connected device that must stay behind its gateway
	Models     []string `json:"models,omitempty"`    // URNs, capabilities included, each once, in the order of the activation
	Created    int64    `json:"created"`             // ms since the epoch
	Activated  int64    `json:"activated,omitempty"` // ms since the epoch, 0 before
	Details

	// Resources are the methods that the device reported for its paths (docs/protocol/messages.md §7.3).
	Resources map[string][]string `json:"resources,omitempty"`

	key      *rsa.PublicKey
	presence *presence
}

// presence is what changes with every call of a device and is not kept. All states of a device share it.
type presence struct {
	heard atomic.Int64 // ms since the epoch
	polls atomic.Int32
}

// Key gives the key of the activation, nil before.
func (d *Device) Key() *rsa.PublicKey { return d.key }

// Heard notes that the device called at the time, in ms since the epoch.
func (d *Device) Heard(ms int64) { d.presence.heard.Store(ms) }

// LastHeard gives the time of the last call in ms since the epoch, 0 if there was none since the start of the server.
func (d *Device) LastHeard() int64 { return d.presence.heard.Load() }

// Poll notes that a long poll of the device begins; the caller calls end when it ends.
func (d *Device) Poll() (end func()) {
	d.presence.polls.Add(1)
	return func() { d.presence.polls.Add(-1) }
}

// Polling tells whether a long poll of the device is open.
func (d *Device) Polling() bool { return d.presence.polls.Load() > 0 }

// Implements tells whether the device named the URN at its activation.
func (d *Device) Implements(urn string) bool { return slices.Contains(d.Models, urn) }

// prepare parses the key and joins the presence of the device's former state.
func (d *Device) prepare(former *Device) error {
	if former != nil {
		d.presence = former.presence
	} else {
		d.presence = new(presence)
	}
	d.key = nil
	if len(d.PublicKey) == 0 {
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(d.PublicKey)
	if err != nil {
		return fmt.Errorf("registry: public key of %s: %w", d.ID, err)
	}
	var ok bool
	if d.key, ok = key.(*rsa.PublicKey); !ok {
		return fmt.Errorf("registry: public key of %s: %w", d.ID, errors.ErrUnsupported)
	}
	return nil
}

// clone gives a copy whose parts may be changed.
func (d *Device) clone() *Device {
	c := *d
	c.Models = slices.Clone(d.Models)
	c.Metadata = maps.Clone(d.Metadata)
	c.Location = maps.Clone(d.Location)
	c.Resources = maps.Clone(d.Resources)
	return &c
}
