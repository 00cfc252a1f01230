package fidelity_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// TestReplay drives our device with the servers of the recordings through
// activation, messages, an attribute write, two actions and a request for
// something that it does not have.
func TestReplay(t *testing.T) {
	tests := []struct {
		client, run, activationID string
		opts                      []device.Option
	}{
		{"java-18.3.5", "device, long polling", "JAVA-DCD-1", nil},
		{"java-18.3.5", "device, long polling disabled", "T1", []device.Option{device.WithLongPolling(false)}},
		{"javascript-19.1.5", "device, long polling", "JS-DCD-1", nil},
		{"javascript-19.1.5", "device, long polling disabled", "T2", []device.Option{device.WithLongPolling(false)}},
	}
	for _, tc := range tests {
		t.Run(tc.client+", "+tc.run, func(t *testing.T) {
			run := ofRun(readCapture(t, tc.client), tc.run)
			synctest.Test(t, func(t *testing.T) {
				s := newReplay(t, run)
				d := s.open(s.conf(tc.activationID, ""), tc.opts...)
				must(t, d.Activate(t.Context(), sensorURN))
				started := time.Now()
				d.sensor = d.sense(t, d.EndpointID())
				d.sensor.send(t)
				s.wait("answers to all requests", s.answered)
				if took := time.Since(started); took < 10*time.Second {
					t.Errorf("the answer to the unknown resource came after %v, before the settle time", took)
				}
				checkLife(t, s, d)
				d.close(t)
			})
		})
	}
}

// checkLife checks what handlers saw and what the server was told.
func checkLife(t *testing.T, s *replay, d *subject) {
	t.Helper()
	d.sensor.obeyed(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkStatuses()
	// What comes first of report, value and alert is a matter of priorities.
	kinds := s.kinds()
	slices.Sort(kinds[:min(3, len(kinds))])
	want := []string{"ALERT", "RESOURCES_REPORT", "humidity", "maxThreshold", "RESPONSE", "RESPONSE", "RESPONSE", "RESPONSE"}
	if !slices.Equal(kinds, want) {
		t.Errorf("the device sent %q, want %q", kinds, want)
	}
}

// checkStatuses checks the answers to all requests, and who gives them. The
// statuses are the Java client's (docs/protocol/messages.md §8).
func (s *replay) checkStatuses() {
	s.t.Helper()
	if len(s.batches) != 0 {
		s.t.Errorf("%d requests were not fetched", len(s.batches))
	}
	for id, r := range s.requests {
		want := 202
		if r.Payload.URL == "no/such/resource" {
			want = 404
		}
		if got := s.responses[id]; got.Payload.StatusCode != want || got.Source != r.Destination {
			s.t.Errorf("%s was answered %d by %s, want %d by %s", r.Payload.URL, got.Payload.StatusCode, got.Source, want, r.Destination)
		}
	}
}

// kinds lists what was sent: types, of attribute messages the first attribute.
func (s *replay) kinds() (kinds []string) {
	for _, m := range s.sent {
		kind := m.Type
		for name := range m.Payload.Data {
			if m.Type == "DATA" {
				kind = name
			}
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// TestReplayOfGateway: three devices behind a gateway, known to the server in
// three ways, each with values, an alert, a write and two actions of its own.
func TestReplayOfGateway(t *testing.T) {
	for client, activationID := range map[string]string{"java-18.3.5": "JAVA-GW-1", "javascript-19.1.5": "JS-GW-1"} {
		t.Run(client, func(t *testing.T) {
			run := ofRun(readCapture(t, client), gatewayRun)
			synctest.Test(t, func(t *testing.T) {
				s := newReplay(t, run)
				d := s.openGateway(s.conf(activationID, ""))
				must(t, d.Activate(t.Context()))
				behind := registerThree(t, d)
				s.wait("answers to all requests", s.answered)
				for _, b := range behind {
					b.obeyed(t)
				}
				s.mu.Lock()
				s.checkStatuses()
				s.mu.Unlock()
				d.close(t)
			})
		})
	}
}

// gatewayRun is the run that both clients were recorded in.
const gatewayRun = "gateway with three indirectly connected devices"

// registerThree registers the devices of the recordings, which then send.
func registerThree(t *testing.T, d *subject) (behind []*sensor) {
	t.Helper()
	for i, id := range []string{"ICD-HW-1", "ICD-IMPLICIT", "ICD-RESTRICTED"} {
		endpoint, err := d.gateway.RegisterDevice(t.Context(), device.Registration{
			HardwareID: id, Models: []string{sensorURN}, Restricted: i == 2,
			Metadata: device.Metadata{device.Manufacturer: "Example Works", device.ModelNumber: "MN-1", device.SerialNumber: "SN-" + id},
		})
		must(t, err)
		behind = append(behind, d.sense(t, endpoint))
	}
	for _, b := range behind {
		b.send(t)
	}
	return behind
}

// TestReplayOfRenewal: the server refuses a token that it has just given. The
// device fetches another and repeats the call.
func TestReplayOfRenewal(t *testing.T) {
	for client, run := range map[string]string{
		"java-18.3.5":       "activated device, 401 once on the device model",
		"javascript-19.1.5": "activated device, restarted",
	} {
		t.Run(client, func(t *testing.T) {
			run := ofRun(readCapture(t, client), run)
			synctest.Test(t, func(t *testing.T) {
				s := newReplay(t, run)
				d := s.open(s.conf("JAVA-DCD-1", "0-DCD-A001"))
				d.sense(t, d.EndpointID()).send(t)
				must(t, d.Flush(t.Context()))
				d.close(t)
				if got := s.count("POST", apiRoot+"/oauth2/token"); got != 2 {
					t.Errorf("%d token calls, want 2\n%s", got, s.story())
				}
			})
		})
	}
}

// TestReplayOfWrongClock: the device's clock is an hour behind the server's.
func TestReplayOfWrongClock(t *testing.T) {
	run := ofRun(readCapture(t, "java-18.3.5"), "activation, server clock one hour ahead")
	synctest.Test(t, func(t *testing.T) {
		s := newReplay(t, run)
		s.ahead = time.Hour
		d := s.open(s.conf("T3", ""), device.WithHoldTime(time.Second))
		must(t, d.Activate(t.Context(), sensorURN))
		if ahead := time.Until(d.Now()); ahead < time.Hour-time.Second || ahead > time.Hour+time.Second {
			t.Errorf("the device's clock was corrected by %v", ahead)
		}
		d.sense(t, d.EndpointID()).send(t)
		s.wait("answers to all requests", s.answered)
		d.close(t)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, m := range s.sent {
			if at := time.UnixMilli(m.EventTime); time.Until(at) < 59*time.Minute {
				t.Errorf("event time of a %s is not the server's: %v", m.Type, at)
			}
		}
	})
}

// TestReplayOfRefusal: the server takes the device for activated already.
func TestReplayOfRefusal(t *testing.T) {
	run := ofRun(readCapture(t, "java-18.3.5"), "activation of a device that the server holds as activated already")
	synctest.Test(t, func(t *testing.T) {
		s := newReplay(t, run)
		d := s.open(s.conf("JAVA-DCD-1", ""))
		if err := d.Activate(t.Context(), sensorURN); !errors.Is(err, device.ErrRefused) {
			t.Errorf("activation: %v, want ErrRefused", err)
		}
		if d.IsActivated() {
			t.Error("the device takes itself for activated")
		}
		d.close(t)
		if got := s.count("POST", apiRoot+"/oauth2/token"); got != 2 || len(s.seen) != 2 {
			t.Errorf("calls:\n%s", s.story())
		}
	})
}

// count counts the calls of one method and path.
func (s *replay) count(method, path string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.seen {
		if e.method == method && e.path == path {
			n++
		}
	}
	return n
}
