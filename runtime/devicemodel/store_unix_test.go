//go:build unix

package devicemodel_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// A named pipe in the place of a file must not stop the device for ever.
func TestStoreNamedPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "dm-a.json"), 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := (devicemodel.Store{Dir: dir}).Read("a"); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("Read: %v", err)
	}
}

func TestStoreFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "model.json"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("model.json", filepath.Join(dir, "dm-a.json")); err != nil {
		t.Fatal(err)
	}
	s := devicemodel.Store{Dir: dir}
	if got, err := s.Read("a"); err != nil || string(got) != "x" {
		t.Errorf("Read: %q, %v", got, err)
	}
	// Write replaces the link, not what it leads to.
	if err := s.Write("a", []byte("y")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "model.json")); err != nil || string(got) != "x" {
		t.Errorf("the file behind the link: %q, %v", got, err)
	}
}

// Other clients of the device may run as other users: the file mask of the process decides who reads a model, as for the official clients.
func TestStoreFileMode(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plain"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	s := devicemodel.Store{Dir: dir}
	if err := s.Write("a", nil); err != nil {
		t.Fatal(err)
	}
	plain, err := os.Stat(filepath.Join(dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	model, err := os.Stat(filepath.Join(dir, "dm-a.json"))
	if err != nil || model.Mode() != plain.Mode() {
		t.Errorf("mode %v, want %v, %v", model.Mode(), plain.Mode(), err)
	}
}

// What a crash leaves behind is no model and stands in nobody's way.
func TestStoreAfterCrash(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".dm-ABCDEF.tmp"), []byte(`{"urn":`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := devicemodel.Store{Dir: dir}
	if err := s.Write("a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	names, err := s.Names()
	if err != nil || len(names) != 1 || names[0] != "dm-a.json" {
		t.Errorf("Names: %v, %v", names, err)
	}
}
