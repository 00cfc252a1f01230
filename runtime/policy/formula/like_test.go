package formula

import (
	"math/rand/v2"
	"testing"
)

func TestLike(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"", "", true},
		{"", "%", true},
		{"", "%%", true},
		{"", "_", false},
		{"a", "", false},
		{"abc", "abc", true},
		{"abc", "ABC", false},
		{"abc", "a%", true},
		{"abc", "%c", true},
		{"abc", "%b%", true},
		{"abc", "a%c", true},
		{"abc", "a_c", true},
		{"abc", "__", false},
		{"abc", "____", false},
		{"abc", "a%d", false},
		{"abcabd", "a%abd", true},
		{"mississippi", "m%iss%ip%i", true},
		{"mississippi", "m%iss%ipx%i", false},
		{"a.c", "a.c", true},
		{"abc", "a.c", false},
		{"a*c", "a*c", true},
		{"[ab]", "[ab]", true},
		{"100%", `100\%`, true},
		{"1000", `100\%`, false},
		{"x100%", `%\%`, true},
		{"a_b", `a\_b`, true},
		{"axb", `a\_b`, false},
		{`a\b`, `a\b`, true},
		{`a\`, `a\`, true},
		{`a\x`, `a\_`, false},
		{`\%`, `\\%`, true},
		{"höhe", "h_he", true},
		{"höhe", "h__he", false},
		{"日本語", "日%", true},
		{"日本語", "___", true},
		{"日本語", "%語", true},
		{"aé", `%é`, true},
		{"\xff\xfe", "__", true},
	} {
		got, err := like(c.text, c.pattern)
		if err != nil || got != c.want {
			t.Errorf("like(%q, %q) = %v, %v, want %v", c.text, c.pattern, got, err, c.want)
		}
	}
}

// slowLike is the definition, without thought for time.
func slowLike(text, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '%':
		return slowLike(text, pattern[1:]) || len(text) > 0 && slowLike(text[1:], pattern)
	case len(text) == 0:
		return false
	case pattern[0] == '_':
		return slowLike(text[1:], pattern[1:])
	case pattern[0] == '\\' && len(pattern) > 1 && (pattern[1] == '%' || pattern[1] == '_'):
		return text[0] == pattern[1] && slowLike(text[1:], pattern[2:])
	}
	return text[0] == pattern[0] && slowLike(text[1:], pattern[1:])
}

func TestLikeAgainstDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(letters []rune, most int) []rune {
		out := make([]rune, random.IntN(most+1))
		for i := range out {
			out[i] = letters[random.IntN(len(letters))]
		}
		return out
	}
	matched := 0
	for range 20_000 {
		text, pattern := pick([]rune(`aab%_\é`), 8), pick([]rune(`aab%%__\é`), 6)
		got, err := like(string(text), string(pattern))
		want := slowLike(text, pattern)
		if err != nil || got != want {
			t.Fatalf("like(%q, %q) = %v, %v, want %v", string(text), string(pattern), got, err, want)
		}
		if want {
			matched++
		}
	}
	if matched < 500 {
		t.Errorf("only %d of the random pairs matched", matched)
	}
}
