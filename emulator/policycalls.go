package emulator

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/iotcs-go/iotcs/emulator/internal/policies"
	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// policyRoutes are the calls about device policies (docs/protocol/management-api.md §11): below the private roots, where devices read
// them, and below the others.
func policyRoutes() []route {
	const base = "deviceModels/{urn}/devicePolicies"
	var routes []route
	for _, private := range []bool{true, false} {
		read := people
		if private {
			read = readers
		}
		routes = append(routes,
			route{method: "GET", private: private, pattern: base, access: read, handle: (*Server).getPolicies},
			route{method: "POST", private: private, pattern: base, access: people, handle: (*Server).postPolicy},
			route{method: "GET", private: private, pattern: base + "/count", access: people, handle: (*Server).countPolicies},
			route{method: "GET", private: private, pattern: base + "/{policy}", access: read, handle: (*Server).getPolicy},
			route{method: "PUT", private: private, pattern: base + "/{policy}", access: people, handle: (*Server).putPolicy},
			route{method: "PATCH", private: private, pattern: base + "/{policy}", access: people, handle: (*Server).patchPolicy},
			route{method: "DELETE", private: private, pattern: base + "/{policy}", access: people, handle: (*Server).deletePolicy},
			route{method: "GET", private: private, pattern: base + "/{policy}/devices", access: read, handle: (*Server).getPolicyDevices},
			route{method: "POST", private: private, pattern: base + "/{policy}/devices", access: people, handle: (*Server).postPolicyDevices},
			route{method: "DELETE", private: private, pattern: base + "/{policy}/devices/{id}", access: people, handle: (*Server).deletePolicyDevice},
		)
	}
	return routes
}

// findPolicy finds the policy of the path. A device sees only what it, or a device behind it, has.
func (s *Server) findPolicy(c *call) (*policies.Policy, error) {
	p := s.policies.Policy(c.params["policy"])
	if p == nil || p.Model != urn(c.params["urn"]) || !s.seesPolicy(c, p) {
		return nil, problem(http.StatusNotFound, "there is no policy %.200s of this device model", c.params["policy"])
	}
	return p, nil
}

func (s *Server) seesPolicy(c *call, p *policies.Policy) bool {
	return c.device == nil || len(s.policyDevices(c, p)) > 0
}

// policyDevices gives the devices that have a policy, as far as the caller sees them.
func (s *Server) policyDevices(c *call, p *policies.Policy) []*registry.Device {
	var found []*registry.Device
	for _, id := range s.policies.Devices(p.ID) {
		device := s.registry.Device(id)
		if device != nil && (c.device == nil || s.speaksFor(c.device, id) != nil) {
			found = append(found, device)
		}
	}
	return found
}

func (s *Server) getPolicies(c *call) error {
	model := urn(c.params["urn"])
	if c.device == nil {
		return list(c, s.policies.Policies(model), s.renderPolicy(c))
	}
	if device, ok := policyQuery(c.query.Get("q")); ok {
		var found []*policies.Policy
		if p := s.policies.Of(device, model); p != nil && s.speaksFor(c.device, device) != nil {
			found = append(found, p)
		}
		return onePage(c, renderAll(found, s.renderPolicy(c)))
	}
	visible := slices.DeleteFunc(s.policies.Policies(model), func(p *policies.Policy) bool { return !s.seesPolicy(c, p) })
	return listAll(c, visible, s.renderPolicy(c))
}

// policyQuery recognizes the filter with which devices look up their policy, so that it needs no look at those of all others.
func policyQuery(text string) (device string, ok bool) {
	var filter map[string]string
	if err := json.Unmarshal([]byte(text), &filter); err != nil || len(filter) != 1 {
		return "", false
	}
	device, ok = filter["devices.id"]
	return device, ok
}

// listAll is list for devices: without a limit they get everything, as they do not turn pages (docs/protocol/policies.md §3.2).
func listAll[T any](c *call, all []T, render func(T) any) error {
	if _, limited := c.query.Lookup("limit"); limited {
		return list(c, all, render)
	}
	filter, err := query.ParseFilter(c.query.Get("q"))
	if err != nil {
		return err
	}
	return onePage(c, renderAll(matching(all, render, filter), func(doc map[string]any) any { return doc }))
}

func onePage(c *call, items []any) error {
	return c.page(items, query.Page{Limit: max(1, len(items))}, len(items))
}

func (s *Server) countPolicies(c *call) error {
	return count(c, s.policies.Policies(urn(c.params["urn"])), s.renderPolicy(c))
}

// renderPolicy adds to the document what people want to see. Filters may ask for the devices; they are not written out unless the caller
// wants them.
func (s *Server) renderPolicy(c *call) func(p *policies.Policy) any {
	return func(p *policies.Policy) any {
		o := policyDocument(p)
		if c.query.Get("q") != "" || c.query.Get("expand") == "devices" {
			o.add("devices", renderAll(s.policyDevices(c, p), policyMemberOf))
		}
		if c.device == nil {
			href := c.link("/deviceModels/" + escapeURN(p.Model) + "/devicePolicies/" + pathEscape(p.ID))
			o.add("deviceModel", p.Model)
			o.addTime("created", p.Created)
			o.add("userLastModified", p.User)
			o.add("links", []link{{"self", href}, {"devices", href + "/devices"}})
		}
		return o
	}
}

// policyMember is a device of a policy as devices see it.
type policyMember struct {
	ID    string `json:"id"`
	Owner string `json:"directlyConnectedOwner"`
}

func policyMemberOf(d *registry.Device) any { return policyMember{d.ID, d.Owner} }

func (s *Server) getPolicy(c *call) error {
	p, err := s.findPolicy(c)
	if err != nil {
		return err
	}
	return s.answerPolicy(c, http.StatusOK, p)
}

func (s *Server) answerPolicy(c *call, status int, p *policies.Policy) error {
	return c.json(status, c.selectFields([]any{s.renderPolicy(c)(p)})[0])
}

// policyInput reads how a document is to be taken.
func (c *call) policyInput() policyInput {
	return policyInput{force: c.query.Get("force") == "true", user: c.user}
}

func (s *Server) postPolicy(c *call) error {
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	p, err := s.addPolicy(urn(c.params["urn"]), body, c.policyInput())
	if err != nil {
		return err
	}
	return s.answerPolicy(c, http.StatusCreated, p)
}

func (s *Server) putPolicy(c *call) error   { return s.updatePolicy(c, replacePolicy) }
func (s *Server) patchPolicy(c *call) error { return s.updatePolicy(c, patchPolicy) }

func (s *Server) updatePolicy(c *call, merge merge) error {
	p, err := s.findPolicy(c)
	if err != nil {
		return err
	}
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	if p, err = s.changePolicy(p.ID, body, c.policyInput(), merge); err != nil {
		return err
	}
	return s.answerPolicy(c, http.StatusOK, p)
}

func (s *Server) deletePolicy(c *call) error {
	p, err := s.findPolicy(c)
	if err != nil {
		return err
	}
	if err := s.DeletePolicy(p.ID); err != nil {
		return err
	}
	return c.noContent()
}

// getPolicyDevices lists the devices that have a policy. That there is no such policy is no error for a device: it asks when it has lost
// the policy (docs/protocol/policies.md §4.4).
func (s *Server) getPolicyDevices(c *call) error {
	p, err := s.findPolicy(c)
	if c.device != nil {
		var devices []*registry.Device
		if err == nil {
			devices = s.policyDevices(c, p)
		}
		return listAll(c, devices, policyMemberOf)
	}
	if err != nil {
		return err
	}
	return list(c, s.policyDevices(c, p), s.renderDevice(c))
}

func (s *Server) postPolicyDevices(c *call) error {
	p, err := s.findPolicy(c)
	if err != nil {
		return err
	}
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	ids, err := deviceIDs(body)
	if err != nil {
		return err
	}
	if err := s.assignPolicy(p.ID, ids); err != nil {
		return err
	}
	return list(c, s.policyDevices(c, p), s.renderDevice(c))
}

// deviceIDs reads {"id":"…"}, a list of such objects or of ids, or a collection of such objects.
func deviceIDs(body []byte) ([]string, error) {
	type device struct {
		ID string `json:"id"`
	}
	var ids []string
	if json.Unmarshal(body, &ids) != nil {
		var one struct {
			device
			Items []device `json:"items"`
		}
		var many []device
		if json.Unmarshal(body, &many) != nil && json.Unmarshal(body, &one) == nil {
			if many = one.Items; many == nil {
				many = []device{one.device}
			}
		}
		ids = nil // a list of objects was read as empty ids
		for _, d := range many {
			ids = append(ids, d.ID)
		}
	}
	if len(ids) == 0 || slices.Contains(ids, "") {
		return nil, problem(http.StatusBadRequest, `the body must name devices, as {"id":"…"} or ["…"]`)
	}
	return ids, nil
}

func (s *Server) deletePolicyDevice(c *call) error {
	p, err := s.findPolicy(c)
	if err != nil {
		return err
	}
	if err := s.UnassignPolicy(p.ID, c.params["id"]); err != nil {
		return err
	}
	return c.noContent()
}
