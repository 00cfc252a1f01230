package emulator

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/emulator/internal/policies"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// policyChanged is the resource of devices that takes notices (docs/protocol/policies.md §3.3).
const policyChanged = "deviceModels/urn:oracle:iot:dcd:capability:device_policy/policyChanged"

// notifier knows which requests carry which notices to devices.
type notifier struct {
	mu       sync.Mutex
	requests map[uint64]string // request id by the notice's number
}

// tell sends notices to their devices. What cannot be sent now is sent when the device calls.
func (s *Server) tell(notices []policies.Notice) {
	s.notifier.mu.Lock()
	defer s.notifier.mu.Unlock()
	for _, n := range notices {
		s.sendNotice(n)
	}
}

// remind sends the notices that the device was not told yet, and those that it did not answer. It is cheap when there are none.
func (s *Server) remind(owner string) {
	waiting := s.policies.Waiting(owner)
	if len(waiting) == 0 {
		return
	}
	s.notifier.mu.Lock()
	defer s.notifier.mu.Unlock()
	for _, n := range s.policies.Waiting(owner) { // they may have been told meanwhile
		if s.settled(n) {
			continue
		}
		s.sendNotice(n)
	}
}

// settle forgets the notices that the device has answered.
func (s *Server) settle(owner string) {
	waiting := s.policies.Waiting(owner)
	if len(waiting) == 0 {
		return
	}
	s.notifier.mu.Lock()
	defer s.notifier.mu.Unlock()
	for _, n := range waiting {
		s.settled(n)
	}
}

// settled tells whether there is nothing to do about a notice for now: its request is on its way, or was answered. It is for the holder
// of the lock.
func (s *Server) settled(n policies.Notice) bool {
	id, sent := s.notifier.requests[n.Seq]
	if !sent {
		return false
	}
	request, err := s.mailbox.Request(id)
	switch {
	case err != nil || request.Status == mailbox.Failed:
		delete(s.notifier.requests, n.Seq)
		return false
	case request.Done():
		s.forgetNotice(n)
	}
	return true
}

// forgetNotice is for the holder of the lock.
func (s *Server) forgetNotice(n policies.Notice) {
	delete(s.notifier.requests, n.Seq)
	if err := s.policies.Told(n.Owner, n.Seq); err != nil {
		s.log.Error("a notice could not be removed; it will be sent again", "device", n.Owner, "error", err)
	}
}

// sendNotice is for the holder of the lock.
func (s *Server) sendNotice(n policies.Notice) {
	device := s.registry.Device(n.Owner)
	if device == nil || device.State == registry.Registered { // it looks for its policies when it has been activated
		s.forgetNotice(n)
		return
	}
	body, err := json.Marshal(n.Items)
	if err != nil {
		s.log.Error("a notice has no JSON form", "error", err)
		return
	}
	request, err := s.sendRequest(device, &wire.Request{Method: http.MethodPost, URL: policyChanged, Headers: jsonHeaders(), Body: body})
	if request.ID != "" { // queued, even when it could not be recorded
		if s.notifier.requests == nil {
			s.notifier.requests = make(map[uint64]string)
		}
		s.notifier.requests[n.Seq] = request.ID
	}
	if err != nil {
		s.log.Info("a device could not be told of its policies now", "device", device.ID, "error", err)
	}
}

// settleAll forgets all notices that were answered, so that they are not sent again after a restart.
func (s *Server) settleAll() {
	for _, owner := range s.policies.Owners() {
		s.settle(owner)
	}
}

// ownerOf tells the store of policies who speaks for a device.
func (s *Server) ownerOf(device string) (owner string, registered int64, ok bool) {
	d := s.registry.Device(device)
	if d == nil {
		return "", 0, false
	}
	return d.Owner, d.Created, true
}

// withNotices makes the calls for messages the occasion to tell devices what they missed.
func withNotices(routes []route) []route {
	for i := range routes {
		r := &routes[i]
		if r.pattern != "messages" || r.access != devices {
			continue
		}
		handle := r.handle
		r.handle = func(s *Server, c *call) error {
			s.remind(c.device.ID)
			defer s.settle(c.device.ID)
			return handle(s, c)
		}
	}
	return routes
}
