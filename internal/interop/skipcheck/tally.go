package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/internal/interop"
)

// tally is what became of every test over all passes.
type tally struct {
	passed         map[testKey]bool
	failed         map[testKey]bool
	skipped        map[testKey]string // reason; in some pass, perhaps passed in another
	failedPackages map[string]bool
	failedPasses   int
}

func newTally() *tally {
	return &tally{
		passed:         map[testKey]bool{},
		failed:         map[testKey]bool{},
		skipped:        map[testKey]string{},
		failedPackages: map[string]bool{},
	}
}

// add notes the result of one test in one pass; said is its output.
func (t *tally) add(key testKey, action, said string) {
	switch action {
	case "pass":
		t.passed[key] = true
	case "fail":
		t.failed[key] = true
	case "skip":
		t.skipped[key] = reason(said)
	}
}

// neverRan returns the tests that were skipped wherever they appeared, sorted.
func (t *tally) neverRan() []testKey {
	var never []testKey
	for key := range t.skipped {
		if !t.passed[key] && !t.failed[key] {
			never = append(never, key)
		}
	}
	return sorted(never)
}

// summarize prints what the whole run comes to and reports whether it is good.
// With strict set, a test that never ran is a failure, unless it needs another
// kind of user.
func (t *tally) summarize(out io.Writer, strict bool) bool {
	never := t.neverRan()
	unexcused := 0
	if len(never) > 0 {
		fmt.Fprintln(out, "\nNever run:")
		for _, key := range never {
			fmt.Fprintf(out, "    %s: %s\n", key, t.skipped[key])
			if !interop.ForAnotherUser(t.skipped[key], os.Geteuid()) {
				unexcused++
			}
		}
	}
	failed := sorted(slices.Collect(maps.Keys(t.failed)))
	if len(failed) > 0 {
		fmt.Fprintln(out, "\nFailed:")
		for _, key := range failed {
			fmt.Fprintf(out, "    %s\n", key)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(t.failedPackages)) {
		if !slices.ContainsFunc(failed, func(key testKey) bool { return key.pkg == pkg }) {
			fmt.Fprintf(out, "\nFailed without a failed test: %s\n", pkg)
		}
	}
	passed := 0
	for key := range t.passed {
		if !t.failed[key] {
			passed++
		}
	}
	good := len(failed) == 0 && t.failedPasses == 0
	if strict && unexcused > 0 {
		fmt.Fprintln(out, "\nA skipped test is a failure here: every test must run in one of the passes.")
		good = false
	}
	if passed+len(failed) == 0 {
		fmt.Fprintln(out, "\nNo test was run.")
		good = false
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", passed, len(failed), len(never))
	return good
}

// reason finds the text given to t.Skip in the output of a skipped test.
func reason(said string) string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- SKIP") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "no reason given"
	}
	return strings.Join(lines, " ")
}

func sorted(keys []testKey) []testKey {
	slices.SortFunc(keys, func(a, b testKey) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
