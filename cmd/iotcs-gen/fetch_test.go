package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/device"
)

const (
	pumpURN  = "urn:com:example:iot:device:pump"
	lampURN  = "urn:com:example:iot:device:lamp"
	modelDir = "../../models/"
)

// site is an emulator with two models, and the files that its user needs.
type site struct {
	*emulatortest.Server
	t              *testing.T
	dir            string
	name, password string // of its user
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Server: emulatortest.New(t), t: t, dir: t.TempDir()}
	s.AddModelFile(modelDir + "dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Apump.json")
	s.AddModelFile(modelDir + "dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Alamp.json")
	s.name, s.password = s.User()
	s.write("ca.pem", string(s.CA()))
	s.write("password", s.password+"\n")
	return s
}

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// gen runs the command and checks its exit code.
func (s *site) gen(want int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	code := run(s.t.Context(), append([]string{"iotcs-gen"}, args...), new(bytes.Buffer), &out, &errs, []string{"IOTCS_PASSPHRASE=pass"}, s.dir)
	if code != want {
		s.t.Errorf("iotcs-gen %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// user is the command line of a user of the server.
func (s *site) user(args ...string) []string {
	return append([]string{"fetch", "--server", s.URL(), "--user", s.name, "--password-file", "password", "--ca", "ca.pem"}, args...)
}

func TestFetchAsUser(t *testing.T) {
	s := newSite(t)
	out, _ := s.gen(0, s.user("--all", "--models", "m")...)
	want := "new       " + lampURN + "\nnew       " + pumpURN + "\n2 models: 2 new, 0 changed, 0 unchanged, 0 drafts not written\n"
	if out != want {
		t.Errorf("the first time:\n%s", out)
	}
	out, _ = s.gen(0, s.user("--urn", pumpURN, "--models", "m")...)
	if out != "unchanged "+pumpURN+"\n1 model: 0 new, 0 changed, 1 unchanged, 0 drafts not written\n" {
		t.Errorf("the second time:\n%s", out)
	}
	path := filepath.Join(s.dir, "m", "dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Apump.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.write("m/"+filepath.Base(path), strings.Replace(string(text), `"name"`, `"description":"other","name"`, 1))
	out, _ = s.gen(0, s.user("--urn", pumpURN, "--models", "m")...)
	if !strings.HasPrefix(out, "changed   "+pumpURN) {
		t.Errorf("after an edit:\n%s", out)
	}
}

func TestFetchAsDevice(t *testing.T) {
	s := newSite(t)
	d := s.AddDevice("PUMP-1", emulatortest.Activated(pumpURN))
	before, err := os.ReadFile(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	s.write("passphrase", d.Passphrase)
	out, _ := s.gen(0, "fetch", "--conf", d.Path, "--passphrase-file", "passphrase", "--urn", pumpURN)
	if !strings.HasPrefix(out, "new       "+pumpURN) {
		t.Errorf("output:\n%s", out)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "models", "dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Apump.json")); err != nil {
		t.Error(err)
	}
	after, err := os.ReadFile(d.Path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the provisioning file was rewritten: %v", err)
	}
}

func TestFetchRefuses(t *testing.T) {
	s := newSite(t)
	fresh := s.AddDevice("NEW-1")
	s.write("passphrase", fresh.Passphrase)
	s.write("wrong", "not the password")
	for _, tc := range []struct {
		name string
		args []string
		text string
	}{
		{"nothing", []string{"fetch"}, "give --conf FILE"},
		{"neither all nor urn", s.user(), "give --conf FILE"},
		{"all and urn", s.user("--all", "--urn", pumpURN), "give --conf FILE"},
		{"device and user", s.user("--conf", "x", "--all"), "give --conf FILE"},
		{"user without name", []string{"fetch", "--server", s.URL(), "--all"}, "give --conf FILE"},
		{"device cannot list", []string{"fetch", "--conf", "x", "--all"}, "a device cannot list"},
		{"argument", s.user("--all", "x"), "fetch takes no arguments"},
		{"no password", []string{"fetch", "--server", s.URL(), "--user", "u", "--all"}, "no password: give --password-file"},
		{"http", []string{"fetch", "--server", "http://localhost", "--user", "u", "--password-file", "password", "--all"}, "https://host"},
		{"foreign certificate", []string{"fetch", "--server", s.URL(), "--user", s.name, "--password-file", "password", "--all"}, "certificate"},
		{"wrong password", []string{"fetch", "--server", s.URL(), "--user", s.name, "--password-file", "wrong", "--ca", "ca.pem", "--all"}, "credentials"},
		{"bad CA", []string{"fetch", "--server", s.URL(), "--user", s.name, "--password-file", "password", "--ca", "password", "--all"}, "no certificate"},
		{"unknown model", s.user("--urn", pumpURN, "--urn", "urn:nothing"), "urn:nothing: the server has no such device model"},
		{"nobody there", []string{"fetch", "--server", "https://localhost:1", "--user", "u", "--password-file", "password", "--all"}, "cannot be reached"},
		{"no file", []string{"fetch", "--conf", "nothing.conf", "--urn", pumpURN}, "nothing.conf"},
		{"not activated", []string{"fetch", "--conf", fresh.Path, "--passphrase-file", "passphrase", "--urn", pumpURN}, "start the device once"},
		{"wrong passphrase", []string{"fetch", "--conf", fresh.Path, "--passphrase-file", "wrong", "--urn", pumpURN}, "passphrase"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, errs := s.gen(2, tc.args...); !strings.Contains(errs, tc.text) || strings.Contains(errs, s.password) {
				t.Errorf("stderr %q, want %q in it", errs, tc.text)
			}
		})
	}
	if files, _ := os.ReadDir(filepath.Join(s.dir, "models")); len(files) > 0 {
		t.Errorf("%d files were written", len(files))
	}
}

func TestFetchOfADraft(t *testing.T) {
	s := newSite(t)
	d := s.AddDevice("D-1")
	dev, err := device.Open(t.Context(), d.Path, d.Passphrase, device.WithDialer(s.Dial), device.WithDraftModels(true))
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close(context.Background())
	if err := dev.Activate(t.Context(), "urn:com:example:draft"); err != nil { // makes a draft of an unknown model
		t.Fatal(err)
	}
	out, _ := s.gen(1, s.user("--urn", "urn:com:example:draft")...)
	if !strings.HasPrefix(out, "draft     urn:com:example:draft") {
		t.Errorf("output:\n%s", out)
	}
	if files, _ := os.ReadDir(filepath.Join(s.dir, "models")); len(files) > 0 {
		t.Error("a draft was written")
	}
}

// TestFetchGenerateBuild is the whole walk from a server to a compiled package.
func TestFetchGenerateBuild(t *testing.T) {
	s := newSite(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s.write("go.mod", fmt.Sprintf("module example.com/station\n\ngo 1.26.0\n\nrequire github.com/iotcs-go/iotcs v0.0.0\n\nreplace github.com/iotcs-go/iotcs => %s\n", root))
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("go.sum", string(sum))
	s.gen(0, s.user("--all")...)
	s.gen(0, "generate", "--out", "bindings")
	s.gen(0, "check", "--out", "bindings")
	s.write("main.go", `package main

import (
	"fmt"

	"example.com/station/bindings/lamp"
	"example.com/station/bindings/pump"
)

func main() { fmt.Println(lamp.URN, pump.URN) }
`)
	run := exec.Command("go", "run", "-mod=mod", ".")
	run.Dir = s.dir
	out, err := run.CombinedOutput()
	if err != nil || string(out) != lampURN+" "+pumpURN+"\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
