package interop

import (
	"os"
	"strings"
	"testing"
)

// Reasons of tests that make sense for one kind of user only, and so cannot all
// run in one place.
const (
	needsRoot         = "needs root"
	needsUnprivileged = "needs a user whom permissions bind"
)

// RequireRoot skips the test unless it runs as root, because it mounts
// something or gives files away.
func RequireRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip(needsRoot)
	}
}

// RequireUnprivileged skips the test when it runs as root, whom permissions of
// files do not bind, or where there are no users with numbers at all.
func RequireUnprivileged(t testing.TB) {
	t.Helper()
	if os.Geteuid() <= 0 {
		t.Skip(needsUnprivileged)
	}
}

// ForAnotherUser reports whether a test skipped with this reason because the
// user with the effective id euid is not the kind of user it needs. Nothing
// could be done about it where it ran.
func ForAnotherUser(reason string, euid int) bool {
	return strings.Contains(reason, needsRoot) && euid != 0 ||
		strings.Contains(reason, needsUnprivileged) && euid <= 0
}
