package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func writeFile(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whatever a server calls a policy, its file stays in the folder.
func TestFileNames(t *testing.T) {
	for id, want := range map[string]string{
		"0f5a2b1e-0001":            "0f5a2b1e-0001",
		"POL_1":                    "POL_1",
		"../../etc/passwd":         "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
		"..":                       "%2E%2E",
		`C:\x`:                     "C%3A%5Cx",
		"a b%":                     "a%20b%25",
		"ö":                        "%C3%B6",
		"device-associations.json": "device-associations%2Ejson",
		"\x00":                     "%00",
		"con.":                     "con%2E",
		"":                         "%e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		strings.Repeat("x", 200):   strings.Repeat("x", 200),
	} {
		got := fileName(id)
		if got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

// A name that would be too long for a file system becomes a hash.
func TestLongFileName(t *testing.T) {
	a, b := fileName(strings.Repeat("x", 201)), fileName(strings.Repeat("x", 202))
	if len(a) != 65 || a[0] != '%' || a == b {
		t.Errorf("%q and %q", a, b)
	}
}

func TestDirStore(t *testing.T) {
	dir := t.TempDir()
	s := DirStore{dir}
	if a, err := s.Associations(); err != nil || a.Devices != nil {
		t.Errorf("nothing saved: %v, %v", a, err)
	}
	if _, err := s.Policy("P"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := s.SavePolicy("a/b", []byte(`{"id":"a/b"}`)); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Policy("a/b"); err != nil || string(data) != "{\n    \"id\": \"a/b\"\n}" {
		t.Errorf("%s, %v", data, err)
	}
	if err := s.SavePolicy("P", []byte(`{`)); err == nil {
		t.Error("saved what is no JSON")
	}
	large := `{"x":[` + strings.Repeat("1,", MaxDocument/2-10) + `1]}`
	if err := s.SavePolicy("L", []byte(large)); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Policy("L"); err != nil || string(data) != large {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	writeFile(t, dir, "H", strings.Repeat(" ", MaxDocument+1))
	if _, err := s.Policy("H"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	a := Associations{Devices: map[string][]string{"P": {"E1", "ICD-2"}}, Models: map[string][]string{"urn:x": {"P"}}}
	if err := s.SaveAssociations(a); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Associations(); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("%v, %v", got, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 {
		t.Errorf("%d files, %v, want 4: no temporary ones stay", len(files), err)
	}
}

// The file of the official client is understood.
func TestOfficialAssociations(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, associationsFile, `{
    "devicePolicyIdsToEndpointIds": {"POL-1": ["E1", "ICD-2"], "POL-2": []},
    "deviceModelUrnsToDevicePolicies": {"urn:com:example:dev": ["POL-1", "POL-2"]}
}`)
	a, err := DirStore{dir}.Associations()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*Policy{"POL-1": {}, "POL-2": {}}
	for device, want := range map[string]string{"E1": "POL-1", "ICD-2": "POL-1", "ICD-3": ""} {
		if got := a.policyOf(memberKey{"urn:com:example:dev", device}, known); got != want {
			t.Errorf("%s: %q, want %q", device, got, want)
		}
	}
	if got := a.policyOf(memberKey{"urn:com:example:dev", "E1"}, nil); got != "" {
		t.Errorf("a policy without document: %q", got)
	}
}

func TestStoreThatCannotWrite(t *testing.T) {
	s := DirStore{filepath.Join(t.TempDir(), "missing")}
	if err := s.SavePolicy("P", []byte(`{}`)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := s.SaveAssociations(Associations{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	f := newFleet(t, false, s, "E1")
	f.server.assigned["E1"] = "P1"
	f.lookUp(0)
	f.want("E1", "P1 1") // the policy applies all the same
	if len(f.reports) != 2 {
		t.Errorf("reports %v", f.reports)
	}
}

func TestAssociationsSet(t *testing.T) {
	var a Associations
	key := memberKey{"urn:x", "E1"}
	for _, c := range []struct {
		id      string
		changed bool
		devices map[string][]string
	}{
		{"", false, nil},
		{"P1", true, map[string][]string{"P1": {"E1"}}},
		{"P1", false, map[string][]string{"P1": {"E1"}}},
		{"P2", true, map[string][]string{"P1": {}, "P2": {"E1"}}},
		{"", true, map[string][]string{"P1": {}, "P2": {}}},
	} {
		before := a.clone()
		if changed := a.set(key, c.id); changed != c.changed || !reflect.DeepEqual(a.Devices, c.devices) {
			t.Errorf("%q: %v, %v, want %v, %v", c.id, changed, a.Devices, c.changed, c.devices)
		}
		if c.changed && reflect.DeepEqual(before, a) {
			t.Error("the copy changed as well")
		}
	}
}
