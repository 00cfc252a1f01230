package lint

import (
	"encoding/json"
	"strings"
)

// form is what the JSON Schema demands of a member that only servers write.
type form uint8

const (
	text       form = iota + 1 // a text
	textOrNull                 // a text or null
	millis                     // a whole number of milliseconds since 1970, or null
	listOrNull                 // a list of objects, or null
)

// String says it in words for a finding.
func (f form) String() string {
	switch f {
	case text:
		return "a text"
	case textOrNull:
		return "a text or null"
	case millis:
		return "a whole number of milliseconds since 1970"
	}
	return "a list of objects"
}

// fits tells whether a value that begins with the token has the form.
func (f form) fits(t json.Token) bool {
	if t == nil {
		return f != text
	}
	switch t := t.(type) {
	case string:
		return f == text || f == textOrNull
	case json.Number:
		return f == millis && whole(t.String())
	case json.Delim:
		return f == listOrNull && t == '['
	}
	return false
}

// whole tells whether a JSON number is written as a whole number that is not negative: 12, 12.0 or 12E3. The schema takes some forms
// more, such as 1.2E1; no server writes them.
func whole(n string) bool {
	mantissa, power, scientific := strings.Cut(strings.ToLower(n), "e")
	if scientific && (strings.Contains(mantissa, ".") || strings.HasPrefix(power, "-")) || strings.HasPrefix(n, "-") {
		return false
	}
	_, fraction, _ := strings.Cut(mantissa, ".")
	return strings.Trim(fraction, "0") == ""
}
