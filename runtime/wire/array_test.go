package wire

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSplitArray(t *testing.T) {
	for text, want := range map[string][]string{
		`[]`:                        {},
		" [ \n ] \t":                {},
		`[{}]`:                      {`{}`},
		`[{"a":"]},{"},{"b":[1]}]`:  {`{"a":"]},{"}`, `{"b":[1]}`},
		"\r\n[ {\"a\" : 1 } ,\n{}]": {`{"a" : 1 }`, `{}`},
		`[1,"x",null,true,[2]]`:     {`1`, `"x"`, `null`, `true`, `[2]`},
	} {
		got, err := SplitArray([]byte(text))
		if err != nil || got == nil || !slices.Equal(strs(got), want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func strs(parts [][]byte) []string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = string(part)
	}
	return texts
}

func TestSplitArrayRefuses(t *testing.T) {
	for text, c := range map[string]struct {
		kept    []string
		offset  int64
		pointer string
		code    Code
		err     error
	}{
		``:                {nil, 0, "", CodeNoText, ErrSyntax},
		`null`:            {nil, 0, "", CodeOther, ErrWrongType},
		`{"items":[]}`:    {nil, 0, "", CodeOther, ErrWrongType},
		`{`:               {nil, 1, "", CodeSyntax, ErrSyntax},
		`[{},{"a":x}]`:    {[]string{`{}`}, 9, "/1/a", CodeSyntax, ErrSyntax},
		`[{},{}`:          {[]string{`{}`, `{}`}, 6, "", CodeSyntax, ErrSyntax},
		`[{},]`:           {[]string{`{}`}, 4, "/1", CodeSyntax, ErrSyntax},
		`[{}{}]`:          {[]string{`{}`}, 3, "", CodeSyntax, ErrSyntax},
		`[{}] []`:         {[]string{`{}`}, 5, "", CodeSyntax, ErrSyntax},
		"[{}]\x00":        {[]string{`{}`}, 4, "", CodeSyntax, ErrSyntax},
		"\ufeff[]":        {nil, 0, "", CodeSyntax, ErrSyntax},
		`<html>no</html>`: {nil, 0, "", CodeSyntax, ErrSyntax},
		`[` + strings.Repeat(`[`, 64) + strings.Repeat(`]`, 65): {nil, 64, strings.Repeat("/0", 64), CodeSyntax, ErrTooDeep},
	} {
		got, err := SplitArray([]byte(text))
		var wrong *DecodeError
		if !errors.As(err, &wrong) || wrong.Err != c.err || wrong.Offset != c.offset || wrong.Pointer != c.pointer || wrong.Code != c.code {
			t.Errorf("%q: %v", text, err)
		}
		if !slices.Equal(strs(got), c.kept) {
			t.Errorf("%q: kept %q, want %q", text, got, c.kept)
		}
	}
}

func TestSplitArrayDoesNotCopy(t *testing.T) {
	data := []byte(`[{"a":1}, {"b":2}]`)
	parts, err := SplitArray(data)
	if err != nil {
		t.Fatal(err)
	}
	data[6] = '9'
	if string(parts[0]) != `{"a":9}` {
		t.Errorf("the part %s is a copy", parts[0])
	}
	_ = append(parts[0], "xxxxxxxx"...)
	if string(parts[1]) != `{"b":2}` {
		t.Error("an append to one part wrote into the next")
	}
}

func TestSplitArrayOfCaptures(t *testing.T) {
	for file, messages := range captured(t) {
		array := slices.Concat([]byte("["), bytes.Join(messages, []byte(",")), []byte("]"))
		parts, err := SplitArray(array)
		if err != nil || !slices.EqualFunc(parts, messages, bytes.Equal) {
			t.Errorf("%s: %d parts of %d messages, %v", file, len(parts), len(messages), err)
		}
	}
}
