//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkProcess measures the program as a user runs it, from its start to its end, with models of 12 attributes:
//
//	go test -run '^$' -bench Process ./cmd/iotcs-gen
//
// Beside the time it shows processor time and the most memory. Wanted, on a machine with nothing else to do, are 50 ms for one model,
// 150 ms for 100, 40 MB, and a check that costs at most 1.2 times what generate does.
func BenchmarkProcess(b *testing.B) {
	program := build(b)
	for _, n := range []int{1, 100} {
		dir := b.TempDir()
		writeModels(b, dir, n)
		for _, command := range []string{"generate", "check"} {
			b.Run(fmt.Sprintf("%s/models=%d", command, n), func(b *testing.B) { measure(b, dir, program, command) })
		}
	}
}

func measure(b *testing.B, dir, program, command string) {
	processor, memory := int64(0), int64(0)
	for b.Loop() {
		cmd := exec.Command(program, command)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		processor += int64(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime())
		memory = max(memory, maxRSS(cmd.ProcessState))
	}
	b.ReportMetric(float64(processor)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(memory)/1e6, "MB")
}

// maxRSS is the most memory that a process had, in bytes.
func maxRSS(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin" || runtime.GOOS == "ios":
		return int64(usage.Maxrss) // counts bytes, the others kilobytes
	}
	return int64(usage.Maxrss) << 10
}

func writeModels(tb testing.TB, dir string, n int) {
	tb.Helper()
	if err := os.Mkdir(filepath.Join(dir, "models"), 0o777); err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		var attributes []string
		for a := range 12 {
			attributes = append(attributes, fmt.Sprintf(`{"name": "attr_%d", "type": "INTEGER", "range": "0,100", "description": "attribute %d", "writable": %v}`, a, a, a%3 == 0))
		}
		text := fmt.Sprintf(`{"urn": "urn:test:bench%d", "name": "Bench", "attributes": [%s]}`, i, strings.Join(attributes, ",\n"))
		if err := os.WriteFile(filepath.Join(dir, "models", fmt.Sprintf("dm-urn%%3Atest%%3Abench%d.json", i)), []byte(text), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
}
