package wire

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"slices"
)

// ReconciliationMark gives the hash of a list of resource paths: MD5, lower-case
// hex, over the sorted paths without duplicates (docs/protocol/messages.md
// §7.3). Paths sort by their bytes, where the Java client sorts by locale: the
// marks agree for paths of one letter case. The slice is not changed.
func ReconciliationMark(paths []string) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(paths)))
	sum := md5.New()
	for _, path := range sorted {
		io.WriteString(sum, path) // a hash never fails to write
	}
	return hex.EncodeToString(sum.Sum(nil))
}
