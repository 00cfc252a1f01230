package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/internal/interop"
)

// TestMain makes the test binary a worker when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArgument {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := start(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// small is a run that takes a second or so.
func small(args ...string) []string {
	model := filepath.FromSlash("../../models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json")
	return append([]string{"-messages", "300", "-puts", "128", "-virtuals", "20", "-peer-messages", "200", "-rounds", "1", "-model", model}, args...)
}

func TestRun(t *testing.T) {
	var out, errors bytes.Buffer
	profiles := t.TempDir()
	if code := start(t.Context(), small("-peer=false", "-profiles", profiles), strings.NewReader(""), &out, &errors); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, &out, &errors)
	}
	want := []string{"outbox: put with group commit", "outbox: open with 300 waiting", "device: 300 messages", "device: peak memory", "20 virtual devices, new: each"}
	for _, name := range want {
		line := lineOf(out.String(), name)
		if !strings.Contains(line, "held") && !strings.Contains(line, "NOT HELD") {
			t.Errorf("line of %q: %q", name, line)
		}
	}
	if strings.Contains(out.String(), "JavaScript") || strings.Contains(out.String(), "not measured") {
		t.Errorf("table:\n%s", &out)
	}
	for _, role := range []string{roleCloud, roleSender, roleVirtuals, roleStore} {
		if info, err := os.Stat(profileOf(profiles, role)); err != nil || info.Size() == 0 {
			t.Errorf("profile of %s: %v", role, err)
		}
	}
}

func TestRunWithPeer(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	var out, errors bytes.Buffer
	if code := start(t.Context(), small(), strings.NewReader(""), &out, &errors); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, &out, &errors)
	}
	for _, name := range []string{"JavaScript client: 200 messages", "JavaScript client: peak memory", "JavaScript client to device: CPU"} {
		if line := lineOf(out.String(), name); line == "" || strings.Contains(line, "not measured") {
			t.Errorf("line of %q: %q", name, line)
		}
	}
}

// TestUnmeasured: what fails is said, the rest is measured all the same, and the
// exit code tells.
func TestUnmeasured(t *testing.T) {
	var out, errors bytes.Buffer
	code := start(t.Context(), small("-peer=false", "-model", "absent.json"), strings.NewReader(""), &out, &errors)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	if line := lineOf(out.String(), "device: 300 messages"); !strings.Contains(line, "not measured") {
		t.Errorf("line of the device: %q", line)
	}
	if line := lineOf(out.String(), "outbox: drain"); !strings.Contains(line, "µs") {
		t.Errorf("line of the outbox: %q", line)
	}
	if !strings.Contains(errors.String(), "absent.json") {
		t.Errorf("errors: %s", &errors)
	}
}

func TestWrongUse(t *testing.T) {
	for name, args := range map[string][]string{
		"argument":     {"now"},
		"unknown flag": {"-fast"},
		"no message":   {"-messages", "0"},
		"few puts":     {"-puts", "1"},
		"no round":     {"-rounds", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errors bytes.Buffer
			if code := start(t.Context(), args, strings.NewReader(""), &out, &errors); code != 2 || errors.Len() == 0 || out.Len() > 0 {
				t.Errorf("exit code %d, %q, %q", code, &out, &errors)
			}
		})
	}
}

func TestUnknownRole(t *testing.T) {
	var out, errors bytes.Buffer
	if code := start(t.Context(), []string{workerArgument, "nobody", "", "{}"}, strings.NewReader(""), &out, &errors); code != 1 || errors.Len() == 0 {
		t.Errorf("exit code %d, %q", code, &errors)
	}
}

// lineOf is the first line that begins with the text.
func lineOf(table, start string) string {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, start) {
			return line
		}
	}
	return ""
}
