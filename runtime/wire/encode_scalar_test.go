package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":                  {"", `""`},
		"plain":                  {"speed", `"speed"`},
		"plain, eight":           {"humidity", `"humidity"`},
		"plain, long":            {strings.Repeat("abcdefg", 9), `"` + strings.Repeat("abcdefg", 9) + `"`},
		"quote":                  {`a"b`, `"a\"b"`},
		"backslash":              {`a\b`, `"a\\b"`},
		"slash":                  {"</a>", `"</a>"`},
		"short escapes":          {"\b\f\n\r\t", `"\b\f\n\r\t"`},
		"other controls":         {"\x00\x01\x1f", `"\u0000\u0001\u001f"`},
		"delete":                 {"\x7f", "\"\x7f\""},
		"long with one control":  {"0123456789abcdef\x02xyz", `"0123456789abcdef\u0002xyz"`},
		"control at the end":     {"0123456\n", `"0123456\n"`},
		"two bytes":              {"é", `"é"`},
		"four bytes":             {"😀 ok", `"😀 ok"`},
		"line separators":        {"\u2028\u2029", "\"\u2028\u2029\""},
		"replacement character":  {"\uFFFD", "\"\uFFFD\""},
		"no UTF-8":               {"a\xffb", "\"a\uFFFDb\""},
		"no UTF-8, several":      {"\xff\xfe", "\"\uFFFD\uFFFD\""},
		"surrogate in UTF-8":     {"\xed\xa0\x80", "\"\uFFFD\uFFFD\uFFFD\""},
		"overlong":               {"\xc0\xaf", "\"\uFFFD\uFFFD\""},
		"cut off":                {"a\xe2\x82", "\"a\uFFFD\uFFFD\""},
		"escape after no UTF-8":  {"\xff\n", "\"\uFFFD\\n\""},
		"mixed":                  {"é\n\"ü\"\x01", `"é\n\"ü\"\u0001"`},
		"quote in the last word": {`0123456789"`, `"0123456789\""`},
	} {
		if got := string(appendString([]byte("x"), c.text))[1:]; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := string(appendName(nil, ',', c.text)); got != ","+c.want+":" {
			t.Errorf("%s: as a name %s", name, got)
		}
	}
}

// TestEveryByteEverywhere puts each byte at each place of texts of each length
// up to three words, where the word-wise loops have their seams.
func TestEveryByteEverywhere(t *testing.T) {
	for length := 1; length <= 25; length++ {
		for at := range length {
			for b := range 256 {
				text := []byte(strings.Repeat("~", length))
				text[at] = byte(b)
				want := at
				if isPlain(byte(b)) {
					want = length
				}
				if got := plainPrefix(string(text), 0); got != want {
					t.Fatalf("plainPrefix(%q) = %d, want %d", text, got, want)
				}
				room := make([]byte, length)
				if copied := copyPlain(room, string(text)); copied != (want == length) {
					t.Fatalf("copyPlain(%q) = %v", text, copied)
				} else if copied && string(room) != string(text) {
					t.Fatalf("copyPlain(%q) wrote %q", text, room)
				}
			}
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "speed", "a\"b\\c", "\x00\n\u2028é😀", "\xff\xc0\xaf", "01234567\x1f", "\ufffd\xed\xa0\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded := appendString(nil, text)
		if !utf8.Valid(encoded) {
			t.Fatalf("%q: no UTF-8: %q", text, encoded)
		}
		var back string
		if err := json.Unmarshal(encoded, &back); err != nil {
			t.Fatalf("%q: %s: %v", text, encoded, err)
		}
		want, err := json.Marshal(text) // replaces what is no UTF-8 too
		if err != nil {
			t.Fatal(err)
		}
		var expected string
		if err := json.Unmarshal(want, &expected); err != nil {
			t.Fatal(err)
		}
		if back != expected {
			t.Fatalf("%q: %q, encoding/json %q", text, back, expected)
		}
		s := scanner{text: string(encoded)}
		token, ok := s.quoted()
		if !ok || !s.finish() {
			t.Fatalf("%q: the scanner refuses %s", text, encoded)
		}
		if own, ok := s.unquote(token); !ok || own != expected {
			t.Fatalf("%q: the scanner reads %q", text, own)
		}
	})
}
