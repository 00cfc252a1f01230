package trust

import (
	"errors"

	"golang.org/x/sys/windows"
)

// lock holds a provisioning file for one writer.
type lock struct{ handle windows.Handle }

// acquire opens "<path>.lock" for exclusive use; the system deletes it with the
// handle, also when the process is killed.
func acquire(path string) (*lock, error) {
	name, err := windows.UTF16PtrFromString(path + ".lock")
	if err != nil {
		return nil, err
	}
	const alone = 0
	handle, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE|windows.DELETE, alone, nil,
		windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	switch {
	case err == nil:
		return &lock{handle}, nil
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
		return nil, inUse()
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return nil, readOnly(err, folderRemedy)
	}
	return nil, err
}

// extend has nothing to do: the lock is on a name, not on a file.
func (l *lock) extend(string) error { return nil }

func (l *lock) release() error { return windows.CloseHandle(l.handle) }
