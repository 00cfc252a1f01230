package fidelity_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// recorded is what one of the official clients did in the recordings.
func recorded(t *testing.T, name string, runs map[scenario]string, contents string, ofContents func(exchange) bool) played {
	t.Helper()
	p := played{}
	all := readCapture(t, name)
	for kind, name := range runs {
		run := ofRun(all, name)
		if len(run) == 0 {
			t.Fatalf("no run %q", name)
		}
		p.play(t, kind, run, idsOf(t, run))
	}
	var others []exchange
	for _, e := range readCapture(t, contents) {
		if ofContents(e) {
			others = append(others, e)
		}
	}
	p.play(t, messageOnly, others, idsOf(t, others))
	return p
}

// idsOf finds the endpoint id and the requests of a run.
func idsOf(t testing.TB, run []exchange) ids {
	t.Helper()
	id := ids{requests: map[string]message{}}
	for _, e := range run {
		if endpoint := e.header.Get("X-EndpointId"); endpoint != "" {
			id.endpoint = endpoint
		}
		for _, m := range messagesOf(t, e.answer) {
			id.requests[m.ID] = m
		}
	}
	return id
}

func javaSide(t *testing.T) played {
	return recorded(t, "java-18.3.5", map[scenario]string{
		longPolling: "device, long polling",
		polling:     "device, long polling disabled",
		restarted:   "activated device, 401 once on the device model",
		wrongClock:  "activation, server clock one hour ahead",
		behind:      gatewayRun,
	}, "java-storage-18.3.5", aboutTwoObjects)
}

func javaScriptSide(t *testing.T) played {
	return recorded(t, "javascript-19.1.5", map[scenario]string{
		longPolling: "device, long polling",
		polling:     "device, long polling disabled",
		restarted:   "activated device, restarted",
		wrongClock:  "activation, server clock one hour ahead",
		behind:      gatewayRun,
	}, "javascript-storage-19.1.5", aboutTwoObjects)
}

// aboutTwoObjects keeps what goes to the server of the runs in which an
// attribute message and a custom one carry two values each.
func aboutTwoObjects(e exchange) bool {
	return strings.HasPrefix(e.run, "two objects in one") && e.path == messagesPath
}

// ourSide is what our device does in the same scenarios.
func ourSide(t *testing.T) played {
	t.Helper()
	all := readCapture(t, "java-18.3.5")
	p := played{}
	drive := func(kind scenario, run, activationID, endpointID string, life func(t *testing.T, s *replay, d *subject), opts ...device.Option) {
		synctest.Test(t, func(t *testing.T) {
			s := newReplay(t, ofRun(all, run))
			if kind == wrongClock {
				s.ahead = time.Hour
			}
			if kind == messageOnly {
				s.beside[cameraPath] = cameraModel(t)
			}
			conf := s.conf(activationID, endpointID)
			d := new(subject)
			if kind == behind {
				d = s.openGateway(conf)
			} else {
				d = s.open(conf, opts...)
			}
			life(t, s, d)
			d.close(t)
			synctest.Wait() // calls that the device cut may still be arriving
			s.mu.Lock()
			seen := slices.Clone(s.seen)
			s.mu.Unlock()
			p.play(t, kind, seen, ids{endpoint: s.endpointID, requests: s.requests})
		})
	}
	drive(longPolling, "device, long polling", "JAVA-DCD-1", "", wholeLife)
	drive(polling, "device, long polling disabled", "T1", "", wholeLife, device.WithLongPolling(false))
	drive(restarted, "activated device, 401 once on the device model", "JAVA-DCD-1", "0-DCD-A001", briefLife)
	drive(wrongClock, "activation, server clock one hour ahead", "T3", "", wholeLife)
	drive(behind, gatewayRun, "JAVA-GW-1", "", gatewayLife)
	drive(messageOnly, "device, long polling", "JAVA-DCD-1", "", camera)
	return p
}

// wholeLife is what the official clients did in the recordings.
func wholeLife(t *testing.T, s *replay, d *subject) {
	must(t, d.Activate(t.Context(), sensorURN))
	d.sense(t, d.EndpointID()).send(t)
	s.wait("answers to all requests", s.answered)
	time.Sleep(10 * time.Second) // time for polls
}

// briefLife is that of a device that is activated already.
func briefLife(t *testing.T, _ *replay, d *subject) {
	d.sense(t, d.EndpointID()).send(t)
	must(t, d.Flush(t.Context()))
}

// gatewayLife is that of a gateway until its devices are registered.
func gatewayLife(t *testing.T, _ *replay, d *subject) {
	must(t, d.Activate(t.Context()))
	registerThree(t, d)
	must(t, d.Flush(t.Context()))
}

const (
	cameraURN  = "urn:com:example:iot:device:camera"
	cameraPath = apiRoot + "/deviceModels/" + cameraURN
)

// cameraModel is the device model of the recordings about storage objects.
func cameraModel(t *testing.T) []byte {
	t.Helper()
	for _, e := range readCapture(t, "java-storage-18.3.5") {
		if e.path == cameraPath {
			return e.answer
		}
	}
	t.Fatal("the recording has no device model of the camera")
	return nil
}

// camera sends several attributes in one message, and custom data.
func camera(t *testing.T, _ *replay, d *subject) {
	must(t, d.Activate(t.Context(), cameraURN))
	m, err := d.Model(t.Context(), cameraURN)
	must(t, err)
	v, err := device.NewVirtual(d, d.EndpointID(), m)
	must(t, err)
	const object = "https://iot.example.com/v1/object"
	must(t, v.Update().Set("photo", object).Set("clip", object).Send())
	data, err := v.NewData(cameraURN + ":report")
	must(t, err)
	must(t, data.Set("first", object).Set("second", object).Submit(nil))
	must(t, d.Flush(t.Context()))
}
