package trust

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asUser runs f without root's power over files, on the thread it is called on.
func asUser(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := unix.RawSyscall(unix.SYS_SETFSUID, nobody, 0, 0); errno != 0 {
		t.Skip(errno)
	}
	defer unix.RawSyscall(unix.SYS_SETFSUID, 0, 0, 0)
	f()
}

// ownFile gives a file and its folder to the user that asUser acts for.
func ownFile(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for p := filepath.Dir(path); p != "/" && p != os.TempDir(); p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chown(path, 65534, 65534), os.Chown(filepath.Dir(path), 65534, 65534)); err != nil {
		t.Skip(err)
	}
}

func TestPermissions(t *testing.T) {
	for _, test := range []struct {
		name         string
		folder, file os.FileMode
		remedy       string
	}{
		{"writable", 0o755, 0o600, ""},
		{"read-only folder", 0o555, 0o600, "the folder must be writable"},
		{"file writable for others only", 0o755, 0o420, "make the file writable for this user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newFile(t, testConfig())
			f := open(t, path)
			ownFile(t, path)
			if err := errors.Join(os.Chmod(path, test.file), os.Chmod(filepath.Dir(path), test.folder)); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(filepath.Dir(path), 0o755)
			asUser(t, func() {
				a, err := f.BeginActivation(t.Context())
				if test.remedy == "" {
					if err != nil {
						t.Fatal(err)
					}
					a.Close()
					return
				}
				if !errors.Is(err, ErrReadOnly) || !errors.Is(err, os.ErrPermission) {
					t.Errorf("error %v, want ErrReadOnly", err)
				}
				checkError(t, err, test.remedy)
			})
			equal(t, "files", names(t, path), []string{"dev.conf"})
		})
	}
}

// mount mounts for one test, as a container's volume.
func mount(t *testing.T, source, target string, flags uintptr) {
	t.Helper()
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		t.Skip("mounting needs root:", err)
	}
	t.Cleanup(func() { unix.Unmount(target, unix.MNT_DETACH) })
	if flags == 0 {
		return
	}
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""); err != nil {
		t.Skip("remounting:", err)
	}
}

func TestFileMountedByItself(t *testing.T) {
	source := newFile(t, testConfig())
	path := filepath.Join(t.TempDir(), `a file\with "odd" name.conf`)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if mounted, err := isMountPoint(path); mounted || err != nil {
		t.Errorf("before: %t, %v", mounted, err)
	}
	mount(t, source, path, 0)
	if mounted, err := isMountPoint(path); !mounted || err != nil {
		t.Errorf("mounted: %t, %v", mounted, err)
	}
	if mounted, err := mountedAt("/proc/self/mountinfo", path); !mounted || err != nil {
		t.Errorf("the mount table: %t, %v", mounted, err)
	}
	_, err := open(t, path).BeginActivation(t.Context())
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("error %v, want ErrReadOnly", err)
	}
	checkError(t, err, mountRemedy)
}

func TestReadOnlyMount(t *testing.T) {
	source := newFile(t, testConfig())
	folder := t.TempDir()
	mount(t, filepath.Dir(source), folder, unix.MS_RDONLY)
	_, err := open(t, filepath.Join(folder, "dev.conf")).BeginActivation(t.Context())
	if !errors.Is(err, ErrReadOnly) || !errors.Is(err, unix.EROFS) {
		t.Errorf("error %v, want ErrReadOnly", err)
	}
}

// TestFolderMount: a volume that holds the file is fine.
func TestFolderMount(t *testing.T) {
	source := newFile(t, testConfig())
	folder := t.TempDir()
	mount(t, filepath.Dir(source), folder, 0)
	activate(t, open(t, filepath.Join(folder, "dev.conf")), "0-EP")
	equal(t, "endpoint id", open(t, source).EndpointID(), "0-EP")
}

func TestMountTable(t *testing.T) {
	const table = `22 28 0:20 / /proc rw,relatime - proc proc rw
36 35 98:0 /mnt1 /etc/my\040dev.conf rw,noatime master:1 - ext3 /dev/root rw
37 35 98:0 / /a\134b\011c\012d rw - ext3 /dev/root rw
short line

38 35 98:0 / /bad\9zz\04 rw - ext3 /dev/root rw`
	if mounted, err := mountedAt(filepath.Join(t.TempDir(), "missing"), "/"); mounted || err != nil {
		t.Errorf("no table: %t, %v", mounted, err)
	}
	if _, err := mountedAt(t.TempDir(), "/"); err == nil {
		t.Error("a folder is a table")
	}
	for path, want := range map[string]bool{
		"/proc": true, "/etc/my dev.conf": true, "/a\\b\tc\nd": true, `/bad\9zz\04`: true,
		"/": false, "/etc": false, "/etc/my\\040dev.conf": false, "": false,
	} {
		if got := mountedIn([]byte(table), path); got != want {
			t.Errorf("%q: %t, want %t", path, got, want)
		}
	}
}
