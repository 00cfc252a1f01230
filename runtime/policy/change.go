package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"
)

// ChangePath is where the server sends changes of policies (POST and PUT), and
// Capability is the capability that makes it do so (docs/protocol/policies.md
// §3.1, §3.3).
const (
	Capability = "urn:oracle:iot:dcd:capability:device_policy"
	ChangePath = "deviceModels/" + Capability + "/policyChanged"
)

// change is one item of a change request.
type change struct {
	Model        string
	ID           string
	LastModified int64
	Op           string
}

// Change handles the body of a change request and gives the status and the body
// of the answer: 200, or 400 with the reason when the body is not as it should
// be. Items before a faulty one are carried out. Failures to reach the server
// are reported and do not change the answer; what they left open is looked up
// later.
func (m *Manager) Change(ctx context.Context, now time.Time, body []byte) (status int, answer []byte) {
	m.work.Lock()
	defer m.work.Unlock()
	defer m.signal()
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil || items == nil {
		return refuse(errors.New("the body is not a JSON array"))
	}
	for i, item := range items {
		c, err := readChange(fmt.Sprintf("/%d", i), item)
		if err != nil {
			return refuse(err)
		}
		m.carryOut(ctx, now, c)
	}
	return http.StatusOK, nil
}

func refuse(err error) (int, []byte) { return http.StatusBadRequest, []byte(err.Error()) }

func readChange(pointer string, item json.RawMessage) (c change, err error) {
	o, err := readObject(pointer, item)
	if err != nil {
		return c, err
	}
	c.Op = "changed"
	if c.Model, err = o.text("deviceModelUrn"); err != nil {
		return c, err
	}
	if c.ID, err = o.text("id"); err != nil {
		return c, err
	}
	if c.LastModified, err = o.integer("lastModified"); err != nil {
		return c, err
	}
	return c, o.optional("op", &c.Op)
}

func (m *Manager) carryOut(ctx context.Context, now time.Time, c change) {
	switch c.Op {
	case "changed":
		m.changed(ctx, now, c)
	case "assigned":
		m.assigned(ctx, now, c)
	case "unassigned":
		m.unassigned(ctx, now, c)
	default:
		m.report(fmt.Errorf("policy %q: change %q is unknown", c.ID, c.Op))
	}
}

// changed takes the new content of a policy that devices have. They keep the
// old one until the new one is there. Devices whose policy could not be read are
// looked up again: the change may have mended it.
func (m *Manager) changed(ctx context.Context, now time.Time, c change) {
	m.mu.Lock()
	ours := m.policies[c.ID]
	m.mu.Unlock()
	m.askAgain(c.Model, now, func(x *member) bool { return x.unread })
	if ours == nil || c.LastModified < ours.LastModified {
		return
	}
	news, err := m.fetch(ctx, c)
	if err != nil {
		m.report(err)
		return
	}
	if !news {
		return
	}
	for _, x := range m.holdersOf(c.Model, c.ID) {
		m.give(x, c.ID)
	}
}

// fetch downloads the policy that a change is about, and tells whether it
// differs from the one that we had.
func (m *Manager) fetch(ctx context.Context, c change) (news bool, err error) {
	data, err := m.remote.download(ctx, c.Model, c.ID)
	if err != nil {
		return false, fmt.Errorf("policy %q: %w", c.ID, err)
	}
	p, err := Parse(data)
	if err == nil && p.ID != c.ID {
		err = fmt.Errorf("%w: policy %q instead", ErrAnswer, p.ID)
	}
	if err != nil {
		return false, fmt.Errorf("policy %q: %w", c.ID, err)
	}
	_, news, err = m.accept(data)
	return news, err
}

// assigned gives a policy to devices that did not have it, and its new content
// to those that had.
func (m *Manager) assigned(ctx context.Context, now time.Time, c change) {
	devices := []string{m.config.EndpointID}
	if m.config.Gateway {
		var err error
		if devices, err = m.remote.devices(ctx, c.Model, c.ID, m.config.EndpointID); err != nil {
			m.report(fmt.Errorf("policy %q: %w", c.ID, err))
			m.askAgain(c.Model, now, func(*member) bool { return true })
			return
		}
	}
	if len(devices) == 0 {
		return
	}
	concerned := func(x *member) bool { return slices.Contains(devices, x.device) }
	news, err := m.fetch(ctx, c)
	if err != nil {
		m.report(err)
		news, err = m.recover(ctx, c)
	}
	if err != nil {
		m.report(err)
		m.askAgain(c.Model, now.Add(firstRetry), concerned)
		return
	}
	m.associate(c.ID, keys(c.Model, devices)...)
	for _, x := range m.membersOf(c.Model, func(x *member) bool { return concerned(x) && (news || x.policy != c.ID) }) {
		m.give(x, c.ID)
	}
	m.forget()
}

// recover takes the policy from the store, or tries to download it once more.
func (m *Manager) recover(ctx context.Context, c change) (news bool, err error) {
	data, err := m.config.Store.Policy(c.ID)
	if err == nil {
		if p, err := Parse(data); err == nil && p.ID == c.ID {
			m.mu.Lock()
			news = !reflect.DeepEqual(p, m.policies[c.ID])
			m.policies[c.ID] = p
			m.mu.Unlock()
			return news, nil
		}
	}
	return m.fetch(ctx, c)
}

// unassigned takes a policy away from the devices that the server does not list
// any more. When it cannot list them, from all, and each is looked up again.
func (m *Manager) unassigned(ctx context.Context, now time.Time, c change) {
	var keep []string
	known := true
	if m.config.Gateway {
		var err error
		if keep, err = m.remote.devices(ctx, c.Model, c.ID, m.config.EndpointID); err != nil {
			m.report(fmt.Errorf("policy %q: %w", c.ID, err))
			known = false
		}
	}
	m.drop(c, keep)
	for _, x := range m.holdersOf(c.Model, c.ID) {
		if slices.Contains(keep, x.device) {
			continue
		}
		m.give(x, "")
		if !known {
			m.askAgain(c.Model, now, func(y *member) bool { return x == y })
		}
	}
	m.forget()
}

// drop forgets which devices had a policy, but for those that keep it.
func (m *Manager) drop(c change, keep []string) {
	m.mu.Lock()
	had := slices.Clone(m.stored.Devices[c.ID])
	m.mu.Unlock()
	lost := slices.DeleteFunc(had, func(device string) bool { return slices.Contains(keep, device) })
	m.associate("", keys(c.Model, lost)...)
}

func keys(model string, devices []string) []memberKey {
	all := make([]memberKey, len(devices))
	for i, device := range devices {
		all[i] = memberKey{model, device}
	}
	return all
}

// askAgain makes lookups of members due at a time.
func (m *Manager) askAgain(model string, at time.Time, pick func(*member) bool) {
	for _, x := range m.membersOf(model, pick) {
		m.mu.Lock()
		x.due, x.at = true, at
		m.mu.Unlock()
	}
}
