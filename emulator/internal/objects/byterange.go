package objects

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Range is a part of the content of an object, in bytes.
type Range struct{ First, Length int64 }

// Of writes the range of content with the given length as the header Content-Range.
func (r Range) Of(total int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.First, r.First+r.Length-1, total)
}

// Wanted gives what the headers Range and If-Range of a request want of the object, "" for one that is not there. It is the whole object
// where there is no range, several ranges, one that cannot be read, or one of another state of the object (RFC 9110 §13.1.5, §14.2). ok is
// false when the object has nothing of the range.
func (o Object) Wanted(byteRange, ifRange string) (part Range, partial, ok bool) {
	whole := Range{0, o.Length}
	text, found := strings.CutPrefix(byteRange, "bytes=")
	if !found || !o.isState(ifRange) {
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
		return Range{o.Length - length, length}, true, length > 0
	case firstErr != nil, to != "" && (lastErr != nil || last < first):
		return whole, false, true
	case int64(first) >= o.Length:
		return whole, true, false
	case to == "" || int64(last) >= o.Length:
		last = uint64(o.Length) - 1
	}
	return Range{int64(first), int64(last-first) + 1}, true, true
}

// isState tells whether a validator is one of the object's state: its sum, quoted or not, or its date. No validator is any state's.
func (o Object) isState(validator string) bool {
	return validator == "" || strings.Trim(validator, `"`) == o.MD5 || validator == o.Modified.Format(http.TimeFormat)
}
