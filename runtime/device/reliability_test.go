package device_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityNamesItsTests: every test that docs/reliability.md names exists,
// and every row of its tables of failures and deviations names one.
func TestReliabilityNamesItsTests(t *testing.T) {
	text, err := os.ReadFile("../../docs/reliability.md")
	must(t, err)
	folders := map[string]string{"rest": "../transport/rest", "emulator": "../../emulator", "objects": "../../emulator/internal/objects"}
	named := regexp.MustCompile("`(?:([a-z]+)\\.)?((?:Test|Fuzz)[A-Za-z0-9]+)(?:/[^`]*)?`")
	found := 0
	for line := range strings.Lines(string(text)) {
		folder := ""
		for _, m := range named.FindAllStringSubmatch(line, -1) {
			if m[1] != "" {
				if folder = folders[m[1]]; folder == "" {
					folder = filepath.Join("..", m[1])
				}
			}
			if !declaresTest(t, folder, m[2]) {
				t.Errorf("%s has no %s", folder, m[2])
			}
			found++
		}
		if !named.MatchString(line) && needsTest(string(text), line) {
			t.Errorf("no test shows %q", line)
		}
	}
	if found < 60 {
		t.Errorf("only %d tests are named", found)
	}
}

// needsTest reports whether a line is a row of a table with a column "shown by",
// other than a heading, that does not say that there is nothing to show.
func needsTest(text, row string) bool {
	if !strings.HasPrefix(row, "| ") || strings.HasPrefix(row, "| **") || strings.HasPrefix(row, "| ---") || strings.HasSuffix(row, "| – |\n") {
		return false
	}
	before := text[:strings.Index(text, row)]
	table := before[strings.LastIndex(before, "\n\n")+2:]
	heading, _, _ := strings.Cut(table, "\n")
	return strings.Contains(heading, "shown by")
}

func declaresTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	must(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		if strings.Contains(string(text), "func "+name+"(") {
			return true
		}
	}
	return false
}
