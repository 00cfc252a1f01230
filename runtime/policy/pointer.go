package policy

import (
	"strconv"
	"strings"
)

func pipelinePointer(index int) string { return "/pipelines/" + strconv.Itoa(index) }

// escape writes a name as a part of an RFC 6901 pointer.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
