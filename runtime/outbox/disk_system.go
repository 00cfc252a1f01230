package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// systemDisk is that of the operating system.
type systemDisk struct{}

// systemFile is an open file of it.
type systemFile struct{ *os.File }

func (f systemFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (systemDisk) MakeFolder(path string) error { return os.MkdirAll(path, 0o700) }

func (systemDisk) List(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (systemDisk) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return systemFile{f}, nil
}

func (systemDisk) Open(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return systemFile{f}, nil
}

func (systemDisk) Rename(from, to string) error { return rename(from, to) }
func (systemDisk) Remove(path string) error     { return os.Remove(path) }
func (systemDisk) SyncFolder(path string) error { return syncFolder(path) }

// explain adds ErrDiskFull to errors that say so in the system's way.
func explain(err error) error {
	if err != nil && isFull(err) && !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// absent reports whether err says that a file is not there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
