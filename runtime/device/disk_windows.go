package device

import "golang.org/x/sys/windows"

// diskSpace returns the bytes of the folder's volume that are free for the
// program and all of them; -1 if they are not known.
func diskSpace(folder string) (free, total int64) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return -1, -1
	}
	var available, all, unused uint64
	if err := windows.GetDiskFreeSpaceEx(path, &available, &all, &unused); err != nil {
		return -1, -1
	}
	return int64(available), int64(all)
}
