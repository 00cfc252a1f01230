package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKinds(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		fs.ModeNamedPipe: "pipe", fs.ModeSocket: "socket", fs.ModeDevice: "device", fs.ModeDevice | fs.ModeCharDevice: "device", fs.ModeDir: "folder",
		fs.ModeIrregular: "special file",
	} {
		if got := kind(mode); got != want {
			t.Errorf("%v: %s, want %s", mode, got, want)
		}
	}
}

// Every reason has a remedy of its own, and a general one stands behind.
func TestRemedies(t *testing.T) {
	seen := make(map[string]error)
	for _, err := range []error{fs.ErrNotExist, fs.ErrPermission, ErrTooLarge, ErrNotRegular, ErrNoModels, errors.New("anything else")} {
		got := remedy(fmt.Errorf("wrapped: %w", err))
		if got == "" || seen[got] != nil {
			t.Errorf("%v: %q, as for %v", err, got, seen[got])
		}
		seen[got] = err
	}
}

func TestCause(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "gone"))
	if got := cause(err); strings.Contains(got.Error(), "gone") || !errors.Is(got, fs.ErrNotExist) {
		t.Errorf("the path is named twice: %v", got)
	}
	other := errors.New("other")
	if cause(other) != other {
		t.Error("changed")
	}
}

func TestProblem(t *testing.T) {
	p := &Problem{Path: "a.json", Err: fmt.Errorf("%w: 5 bytes", ErrTooLarge)}
	if p.Error() != "a.json: file is too large: 5 bytes" || !errors.Is(p, ErrTooLarge) {
		t.Error(p)
	}
}

// A file that vanishes after it was listed is a problem of its own.
func TestFileThatVanishes(t *testing.T) {
	c := candidate{path: "a.json", open: filepath.Join(t.TempDir(), "a.json")}
	c.read()
	if c.problem == nil || !errors.Is(c.problem, fs.ErrNotExist) || c.problem.Path != "a.json" || c.problem.Remedy == "" {
		t.Errorf("%+v", c.problem)
	}
}

func TestModelNames(t *testing.T) {
	for _, tt := range []struct {
		name               string
		candidate, certain bool
	}{
		{"dm-urn%3Aa.json", true, true}, {"dm-.json", true, true}, {"pump.json", true, false}, {"PUMP.JSON", true, false}, {"DM-x.json", true, false},
		{".dm-x.json", false, false}, {"dm-x.json~", false, false}, {"dm-x.jsonl", false, false}, {"dm-x", false, false}, {".json", false, false}, {"json", false, false},
	} {
		if candidate, certain := isModelName(tt.name); candidate != tt.candidate || certain != tt.certain {
			t.Errorf("%s: %v, %v", tt.name, candidate, certain)
		}
	}
}
