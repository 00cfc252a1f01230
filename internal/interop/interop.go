package interop

import (
	"errors"
	"os"
	"testing"
)

// Variable is the environment variable that opens the gate when its value is 1.
const Variable = "IOTCS_INTEROP"

// Wanted reports whether tests that need tools beside Go shall run.
func Wanted() bool {
	return os.Getenv(Variable) == "1"
}

// Require lets the test go on only if tests with outside tools are wanted and
// every one of tools is there. It skips the test when they are not wanted,
// whether or not the tools are there, and fails it with a remedy when a wanted
// one is missing. It must be called from the goroutine that runs the test.
func Require(t testing.TB, tools ...Tool) {
	t.Helper()
	if !Wanted() {
		t.Skipf("needs %s: set %s=1 to run it (see CONTRIBUTING.md)", list(tools), Variable)
	}
	var missing []error
	for _, tool := range tools {
		if _, err := tool.Find(); err != nil {
			missing = append(missing, err)
		}
	}
	if err := errors.Join(missing...); err != nil {
		t.Fatalf("%s=1, but: %v", Variable, err)
	}
}

// Path is Require for one tool; it returns where the tool is, as [Tool.Find]
// does.
func Path(t testing.TB, tool Tool) string {
	t.Helper()
	Require(t, tool)
	path, err := tool.Find()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
