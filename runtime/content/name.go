package content

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name of an object in bytes, the prefix included
// (max_object_name_length of OpenStack Swift).
const maxName = 1024

// checkName refuses names that a store, a path or a header could take for
// something else. Folders are part of a name, separated by "/".
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrName)
	case len(name) > maxName:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrName, len(name), maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %q is not valid UTF-8", ErrName, clip(name))
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%w: %q has control characters", ErrName, clip(name))
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" {
			return fmt.Errorf("%w: %q has an empty folder name", ErrName, clip(name))
		}
		// Some stores keep objects in folders of a system where "\" separates too.
		for part := range strings.SplitSeq(segment, `\`) {
			if part == "." || part == ".." {
				return fmt.Errorf("%w: %q leads to another folder", ErrName, clip(name))
			}
		}
	}
	return nil
}

// escapeName writes a name as a path. The official clients write names as they
// are (docs/protocol/storage.md §3), so everything that a path may hold stays.
func escapeName(name string) string {
	b := make([]byte, 0, len(name)+16)
	for i := range len(name) {
		if c := name[i]; inPath(c) {
			b = append(b, c)
		} else {
			b = appendEscaped(b, c)
		}
	}
	return string(b)
}

// readName reads a name out of a URI that another party wrote, which may have
// escaped it, or parts of it, or nothing. target is the path with everything
// escaped that has to be.
func readName(text string) (target, name string, err error) {
	escaped := make([]byte, 0, len(text)+16)
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '?' || c == '#':
			return "", "", fmt.Errorf("%w: %q has a query or a fragment", ErrName, clip(text))
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			escaped = append(escaped, text[i:i+3]...)
			plain = append(plain, unhex(text[i+1])<<4|unhex(text[i+2]))
			i += 2
		case inPath(c):
			escaped, plain = append(escaped, c), append(plain, c)
		default:
			escaped, plain = appendEscaped(escaped, c), append(plain, c)
		}
	}
	name = string(plain)
	return string(escaped), name, checkName(name)
}

// inPath reports whether c may stand in a path as it is: unreserved characters,
// sub-delimiters, ":", "@" (RFC 3986 §3.3) and the separator.
func inPath(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0
}

func appendEscaped(b []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	return append(b, '%', hex[c>>4], hex[c&15])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
