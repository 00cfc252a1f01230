package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator"
)

const (
	direct   = "/iot/api/v2/activation/direct"
	indirect = "/iot/api/v2/activation/indirect/device"
)

func TestActivation(t *testing.T) {
	s := start(t)
	d := s.register("dev-1")
	d.login()
	policy := d.call("GET", "/iot/api/v2/activation/policy?OSName=Windows+7&OSVersion=6.1", nil, "X-ActivationId", "dev-1").want(t, 200)
	if string(policy.body) != `{"keyType":"RSA","hashAlgorithm":"SHA256withRSA","keySize":2048}` {
		t.Errorf("policy %s", policy.body)
	}
	a := d.call("POST", direct+"?createDraft=false", encode(t, d.activationBody(pumpURN, "urn:oracle:iot:dcd:capability:direct_activation", pumpURN)), "X-ActivationId", "dev-1").want(t, 200)
	var body map[string]any
	a.into(t, &body)
	registered, _ := s.server.DeviceByHardwareID("dev-1")
	if body["endpointId"] != registered.EndpointID || body["endpointState"] != "ACTIVATED" || body["activationTime"] == 0.0 || len(body) != 3 {
		t.Errorf("answer %s; no certificate may be in it", a.body)
	}
	if registered.State != "ACTIVATED" || registered.Type != "DIRECTLY_CONNECTED_DEVICE" || len(registered.Models) != 2 {
		t.Errorf("device %+v", registered)
	}
	d.call("POST", direct, encode(t, d.activationBody(pumpURN))).wantProblem(t, 409)
	d.askToken(d.secretAssertion(inAMinute()), "oracle/iot/activation").wantProblem(t, 400)
	d.id = registered.EndpointID
	d.login()
	d.send(d.data()).want(t, 202)
}

func TestActivationRefused(t *testing.T) {
	s := start(t)
	d := s.register("dev-1")
	d.login()
	other := &rawDevice{site: s, hardwareID: "dev-1", secret: "guess", key: d.key}
	stranger := s.register("dev-2")
	for _, test := range []struct {
		name string
		body []byte
		want int
	}{
		{"secret guessed", encode(t, other.activationBody(pumpURN)), 400},
		{"for another device", encode(t, stranger.activationBody(pumpURN)), 403},
		{"no JSON", []byte("hello"), 400},
		{"no body", []byte{}, 400},
		{"unknown model", encode(t, d.activationBody("urn:test:unknown")), 400},
		{"oversize", encode(t, d.activationBody(strings.Repeat("u", 2<<20))), 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			d.call("POST", direct+"?createDraft=false", test.body).wantProblem(t, test.want)
		})
	}
	if d, _ := s.server.DeviceByHardwareID("dev-1"); d.State != "REGISTERED" || len(d.Models) != 0 {
		t.Errorf("device %+v after refusals", d)
	}
	a := d.call("POST", direct+"?createDraft=false", encode(t, d.activationBody("urn:test:unknown"))).wantProblem(t, 400)
	if !strings.Contains(string(a.body), "urn:test:unknown") {
		t.Errorf("the URN is not named: %s", a.body)
	}
}

func TestActivationMakesDrafts(t *testing.T) {
	s := start(t)
	d := s.register("dev-1")
	d.login()
	d.call("POST", direct, encode(t, d.activationBody("urn:test:new", "urn:oracle:iot:dcd:capability:diagnostics"))).want(t, 200)
	var model struct {
		Draft      bool
		Name       string
		Attributes []any
	}
	s.asUser("GET", "/deviceModels/urn:test:new", "").want(t, 200).into(t, &model)
	if !model.Draft || model.Name != "urn:test:new" || model.Attributes == nil {
		t.Errorf("draft %+v", model)
	}
	s.asUser("GET", "/deviceModels/urn:oracle:iot:dcd:capability:diagnostics", "").wantProblem(t, 404)
}

// indirectBody is a registration of a device behind a gateway.
func indirectBody(t *testing.T, hardwareID string, signature []byte) []byte {
	t.Helper()
	body := map[string]any{"hardwareId": hardwareID, "deviceModels": []string{pumpURN}, "manufacturer": "M", "colour": "red"}
	if signature != nil {
		body["signature"] = signature
	}
	return encode(t, body)
}

func endpointOf(t *testing.T, a answer) string {
	t.Helper()
	var body struct{ EndpointID, EndpointState string }
	a.want(t, 200).into(t, &body)
	if body.EndpointState != "ACTIVATED" {
		t.Errorf("answer %s", a.body)
	}
	return body.EndpointID
}

func TestIndirectActivation(t *testing.T) {
	s := start(t)
	one, two := s.activated("gw-1", true), s.activated("gw-2", true)
	s.register("known")
	const secret = "secret of known"

	first := endpointOf(t, one.call("POST", indirect+"?createDraft=false", indirectBody(t, "implicit", nil)))
	if again := endpointOf(t, one.call("POST", indirect, indirectBody(t, "implicit", nil))); again != first {
		t.Errorf("registered again as %s, was %s", again, first)
	}
	if d, _ := s.server.Device(first); d.Owner != one.id || d.Type != "INDIRECTLY_CONNECTED_DEVICE" || d.HardwareID != "implicit" {
		t.Errorf("device %+v", d)
	}
	if roamed := endpointOf(t, two.call("POST", indirect, indirectBody(t, "implicit", nil))); roamed != first {
		t.Errorf("behind another gateway it is %s, was %s", roamed, first)
	}

	known := endpointOf(t, one.call("POST", indirect, indirectBody(t, "known", mac(secret, one.id))))
	if d, _ := s.server.DeviceByHardwareID("known"); d.EndpointID != known || d.State != "ACTIVATED" {
		t.Errorf("device %+v", d)
	}
	bound := endpointOf(t, one.call("POST", indirect, indirectBody(t, "bound", sign(t, one.key, []byte(one.id)))))
	if again := endpointOf(t, one.call("POST", indirect, indirectBody(t, "bound", sign(t, one.key, []byte(one.id))))); again != bound {
		t.Errorf("bound device is %s, was %s", again, bound)
	}
	for _, test := range []struct {
		name    string
		gateway *rawDevice
		body    []byte
		want    int
	}{
		{"known device without signature", one, indirectBody(t, "known", nil), 403},
		{"known device, wrong secret", one, indirectBody(t, "known", mac("guess", one.id)), 403},
		{"known device, signature for another gateway", two, indirectBody(t, "known", mac(secret, one.id)), 403},
		{"new device, bad signature", one, indirectBody(t, "new", []byte("bad")), 403},
		{"bound to another gateway", two, indirectBody(t, "bound", nil), 403},
		{"bound to another gateway, signed", two, indirectBody(t, "bound", sign(t, two.key, []byte(two.id))), 403},
		{"a gateway itself", one, indirectBody(t, "gw-2", mac("secret of gw-2", one.id)), 403},
		{"no model", one, []byte(`{"hardwareId":"x"}`), 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.gateway.call("POST", indirect, test.body).wantProblem(t, test.want)
		})
	}
	plain := s.activated("plain", false)
	plain.call("POST", indirect, indirectBody(t, "x", nil)).wantProblem(t, 403)
	if _, ok := s.server.DeviceByHardwareID("new"); ok {
		t.Error("a refused device was registered")
	}

	var device struct {
		Manufacturer string
		Metadata     map[string]string
	}
	s.asUser("GET", "/devices/"+first, "").into(t, &device)
	if device.Manufacturer != "M" || device.Metadata["colour"] != "red" {
		t.Errorf("details %+v", device)
	}
	var behind struct{ Items []struct{ ID string } }
	s.asUser("GET", "/devices/"+one.id+"/devices", "").into(t, &behind)
	if len(behind.Items) != 2 {
		t.Errorf("behind the gateway: %+v", behind)
	}
}

func TestDevicesThatAreActivatedFromTheStart(t *testing.T) {
	s := start(t)
	for name, r := range map[string]emulator.Registration{
		"no secret":      {HardwareID: "x"},
		"no hardware id": {Secret: []byte("s")},
		"blanks":         {HardwareID: " x", Secret: []byte("s")},
	} {
		if _, err := s.server.Register(r); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
	d := s.activated("dev", false)
	if _, err := s.server.Register(emulator.Registration{HardwareID: "dev", Secret: []byte("s")}); err == nil || !strings.Contains(err.Error(), "409") {
		t.Errorf("registered twice: %v", err)
	}
	pinned, err := s.server.Register(emulator.Registration{HardwareID: "pinned", EndpointID: "0-PINNED", Secret: []byte("s")})
	if err != nil || pinned.EndpointID != "0-PINNED" {
		t.Errorf("%+v, %v", pinned, err)
	}
	if err := s.server.RemoveDevice(d.id); err != nil {
		t.Error(err)
	}
	if err := s.server.RemoveDevice(d.id); err == nil {
		t.Error("removed twice")
	}
	var m map[string]json.RawMessage
	s.asUser("GET", "/devices/"+pinned.EndpointID, "").into(t, &m)
	if _, ok := m["sharedSecret"]; ok || strings.Contains(string(m["links"]), base64.StdEncoding.EncodeToString([]byte("s"))) {
		t.Errorf("the secret is told: %s", m)
	}
}
