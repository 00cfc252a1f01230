package objects

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Why the store refuses something.
var (
	ErrNotFound = errors.New("there is no such object")
	ErrName     = errors.New("not a name of an object")
	ErrHeader   = errors.New("not a property of an object")
	ErrTooLarge = errors.New("the object is larger than any may be")
	ErrQuota    = errors.New("the upload exceeds the quota of the container")
	ErrFull     = errors.New("the container holds as many objects as it can")
	ErrClosed   = errors.New("the object store is closed")
)

// Bounds of an object: those of OpenStack Swift.
const (
	MaxLength        int64 = 5<<30 + 2 // bytes of content
	maxName                = 1024      // bytes
	maxHeader              = 1024      // bytes of type and of encoding
	maxMetadataKey         = 128
	maxMetadataValue       = 256
	maxMetadata            = 90 // entries
	maxMetadataSize        = 4096
)

// DefaultType is the type of an object that was sent without one (docs/protocol/storage.md §4.1).
const DefaultType = "application/octet-stream"

// Properties are what the sender of an object says of it.
type Properties struct {
	Type     string            // media type; "" for [DefaultType]
	Encoding string            // content encoding; the store does not look at it
	Metadata map[string]string // by key; values are bytes as they stood in a header, which need not be UTF-8
}

// Object is an object without its content. It is a value that nothing changes.
type Object struct {
	Properties
	Name     string
	Length   int64     // bytes
	MD5      string    // of the content, lower-case hex
	Modified time.Time // whole seconds, as in a header
	number   uint64    // of its files
}

// CheckName tells whether an object may have the name. Folders are part of a name, separated by "/". The error wraps [ErrName].
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrName)
	case len(name) > maxName:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrName, len(name), maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %.100q is not UTF-8", ErrName, name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%w: %.100q has control characters", ErrName, name)
	}
	for folder := range strings.SplitSeq(name, "/") {
		if folder == "" {
			return fmt.Errorf("%w: %.100q has an empty folder name", ErrName, name)
		}
		for part := range strings.SplitSeq(folder, `\`) { // separates too, for whoever saves an object under its name
			if part == "." || part == ".." {
				return fmt.Errorf("%w: %.100q leads to another folder", ErrName, name)
			}
		}
	}
	return nil
}

// check wraps [ErrHeader].
func (p Properties) check() error {
	for _, value := range []string{p.Type, p.Encoding} {
		if len(value) > maxHeader || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) {
			return fmt.Errorf("%w: type or encoding %.100q", ErrHeader, value)
		}
	}
	if len(p.Metadata) > maxMetadata {
		return fmt.Errorf("%w: %d metadata, at most %d", ErrHeader, len(p.Metadata), maxMetadata)
	}
	size := 0
	for key, value := range p.Metadata {
		size += len(key) + len(value)
		if key == "" || len(key) > maxMetadataKey || strings.ContainsFunc(key, func(c rune) bool { return !isToken(c) }) {
			return fmt.Errorf("%w: metadata key %.100q", ErrHeader, key)
		}
		if len(value) > maxMetadataValue || hasControl(value) {
			return fmt.Errorf("%w: metadata %s=%.100q", ErrHeader, key, value)
		}
	}
	if size > maxMetadataSize {
		return fmt.Errorf("%w: %d bytes of metadata, at most %d", ErrHeader, size, maxMetadataSize)
	}
	return nil
}

// isToken tells whether a character may be part of a header's name (RFC 9110 §5.6.2).
func isToken(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// hasControl looks at bytes: the official clients send Latin-1 (docs/protocol/storage.md §5.6).
func hasControl(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] == 0x7F {
			return true
		}
	}
	return false
}
