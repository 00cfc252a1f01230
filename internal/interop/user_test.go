package interop

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

func (r *recorder) Skip(args ...any) {
	r.skipped = fmt.Sprint(args...)
	runtime.Goexit()
}

func TestRequireUser(t *testing.T) {
	root, rootRan := record(t, RequireRoot)
	user, userRan := record(t, RequireUnprivileged)
	if rootRan == userRan {
		t.Errorf("RequireRoot let the test run: %v, RequireUnprivileged: %v; want one of them", rootRan, userRan)
	}
	euid := os.Geteuid()
	if !rootRan && !ForAnotherUser(root.skipped, euid) {
		t.Errorf("skipped with %q, which is not seen as a matter of the user", root.skipped)
	}
	if !userRan && !ForAnotherUser(user.skipped, euid) {
		t.Errorf("skipped with %q, which is not seen as a matter of the user", user.skipped)
	}
}

func TestForAnotherUser(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		euid   int
		want   bool
	}{
		{"root's test for another", "a_test.go:1: " + needsRoot, 1000, true},
		{"root's test for root", "a_test.go:1: " + needsRoot, 0, false},
		{"root's test without users", needsRoot, -1, true},
		{"a user's test for root", needsUnprivileged, 0, true},
		{"a user's test for a user", needsUnprivileged, 1000, false},
		{"a user's test without users", needsUnprivileged, -1, true},
		{"another reason", "no symbolic links", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ForAnotherUser(tt.reason, tt.euid); got != tt.want {
				t.Errorf("ForAnotherUser(%q, %d) = %v", tt.reason, tt.euid, got)
			}
		})
	}
}
