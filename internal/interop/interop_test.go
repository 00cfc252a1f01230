package interop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a testing.TB that notes how the test would have ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record runs f as a test of its own would run.
func record(t *testing.T, f func(testing.TB)) (r *recorder, returned bool) {
	t.Helper()
	r = &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
		returned = true
	}()
	<-done
	return r, returned
}

func TestRequire(t *testing.T) {
	const absent Tool = "no-such-program-of-iotcs"
	tests := []struct {
		name                string
		variable            string
		tools               []Tool
		wantSkip, wantFatal string
	}{
		{"not wanted, tool there", "", []Tool{"go"}, "needs go: set IOTCS_INTEROP=1", ""},
		{"not wanted, tool absent", "", []Tool{absent}, "needs no-such-program-of-iotcs", ""},
		{"another value is not wanted", "yes", []Tool{"go", "node"}, "needs go, node", ""},
		{"wanted, tool there", "1", []Tool{"go"}, "", ""},
		{"wanted, nothing asked", "1", nil, "", ""},
		{"wanted, one absent", "1", []Tool{"go", absent}, "", "no-such-program-of-iotcs: not installed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(Variable, tt.variable)
			r, returned := record(t, func(tb testing.TB) { Require(tb, tt.tools...) })
			if !strings.Contains(r.skipped, tt.wantSkip) || (tt.wantSkip == "") != (r.skipped == "") {
				t.Errorf("skipped with %q, want %q", r.skipped, tt.wantSkip)
			}
			if !strings.Contains(r.failed, tt.wantFatal) || (tt.wantFatal == "") != (r.failed == "") {
				t.Errorf("failed with %q, want %q", r.failed, tt.wantFatal)
			}
			if want := tt.wantSkip == "" && tt.wantFatal == ""; returned != want {
				t.Errorf("returned %v, want %v", returned, want)
			}
		})
	}
}

func TestPath(t *testing.T) {
	t.Setenv(Variable, "1")
	path := Path(t, "go")
	if !filepath.IsAbs(path) {
		t.Errorf("path %q is not absolute", path)
	}
}

func TestFindClient(t *testing.T) {
	tests := []struct {
		name    string
		about   string // content of package.json; "" for no file
		missing bool
		text    string
	}{
		{"expected release", `{"name":"iotcs-csl-js","version":"19.1.5"}`, false, ""},
		{"another release", `{"version":"18.3.5"}`, true, "there is 18.3.5: run `make interop-tools`"},
		{"absent", "", true, "run `make interop-tools`"},
		{"damaged", `{"version":`, false, "package.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			modules := t.TempDir()
			if tt.about != "" {
				folder := filepath.Join(modules, string(OfficialClient))
				if err := os.Mkdir(folder, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, "package.json"), []byte(tt.about), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			path, err := findClient(modules)
			if tt.text == "" {
				if err != nil || path != modules {
					t.Fatalf("got %q, %v", path, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("error %v, want %q in it", err, tt.text)
			}
			if errors.Is(err, ErrMissing) != tt.missing {
				t.Errorf("errors.Is(%v, ErrMissing) is %v", err, !tt.missing)
			}
		})
	}
}

// TestOfficialClient is the gate's own use: where it is open, the client that
// `make interop-tools` installs must be found.
func TestOfficialClient(t *testing.T) {
	Require(t, Node, OfficialClient)
	if path := Path(t, OfficialClient); filepath.Base(path) != "node_modules" {
		t.Errorf("client found in %q", path)
	}
}
