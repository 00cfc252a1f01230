package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrLocked says that another process uses the folder.
var ErrLocked = errors.New("journal: the folder is in use by another process")

// LockName is the name of the file that [Lock] keeps open in the folder.
const LockName = "lock"

// FolderLock is held until [FolderLock.Close], or until the process ends in whatever way.
type FolderLock struct{ file *os.File }

// Lock takes the folder for this process, or fails with [ErrLocked] at once. Within one process the second Lock of a folder fails too.
func Lock(dir string) (*FolderLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, LockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := lockFile(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %s: %w", ErrLocked, dir, err)
	}
	return &FolderLock{file}, nil
}

// Close releases the folder. The lock file stays.
func (l *FolderLock) Close() error { return l.file.Close() }
