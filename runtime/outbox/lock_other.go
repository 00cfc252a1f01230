//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package outbox

import (
	"errors"
	"fmt"
	"io"
	"runtime"
)

// Lock implements [Disk] by refusing: without a lock two processes could write
// one log.
func (systemDisk) Lock(string) (io.Closer, error) {
	return nil, fmt.Errorf("locking files on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
