//go:build unix && !linux

package trust

import (
	"os"
	"path/filepath"
	"syscall"
)

// isMountPoint reports a file that lies on another device than its folder, so is
// mounted by itself: it cannot be renamed over.
func isMountPoint(path string) (bool, error) {
	file, err := os.Stat(path)
	if err != nil {
		return false, withoutPath(err)
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return false, withoutPath(err)
	}
	a, ok := file.Sys().(*syscall.Stat_t)
	b, ok2 := folder.Sys().(*syscall.Stat_t)
	return ok && ok2 && a.Dev != b.Dev, nil
}
