//go:build unix

package device

import "golang.org/x/sys/unix"

// diskSpace returns the bytes of the folder's file system that are free for the
// program and all of them; -1 if they are not known.
func diskSpace(folder string) (free, total int64) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return -1, -1
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize)
}
