package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// disk makes every change to files that this package makes, one step at a time.
// Tests watch the steps, or let them fail as a dying machine would.
type disk struct {
	before func(step) error // called before each step; nil outside tests
}

// step is one change: what a crash can fall before or after.
type step struct {
	op   string // "create", "write", "sync", "rename", "remove", "sync folder"
	path string
	to   string // rename: the new name
	data []byte // write
}

func (d disk) do(s step, change func() error) error {
	if d.before != nil {
		if err := d.before(s); err != nil {
			return err
		}
	}
	return change()
}

// newName is where the bytes of a new version of path are gathered. The name is
// fixed, so that what a crash leaves behind does not pile up; whoever writes holds
// the lock on path.
func newName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".iotcs-new")
}

// gather writes the new version of path beside it and returns its name. The mode
// is that of like, never wider than 0600, and so is the owner as far as this
// process may set it.
func (d disk) gather(path string, data []byte, like fs.FileInfo) (gathered string, err error) {
	gathered = newName(path)
	if err := d.writeNew(gathered, data, like); err != nil {
		d.remove(gathered) // or else the next gather does
		return "", err
	}
	return gathered, nil
}

// swap puts a gathered file in the place of path: at every moment path is either
// the old file or the new one, complete, and when swap returns nil it is the new
// one for good.
func (d disk) swap(gathered, path string) error {
	err := d.do(step{op: "rename", path: gathered, to: path}, func() error { return rename(gathered, path) })
	if err != nil {
		d.remove(gathered) // or else the next gather does
		return err
	}
	return d.syncFolder(filepath.Dir(path))
}

// writeNew makes a file that was not there, and has its bytes on the disk.
func (d disk) writeNew(path string, data []byte, like fs.FileInfo) error {
	if err := d.remove(path); err != nil {
		return err
	}
	var f *os.File
	err := d.do(step{op: "create", path: path}, func() (err error) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	err = d.fill(f, path, data, like)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func (d disk) fill(f *os.File, path string, data []byte, like fs.FileInfo) error {
	if like != nil {
		if err := takeAfter(f, like); err != nil {
			return err
		}
	}
	err := d.do(step{op: "write", path: path, data: data}, func() error {
		_, err := f.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	return d.do(step{op: "sync", path: path}, f.Sync)
}

// remove is content when there is nothing to remove.
func (d disk) remove(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := d.do(step{op: "remove", path: path}, func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d disk) syncFolder(path string) error {
	return d.do(step{op: "sync folder", path: path}, func() error { return syncFolder(path) })
}
