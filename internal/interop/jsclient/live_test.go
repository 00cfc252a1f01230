package jsclient_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/internal/interop"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const (
	sensorURN = "urn:com:example:iot:device:humidity_sensor"
	tooHumid  = sensorURN + ":too_humid"
)

// modelFile is the sample model that examples use too.
func modelFile(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json")
	must(t, err)
	return path
}

// TestLife lets the official client live with the emulator: activation, device
// model, a value, an alert, a write, three actions.
func TestLife(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	tests := []struct {
		name   string
		change func(*settings)
	}{
		{"long polling", func(*settings) {}},
		{"short polling", func(s *settings) { s.DisableLongPolling = true }},
		{"clock an hour ahead", func(s *settings) { s.Clock = time.Hour.Milliseconds() }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cloud := emulatortest.New(t, emulatortest.Strict())
			cloud.AddModelFile(modelFile(t))
			device := cloud.AddDevice("JS-1")
			s := settings{Conf: device.Path, Passphrase: device.Passphrase, URN: sensorURN}
			tc.change(&s)
			started := time.Now().Add(time.Duration(s.Clock) * time.Millisecond)
			p := startPeer(t, s)
			if id := p.wait("activated").EndpointID; id != device.EndpointID {
				t.Errorf("activated as %s, not as %s", id, device.EndpointID)
			}
			if diff := cmp.Diff([]string{"humidity", "maxThreshold"}, p.wait("model").Attributes); diff != "" {
				t.Errorf("attributes of the device model (-want +got):\n%s", diff)
			}
			p.wait("ready")
			if own := ours(t, device.Path, device.Passphrase); own.EndpointID != device.EndpointID || len(own.Signature) == 0 {
				t.Errorf("the activated file holds %+v", own)
			}
			at := sends(t, cloud, p)
			if off := at.Sub(started); off < -time.Minute || off > patience {
				t.Errorf("event time %v is not by the device's clock", at)
			}
			obeys(t, cloud, p, device.EndpointID)
			p.stop()
			if n := cloud.Duplicates(); n != 0 {
				t.Errorf("%d messages came twice", n)
			}
		})
	}
}

// TestSlowClock: this release cannot correct a clock that is behind
// (docs/protocol/transport.md §4.2), so a device an hour behind is refused and
// says so; nothing is activated.
func TestSlowClock(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	t.Parallel()
	cloud := emulatortest.New(t)
	cloud.AddModelFile(modelFile(t))
	device := cloud.AddDevice("JS-1")
	p := startPeer(t, settings{Conf: device.Path, Passphrase: device.Passphrase, URN: sensorURN, Clock: -time.Hour.Milliseconds()})
	// The token is refused with the server's time; the client goes on without one.
	if text := p.wait("error").Text; !strings.Contains(text, `"statusCode":401`) || !strings.Contains(text, "activation/policy") {
		t.Errorf("the official client failed for another reason: %s", text)
	}
	if state := cloud.Device("JS-1").State; state != "REGISTERED" {
		t.Errorf("the device is %s", state)
	}
	if own := ours(t, device.Path, device.Passphrase); own.Activated {
		t.Error("the file says that the device is activated")
	}
}

// sends lets the device send a value and an alert. It returns the event time of
// the value.
func sends(t *testing.T, cloud *emulatortest.Server, p *peer) time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p.tell("update", map[string]any{"values": map[string]any{"humidity": 55}})
	p.tell("raise", map[string]any{"format": tooHumid, "values": map[string]any{"humidity": 90, "note": "hall"}})
	report := cloud.WaitMessage(ctx, emulatortest.Type(wire.TypeResourcesReport))
	if len(report.Report.Resources) == 0 {
		t.Errorf("an empty resources report: %s", report.JSON)
	}
	data := cloud.WaitMessage(ctx, emulatortest.Attribute(sensorURN, "humidity"))
	if value(data, "humidity") != "55" {
		t.Errorf("humidity: %s", data.JSON)
	}
	alert := cloud.WaitMessage(ctx, emulatortest.Alert(tooHumid))
	if value(alert, "humidity") != "90" || value(alert, "note") != `"hall"` || alert.Alert.Severity != wire.SeveritySignificant {
		t.Errorf("alert: %s", alert.JSON)
	}
	return time.UnixMilli(data.EventTime)
}

// value is an item of a message as JSON.
func value(m *emulatortest.Message, name string) string {
	v, _ := emulatortest.Value(m, name)
	return string(v.AppendJSON(nil))
}

// obeys lets the cloud write and call.
func obeys(t *testing.T, cloud *emulatortest.Server, p *peer, endpointID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sent := []*emulatortest.Request{
		cloud.WriteAttribute(endpointID, sensorURN, "maxThreshold", 70),
		cloud.CallAction(endpointID, sensorURN, "reset", nil),
		cloud.CallAction(endpointID, sensorURN, "calibrate", map[string]any{"value": 2.5}),
		cloud.CallAction(endpointID, sensorURN, "prime", map[string]any{"seconds": 5, "hard": true}),
	}
	if e := p.wait("change"); e.Attribute != "maxThreshold" || e.Value != 70.0 {
		t.Errorf("the device saw the write as %+v", e)
	}
	want := []event{
		{Event: "action", EndpointID: endpointID, Action: "reset", Arguments: map[string]any{}},
		{Event: "action", EndpointID: endpointID, Action: "calibrate", Arguments: map[string]any{"value": 2.5}},
		{Event: "action", EndpointID: endpointID, Action: "prime", Arguments: map[string]any{"seconds": 5.0, "hard": true}},
	}
	if diff := cmp.Diff(want, []event{p.wait("action"), p.wait("action"), p.wait("action")}); diff != "" {
		t.Errorf("the device saw other calls (-want +got):\n%s", diff)
	}
	for i, request := range sent {
		// This release answers 200 with the text OK where Java answers 202 without
		// (docs/protocol/messages.md §8).
		if a := request.Answer(ctx); a.StatusCode != 200 || string(a.Body) != "OK" {
			t.Errorf("request %d was answered %d %s", i, a.StatusCode, a.Body)
		}
	}
	echo := cloud.WaitMessage(ctx, emulatortest.Attribute(sensorURN, "maxThreshold"))
	if value(echo, "maxThreshold") != "70" {
		t.Errorf("the device reported back %s", echo.JSON)
	}
}
