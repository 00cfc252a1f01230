package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
)

// runHere runs a command line in a folder.
func runHere(ctx context.Context, dir string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, append([]string{"iotcs-gen"}, args...), strings.NewReader(""), &out, &errs, nil, dir)
	return code, out.String(), errs.String()
}

func TestRunWithoutAProcess(t *testing.T) {
	code, stdout, stderr := runHere(t.Context(), t.TempDir(), "explain", "m07")
	if code != exitFine || !strings.HasPrefix(stdout, "M07: ") || stderr != "" {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	code, stdout, stderr = runHere(t.Context(), t.TempDir(), "lint")
	if code != exitTrouble || !strings.HasPrefix(stderr, "models: ") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for _, command := range []string{"generate", "check", "lint"} {
		code, _, stderr := runHere(ctx, dir, command, ".")
		if code != exitTrouble || stderr != "iotcs-gen: interrupted; nothing is half-written\n" {
			t.Errorf("%s: %d %s", command, code, stderr)
		}
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"explain", "M01"}, {"--version"}, {"init"}, {"--help"}} {
		var errs bytes.Buffer
		code := run(t.Context(), append([]string{"iotcs-gen"}, args...), strings.NewReader(""), fullDisk{}, &errs, nil, t.TempDir())
		if code != exitTrouble || !strings.Contains(errs.String(), "no space left on device") {
			t.Errorf("%s: %d %s", args, code, errs.String())
		}
	}
}

func TestWorkflowCommand(t *testing.T) {
	got := workflowCommand(gen.Diagnostic{File: "a,b:c%.json", Line: 3, Col: 4, Level: gen.Warning, Rule: "M13", Text: "100%\nof it", Remedy: "a:b,c"})
	if want := "::warning file=a%2Cb%3Ac%25.json,line=3,col=4,title=M13::100%25%0Aof it; a:b,c"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = workflowCommand(gen.Diagnostic{File: "a", Level: gen.Note, Rule: "SKIP", Text: "skipped"})
	if want := "::notice file=a,title=SKIP::skipped"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRightOrder(t *testing.T) {
	p := &program{}
	commands := make(map[string]int)
	app := p.app()
	for i, c := range app.Commands {
		commands[c.Name] = i
	}
	for _, tt := range []struct{ line, want string }{
		{"generate a --prune b", "iotcs-gen generate --prune a b"},
		{"generate a --out x b -urn=y", "iotcs-gen generate --out x -urn=y a b"},
		{"generate a --out", "iotcs-gen generate --out a"},
		{"lint a -- -b", "iotcs-gen lint -b a"},
		{"lint a*.json -x", "iotcs-gen lint -x 'a*.json'"},
	} {
		args := strings.Fields("iotcs-gen " + tt.line)
		if got := rightOrder(app.Commands[commands[args[1]]], args); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.line, got, tt.want)
		}
	}
	for arg, want := range map[string]string{"": "''", "it's": `'it'\''s'`, "plain-1.0/x": "plain-1.0/x"} {
		if got := shellWord(arg); got != want {
			t.Errorf("%q: got %s, want %s", arg, got, want)
		}
	}
}

// No command line makes the program panic or answer with another exit code than the three.
func FuzzRun(f *testing.F) {
	for _, s := range []string{"generate", "lint\x00--format\x00json", "explain\x00M01", "check\x00--urn\x00x", "--version", "help\x00init", "generate\x00-", "lint\x00--", "--\x00lint", "generate\x00--no-such=1", "init\x00-h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x00")
		for _, a := range args {
			if strings.ContainsAny(a, "/\\") || strings.Contains(a, "..") {
				t.Skip("stays in its folder")
			}
		}
		if code, _, _ := runHere(t.Context(), t.TempDir(), args...); code < exitFine || code > exitTrouble {
			t.Errorf("exit code %d", code)
		}
	})
}
