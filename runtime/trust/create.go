package trust

import (
	"os"
	"path/filepath"
)

// Create makes a new provisioning file with mode 0600, durable when it returns
// nil. It never overwrites: a file, folder or link at path is fs.ErrExist. Errors
// are *[FileError] that wrap *[ConfigError], [ErrNoPassphrase], [ErrTooLarge] or an
// error of the file system; then no file is left.
func Create(path string, passphrase []byte, cfg Config) error {
	return fileError("create", path, create(disk{}, path, passphrase, cfg))
}

func create(d disk, path string, passphrase []byte, cfg Config) error {
	data, err := Encode(passphrase, cfg)
	if err != nil {
		return err
	}
	var f *os.File
	err = d.do(step{op: "create", path: path}, func() (err error) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return withoutPath(err)
	}
	err = d.fill(f, path, data, nil)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = d.syncFolder(filepath.Dir(path))
	}
	if err != nil {
		d.remove(path) // this call made it, and nobody can have used it yet
		return withoutPath(err)
	}
	return nil
}
