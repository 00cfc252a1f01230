//go:build unix

package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Open(path, []byte("p")); !errors.Is(err, ErrNotProvisioning) { // and does not block
		t.Errorf("error %v", err)
	}
}

// fakeInfo is a file of a user.
type fakeInfo struct {
	fs.FileInfo
	mode fs.FileMode
	uid  uint32
}

func (i fakeInfo) Mode() fs.FileMode  { return i.mode }
func (i fakeInfo) Sys() any           { return &syscall.Stat_t{Uid: i.uid} }
func (i fakeInfo) ModTime() time.Time { return time.Time{} }

func TestSticky(t *testing.T) {
	const dir = fs.ModeDir | 0o777
	for _, test := range []struct {
		name               string
		mode               fs.FileMode
		folder, file, user int
		want               bool
	}{
		{"no sticky folder", dir, 0, 7, 8, false},
		{"own file", dir | fs.ModeSticky, 0, 7, 7, false},
		{"own folder", dir | fs.ModeSticky, 7, 8, 7, false},
		{"root", dir | fs.ModeSticky, 7, 8, 0, false},
		{"file of another", dir | fs.ModeSticky, 0, 8, 7, true},
		{"file of root", dir | fs.ModeSticky, 0, 0, 7, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := fakeInfo{mode: test.mode, uid: uint32(test.folder)}
			file := fakeInfo{mode: 0o666, uid: uint32(test.file)}
			if got := stickyBars(folder, file, test.user); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
	path := newFile(t, testConfig())
	if err := os.Chmod(filepath.Dir(path), 0o700|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	activate(t, open(t, path), "0-EP")
}

// TestOwnerIsKept: root activates the file of a service's user.
func TestOwnerIsKept(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	path := newFile(t, testConfig())
	if err := os.Chown(path, 1234, 4321); err != nil {
		t.Skip(err)
	}
	f := open(t, path)
	a := begin(t, f)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	checkOwner(t, path+".pending")
	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Fatal(err)
	}
	checkOwner(t, path)
	checkMode(t, path, 0o600)
}

func checkOwner(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 1234 || s.Gid != 4321 {
		t.Errorf("%s belongs to %d:%d", path, s.Uid, s.Gid)
	}
}
