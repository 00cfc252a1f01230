package lint

import "strings"

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

// fits tells whether the text of a JSON value has the form.
func (f form) fits(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	switch value[0] {
	case 'n':
		return f != text
	case '"':
		return f == text || f == textOrNull
	case '[':
		return f == listOrNull
	case '{', 't', 'f':
		return false
	}
	return f == millis && whole(string(value))
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
