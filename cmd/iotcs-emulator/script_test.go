package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){name: func() { os.Exit(start()) }})
}

// TestScript runs the command as a user would: one file of testdata/script for each thing a user may do or meet.
func TestScript(t *testing.T) {
	cache := t.TempDir() // keys are made once for all scripts
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("XDG_RUNTIME_DIR", env.Getenv("WORK")+"/runtime")
			env.Setenv("IOTCS_PASSPHRASE", "passphrase")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exit":     exit,
			"await":    await,
			"ready":    ready,
			"conf":     conf,
			"mode":     mode,
			"interval": interval,
		},
	})
}

// exit CODE ARGS... runs a command and demands an exit code.
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

// await FILE waits until the file is there, ! await until it is gone.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(ts.MkAbs(args[0]))
		if (err == nil) != neg {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: %v", args[0], err)
		}
	}
}

// ready FILE sets URL, CA, AUTH_USER and AUTH_PASSWORD from a ready file.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	var info readyInfo
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &info))
	ts.Setenv("URL", info.URL)
	ts.Setenv("CA", info.CA)
	ts.Setenv("AUTH_USER", info.User)
	ts.Setenv("AUTH_PASSWORD", strings.TrimSpace(ts.ReadFile(info.PasswordFile)))
}

// conf FILE CLIENT [ICD...] opens a provisioning file for the emulator of the variable URL.
func conf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: conf FILE CLIENT [ICD...]")
	}
	file, err := trust.Open(ts.MkAbs(args[0]), []byte("passphrase"))
	ts.Check(err)
	url := file.Scheme() + "://" + file.Host() + ":" + strconv.Itoa(file.Port())
	if file.ClientID() != args[1] || url != ts.Getenv("URL") || len(file.TrustAnchors()) != 1 || strings.Join(file.ConnectedDevices(), " ") != strings.Join(args[2:], " ") {
		ts.Fatalf("file of %s at %s, anchors %d, devices %v", file.ClientID(), url, len(file.TrustAnchors()), file.ConnectedDevices())
	}
}

// mode FILE MODE demands the permissions of a file, in octal.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE MODE")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := strconv.FormatInt(int64(info.Mode().Perm()), 8); got != args[1] {
		ts.Fatalf("mode %s, want %s", got, args[1])
	}
}

// interval sleeps for a moment.
func interval(ts *testscript.TestScript, neg bool, args []string) { time.Sleep(300 * time.Millisecond) }
