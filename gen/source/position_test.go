package source_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/iotcs-go/iotcs/gen/source"
)

func TestLocator(t *testing.T) {
	tests := []struct {
		name, text string
		offset     int64
		want       source.Position
	}{
		{"start", "abc", 0, source.Position{Line: 1, Col: 1}},
		{"end", "abc", 3, source.Position{Line: 1, Col: 4}},
		{"second line", "ab\ncd", 4, source.Position{Line: 2, Col: 2}},
		{"the line feed itself", "ab\ncd", 2, source.Position{Line: 1, Col: 3}},
		{"carriage return", "ab\r\ncd", 4, source.Position{Line: 2, Col: 1}},
		{"characters, not bytes", "é€😀x", 9, source.Position{Line: 1, Col: 4}},
		{"inside a character", "é€x", 4, source.Position{Line: 1, Col: 2}},
		{"byte order mark", "\xef\xbb\xbfab", 4, source.Position{Line: 1, Col: 2}},
		{"within the byte order mark", "\xef\xbb\xbfab", 1, source.Position{Line: 1, Col: 1}},
		{"before", "ab", -5, source.Position{Line: 1, Col: 1}},
		{"behind", "a\nb", 99, source.Position{Line: 2, Col: 2}},
		{"not UTF-8", "\x80\x80\x80\x80\x80\x80x", 6, source.Position{Line: 1, Col: 7}},
		{"empty", "", 0, source.Position{Line: 1, Col: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := source.NewLocator([]byte(tt.text)).Position(tt.offset); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// One locator asked in any order gives what a fresh one gives.
func TestLocatorAnyOrder(t *testing.T) {
	text := []byte("{\n  \"é\": [1,\r\n\t2], \"😀\": \"\x80\"\n}\n")
	one := source.NewLocator(text)
	for i := range len(text) + 1 {
		for _, at := range []int64{int64(i), int64(len(text) - i), int64(i*7) % int64(len(text))} {
			if got, want := one.Position(at), source.NewLocator(text).Position(at); got != want {
				t.Fatalf("offset %d: got %+v, want %+v", at, got, want)
			}
		}
	}
}

func FuzzLocator(f *testing.F) {
	f.Add("ab\ncé", 3, 1)
	f.Add("\xef\xbb\xbf\n\n\x80", 6, 2)
	f.Fuzz(func(t *testing.T, text string, a, b int) {
		l := source.NewLocator([]byte(text))
		l.Position(int64(a))
		got := l.Position(int64(b))
		if got != source.NewLocator([]byte(text)).Position(int64(b)) {
			t.Fatal("the answer depends on earlier questions")
		}
		if got.Line < 1 || got.Line > strings.Count(text, "\n")+1 || got.Col < 1 || got.Col > utf8.RuneCountInString(text)+1 {
			t.Fatalf("impossible position %+v", got)
		}
	})
}

func BenchmarkLocator(b *testing.B) {
	text := []byte(strings.Repeat("{\"name\": \"é\", \"type\": \"STRING\"},\n", 1000))
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		l := source.NewLocator(text)
		for at := 0; at < len(text); at += 100 {
			l.Position(int64(at))
		}
	}
}
