package content

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The bytes of a download gather in a file beside the one that they are for,
// .<name>.<random>.iotcs-part.
const partSuffix = ".iotcs-part"

// leftoverAge is how long such a file was not written when it counts as left by
// a process that died: a transfer that moves nothing for that long has ended.
const leftoverAge = 24 * time.Hour

// maxBase bounds how much of the name goes into that of the part: names of files
// are at most 255 bytes long.
const maxBase = 200

func partPrefix(path string) string {
	base := filepath.Base(path)
	return "." + strings.ToValidUTF8(base[:min(len(base), maxBase)], "") + "."
}

// partName returns another name with each call: no download can ever rename the
// file that another one writes.
func partName(path string) string {
	return filepath.Join(filepath.Dir(path), partPrefix(path)+rand.Text()+partSuffix)
}

// sweep removes what dead processes left of downloads to path.
func sweep(path string) {
	folder, prefix := filepath.Dir(path), partPrefix(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		middle, ok := strings.CutPrefix(e.Name(), prefix)
		middle, isPart := strings.CutSuffix(middle, partSuffix)
		if !ok || !isPart || strings.Contains(middle, ".") {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > leftoverAge {
			os.Remove(filepath.Join(folder, e.Name())) // a leftover that cannot be removed does no harm
		}
	}
}
