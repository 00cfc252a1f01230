package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func scanAll(text string) (scanner, bool) {
	s := scanner{text: text}
	ok := s.skip() && s.finish()
	return s, ok
}

func TestScannerAccepts(t *testing.T) {
	for _, text := range []string{
		`0`, `-0`, `1.5`, `1e5`, `1E+5`, `-1.25e-10`, `true`, `false`, `null`, `""`, `"\u00e9\n\/"`,
		`{}`, `[]`, ` { "a" : [ 1 , { } ] , "b" : null } `, "\t[\r\n]\n", `{"a":1,"a":2}`, `"` + "\xff" + `"`,
		strings.Repeat("[", 64) + strings.Repeat("]", 64), `"\ud800"`, `"` + "\u2028" + `"`, `{"":""}`,
	} {
		if s, ok := scanAll(text); !ok || s.err != nil {
			t.Errorf("%q: %v at %d", text, s.err, s.errAt)
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%q is no JSON: the test is wrong", text)
		}
	}
}

func TestScannerRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		at   int
	}{
		{``, 0}, {` `, 1}, {`x`, 0}, {`tru`, 3}, {`trux`, 3}, {`nul`, 3}, {`falsy`, 4}, {`True`, 0}, {`NaN`, 0},
		{`01`, 1}, {`-`, 1}, {`+1`, 0}, {`.5`, 0}, {`1.`, 2}, {`1.e5`, 2}, {`1e`, 2}, {`1e+`, 3}, {`--1`, 1}, {`0x10`, 1},
		{`"`, 1}, {`"abc`, 4}, {`"\`, 2}, {`"\x"`, 2}, {`"\u12"`, 5}, {`"\u12`, 5}, {`"\u12g4"`, 5}, {"\"a\nb\"", 2}, {"\"\x00\"", 1},
		{`{`, 1}, {`{"a"`, 4}, {`{"a":`, 5}, {`{"a":1`, 6}, {`{"a":1,`, 7}, {`{"a":1,}`, 7}, {`{,}`, 1}, {`{a:1}`, 1},
		{`{"a" 1}`, 5}, {`{"a":1 "b":2}`, 7}, {`{"a":}`, 5}, {`{1:2}`, 1}, {`{"a":1]`, 6},
		{`[`, 1}, {`[1`, 2}, {`[1,`, 3}, {`[1,]`, 3}, {`[,1]`, 1}, {`[1 2]`, 3}, {`[1}`, 2}, {`]`, 0},
		{`1 2`, 2}, {`{} x`, 3}, {`[]]`, 2}, {"\ufeff{}", 0}, {"\v1", 0}, {"\u00a01", 0}, {`'a'`, 0}, {`// x`, 0},
	} {
		s, ok := scanAll(c.text)
		if ok || !errors.Is(s.err, ErrSyntax) || s.errAt != c.at {
			t.Errorf("%q: %v at %d, want one at %d", c.text, s.err, s.errAt, c.at)
		}
		if json.Valid([]byte(c.text)) {
			t.Errorf("%q is JSON: the test is wrong", c.text)
		}
	}
}

func TestScannerBoundsNesting(t *testing.T) {
	for name, text := range map[string]string{
		"arrays":           strings.Repeat("[", 65) + strings.Repeat("]", 65),
		"objects":          strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65),
		"not closed":       strings.Repeat("[", 1<<20),
		"mixed, with rest": strings.Repeat(`[{"a":`, 33) + "!",
	} {
		s, ok := scanAll(text)
		if ok || !errors.Is(s.err, ErrTooDeep) {
			t.Errorf("%s: %v", name, s.err)
		}
	}
	// Neighbours do not add up.
	if s, ok := scanAll("[" + strings.Repeat("[[]],", 1000) + "[]]"); !ok {
		t.Errorf("siblings: %v at %d", s.err, s.errAt)
	}
}

func TestUnquote(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		ok         bool
	}{
		"plain":                      {`"speed"`, "speed", true},
		"escapes":                    {`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", true},
		"code point":                 {`"a\u00e9b"`, "aéb", true},
		"capital digits":             {`"\u00E9"`, "é", true},
		"surrogate pair":             {`"\ud83d\ude00!"`, "😀!", true},
		"lone high surrogate":        {`"\ud83dx"`, "\uFFFDx", true},
		"lone low surrogate":         {`"\ude00"`, "\uFFFD", true},
		"two high surrogates":        {`"\ud83d\ud83d\ude00"`, "\uFFFD😀", true},
		"surrogate and other escape": {`"\ud83d\n"`, "\uFFFD\n", true},
		"surrogate and code point":   {`"\ud83d\u0041"`, "\uFFFDA", true},
		"NUL":                        {`"\u0000"`, "\x00", true},
		"wide":                       {`"é😀"`, "é😀", true},
		"wide and escaped":           {`"é\u00e9"`, "éé", true},
		"no UTF-8":                   {"\"a\xff\"", "", false},
		"no UTF-8 and escaped":       {"\"\\n\xff\"", "", false},
	} {
		s := scanner{text: c.text}
		token, ok := s.quoted()
		if !ok || !s.finish() {
			t.Errorf("%s: not taken", name)
			continue
		}
		if got, ok := s.unquote(token); got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v, want %q, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func TestPointerAt(t *testing.T) {
	const text = `{"a":[10,{"b/c~d":"x","e":{}},20],"f":true, "":{"":1}}`
	for offset, want := range map[int]string{
		0:                           "",
		1:                           "/a", // the name of the member
		strings.Index(text, `[10`):  "/a",
		strings.Index(text, `10`):   "/a/0",
		strings.Index(text, `{"b`):  "/a/1",
		strings.Index(text, `"b/c`): "/a/1/b~1c~0d",
		strings.Index(text, `"x"`):  "/a/1/b~1c~0d",
		strings.Index(text, `{}`):   "/a/1/e",
		strings.Index(text, `20`):   "/a/2",
		strings.Index(text, `true`): "/f",
		strings.Index(text, `{"":`): "/",
		strings.Index(text, `1}}`):  "//",
	} {
		if got := pointerAt(text, offset); got != want {
			t.Errorf("at %d, %q: %q, want %q", offset, text[offset:], got, want)
		}
	}
	for text, want := range map[string]string{
		`{"a":{"b":tru}}`:    "/a/b",
		`{"a":[1,2,x]}`:      "/a/2",
		`{"a":1 "b":2}`:      "",
		"{\"\xff\":[x]}":     "/\uFFFD/0",
		`[[[[`:               "/0/0/0/0",
		``:                   "",
		`{"a":{"b":"\x"}}`:   "/a/b",
		`{"a":{"b":1}} more`: "",
	} {
		s, ok := scanAll(text)
		if ok {
			t.Fatalf("%q is JSON", text)
		}
		if got := pointerAt(text, s.errAt); got != want {
			t.Errorf("%q, error at %d: %q, want %q", text, s.errAt, got, want)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, seed := range seedMessages(f) {
		f.Add(seed)
	}
	for _, seed := range []string{``, `{"a":[1,-2.5e+10,null,true,"\u00e9\ud800"]}`, `[[[]]]`, `01`, `"\x"`, "\"\xff\"", ` 1 `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, ok := scanAll(string(data))
		if errors.Is(s.err, ErrTooDeep) {
			return // the one difference
		}
		if valid := json.Valid(data); ok != valid {
			t.Fatalf("%q: scanner %v (%v at %d), encoding/json %v", data, ok, s.err, s.errAt, valid)
		}
		if ok != (s.err == nil) {
			t.Fatalf("%q: ok is %v with error %v", data, ok, s.err)
		}
		if !ok {
			pointerAt(string(data), s.errAt)
		}
	})
}
