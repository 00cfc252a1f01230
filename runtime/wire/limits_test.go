package wire

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCheckKey(t *testing.T) {
	for name, c := range map[string]struct {
		key   string
		want  error
		limit bool
	}{
		"plain":                 {key: "speed"},
		"longest":               {key: strings.Repeat("x", 2047)},
		"too long":              {key: strings.Repeat("x", 2048), limit: true},
		"too long in bytes":     {key: strings.Repeat("é", 1024), limit: true},
		"empty":                 {want: ErrEmptyKey},
		"no UTF-8":              {key: "a\xff", want: ErrNotUTF8},
		"too long and no UTF-8": {key: strings.Repeat("\xff", 2048), limit: true},
	} {
		checkLimit(t, name, CheckKey(c.key), c.want, c.limit, "name", len(c.key), MaxKey)
	}
}

func TestCheckText(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		want  error
		limit bool
	}{
		"empty":             {},
		"plain":             {text: "ok\x00"},
		"longest":           {text: strings.Repeat("x", 65535)},
		"too long":          {text: strings.Repeat("x", 65536), limit: true},
		"too long in bytes": {text: strings.Repeat("é", 32768), limit: true},
		"no UTF-8":          {text: "\xc0\xaf", want: ErrNotUTF8},
	} {
		checkLimit(t, name, CheckText(c.text), c.want, c.limit, "text", len(c.text), MaxText)
		checkLimit(t, name, CheckValue(StringValue(c.text)), c.want, c.limit, "text", len(c.text), MaxText)
		checkLimit(t, name, CheckValue(URIValue(c.text)), c.want, c.limit, "text", len(c.text), MaxText)
	}
}

func checkLimit(t *testing.T, name string, err, want error, limit bool, what string, length, max int) {
	t.Helper()
	var over *LimitError
	switch isLimit := errors.As(err, &over); {
	case isLimit != limit:
		t.Errorf("%s: %v", name, err)
	case isLimit:
		if *over != (LimitError{what, length, max}) {
			t.Errorf("%s: %+v", name, *over)
		}
	case err != want:
		t.Errorf("%s: %v, want %v", name, err, want)
	}
}

func TestCheckValue(t *testing.T) {
	for name, c := range map[string]struct {
		value Value
		want  error
	}{
		"none":     {Value{}, ErrNoValue},
		"integer":  {IntegerValue(math.MinInt64), nil},
		"number":   {NumberValue(math.MaxFloat64), nil},
		"NaN":      {NumberValue(math.NaN()), ErrNotFinite},
		"infinity": {NumberValue(math.Inf(-1)), ErrNotFinite},
		"boolean":  {BooleanValue(false), nil},
		"datetime": {DateTimeValue(-1), nil},
	} {
		if err := CheckValue(c.value); err != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimitErrorText(t *testing.T) {
	err := CheckKey(strings.Repeat("x", 3000))
	if want := "name of 3000 bytes, limit 2047"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
