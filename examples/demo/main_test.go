package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
)

const model = "../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json"

// TestStory runs the device's part of the story on a server of its own.
func TestStory(t *testing.T) {
	s := emulatortest.New(t, emulatortest.Strict())
	s.AddModelFile(model)
	d := s.AddDevice("SENSOR-1")
	user, password := s.User()
	dir := t.TempDir()
	for name, text := range map[string]string{"ca": string(s.CA()), "password": password} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{
		"IOTCS_URL": s.URL(), "IOTCS_USER": user, "IOTCS_PASSPHRASE": d.Passphrase,
		"IOTCS_CA": filepath.Join(dir, "ca"), "IOTCS_PASSWORD_FILE": filepath.Join(dir, "password"),
	}
	var out bytes.Buffer
	if err := run(t.Context(), d.Path, func(name string) string { return env[name] }, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		"device: SENSOR-1 is endpoint " + d.EndpointID,
		`cloud:  got DATA  {"humidity":47}`,
		`cloud:  got ALERT {"humidity":85,"note":"open a window"}`,
		"device: threshold 80 -> 90",
		`cloud:  PUT attributes/maxThreshold {"value":90} was answered 202`,
		"device: calibrated by 1.5",
		"was answered 501 not implemented",
		"device: humidity: 130 is outside 0 to 100",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
}

func TestWithoutServer(t *testing.T) {
	err := run(t.Context(), "sensor.conf", func(string) string { return "" }, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "iotcs-emulator exec") {
		t.Errorf("error %v does not say what to do", err)
	}
}
