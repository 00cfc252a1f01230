package wire

import (
	"math"
	"unicode/utf8"
)

// Limits of names and texts, in bytes of UTF-8 (docs/protocol/messages.md §5).
const (
	MaxKey  = 2047
	MaxText = 65535
)

// CheckKey checks the name of a data item or property: not empty, UTF-8, at
// most MaxKey bytes. Errors: ErrEmptyKey, ErrNotUTF8, *LimitError.
func CheckKey(key string) error {
	if key == "" {
		return ErrEmptyKey
	}
	return checkLength("name", key, MaxKey)
}

// CheckText checks a string value of a data item or property: UTF-8, at most
// MaxText bytes. Errors: ErrNotUTF8, *LimitError.
func CheckText(text string) error { return checkLength("text", text, MaxText) }

func checkLength(what, text string, limit int) error {
	if len(text) > limit {
		return &LimitError{What: what, Length: len(text), Limit: limit}
	}
	if !utf8.ValidString(text) {
		return ErrNotUTF8
	}
	return nil
}

// CheckValue checks that a value can be sent: there is one, a number is finite,
// a text passes CheckText. Errors: ErrNoValue, ErrNotFinite, ErrNotUTF8,
// *LimitError.
func CheckValue(v Value) error {
	switch v.Kind() {
	case KindNone:
		return ErrNoValue
	case KindNumber:
		if f := v.Number(); math.IsNaN(f) || math.IsInf(f, 0) {
			return ErrNotFinite
		}
	case KindString, KindURI:
		return CheckText(v.Text())
	}
	return nil
}
