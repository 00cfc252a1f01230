package jsclient_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/internal/interop"
)

// TestGateway lets the official client be a gateway with two devices behind it:
// one whose secret was provisioned, one that is bound to the gateway by the
// gateway's key (docs/protocol/transport.md §7).
func TestGateway(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	tests := []struct {
		name               string
		disableLongPolling bool
	}{
		{"long polling", false},
		{"short polling", true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cloud := emulatortest.New(t, emulatortest.Strict())
			cloud.AddModelFile(modelFile(t))
			gateway := cloud.AddDevice("JS-GW", emulatortest.ICD("ICD-SECRET"))
			s := settings{
				Conf: gateway.Path, Passphrase: gateway.Passphrase, URN: sensorURN, DisableLongPolling: tc.disableLongPolling,
				Behind: []behind{
					{HardwareID: "ICD-SECRET", Metadata: map[string]string{"manufacturer": "Example", "serialNumber": "1"}},
					{HardwareID: "ICD-BOUND", Restricted: true, Metadata: map[string]string{"manufacturer": "Example", "floor": "3"}},
				},
			}
			p := startPeer(t, s)
			if id := p.wait("activated").EndpointID; id != gateway.EndpointID {
				t.Errorf("activated as %s, not as %s", id, gateway.EndpointID)
			}
			ids := registered(t, cloud, p, gateway.EndpointID, s.Behind)
			p.wait("ready")
			speakForBoth(t, cloud, p, ids)
			obeyForOne(t, cloud, p, ids)
			p.stop()

			// A gateway registers what is behind it at every start.
			p = startPeer(t, s)
			if diff := cmp.Diff(ids, registered(t, cloud, p, gateway.EndpointID, s.Behind)); diff != "" {
				t.Errorf("after a restart the devices have other endpoints (-before +after):\n%s", diff)
			}
			p.wait("ready")
			p.stop()
			if n := cloud.Duplicates(); n != 0 {
				t.Errorf("%d messages came twice", n)
			}
		})
	}
}

// registered waits until the gateway has registered what is behind it, and checks
// what the server made of it. It returns the endpoint ids.
func registered(t *testing.T, cloud *emulatortest.Server, p *peer, gateway string, devices []behind) (ids []string) {
	t.Helper()
	for _, want := range devices {
		e := p.wait("registered")
		d := cloud.Device(e.EndpointID)
		got := []string{e.HardwareID, d.HardwareID, d.Type, d.State, d.Owner}
		if diff := cmp.Diff([]string{want.HardwareID, want.HardwareID, "INDIRECTLY_CONNECTED_DEVICE", "ACTIVATED", gateway}, got); diff != "" {
			t.Errorf("registered (-want +got):\n%s", diff)
		}
		ids = append(ids, e.EndpointID)
	}
	if kind := cloud.Device(gateway).Type; kind != "GATEWAY" {
		t.Errorf("the gateway is a %s", kind)
	}
	if ids[0] == ids[1] {
		t.Errorf("both devices are %s", ids[0])
	}
	return ids
}

// speakForBoth lets the gateway send a value and an alert of each device.
func speakForBoth(t *testing.T, cloud *emulatortest.Server, p *peer, ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	humidity, high := []string{"31", "32"}, []string{"91", "92"}
	for i, id := range ids {
		p.tell("update", map[string]any{"endpointId": id, "values": map[string]any{"humidity": 31 + i}})
		p.tell("raise", map[string]any{"endpointId": id, "format": tooHumid, "values": map[string]any{"humidity": 91 + i}})
	}
	for i, id := range ids {
		data := cloud.WaitMessage(ctx, emulatortest.All(emulatortest.From(id), emulatortest.Attribute(sensorURN, "humidity")))
		if value(data, "humidity") != humidity[i] {
			t.Errorf("humidity of device %d: %s", i, data.JSON)
		}
		alert := cloud.WaitMessage(ctx, emulatortest.All(emulatortest.From(id), emulatortest.Alert(tooHumid)))
		if value(alert, "humidity") != high[i] {
			t.Errorf("alert of device %d: %s", i, alert.JSON)
		}
	}
}

// obeyForOne lets the cloud write to the second device and call an action of it;
// the first must hear nothing.
func obeyForOne(t *testing.T, cloud *emulatortest.Server, p *peer, ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	write := cloud.WriteAttribute(ids[1], sensorURN, "maxThreshold", 66)
	call := cloud.CallAction(ids[1], sensorURN, "calibrate", map[string]any{"value": 1.5})
	if e := p.wait("change"); e.EndpointID != ids[1] || e.Attribute != "maxThreshold" || e.Value != 66.0 {
		t.Errorf("the gateway saw the write as %+v", e)
	}
	want := event{Event: "action", EndpointID: ids[1], Action: "calibrate", Arguments: map[string]any{"value": 1.5}}
	if diff := cmp.Diff(want, p.wait("action")); diff != "" {
		t.Errorf("the gateway saw another call (-want +got):\n%s", diff)
	}
	for name, request := range map[string]*emulatortest.Request{"write": write, "call": call} {
		if a := request.Answer(ctx); a.StatusCode != 200 || string(a.Body) != "OK" {
			t.Errorf("%s was answered %d %s", name, a.StatusCode, a.Body)
		}
	}
	echo := cloud.WaitMessage(ctx, emulatortest.Attribute(sensorURN, "maxThreshold"))
	if echo.Source != ids[1] || value(echo, "maxThreshold") != "66" {
		t.Errorf("the device reported back %s", echo.JSON)
	}
	if e, _ := p.take("change"); e.Event != "" {
		t.Errorf("the gateway saw more than was written: %+v", e)
	}
}
