package devicemodel_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/internal/interop"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "models") // does not exist yet
	s := devicemodel.Store{Dir: dir}
	if _, err := s.Read("urn:a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read without a folder: %v", err)
	}
	if _, err := s.Names(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Names without a folder: %v", err)
	}
	for _, text := range []string{"first", "second, not even JSON"} {
		if err := s.Write("urn:a", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Read("urn:a"); err != nil || string(got) != text {
			t.Errorf("Read: %q, %v", got, err)
		}
	}
	if err := s.Write("urn:b", nil); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read("urn:b"); err != nil || len(got) != 0 {
		t.Errorf("Read of an empty text: %q, %v", got, err)
	}
	if _, err := s.Read("urn:c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of what is not there: %v", err)
	}
	for _, other := range []string{"readme.md", "other.json", "dm-x.txt"} {
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "dm-folder.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	names, err := s.Names()
	if diff := cmp.Diff([]string{"dm-urn%3Aa.json", "dm-urn%3Ab.json"}, names); err != nil || diff != "" {
		t.Errorf("Names (-want +got): %s, %v", diff, err)
	}
	if path, err := s.Path("urn:a"); err != nil || path != filepath.Join(dir, "dm-urn%3Aa.json") {
		t.Errorf("Path: %q, %v", path, err)
	}
	if got := temporaries(t, dir); len(got) != 0 {
		t.Errorf("temporary files are left: %v", got)
	}
}

func temporaries(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tmp") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestStoreInWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	var s devicemodel.Store
	if err := s.Write("urn:a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read("urn:a"); err != nil || string(got) != "x" {
		t.Errorf("Read: %q, %v", got, err)
	}
	if names, err := s.Names(); err != nil || len(names) != 1 {
		t.Errorf("Names: %v, %v", names, err)
	}
}

func TestStoreErrors(t *testing.T) {
	dir := t.TempDir()
	s := devicemodel.Store{Dir: dir}
	long := strings.Repeat("a", 300)
	for urn, want := range map[string]error{"": devicemodel.ErrBadURN, long: devicemodel.ErrNameTooLong} {
		if _, err := s.Read(urn); !errors.Is(err, want) {
			t.Errorf("Read: %v, want %v", err, want)
		}
		if err := s.Write(urn, nil); !errors.Is(err, want) {
			t.Errorf("Write: %v, want %v", err, want)
		}
		if _, err := s.Path(urn); !errors.Is(err, want) {
			t.Errorf("Path: %v, want %v", err, want)
		}
	}
	huge := make([]byte, devicemodel.MaxSize+1)
	if err := s.Write("urn:a", huge); !errors.Is(err, devicemodel.ErrTooLarge) {
		t.Errorf("Write of too much: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dm-big.json"), huge, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read("big"); !errors.Is(err, devicemodel.ErrTooLarge) {
		t.Errorf("Read of too much: %v", err)
	}
	deep := devicemodel.Store{Dir: filepath.Join(dir, "one", "two")}
	if err := deep.Write("urn:a", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Write made two levels of folders: %v", err)
	}
	inFile := devicemodel.Store{Dir: filepath.Join(dir, "dm-big.json")}
	if err := inFile.Write("urn:a", nil); err == nil {
		t.Error("Write into a file that is no folder succeeded")
	}
}

func TestStoreFolderInPlaceOfFile(t *testing.T) {
	dir := t.TempDir()
	s := devicemodel.Store{Dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "dm-a.json", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read("a"); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("Read: %v", err)
	}
	if err := s.Write("a", []byte("x")); err == nil {
		t.Error("Write over a folder succeeded")
	}
	if got := temporaries(t, dir); len(got) != 0 {
		t.Errorf("temporary files are left: %v", got)
	}
}

func TestStoreUnreadable(t *testing.T) {
	interop.RequireUnprivileged(t)
	dir := t.TempDir()
	s := devicemodel.Store{Dir: dir}
	if err := os.WriteFile(filepath.Join(dir, "dm-a.json"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read("a"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Read: %v", err)
	}
}

// A reader sees one text or the other, never a part of one.
func TestStoreConcurrently(t *testing.T) {
	s := devicemodel.Store{Dir: t.TempDir()}
	texts := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<17)}
	if err := s.Write("urn:a", texts[0]); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				if i < 2 {
					if err := s.Write("urn:a", texts[i]); err != nil {
						t.Error(err)
					}
					continue
				}
				got, err := s.Read("urn:a")
				if err != nil || !bytes.Equal(got, texts[0]) && !bytes.Equal(got, texts[1]) {
					t.Errorf("read %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
}
