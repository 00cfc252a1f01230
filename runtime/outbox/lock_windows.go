package outbox

import (
	"errors"
	"io"
	"syscall"
)

// fileFlagDeleteOnClose is FILE_FLAG_DELETE_ON_CLOSE, accessDelete is DELETE;
// package syscall does not name them.
const (
	fileFlagDeleteOnClose = 0x04000000
	accessDelete          = 0x00010000
)

// handleLock is a file opened for exclusive use; the system deletes it with the
// handle, also when the process is killed.
type handleLock syscall.Handle

// Lock implements [Disk].
func (systemDisk) Lock(path string) (io.Closer, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	const alone = 0
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE|accessDelete, alone, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_HIDDEN|fileFlagDeleteOnClose, 0)
	if errors.Is(err, errorSharingViolation) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, err
	}
	return handleLock(handle), nil
}

// Close gives the lock up.
func (l handleLock) Close() error { return syscall.CloseHandle(syscall.Handle(l)) }
