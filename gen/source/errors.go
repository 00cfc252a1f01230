package source

import (
	"errors"
	"io/fs"
	"os"
)

// Reasons why a path cannot be read, beside those of package fs.
var (
	ErrTooLarge   = errors.New("file is too large")
	ErrNotRegular = errors.New("not a file or folder")
	ErrNoModels   = errors.New("folder holds no device model")
)

// cause strips operation and path from an error of package os: messages name the path already.
func cause(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	return err
}

func remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "name an existing file or folder"
	case errors.Is(err, fs.ErrPermission):
		return "make it readable for the user who runs this command"
	case errors.Is(err, ErrTooLarge):
		return "a device model has a few kilobytes: check what the file holds"
	case errors.Is(err, ErrNotRegular):
		return "name a file or a folder"
	case errors.Is(err, ErrNoModels):
		return "put dm-*.json files there or name another folder"
	}
	return "check the file system"
}

func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	case m.IsDir():
		return "folder"
	}
	return "special file"
}
