//go:build !unix

package trust

// isMountPoint: files are no mount points here.
func isMountPoint(string) (bool, error) { return false, nil }
