package iniconfig_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device/iniconfig"
)

// TestDocumentedKeys: docs/configuration.md has all keys, in their order, and
// marks those of the Python client.
func TestDocumentedKeys(t *testing.T) {
	text, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, python []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `([a-z_]+)` \\| .* \\| (Python|ours) \\| .* \\|$").FindAllStringSubmatch(string(text), -1) {
		got = append(got, "["+m[1]+"] "+m[2])
		if m[3] == "Python" {
			python = append(python, m[2])
		}
	}
	want := slices.DeleteFunc(iniconfig.KeyNames(), func(name string) bool { return strings.HasPrefix(name, "[log] ") }) // one row for all
	if !slices.Equal(got, want) {
		t.Errorf("documented %q\nwant %q", got, want)
	}
	var shown []string // in the file as the Python client has it
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+) =`).FindAllStringSubmatch(packaged, -1) {
		shown = append(shown, m[1])
	}
	if !slices.Equal(python, shown) {
		t.Errorf("marked as Python's %q\nwant %q", python, shown)
	}
}
