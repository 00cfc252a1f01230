package lint

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quote puts a name out of a file into quotes and cuts one that is too long to read.
func quote(name string) string {
	const most = 80
	if utf8.RuneCountInString(name) > most {
		name = string([]rune(name)[:most]) + "…"
	}
	return strconv.Quote(name)
}

// escape makes one step of an RFC 6901 pointer.
func escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func itoa(i int) string { return strconv.Itoa(i) }
