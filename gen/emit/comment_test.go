package emit

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCommentText(t *testing.T) {
	for _, c := range []struct {
		name       string
		paragraphs []string
		want       string
	}{
		{"nothing", nil, ""},
		{"empty paragraphs", []string{"", " "}, ""},
		{"one line", []string{"A is a."}, "// A is a."},
		{"paragraphs", []string{"A is a.", "", "Errors: none."}, "// A is a.\n//\n// Errors: none."},
		{"blanks", []string{"A  is\n\ta. "}, "// A is a."},
		{"end of a comment", []string{"a */ b"}, "// a */ b"},
		{"characters that end a line", []string{"a\nb\rc\u2028d\u0085e\ufefff\x00g"}, "// a b c d ef g"},
		{"a word that is too long", []string{"a " + strings.Repeat("b", 30) + " c"}, "// a\n// " + strings.Repeat("b", 30) + "\n// c"},
		{"wrapped", []string{"one two three four five six"}, "// one two three\n// four five six"},
		{"doubled quotation marks", []string{"``a'' ```b''' `c'"}, "// “a” “`b”' `c'"},
		{"a build constraint", []string{"+build x"}, "// Description: +build\n// x"},
		{"a build constraint in the middle", []string{"one two three +build four"}, "// one two three +build\n// four"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := commentText(17, c.paragraphs...); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestParagraph(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"Plain.":                 "Plain.",
		"# Heading.":             "Description: # Heading.",
		"[a]: https://x.":        "Description: [a]: https://x.",
		"+build ignore.":         "Description: +build ignore.",
		"- item.":                "Description: - item.",
		"-40 to 85.":             "-40 to 85.",
		"a # b [c] +build stays": "a # b [c] +build stays",
	} {
		if got := paragraph(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestList(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := list(words); got != want {
			t.Errorf("%q is %q", words, got)
		}
	}
}

func FuzzCommentText(f *testing.F) {
	f.Add("a b c", 20)
	f.Add("+build a\n//go:embed\u2028", 5)
	f.Fuzz(func(t *testing.T, text string, width int) {
		got := commentText(width%200, "A", text)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if line != "//" && !strings.HasPrefix(line, "// ") || strings.ContainsAny(line, "\r\x00\u2028\u2029\ufeff") {
				t.Errorf("line %q", line)
			}
		}
	})
}
