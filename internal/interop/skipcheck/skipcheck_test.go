package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/internal/interop"
)

// stream is what one pass of go test could write, line by line.
func stream(lines ...string) string {
	return strings.Join(lines, "\n") + "\n"
}

const (
	allocRuns  = `{"Action":"pass","Package":"p","Test":"TestAlloc"}`
	allocSkips = `{"Action":"output","Package":"p","Test":"TestAlloc","Output":"    a_test.go:9: counts differ under the race detector\n"}
{"Action":"output","Package":"p","Test":"TestAlloc","Output":"--- SKIP: TestAlloc (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestAlloc"}`
	otherRuns = `{"Action":"pass","Package":"p","Test":"TestOther"}`
	packageOK = `{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`
)

// skipText notes the text that a test skips with.
type skipText struct {
	testing.TB
	text string
}

func (s *skipText) Helper()          {}
func (s *skipText) Skip(args ...any) { s.text = fmt.Sprint(args...) }

// anotherUser is the text with which a test skips that needs the kind of user
// that this one is not.
func anotherUser(t *testing.T) string {
	s := &skipText{TB: t}
	interop.RequireRoot(s)
	interop.RequireUnprivileged(s)
	return s.text
}

func TestPasses(t *testing.T) {
	tests := []struct {
		name    string
		passes  []string
		strict  bool
		good    bool
		want    []string
		wantNot []string
	}{
		{
			name:    "skipped in one pass, run in the other",
			passes:  []string{stream(allocSkips, otherRuns, packageOK), stream(allocRuns, otherRuns, packageOK)},
			strict:  true,
			good:    true,
			want:    []string{"ok  \tp\t0.1s\n", "\n2 passed, 0 failed, 0 skipped\n"},
			wantNot: []string{"Never run", "PASS\n"},
		},
		{
			name:   "the order of passes does not matter",
			passes: []string{stream(allocRuns, packageOK), stream(allocSkips, packageOK)},
			strict: true,
			good:   true,
		},
		{
			name:   "skipped everywhere, strict",
			passes: []string{stream(allocSkips, otherRuns, packageOK), stream(allocSkips, otherRuns, packageOK)},
			strict: true,
			want: []string{"Never run:\n    p TestAlloc: a_test.go:9: counts differ under the race detector\n",
				"A skipped test is a failure here", "\n1 passed, 0 failed, 1 skipped\n"},
		},
		{
			name:    "skipped everywhere, not strict",
			passes:  []string{stream(allocSkips, otherRuns, packageOK)},
			good:    true,
			want:    []string{"Never run:\n    p TestAlloc: a_test.go:9"},
			wantNot: []string{"A skipped test is a failure"},
		},
		{
			name: "for another user, strict",
			passes: []string{stream(
				`{"Action":"output","Package":"p","Test":"TestUser","Output":"    a_test.go:9: `+anotherUser(t)+`\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestUser"}`, otherRuns, packageOK)},
			strict:  true,
			good:    true,
			want:    []string{"Never run:\n    p TestUser: a_test.go:9: needs ", "\n1 passed, 0 failed, 1 skipped\n"},
			wantNot: []string{"A skipped test is a failure"},
		},
		{
			name:   "no reason",
			passes: []string{stream(`{"Action":"skip","Package":"p","Test":"TestX/sub"}`, otherRuns)},
			good:   true,
			want:   []string{"p TestX/sub: no reason given"},
		},
		{
			name: "a failure shows the test's output and not its progress",
			passes: []string{stream(
				`{"Action":"output","Package":"p","Test":"TestX","Output":"=== RUN   TestX\n"}`,
				`{"Action":"output","Package":"p","Test":"TestX","Output":"    x_test.go:3: got 1, want 2\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestX"}`,
				`{"Action":"output","Package":"p","Test":"TestY","Output":"    quiet\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestY"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`)},
			want:    []string{"x_test.go:3: got 1, want 2\n", "FAIL\tp\t0.1s\n", "Failed:\n    p TestX\n", "1 passed, 1 failed, 0 skipped"},
			wantNot: []string{"=== RUN", "quiet", "Failed without"},
		},
		{
			name: "a test that took the process down",
			passes: []string{stream(otherRuns,
				`{"Action":"output","Package":"p","Test":"TestX","Output":"panic: test timed out\n"}`,
				`{"Action":"fail","Package":"p"}`)},
			want: []string{"panic: test timed out\n", "Failed:\n    p TestX\n"},
		},
		{
			name: "failed in one pass only",
			passes: []string{
				stream(`{"Action":"fail","Package":"p","Test":"TestOther"}`, `{"Action":"fail","Package":"p"}`),
				stream(otherRuns, packageOK)},
			want: []string{"0 passed, 1 failed, 0 skipped"},
		},
		{
			name: "does not build",
			passes: []string{stream(otherRuns,
				`{"ImportPath":"q","Action":"build-output","Output":"q/q.go:3:1: syntax error\n"}`,
				`{"ImportPath":"q","Action":"build-fail"}`,
				`{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}`,
				`{"Action":"fail","Package":"q"}`)},
			want: []string{"q/q.go:3:1: syntax error\n", "Failed without a failed test: q\n"},
		},
		{
			name: "no test at all",
			passes: []string{stream(
				`{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}`,
				`{"Action":"skip","Package":"p"}`)},
			want:    []string{"No test was run.", "0 passed, 0 failed, 0 skipped"},
			wantNot: []string{"no test files"},
		},
		{
			name:   "a line that is no event",
			passes: []string{stream(`warning: something`, `{"not":"an event"}`, otherRuns)},
			good:   true,
			want:   []string{"warning: something\n", `{"not":"an event"}`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			tally := newTally()
			for _, pass := range tt.passes {
				if err := readEvents(strings.NewReader(pass), newPrinter(&out, tally)); err != nil {
					t.Fatal(err)
				}
			}
			// As run does when go test itself says so.
			if len(tally.failedPackages) > 0 {
				tally.failedPasses++
			}
			if good := tally.summarize(&out, tt.strict); good != tt.good {
				t.Errorf("good is %v, want %v", good, tt.good)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("not in the output: %q", want)
				}
			}
			for _, not := range tt.wantNot {
				if strings.Contains(out.String(), not) {
					t.Errorf("must not be in the output: %q", not)
				}
			}
			if t.Failed() {
				t.Logf("output:\n%s", out.String())
			}
		})
	}
}

// TestRun lets the real go test speak: a module with a passing, a skipping and
// a failing test.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module m\n\ngo 1.26.0\n",
		"m_test.go": `package m

import "testing"

func TestGood(t *testing.T) {}
func TestSkip(t *testing.T) { t.Skip("not on Mondays") }
func TestBad(t *testing.T)  { t.Error("bad on purpose") }
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "")
	tests := []struct {
		name      string
		arguments []string
		strict    bool
		good      bool
		want      string
	}{
		{"all", []string{"."}, false, false, "bad on purpose"},
		{"without the bad one", []string{"-skip", "Bad", "."}, false, true, "m TestSkip: m_test.go:6: not on Mondays"},
		{"without the bad one, strict", []string{"-skip", "Bad", "."}, true, false, "1 passed, 0 failed, 1 skipped"},
		{"only the good one, strict", []string{"-run", "Good", "."}, true, true, "1 passed, 0 failed, 0 skipped"},
		{"no such folder", []string{"./absent"}, false, false, "No test was run."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			tally := newTally()
			if err := run(tt.arguments, tally, &out); err != nil {
				t.Fatal(err)
			}
			if good := tally.summarize(&out, tt.strict); good != tt.good {
				t.Errorf("good is %v, want %v", good, tt.good)
			}
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("not in the output: %q", tt.want)
			}
			if t.Failed() {
				t.Logf("output:\n%s", out.String())
			}
		})
	}
}
