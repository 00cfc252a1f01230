//go:build unix

package trust

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func rename(from, to string) error { return os.Rename(from, to) }

// syncFolder makes names durable. File systems that know no such thing say so.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// takeAfter gives f the mode, never wider than 0600, and the owner of another file:
// one that root activates must stay readable for the user whom it belongs to. Who
// is not root cannot give a file away; then it is this process, which needs it,
// that owns it. File systems without owners and modes show the same for all files
// and are not asked.
func takeAfter(f *os.File, like fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	old, ok := like.Sys().(*syscall.Stat_t)
	present, ok2 := info.Sys().(*syscall.Stat_t)
	if ok && ok2 && (old.Uid != present.Uid || old.Gid != present.Gid) {
		if err := f.Chown(int(old.Uid), int(old.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if mode := like.Mode().Perm() & 0o600; mode != info.Mode().Perm() {
		return f.Chmod(mode)
	}
	return nil
}
