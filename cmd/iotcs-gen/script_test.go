package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"iotcs-gen": func() { os.Exit(start()) }})
}

// TestScript runs the command as a user would: one file of testdata/script for each thing a user may do or meet.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			models, err := filepath.Abs("../../models")
			env.Setenv("MODELS", models)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"truncate": truncate,
			"replace":  replace,
			"bom":      bom,
			"exit":     exit,
			"samedir":  sameDir,
		},
	})
}

// exit CODE ARGS... runs iotcs-gen and demands an exit code.
func exit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := err.(interface{ ExitCode() int }); ok {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// truncate FILE SIZE makes a file of that many bytes.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE SIZE")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_WRONLY, 0o666)
	ts.Check(err)
	ts.Check(f.Truncate(size))
	ts.Check(f.Close())
}

// replace FILE OLD NEW replaces all of a text in a file, where it must be. \n and \r stand for line ends.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	lines := strings.NewReplacer(`\n`, "\n", `\r`, "\r")
	text, old := ts.ReadFile(args[0]), lines.Replace(args[1])
	if !strings.Contains(text, old) {
		ts.Fatalf("%s does not contain %q", args[0], old)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, old, lines.Replace(args[2]))), 0o666))
}

// bom FILE puts a byte order mark in front.
func bom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bom FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("\xef\xbb\xbf"+ts.ReadFile(args[0])), 0o666))
}

// samedir A B demands that two folders hold the same files, and ! samedir that they do not.
func sameDir(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: samedir A B")
	}
	a, b := readTree(ts, args[0]), readTree(ts, args[1])
	same := len(a) == len(b) && len(a) > 0
	for name, text := range a {
		if b[name] != text {
			same = false
			if !neg {
				ts.Logf("%s differs", name)
			}
		}
	}
	if same == neg {
		ts.Fatalf("same: %v", same)
	}
}

func readTree(ts *testscript.TestScript, dir string) map[string]string {
	all := make(map[string]string)
	root := ts.MkAbs(dir)
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, root)] = string(text)
		return err
	}))
	return all
}
