package main

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/generated/temperaturesensor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGateway: two starts give the same fifty endpoints, and every reading
// reaches the server.
func TestGateway(t *testing.T) {
	s := emulatortest.New(t, emulatortest.Strict())
	s.AddModelFile("../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json",
		"../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Atemperature_sensor.json")
	d := s.AddDevice("GATEWAY-1", emulatortest.Gateway())
	getenv := func(name string) string { return map[string]string{"IOTCS_PASSPHRASE": d.Passphrase}[name] }
	for start := range 2 {
		var out, errs bytes.Buffer
		if err := run(t.Context(), []string{"--conf", d.Path, "--count", "3", "--interval", "1ms"}, getenv, &out, &errs); err != nil {
			t.Fatalf("start %d: %v\n%s", start, err, errs.String())
		}
		if !strings.Contains(out.String(), "with 50 sensors behind it") || !strings.Contains(out.String(), "round 3: 50 readings") {
			t.Errorf("output:\n%s", out.String())
		}
	}
	readings := make(map[string]int)
	for _, m := range s.Messages() {
		if emulatortest.Attribute(humiditysensor.URN, "humidity")(m) || emulatortest.Attribute(temperaturesensor.URN, "temp")(m) {
			readings[m.Source]++
		}
	}
	if len(readings) != sensors {
		t.Errorf("readings of %d endpoints, want %d", len(readings), sensors)
	}
	for id, n := range readings {
		if n != 6 {
			t.Errorf("%d readings of %s, want 6", n, id)
		}
	}
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	if err := run(t.Context(), nil, func(string) string { return "" }, &out, &errs); err == nil || !strings.Contains(err.Error(), "usage: gateway") {
		t.Errorf("error %v", err)
	}
}
