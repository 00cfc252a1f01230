package policies

import (
	"encoding/json"
	"errors"
)

// Policy is one device policy.
type Policy struct {
	ID       string          `json:"id"`
	Model    string          `json:"model"`    // URN of the device model
	Created  int64           `json:"created"`  // ms since the epoch
	Modified int64           `json:"modified"` // ms since the epoch; grows with every change of the document
	User     string          `json:"user"`     // who changed it last
	Document json.RawMessage `json:"document"` // one JSON object, without id and lastModified
}

// Why something is refused.
var (
	ErrNotFound = errors.New("policies: not found")
	ErrExists   = errors.New("policies: exists already")
	ErrFull     = errors.New("policies: no room for more")
)

// Bounds of a store.
const (
	MaxPolicies = 10_000
	MaxBytes    = 256 << 20 // of all documents
	maxNotices  = 100       // for one directly connected device or gateway; the oldest go first
)

// Owner finds the directly connected device or gateway that speaks for a device, and the time of the device's registration in ms since
// the epoch: a device that was removed and registered again is another one. ok is false when there is no such device. It must not call
// the store.
type Owner func(device string) (owner string, registered int64, ok bool)
