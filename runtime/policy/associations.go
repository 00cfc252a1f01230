package policy

import (
	"maps"
	"slices"
)

// Associations say which devices have which policy, in the layout of the
// official client's file (docs/protocol/policies.md §5.1).
type Associations struct {
	// Devices gives the devices of each policy, by its id.
	Devices map[string][]string `json:"devicePolicyIdsToEndpointIds"`
	// Models gives the policies of each device model, by its URN.
	Models map[string][]string `json:"deviceModelUrnsToDevicePolicies"`
}

// policyOf gives the policy of a device that is among the known ones, or "".
func (a Associations) policyOf(key memberKey, known map[string]*Policy) string {
	for _, id := range a.Models[key.model] {
		if known[id] != nil && slices.Contains(a.Devices[id], key.device) {
			return id
		}
	}
	return ""
}

// set gives a device a policy and takes away any other of the same model; "" is
// none. It tells whether that changed anything.
func (a *Associations) set(key memberKey, id string) (changed bool) {
	for _, other := range a.Models[key.model] {
		if at := slices.Index(a.Devices[other], key.device); at >= 0 && other != id {
			a.Devices[other] = slices.Delete(a.Devices[other], at, at+1)
			changed = true
		}
	}
	if id == "" {
		return changed
	}
	if a.Devices == nil {
		a.Devices = map[string][]string{}
	}
	if a.Models == nil {
		a.Models = map[string][]string{}
	}
	if !slices.Contains(a.Models[key.model], id) {
		a.Models[key.model] = append(a.Models[key.model], id)
		changed = true
	}
	if !slices.Contains(a.Devices[id], key.device) {
		a.Devices[id] = append(a.Devices[id], key.device)
		changed = true
	}
	return changed
}

func (a Associations) clone() Associations {
	c := Associations{Devices: maps.Clone(a.Devices), Models: maps.Clone(a.Models)}
	for id := range c.Devices {
		c.Devices[id] = slices.Clone(c.Devices[id])
	}
	for model := range c.Models {
		c.Models[model] = slices.Clone(c.Models[model])
	}
	return c
}
