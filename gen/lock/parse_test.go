package lock

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string) *Lock {
	t.Helper()
	l, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"as written", text, text},
		{"empty", "", header},
		{"no last line feed", strings.TrimSuffix(text, "\n"), text},
		{"CR LF", strings.ReplaceAll(text, "\n", "\r\n"), text},
		{"byte order mark", "\xef\xbb\xbf" + text, text},
		{"comments and empty lines", "\n# one\n" + text + "\n  \n# two", text},
		{"several blanks", "urn:x   package  x", header + "urn:x package x\n"},
		{"lines twice", text + text, text},
		{
			"conflict", "<<<<<<< HEAD\nurn:x attribute a A\n=======\nurn:x attribute b B\n>>>>>>> other\nurn:x package x\n",
			header + "urn:x attribute a A\nurn:x attribute b B\nurn:x package x\n",
		},
		{
			"conflict in the style of diff3", "<<<<<<< HEAD\nurn:x attribute a A\n||||||| base\nurn:x attribute c C\n=======\nurn:x attribute b B\n>>>>>>> other\n",
			header + "urn:x attribute a A\nurn:x attribute b B\n",
		},
		{
			"two names for one thing: the shorter", "urn:x attribute a A10\nurn:x attribute a A2\n",
			header + "urn:x attribute a A2\n",
		},
		{
			"two names of one length: the first in byte order", "urn:x attribute a Ac\nurn:x attribute a Ab\nurn:x attribute a Ad\n",
			header + "urn:x attribute a Ab\n",
		},
		{
			"quoted words", `"urn:\"x y" attribute "#\n\u2028" A`,
			header + `"urn:\"x y" attribute "#\n\u2028" A` + "\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, string(parse(t, c.in).Bytes())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		name, in string
		line     int
		text     string
	}{
		{"one word", "# x\n\nurn:x\n", 3, `"urn:x" is no fact`},
		{"unknown kind", "urn:x attribut a A", 1, `"attribut" is no kind of fact`},
		{"too few words", "urn:x attribute A", 1, "3 words, a fact of kind attribute has 4"},
		{"too many words", "urn:x package a b", 1, "4 words, a fact of kind package has 3"},
		{"open quote", `urn:x attribute "a A`, 1, "does not end"},
		{"quote in front of a word", `urn:x attribute "a"b A`, 1, "does not end"},
		{"code as a name", `urn:x attribute a "A() {}; func init"`, 1, "no exported Go name"},
		{"unexported name", "urn:x attribute a a", 1, "no exported Go name"},
		{"keyword as a package", "urn:x package func", 1, "no package name"},
		{"upper case in a package", "urn:x package Pump", 1, "no package name"},
		{"path as a package", "urn:x package ../x", 1, "no package name"},
		{"absolute file", "urn:x file /etc/passwd.go", 1, "no path"},
		{"file outside", "urn:x file ../device.go", 1, "no path"},
		{"file with backslash", `urn:x file "..\\device.go"`, 1, "no path"},
		{"file of Windows", "urn:x file c:device.go", 1, "no path"},
		{"other file", "urn:x file x/iotcs-gen.lock", 1, "no path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.in))
			se, ok := errors.AsType[*SyntaxError](err)
			if !ok || se.Line != c.line || !strings.Contains(se.Text, c.text) {
				t.Errorf("error %v, want line %d: …%s…", err, c.line, c.text)
			}
		})
	}
}

// Whatever name a model has, a lock that holds it can be read again.
func TestWordsSurvive(t *testing.T) {
	for _, name := range []string{
		"a", "left-door", "#", "<<<<<<< HEAD", "=======", "=", ">", "|||||||", "", " ", "a b", `"`, `a"b`, `\`, "a\tb", "a\nb",
		"a\rb", "\x00", "\x7f",
		"température", "温度", "\u0085", "\u00a0", "\u2028", "\ufeff", "\u202e", "😀", "\xff\xfe", "a=b", "urn:x",
	} {
		l := with(Fact{URN: name, Kind: Field, In: name, Wire: name, Name: "X"})
		data := l.Bytes()
		if n := bytes.Count(data, []byte("\n")); n != 2 {
			t.Errorf("%q makes %d lines", name, n)
		}
		got, err := Parse(data)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if back, ok := got.Name(name, Field, name, name); !ok || back != "X" {
			t.Errorf("%q is lost in\n%s", name, data)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(text))
	f.Add([]byte("<<<<<<< a\nurn:x package x\n||||||| b\n=======\nurn:x type X\n>>>>>>> c\n"))
	f.Add([]byte(`"urn: x" attribute "a\u2028" A` + "\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse(data)
		if err != nil {
			if _, ok := errors.AsType[*SyntaxError](err); !ok {
				t.Fatalf("error is %T", err)
			}
			return
		}
		out := l.Bytes()
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, out)
		}
		if !bytes.Equal(out, again.Bytes()) {
			t.Fatalf("%s becomes %s", out, again.Bytes())
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(text)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
