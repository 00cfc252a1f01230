//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package trust

import (
	"errors"
	"fmt"
	"runtime"
)

// lock holds a provisioning file for one writer.
type lock struct{}

// acquire refuses: without a lock two processes could activate one device.
func acquire(string) (*lock, error) {
	return nil, fmt.Errorf("locking files on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// extend has nothing to do: the lock is on a name, not on a file.
func (l *lock) extend(string) error { return nil }

func (l *lock) release() error { return nil }
