//go:build unix

package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkSticky: in a folder like /tmp only the owner of a file may rename over it.
func checkSticky(path string, info fs.FileInfo) error {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return withoutPath(err)
	}
	if !stickyBars(folder, info, os.Geteuid()) {
		return nil
	}
	return readOnly(errors.New("its folder is sticky and the file belongs to another user"),
		"chown the file to the user of this process, or move it to a folder of its own")
}

func stickyBars(folder, file fs.FileInfo, user int) bool {
	return folder.Mode()&fs.ModeSticky != 0 && user != 0 && owner(file) != user && owner(folder) != user
}

// owner returns −1 when it is not known.
func owner(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
