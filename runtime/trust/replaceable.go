package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// remedies that several checks share.
const (
	folderRemedy = "a new version of the file is written beside it and renamed: the folder must be writable for this user"
	mountRemedy  = "mount the folder that holds the file, not the file alone"
)

func readOnly(cause error, remedy string) error {
	return &remedied{fmt.Errorf("%w: %w", ErrReadOnly, cause), remedy}
}

func inUse() error {
	return &remedied{ErrLocked, "another process is activating or resetting this device: let it finish or stop it; each device needs a file of its own"}
}

// probeSize is more than an activation adds to a file: the proof covers the space
// on the disk as well.
const probeSize = 16 << 10

// proveReplaceable shows, before anything is at stake, that path can be
// replaced: by everything that replacing does except the rename itself, and by looking for
// what would make the rename fail. info is that of path.
func (d disk) proveReplaceable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o222 == 0 {
		return readOnly(errors.New("it is marked read-only"), "chmod u+w "+path)
	}
	mounted, err := isMountPoint(path)
	if err != nil {
		return err
	}
	if mounted {
		return readOnly(errors.New("it is a mount point of its own"), mountRemedy)
	}
	if err := checkSticky(path, info); err != nil {
		return err
	}
	err = d.probe(path, int(info.Size())+probeSize, info)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return readOnly(err, folderRemedy)
	}
	if err != nil {
		return fmt.Errorf("no new version can be written beside the file: %w", err)
	}
	return nil
}

// probe writes a file like the new version and removes it.
func (d disk) probe(path string, size int, like fs.FileInfo) error {
	gathered := newName(path)
	err := d.writeNew(gathered, make([]byte, size), like)
	if err == nil {
		err = d.syncFolder(filepath.Dir(path))
	}
	if removed := d.remove(gathered); err == nil {
		err = removed
	}
	return err
}

// resolve follows symbolic links: what gets replaced is their target.
func resolve(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", withoutPath(err)
	}
	return filepath.Abs(target)
}

// stat is os.Stat for a file that must be a regular one.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is no regular file", ErrNotProvisioning)
	}
	return info, nil
}
