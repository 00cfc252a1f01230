package devicemodel

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Canonical gives the text that [Fingerprint] hashes: what a device program depends on, and nothing else. Two models with equal texts are
// exchangeable on the wire.
//
// The text has one fact a line: the URN; attributes by name with alias, type, access, range and default; actions by name with their form
// and their arguments in document order; formats by URN with fields by name. It leaves out descriptions, display names, times, links,
// default values of fields (no client uses them) and the order of everything but arguments. Numbers stand in their shortest form: 0, 0.0
// and -0 are equal. The form is part of the contract of generated code: it never changes without its first line.
func Canonical(m *Model) []byte {
	var b []byte
	b = append(b, "iotcs device model 1\nurn "...)
	b = appendQuoted(b, m.URN)
	b = append(b, '\n')
	b = appendSorted(b, m.Attributes, func(a *Attribute) string { return a.Name }, appendAttribute)
	b = appendSorted(b, m.Actions, func(a *Action) string { return a.Name }, appendAction)
	return appendSorted(b, m.Formats, func(f *Format) string { return f.URN }, appendFormat)
}

// Fingerprint is the SHA-256 of [Canonical] in 64 lower-case hexadecimal digits.
func Fingerprint(m *Model) string {
	sum := sha256.Sum256(Canonical(m))
	return hex.EncodeToString(sum[:])
}

// appendSorted appends the texts of all parts, by key and, should keys be equal, by text.
func appendSorted[P any](b []byte, parts []P, key func(*P) string, text func([]byte, *P) []byte) []byte {
	type entry struct{ key, text string }
	all := make([]entry, len(parts))
	for i := range parts {
		all[i] = entry{key(&parts[i]), string(text(nil, &parts[i]))}
	}
	slices.SortFunc(all, func(a, b entry) int {
		if d := strings.Compare(a.key, b.key); d != 0 {
			return d
		}
		return strings.Compare(a.text, b.text)
	})
	for _, e := range all {
		b = append(b, e.text...)
	}
	return b
}

func appendAttribute(b []byte, a *Attribute) []byte {
	b = appendName(b, "attribute", a.Name, a.Alias)
	b = appendValue(b, a.Type, a.Range, a.Default)
	if a.Writable {
		b = append(b, " writable"...)
	}
	return append(b, '\n')
}

func appendAction(b []byte, a *Action) []byte {
	b = appendName(b, "action", a.Name, a.Alias)
	b = append(b, '\n')
	for i := range a.Arguments {
		arg := &a.Arguments[i]
		b = append(b, ' ')
		if a.Named {
			b = appendName(b, "argument", arg.Name, "")
		} else {
			b = append(b, "value"...)
		}
		b = appendValue(b, arg.Type, arg.Range, arg.Default)
		b = append(b, '\n')
	}
	return b
}

func appendFormat(b []byte, f *Format) []byte {
	b = append(b, "format "...)
	b = appendQuoted(b, f.URN)
	b = append(b, ' ')
	b = append(b, f.Type.String()...)
	b = append(b, '\n')
	return appendSorted(b, f.Fields, func(f *Field) string { return f.Name }, appendField)
}

func appendField(b []byte, f *Field) []byte {
	b = append(b, ' ')
	b = appendName(b, "field", f.Name, "")
	b = append(b, ' ')
	b = append(b, f.Type.String()...)
	if f.Optional {
		b = append(b, " optional"...)
	}
	return append(b, '\n')
}

func appendName(b []byte, what, name, alias string) []byte {
	b = append(b, what...)
	b = append(b, ' ')
	b = appendQuoted(b, name)
	if alias != "" && alias != name {
		b = append(b, " alias "...)
		b = appendQuoted(b, alias)
	}
	return b
}

func appendValue(b []byte, t Type, r *Range, d *Default) []byte {
	b = append(b, ' ')
	b = append(b, t.String()...)
	if r != nil {
		b = append(b, " range "...)
		b = append(b, r.String()...)
	}
	if d == nil {
		return b
	}
	b = append(b, " default "...)
	switch t {
	case Integer, DateTime:
		return strconv.AppendInt(b, d.Integer, 10)
	case Number:
		return append(b, formatNumber(d.Number)...)
	case Boolean:
		return strconv.AppendBool(b, d.Boolean)
	}
	return appendQuoted(b, d.Text)
}

// formatNumber gives the one normal form of a number.
func formatNumber(v float64) string {
	return strconv.FormatFloat(plainZero(v), 'g', -1, 64)
}

// appendQuoted quotes a text so that it stays on its line. Unlike strconv.Quote it depends on no Unicode table, which changes with Go.
func appendQuoted(b []byte, text string) []byte {
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
