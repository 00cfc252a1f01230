package content

import (
	"os"
	"path/filepath"
)

// disk makes every change to files that this package makes, one step at a time.
// Tests watch the steps, or let them fail as a full or dying disk would.
type disk struct {
	before func(op, path string) error // "create", "write", "sync", "rename", "sync folder"; nil outside tests
}

func (d disk) do(op, path string, change func() error) error {
	if d.before != nil {
		if err := d.before(op, path); err != nil {
			return err
		}
	}
	return change()
}

// create makes a file of a name that was never used, for the content of path.
func (d disk) create(path string) (f *os.File, err error) {
	err = d.do("create", path, func() error {
		f, err = os.OpenFile(partName(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // less what the umask takes
		return err
	})
	return f, err
}

func (d disk) write(f *os.File, p []byte) (n int, err error) {
	err = d.do("write", f.Name(), func() error {
		n, err = f.Write(p)
		return err
	})
	return n, err
}

// commit has the bytes of f on the disk, and then the name path lead to them.
func (d disk) commit(f *os.File, path string) error {
	part := f.Name()
	if err := d.do("sync", part, f.Sync); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := d.do("rename", path, func() error { return os.Rename(part, path) }); err != nil {
		return err
	}
	folder := filepath.Dir(path)
	return d.do("sync folder", folder, func() error { return syncFolder(folder) })
}
