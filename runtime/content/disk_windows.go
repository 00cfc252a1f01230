package content

import (
	"errors"
	"syscall"
)

// isDiskFull reports whether err is ERROR_DISK_FULL or ERROR_HANDLE_DISK_FULL.
func isDiskFull(err error) bool {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39)
	return errors.Is(err, diskFull) || errors.Is(err, handleDiskFull)
}

// syncFolder has nothing to do: the system offers no such thing.
func syncFolder(string) error { return nil }
