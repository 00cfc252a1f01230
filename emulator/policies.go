package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/iotcs-go/iotcs/emulator/internal/policies"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// maxPolicy is the longest policy document in bytes, as it is served: what a device reads has an envelope around it.
const maxPolicy = policy.MaxDocument - 8<<10

// Policy is a snapshot of a device policy.
type Policy struct {
	ID           string
	ModelURN     string
	LastModified int64    // ms since the epoch; grows with every change of the document
	Document     []byte   // as devices get it
	Devices      []string // endpoint ids of the devices that have it, sorted
}

// PolicyOption changes how a policy is taken.
type PolicyOption func(*policyInput)

// Unchecked takes a policy whatever its pipelines say, in order to test how devices cope with it. It still must be a JSON object.
func Unchecked() PolicyOption { return func(in *policyInput) { in.force = true } }

// policyInput is a document on its way in.
type policyInput struct {
	force bool
	user  string
}

func (s *Server) policyInput(opts []PolicyOption) policyInput {
	in := policyInput{user: s.config.user}
	for _, opt := range opts {
		opt(&in)
	}
	return in
}

// AddPolicy adds a device policy for a device model, given as its JSON text (docs/protocol/policies.md §2), and gives its id: that of the
// document, or a new one when it has none. No device has the policy before [Server.AssignPolicy]. It fails with a [*Problem]: of status
// 400 when the document has faults, which it lists with their places, of status 404 when there is no such device model, of status 409
// when the id is in use.
func (s *Server) AddPolicy(modelURN string, document []byte, opts ...PolicyOption) (id string, err error) {
	p, err := s.addPolicy(modelURN, document, s.policyInput(opts))
	if err != nil {
		return "", problemOf(err)
	}
	return p.ID, nil
}

// UpdatePolicy replaces the document of a policy; its devices are told. It fails as [Server.AddPolicy] does.
func (s *Server) UpdatePolicy(id string, document []byte, opts ...PolicyOption) error {
	if _, err := s.changePolicy(id, document, s.policyInput(opts), replacePolicy); err != nil {
		return problemOf(err)
	}
	return nil
}

// DeletePolicy removes a policy; its devices are told that they do not have it any more. It fails with a [*Problem] of status 404.
func (s *Server) DeletePolicy(id string) error {
	notices, err := s.policies.Delete(id)
	if err != nil {
		return policyProblem(id, err)
	}
	s.log.Info("policy removed", "policy", id)
	s.tell(notices)
	return nil
}

// AssignPolicy gives a policy to devices, which are told. A device loses the policy of the same device model that it had before. It
// fails with a [*Problem] when the policy or a device does not exist, or when an activated device does not implement the device model;
// then nothing happens.
func (s *Server) AssignPolicy(id string, endpointIDs ...string) error {
	if err := s.assignPolicy(id, endpointIDs); err != nil {
		return problemOf(err)
	}
	return nil
}

// UnassignPolicy takes a policy from devices, which are told. It fails with a [*Problem] of status 404 when one of them does not have it;
// then nothing happens.
func (s *Server) UnassignPolicy(id string, endpointIDs ...string) error {
	notices, err := s.policies.Unassign(id, endpointIDs...)
	if err != nil {
		return policyProblem(id, err)
	}
	s.tell(notices)
	return nil
}

// Policy finds a policy by its id.
func (s *Server) Policy(id string) (Policy, bool) {
	p := s.policies.Policy(id)
	if p == nil {
		return Policy{}, false
	}
	text, _ := json.Marshal(policyDocument(p)) // it was made of JSON
	return Policy{p.ID, p.Model, p.Modified, text, s.policies.Devices(id)}, true
}

// policyProblem words an error of the store.
func policyProblem(id string, err error) *Problem {
	switch {
	case errors.Is(err, policies.ErrNotFound):
		return problem(http.StatusNotFound, "there is no policy %.200s, or the device does not have it", id)
	case errors.Is(err, policies.ErrExists):
		return problem(http.StatusConflict, "policy %.200s exists already", id)
	case errors.Is(err, policies.ErrFull):
		return problem(http.StatusServiceUnavailable, "there is no room for more policies")
	}
	return problemOf(err)
}

func (s *Server) addPolicy(modelURN string, text []byte, in policyInput) (*policies.Policy, error) {
	model, err := s.model(modelURN)
	if err != nil {
		return nil, err
	}
	members, err := policyMembers(text)
	if err != nil {
		return nil, err
	}
	now := time.Now().UnixMilli()
	p := &policies.Policy{ID: wire.NewUUID().String(), Model: model.URN, Created: now, Modified: now, User: in.user}
	if raw, ok := members["id"]; ok && string(raw) != "null" {
		if err := json.Unmarshal(raw, &p.ID); err != nil {
			return nil, problem(http.StatusBadRequest, "/id: a text is expected")
		}
	}
	if err := checkPolicyID(p.ID); err != nil {
		return nil, err
	}
	if err := setDocument(p, model, members, in); err != nil {
		return nil, err
	}
	if err := s.policies.Add(p); err != nil {
		return nil, policyProblem(p.ID, err)
	}
	s.log.Info("policy added", "policy", p.ID, "model", p.Model)
	return p, nil
}

// checkPolicyID keeps out what cannot stand in a path or a file name of a device. Devices encode the rest.
func checkPolicyID(id string) error {
	const longest = 255 // bytes
	if id == "" || id == "count" || len(id) > longest || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
		return problem(http.StatusBadRequest, "/id: a text of 1 to %d bytes without control characters is expected, and not count", longest)
	}
	return nil
}

// policyMembers reads a document.
func policyMembers(text []byte) (map[string]json.RawMessage, error) {
	if len(text) > policy.MaxDocument {
		return nil, problem(http.StatusRequestEntityTooLarge, "a policy of %d bytes, at most %d allowed", len(text), policy.MaxDocument)
	}
	var members map[string]json.RawMessage
	if err := unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &members); err != nil {
		return nil, err
	}
	if members == nil {
		return nil, problem(http.StatusBadRequest, "a policy is a JSON object")
	}
	return members, nil
}

// ownMembers are those that the server gives; what a caller says about them does not count.
var ownMembers = []string{"id", "lastModified", "lastModifiedAsString", "created", "createdAsString", "userLastModified", "deviceModel", "devices", "links"}

// setDocument checks the members of a document and makes them the policy's.
func setDocument(p *policies.Policy, model *registry.Model, members map[string]json.RawMessage, in policyInput) error {
	for _, name := range ownMembers {
		delete(members, name)
	}
	document, err := json.Marshal(members)
	if err != nil {
		return err
	}
	p.Document, p.User = document, in.user
	text, err := json.Marshal(policyDocument(p))
	if err != nil {
		return err
	}
	if len(text) > maxPolicy {
		return problem(http.StatusRequestEntityTooLarge, "a policy of %d bytes, at most %d allowed", len(text), maxPolicy)
	}
	if in.force {
		return nil
	}
	return checkPolicy(text, model)
}

// checkPolicy tells everything that a device would find wrong, with its place in the document.
func checkPolicy(text []byte, model *registry.Model) error {
	parsed, err := policy.Parse(text)
	if err != nil {
		return problem(http.StatusBadRequest, "%w", err)
	}
	found := policy.Check(parsed, model.Parsed())
	if len(found) == 0 {
		return nil
	}
	const most = 20
	faults := make([]string, 0, most+1)
	for i, fault := range found {
		if i == most {
			faults = append(faults, "and more")
			break
		}
		faults = append(faults, strings.TrimPrefix(fault.Error(), "policy: "))
	}
	return problem(http.StatusBadRequest, "%s", "the policy has faults (force=true takes it all the same): "+strings.Join(faults, "; "))
}

// policyDocument gives a policy as devices get it (docs/protocol/policies.md §2).
func policyDocument(p *policies.Policy) object {
	var posted map[string]json.RawMessage
	if err := json.Unmarshal(p.Document, &posted); err != nil {
		posted = nil // it was checked when it came
	}
	o := object{}
	o.add("id", p.ID)
	o.copy(posted, "name")
	o.copy(posted, "description")
	o.copy(posted, "enabled")
	o.add("enabled", true)
	o.add("lastModified", p.Modified)
	o.copyList(posted, "pipelines")
	o.copyRest(posted)
	return o
}

// merge says what becomes of the members that a policy has when others come.
type merge func(old, posted map[string]json.RawMessage) map[string]json.RawMessage

func replacePolicy(_, posted map[string]json.RawMessage) map[string]json.RawMessage { return posted }

// patchPolicy replaces the members that came; null removes one.
func patchPolicy(old, posted map[string]json.RawMessage) map[string]json.RawMessage {
	for name, value := range posted {
		old[name] = value
		if string(value) == "null" {
			delete(old, name)
		}
	}
	return old
}

func (s *Server) changePolicy(id string, text []byte, in policyInput, merge merge) (*policies.Policy, error) {
	posted, err := policyMembers(text)
	if err != nil {
		return nil, err
	}
	changed, notices, err := s.policies.Update(id, time.Now().UnixMilli(), func(p *policies.Policy) error {
		model, err := s.model(p.Model)
		if err != nil {
			return err
		}
		var old map[string]json.RawMessage
		if err := json.Unmarshal(p.Document, &old); err != nil {
			return err
		}
		return setDocument(p, model, merge(old, posted), in)
	})
	if err != nil {
		return nil, policyProblem(id, err)
	}
	s.log.Info("policy changed", "policy", id)
	s.tell(notices)
	return changed, nil
}

func (s *Server) assignPolicy(id string, endpointIDs []string) error {
	p := s.policies.Policy(id)
	if p == nil {
		return policyProblem(id, policies.ErrNotFound)
	}
	for _, endpoint := range slices.Compact(slices.Sorted(slices.Values(endpointIDs))) {
		device, err := s.findDevice(endpoint)
		if err != nil {
			return err
		}
		if device.State != registry.Registered && !device.Implements(p.Model) {
			return problem(http.StatusBadRequest, "device %s does not implement the device model %s", device.ID, p.Model)
		}
	}
	notices, err := s.policies.Assign(id, endpointIDs...)
	if err != nil {
		return policyProblem(id, err)
	}
	s.tell(notices)
	return nil
}
