package shape

import (
	"bytes"
	"fmt"
	"go/format"
	"regexp"
	"strings"
	"testing"
)

// maxLines is where a file stops being one concept.
const maxLines = 600

func fileLengthCheck() check {
	return check{
		name:    "files are short",
		find:    findLongFiles,
		crooked: []string{"gen/util/long.go has 604 lines, more than 600: split it by concept"},
	}
}

func findLongFiles(t *testing.T, h *house) (findings []string) {
	for _, s := range h.parse(t) {
		if lines := bytes.Count(s.content, []byte("\n")); lines > maxLines && !s.test() && !s.generated {
			findings = append(findings, fmt.Sprintf("%s has %d lines, more than %d: split it by concept", s.path, lines, maxLines))
		}
	}
	return findings
}

func formattedCheck() check {
	return check{
		name:    "files are formatted",
		find:    findUnformatted,
		crooked: []string{"runtime/unheard/unheard.go is not as gofmt writes it"},
	}
}

func findUnformatted(t *testing.T, h *house) (findings []string) {
	for _, s := range h.parse(t) {
		formatted, err := format.Source(s.content)
		if err != nil {
			t.Fatal(err) // it did parse
		}
		if !bytes.Equal(formatted, s.content) {
			findings = append(findings, s.path+" is not as gofmt writes it")
		}
	}
	return findings
}

func moduleCheck() check {
	return check{
		name:    "the module keeps its Go version and has no replacement",
		find:    findModuleFaults,
		crooked: []string{"go.mod: no line \"go 1.26.0\"", "go.mod: replace example.com/theirs => ../theirs"},
	}
}

// findModuleFaults guards go.mod against two accidents: a dependency that
// raises the Go version, and a replace line left over from trying something.
func findModuleFaults(t *testing.T, h *house) (findings []string) {
	version := false
	for line := range strings.Lines(string(h.read(t, "go.mod"))) {
		line = strings.TrimSpace(line)
		switch {
		case line == "go 1.26.0":
			version = true
		case strings.HasPrefix(line, "replace "), strings.Contains(line, " => "), strings.HasPrefix(line, "toolchain "):
			findings = append(findings, "go.mod: "+line)
		}
	}
	if !version {
		findings = append([]string{`go.mod: no line "go 1.26.0"`}, findings...)
	}
	return findings
}

func machinePathsCheck() check {
	return check{
		name: "no file names a path of one machine",
		find: findMachinePaths,
		crooked: []string{
			"README.md:5: path of one machine: /Users/jane/src",
			"runtime/unheard/unheard.go:5: path of one machine: C:\\Users\\jane",
		},
	}
}

func findMachinePaths(t *testing.T, h *house) (findings []string) {
	machine := regexp.MustCompile(`(?:^|[^A-Za-z0-9_.\-])(/(?:home|root|work|Users|private/var)/[A-Za-z][\w./\-]*|[A-Z]:\\+Users\\+\w+)`)
	h.walk(t, func(path string) {
		if under(path, "internal/shape/...") {
			return // the crooked house, and what is expected in it
		}
		content := h.read(t, path)
		if bytes.IndexByte(content, 0) >= 0 {
			return // not text
		}
		n := 0
		for line := range bytes.Lines(content) {
			n++
			if m := machine.FindSubmatch(line); m != nil {
				findings = append(findings, fmt.Sprintf("%s:%d: path of one machine: %s", path, n, m[1]))
			}
		}
	})
	return findings
}
