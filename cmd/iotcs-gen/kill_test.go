//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/gen"
)

// A process that is killed at any moment leaves whole files only, and the next run completes its work.
func TestKilled(t *testing.T) {
	program := build(t)
	dir := t.TempDir()
	writeModels(t, dir, 12)
	for delay := time.Millisecond; delay < 80*time.Millisecond; delay += 6 * time.Millisecond {
		if err := os.RemoveAll(filepath.Join(dir, "generated")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), delay)
		cmd := exec.CommandContext(ctx, program, "generate")
		cmd.Dir = dir
		cmd.Run() // killed, or done before
		cancel()
		for _, d := range drift(t, dir) {
			if d.Rule != gen.RuleMissing && !strings.HasSuffix(d.File, ".tmp") {
				t.Errorf("killed after %v: %s", delay, d)
			}
		}
		if code, _, stderr := runHere(t.Context(), dir, "generate", "--prune"); code != exitFine {
			t.Fatalf("killed after %v, then: %s", delay, stderr)
		}
		if left := drift(t, dir); len(left) != 0 {
			t.Errorf("killed after %v, then: %v", delay, left)
		}
	}
}

func drift(t *testing.T, dir string) []gen.Drift {
	t.Helper()
	config, found := gen.Load(dir, gen.Flags{})
	if len(found) != 0 {
		t.Fatal(found)
	}
	result, err := gen.Run(t.Context(), config)
	if err != nil || result.Failed() {
		t.Fatal(err, result.Diagnostics)
	}
	return result.Drift()
}

// Several runs at once over one folder do each other no harm.
func TestRunsAtOnce(t *testing.T) {
	program := build(t)
	dir := t.TempDir()
	writeModels(t, dir, 4)
	var all []*exec.Cmd
	for range 4 {
		cmd := exec.Command(program, "generate")
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if left := drift(t, dir); len(left) != 0 {
		t.Error(left)
	}
}

// build makes the program.
func build(tb testing.TB) string {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), "iotcs-gen")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return program
}
