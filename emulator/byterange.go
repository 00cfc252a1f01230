package emulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/objects"
)

// byteRange is a part of some content.
type byteRange struct{ first, length int64 }

// of writes the range of content with the given length as the header Content-Range.
func (r byteRange) of(total int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.first, r.first+r.length-1, total)
}

// wantedRange gives what a request wants of an object. It is the whole object where there is no range, several ranges, one that cannot be
// read, or one of another state of the object (RFC 9110 §13.1.5, §14.2). ok is false when the object has nothing of the range.
func wantedRange(header http.Header, o objects.Object) (part byteRange, partial, ok bool) {
	whole := byteRange{0, o.Length}
	text, found := strings.CutPrefix(header.Get("Range"), "bytes=")
	if !found || !sameState(header.Get("If-Range"), o) {
		return whole, false, true
	}
	from, to, found := strings.Cut(strings.TrimSpace(text), "-")
	if !found {
		return whole, false, true
	}
	first, firstErr := strconv.ParseUint(from, 10, 63)
	last, lastErr := strconv.ParseUint(to, 10, 63)
	switch {
	case from == "" && lastErr == nil: // so many at the end
		length := min(int64(last), o.Length)
		return byteRange{o.Length - length, length}, true, length > 0
	case firstErr != nil, to != "" && (lastErr != nil || last < first):
		return whole, false, true
	case int64(first) >= o.Length:
		return whole, true, false
	case to == "" || int64(last) >= o.Length:
		last = uint64(o.Length) - 1
	}
	return byteRange{int64(first), int64(last-first) + 1}, true, true
}

// sameState tells whether a validator is one of the object's state: its sum, quoted or not, or its date. No validator is any state's.
func sameState(validator string, o objects.Object) bool {
	return validator == "" || strings.Trim(validator, `"`) == o.MD5 || validator == o.Modified.Format(http.TimeFormat)
}
