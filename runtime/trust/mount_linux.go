package trust

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// isMountPoint reports a file mounted by itself, as "docker run -v dev.conf:…"
// does it: writing in place works there, renaming over it is EBUSY. The kernel
// tells since 5.8; before, and where a sandbox forbids to ask, the mount table does.
// Comparing devices would be wrong on overlay file systems.
func isMountPoint(path string) (bool, error) {
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_TYPE, &s)
	if err == nil && s.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return s.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
	}
	return mountedAt("/proc/self/mountinfo", path)
}

// mountedAt asks the mount table. When there is none nobody tells; a rename that
// fails later still loses nothing.
func mountedAt(table, path string) (bool, error) {
	text, err := os.ReadFile(table)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return mountedIn(text, path), nil
}

// mountedIn looks for path among the mount points, the fifth fields of
// proc_pid_mountinfo(5).
func mountedIn(table []byte, path string) bool {
	for line := range bytes.Lines(table) {
		if fields := bytes.Fields(line); len(fields) > 4 && unescapeMount(fields[4]) == path {
			return true
		}
	}
	return false
}

// unescapeMount resolves \040 and its like.
func unescapeMount(field []byte) string {
	plain := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) {
			if c, err := strconv.ParseUint(string(field[i+1:i+4]), 8, 8); err == nil {
				plain = append(plain, byte(c))
				i += 3
				continue
			}
		}
		plain = append(plain, field[i])
	}
	return string(plain)
}
