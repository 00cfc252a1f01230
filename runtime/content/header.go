package content

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what goes into headers and is taken from them. Those of metadata are
// the defaults of OpenStack Swift.
const (
	maxHeaderValue   = 1024 // content type, encoding, ETag, date
	maxMetadataKey   = 128
	maxMetadataValue = 256
	maxMetadata      = 90 // entries
	maxMetadataSize  = 4096
	metadataPrefix   = "X-Object-Meta-"
)

// defaultType is the content type of an object without one
// (docs/protocol/storage.md §4.1).
const defaultType = "application/octet-stream"

// checkHeader refuses a value that is empty, long, or not printable ASCII.
func checkHeader(what, value string, limit int) error {
	if value == "" || len(value) > limit || strings.TrimSpace(value) != value {
		return fmt.Errorf("%w: %s %q: empty, more than %d bytes, or blanks around it", ErrHeader, what, clip(value), limit)
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return fmt.Errorf("%w: %s %q: not printable ASCII", ErrHeader, what, clip(value))
		}
	}
	return nil
}

// clip bounds what an error text quotes.
func clip(s string) string { return s[:min(len(s), 128)] }

// metadataKey returns the canonical form of a metadata key, which is a token.
func metadataKey(key string) (string, error) {
	if key == "" || len(key) > maxMetadataKey {
		return "", fmt.Errorf("%w: metadata key %q: empty, or more than %d bytes", ErrHeader, clip(key), maxMetadataKey)
	}
	for i := range len(key) {
		if !isToken(key[i]) {
			return "", fmt.Errorf("%w: metadata key %q", ErrHeader, key)
		}
	}
	return textproto.CanonicalMIMEHeaderKey(key), nil
}

// isToken reports whether c may be part of a header's name (RFC 9110 §5.6.2).
func isToken(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// metadataSize is what counts against the limit of a store.
func metadataSize(m map[string]string) (n int) {
	for key, value := range m {
		n += len(key) + len(value)
	}
	return n
}

// properties are what the store tells about an object.
type properties struct {
	length      int64 // -1 if not told
	contentType string
	encoding    string
	date        string // as written
	etag        string // as written
	metadata    map[string]string
}

// readProperties takes what is fit from the header of an answer; the rest is
// left out.
func readProperties(resp *http.Response) properties {
	text := func(key string) string {
		if v := resp.Header.Get(key); checkHeader(key, v, maxHeaderValue) == nil {
			return v
		}
		return ""
	}
	return properties{
		length:      resp.ContentLength,
		contentType: text("Content-Type"),
		encoding:    text("Content-Encoding"),
		date:        text("Last-Modified"),
		etag:        text("Etag"),
		metadata:    readMetadata(resp.Header),
	}
}

func readMetadata(h http.Header) map[string]string {
	m := make(map[string]string)
	size := 0
	for _, name := range slices.Sorted(maps.Keys(h)) {
		key, ok := strings.CutPrefix(name, metadataPrefix)
		if !ok || len(m) == maxMetadata {
			continue
		}
		key, err := metadataKey(key)
		value := h.Get(name)
		if size += len(key) + len(value); err != nil || size > maxMetadataSize || checkHeader(name, value, maxMetadataValue) != nil {
			continue
		}
		m[key] = value
	}
	return m
}

// when is the date of the object, zero if it was not told or is none.
func (p properties) when() time.Time {
	t, err := http.ParseTime(p.date)
	if err != nil {
		return time.Time{}
	}
	return t
}

// differs reports whether p and q cannot be the same state of an object: what
// both tell must be equal.
func (p properties) differs(q properties) bool {
	return p.length >= 0 && q.length >= 0 && p.length != q.length || p.disagrees(q)
}

// disagrees is differs without the length, which is another in part of an object.
func (p properties) disagrees(q properties) bool {
	return p.etag != "" && q.etag != "" && p.tag() != q.tag() ||
		p.date != "" && q.date != "" && p.date != q.date
}

// tag is the ETag without what stores write differently.
func (p properties) tag() string { return strings.Trim(strings.TrimPrefix(p.etag, "W/"), `"`) }

// validator is what an interrupted download shows so that it goes on only in the
// same state of the object; "" if the store gave nothing to show. Stores of this
// kind write an ETag without quotes, and compare it so.
func (p properties) validator() string {
	if p.etag != "" && !strings.HasPrefix(p.etag, "W/") {
		return p.etag
	}
	return p.date
}

// md5 returns the MD5 sum in the ETag, in lower case, if it is one
// (docs/protocol/storage.md §5.3).
func (p properties) md5() (sum string, ok bool) {
	sum = p.tag()
	if len(sum) != 2*md5.Size {
		return "", false
	}
	if _, err := hex.DecodeString(sum); err != nil {
		return "", false
	}
	return strings.ToLower(sum), true
}

// contentRange is the header of that name: bytes first-last/total.
type contentRange struct{ first, last, total int64 }

func parseContentRange(text string) (r contentRange, ok bool) {
	text, ok = strings.CutPrefix(text, "bytes ")
	if !ok {
		return r, false
	}
	span, total, ok := strings.Cut(text, "/")
	if !ok {
		return r, false
	}
	first, last, ok := strings.Cut(span, "-")
	if !ok {
		return r, false
	}
	for _, part := range []struct {
		text  string
		value *int64
	}{{first, &r.first}, {last, &r.last}, {total, &r.total}} {
		n, err := strconv.ParseUint(part.text, 10, 63)
		if err != nil {
			return r, false
		}
		*part.value = int64(n)
	}
	return r, r.first <= r.last && r.last < r.total
}
