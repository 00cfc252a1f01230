//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package outbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// fileLock is a file under flock(2).
type fileLock struct {
	file *os.File
	path string
}

// Lock implements [Disk]. Whoever held the lock before may have deleted the file
// between its opening and its locking here; then the lock is on a file that nobody
// sees any more, and a new one is needed.
func (systemDisk) Lock(path string) (io.Closer, error) {
	for range 100 {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f); err != nil {
			f.Close()
			return nil, err
		}
		if isAt(f, path) {
			return &fileLock{f, path}, nil
		}
		f.Close()
	}
	return nil, ErrLocked
}

func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		default:
			return fmt.Errorf("locking the outbox: %w", err)
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

// Close deletes the file while it is locked, and then gives the lock up.
func (l *fileLock) Close() error {
	return errors.Join(os.Remove(l.path), l.file.Close())
}
