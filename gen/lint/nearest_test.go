package lint

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"generate", "check", "lint", "explain", "init", "range"}
	tests := []struct{ name, word, want string }{
		{"equal", "lint", "lint"},
		{"letter case", "LINT", "lint"},
		{"swapped letters", "hceck", "check"},
		{"left out", "genrate", "generate"},
		{"inserted", "explaain", "explain"},
		{"replaced", "genetate", "generate"},
		{"three mistakes in a long word", "gonaritebc", ""},
		{"one mistake in a short word", "int", "lint"},
		{"two mistakes in a short word", "in", ""},
		{"nothing near", "provision", ""},
		{"empty", "", ""},
		{"too long to compare", strings.Repeat("x", 100), ""},
		{"not UTF-8", "lin\x80", "lint"},
		{"first of equals", "xint", "lint"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nearest(tt.word, words); got != tt.want {
				t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"größe", "grösse", 2}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
