package content_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFidelityNamesTheDifferences: docs/fidelity.md has the differences that
// TestCaptures finds, and no others.
func TestFidelityNamesTheDifferences(t *testing.T) {
	text, err := os.ReadFile("../../docs/fidelity.md")
	must(t, err)
	_, section, ok := strings.Cut(string(text), "\n## Device against captures of the object store\n")
	if !ok {
		t.Fatal("the section is missing")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	_, got, _ := strings.Cut(section, "| --- | --- | --- | --- | --- | --- |\n")
	var want strings.Builder
	for _, d := range append(headerDifferences(), sequenceDifferences()...) {
		fmt.Fprintf(&want, "| %s | %s | %s | %s | %s | %s |\n", d.what, d.where, d.java, d.javascript, d.ours, d.reason)
	}
	if strings.TrimSpace(got) != strings.TrimSpace(want.String()) {
		t.Errorf("the table is\n%s\nwant\n%s", got, want.String())
	}
}
