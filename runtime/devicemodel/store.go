package devicemodel

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Store is a folder of device models, one dm-*.json file each, as the official clients and the generator use it
// (docs/protocol/device-models.md §9). It holds texts, not models: what it reads needs [Load] with [AllowDrafts].
//
// The methods are safe for concurrent use, also by several processes: a reader sees the old text or the new one, never a part of one.
type Store struct {
	Dir string // the folder; an empty text is the working directory
}

// Path gives the path of the file for a URN, whether it exists or not. Errors: those of [FileName].
func (s Store) Path(urn string) (string, error) {
	name, err := FileName(urn)
	if err != nil {
		return "", err
	}
	return filepath.Join(s.Dir, name), nil
}

// Read gives the stored text for a URN. Errors: those of [FileName]; one that matches [fs.ErrNotExist] when there is no such file;
// [ErrTooLarge] above [MaxSize]; else what the file system says. The caller checks that the text is about this URN.
func (s Store) Read(urn string) ([]byte, error) {
	path, err := s.Path(urn)
	if err != nil {
		return nil, err
	}
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("device model store: %w", err)
	}
	return data, nil
}

func readFile(path string) (data []byte, err error) {
	info, err := os.Stat(path) // before Open, which waits for ever on a named pipe
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: %s", path, info.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%s: %w", path, ErrTooLarge)
	}
	return data, nil
}

// Write stores the text for a URN unchanged, in place of an earlier one. When it returns nil the text is on the disk: it is written to a
// temporary file, synchronised and renamed, so that a crash leaves the old text or the new one. The folder is made when it is missing,
// its parents are not. Errors: those of [FileName]; [ErrTooLarge] above [MaxSize]; else what the file system says.
func (s Store) Write(urn string, data []byte) error {
	path, err := s.Path(urn)
	if err != nil {
		return err
	}
	if len(data) > MaxSize {
		return fmt.Errorf("device model store: %s: %w", path, ErrTooLarge)
	}
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("device model store: %w", err)
	}
	temp, err := writeTemp(dir, data)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		if temp != "" {
			err = errors.Join(err, os.Remove(temp))
		}
		return fmt.Errorf("device model store: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("device model store: %w", err)
	}
	return nil
}

// writeTemp writes a synchronised file under a name that no reader of the store looks at. The name is given whenever the file exists.
func writeTemp(dir string, data []byte) (name string, err error) {
	name = filepath.Join(dir, ".dm-"+rand.Text()+".tmp")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return name, errors.Join(err, f.Close())
}

// Names gives the names of the dm-*.json files in the folder, sorted; other files are not looked at. Errors: one that matches
// [fs.ErrNotExist] when there is no folder; else what the file system says.
func (s Store) Names() ([]string, error) {
	dir := s.Dir
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("device model store: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && strings.HasPrefix(name, filePrefix) && strings.HasSuffix(name, fileSuffix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
