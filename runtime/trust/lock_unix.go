//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// lock holds a provisioning file for one writer, and the files that are to take
// its place.
type lock struct{ files []*os.File }

// acquire locks the file at path itself. Whoever held it before may have put
// another file in its place: then the lock is on a file that nobody sees any more,
// and the new one has to be locked. Opening for writing is part of the proof that
// the file may be changed.
func acquire(path string) (*lock, error) {
	for range 100 {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, notWritable(err)
		}
		if err := flock(f); err != nil {
			f.Close()
			return nil, err
		}
		if isAt(f, path) {
			return &lock{[]*os.File{f}}, nil
		}
		f.Close()
	}
	return nil, inUse()
}

func flock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return inUse()
		default:
			return fmt.Errorf("locking the file: %w", err)
		}
	}
}

func isAt(f *os.File, path string) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	present, err := os.Stat(path)
	return err == nil && os.SameFile(locked, present)
}

// extend locks the file at path too, before it takes the place of the locked one:
// nobody else gets hold of the new file first.
func (l *lock) extend(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := flock(f); err != nil {
		f.Close()
		return err
	}
	l.files = append(l.files, f)
	return nil
}

// release closes the files, and with them the locks.
func (l *lock) release() error {
	var errs []error
	for _, f := range l.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// notWritable explains why a file cannot be opened for writing.
func notWritable(err error) error {
	err = withoutPath(err)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.ETXTBSY) {
		return readOnly(err, "make the file writable for this user and its file system not read-only")
	}
	return err
}
