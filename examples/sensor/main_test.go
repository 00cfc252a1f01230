package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const model = "../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json"

// transcript takes the output of the program, whose handlers write beside it.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func passphrase(text string) func(string) string {
	return func(name string) string { return map[string]string{"IOTCS_PASSPHRASE": text}[name] }
}

// TestSensor: the first start activates, the cloud is obeyed, an interruption
// ends the program cleanly, the second start goes on.
func TestSensor(t *testing.T) {
	s := emulatortest.New(t, emulatortest.Strict())
	s.AddModelFile(model)
	d := s.AddDevice("SENSOR-1")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, errs transcript
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"--conf", d.Path, "--interval", "20ms", "-v"}, passphrase(d.Passphrase), &out, &errs)
	}()
	s.WaitMessage(t.Context(), emulatortest.Attribute(humiditysensor.URN, "humidity"))
	if a := s.WriteAttribute(d.EndpointID, humiditysensor.URN, "maxThreshold", 0).Answer(t.Context()); a.StatusCode != 202 {
		t.Errorf("write: %+v", a)
	}
	s.WaitMessage(t.Context(), emulatortest.Alert(humiditysensor.URN+":too_humid"))
	for action, args := range map[string]map[string]any{"calibrate": {"value": 2.5}, "prime": {"seconds": 3, "hard": true}, "reset": nil} {
		if a := s.CallAction(d.EndpointID, humiditysensor.URN, action, args).Answer(t.Context()); a.StatusCode != 202 {
			t.Errorf("%s: %+v", action, a)
		}
	}
	interrupt()
	if err := <-done; err != nil {
		t.Errorf("interrupted: %v", err)
	}
	for _, line := range []string{"sets the threshold to 0 %", "calibrates by 2.5 %", "primes the sensor for 3 s (hard: true)", "resets the sensor", "alert: above 0 %"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
	if strings.Contains(errs.String()+out.String(), d.Passphrase) || strings.Contains(errs.String(), d.Secret) {
		t.Error("a secret is in the output")
	}
	if err := run(t.Context(), []string{"--conf", d.Path, "--count", "2", "--interval", "1ms"}, passphrase(d.Passphrase), &out, &errs); err != nil {
		t.Errorf("second start: %v", err)
	}
}

func TestServerIsDown(t *testing.T) {
	s := emulatortest.New(t)
	s.AddModelFile(model)
	d := s.AddDevice("SENSOR-1", emulatortest.Activated(humiditysensor.URN))
	s.Down()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out, errs transcript
	err := run(ctx, []string{"--conf", d.Path, "--interval", "10ms"}, passphrase(d.Passphrase), &out, &errs)
	if err == nil || !strings.Contains(err.Error(), "messages not sent") {
		t.Errorf("what could not be sent was not told: %v", err)
	}
	if strings.Count(out.String(), "humidity") < 5 {
		t.Errorf("the device stopped measuring:\n%s", out.String())
	}
}

// TestOutbox: readings that could not be sent are sent by the next start.
func TestOutbox(t *testing.T) {
	s := emulatortest.New(t)
	s.AddModelFile(model)
	d := s.AddDevice("SENSOR-1", emulatortest.Activated(humiditysensor.URN))
	args := []string{"--conf", d.Path, "--outbox", t.TempDir(), "--interval", "10ms", "--count", "5"}
	s.Down()
	var out, errs transcript
	if err := run(t.Context(), args, passphrase(d.Passphrase), &out, &errs); err == nil || !strings.Contains(err.Error(), "kept in the outbox") {
		t.Errorf("without a server: %v", err)
	}
	s.Up()
	if err := run(t.Context(), args, passphrase(d.Passphrase), &out, &errs); err != nil {
		t.Errorf("with it: %v", err)
	}
	for range strings.Count(out.String(), "humidity") {
		s.WaitMessage(t.Context(), emulatortest.Attribute(humiditysensor.URN, "humidity"))
	}
	if strings.Contains(errs.String(), "there is no outbox") {
		t.Errorf("log %s", errs.String())
	}
}

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"nothing":  nil,
		"argument": {"--conf", "x", "y"},
		"interval": {"--conf", "x", "--interval", "0s"},
		"no file":  {"--conf", "does-not-exist.conf"},
		"unknown":  {"--cnf", "x"},
	} {
		var out, errs transcript
		if err := run(t.Context(), args, passphrase("secret"), &out, &errs); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var out, errs transcript
	if err := run(t.Context(), []string{"--conf", "x"}, passphrase(""), &out, &errs); err == nil || !strings.Contains(err.Error(), "IOTCS_PASSPHRASE") {
		t.Errorf("without passphrase: %v", err)
	}
}
