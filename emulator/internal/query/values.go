package query

import (
	"net/url"
	"strings"
)

// Values are the parameters of a query in the order in which they came.
type Values []Pair

// Pair is one parameter. A parameter without an equals sign, such as iot.sync, has the value "".
type Pair struct{ Name, Value string }

// Parse decodes the text behind the question mark as the platform's callers write it (docs/protocol/management-api.md §1.5): pairs are
// split at & only, a plus sign is a blank, and a percent sign that no two hexadecimal digits follow stands for itself. It never fails.
func Parse(raw string) Values {
	var values Values
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		values = append(values, Pair{Unescape(name, true), Unescape(value, true)})
	}
	return values
}

// Unescape decodes %XX; a percent sign without two hexadecimal digits behind it stays. With plus, plus signs become blanks.
func Unescape(text string, plus bool) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+' && plus:
			decoded = append(decoded, ' ')
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			decoded = append(decoded, hexValue(text[i+1])<<4|hexValue(text[i+2]))
			i += 2
		default:
			decoded = append(decoded, c)
		}
	}
	return string(decoded)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// Get gives the value of the first parameter with the name, or "".
func (v Values) Get(name string) string {
	value, _ := v.Lookup(name)
	return value
}

// Lookup gives the value of the first parameter with the name and tells whether there is one.
func (v Values) Lookup(name string) (string, bool) {
	for _, pair := range v {
		if pair.Name == name {
			return pair.Value, true
		}
	}
	return "", false
}

// With gives a copy in which the named parameter has the value: in its old place, or at the end.
func (v Values) With(name, value string) Values {
	changed := make(Values, 0, len(v)+1)
	done := false
	for _, pair := range v {
		if pair.Name != name {
			changed = append(changed, pair)
		} else if !done {
			changed = append(changed, Pair{name, value})
			done = true
		}
	}
	if !done {
		changed = append(changed, Pair{name, value})
	}
	return changed
}

// Encode gives the query as text that every decoder reads alike: everything escaped, blanks as %20.
func (v Values) Encode() string {
	var text strings.Builder
	for i, pair := range v {
		if i > 0 {
			text.WriteByte('&')
		}
		text.WriteString(escape(pair.Name))
		if pair.Value != "" || pair.Name == "" {
			text.WriteByte('=')
			text.WriteString(escape(pair.Value))
		}
	}
	return text.String()
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
