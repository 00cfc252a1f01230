package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
)

// TestPolicies: the glitch is gone, running dry raised an alert, and the mean of
// the rest left with the computed power.
func TestPolicies(t *testing.T) {
	s := emulatortest.New(t, emulatortest.Strict())
	s.AddModelFile("../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Apump.json")
	d := s.AddDevice("PUMP-1")
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
	var out transcript
	if err := run(t.Context(), d.Path, func(name string) string { return env[name] }, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		`sent    DATA  attributes {"head":8}`,
		"offered flow=4\n",
		"sent    ALERT dry_run {} CRITICAL",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, out.String())
		}
	}
	// How many readings fall into one window is up to the machine; that each
	// message carries a mean with its power is not.
	means := regexp.MustCompile(`{"flow":([0-9.]+),"power":([0-9.]+)}`).FindAllStringSubmatch(out.String(), -1)
	if len(means) == 0 || len(means) != strings.Count(out.String(), `"flow":`) {
		t.Fatalf("no mean with its power in\n%s", out.String())
	}
	for _, m := range means {
		flow, _ := strconv.ParseFloat(m[1], 64)
		power, _ := strconv.ParseFloat(m[2], 64)
		if flow < 1.8 || flow > 2.4 || math.Abs(power-flow*8*2.72) > 1e-9 {
			t.Errorf("flow %v, power %v", flow, power)
		}
	}
}

func TestWithoutServer(t *testing.T) {
	if err := run(t.Context(), "x", func(string) string { return "" }, new(bytes.Buffer)); err == nil {
		t.Error("no error")
	}
}
