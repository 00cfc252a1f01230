package emit

import (
	"go/format"
	"strings"
	"testing"
)

// What layout makes of code is what go/format makes of it. (That generated packages are so, checkFile tests.)
func TestLayout(t *testing.T) {
	for _, c := range []struct{ name, in string }{
		{"empty", ""},
		{"empty lines", "\n\n// a\n\n\n\npackage p\n\n\nimport \"x\"\n\n\n\n"},
		{"imports", "package p\n\nimport (\n\"a\"\n\n\"b\"\n)\n"},
		{"blanks at the ends of lines", "package p   \n\n  func f() { \n  g() \n}\n"},
		{"function", "package p\n\nfunc f() error {\nif a {\nreturn nil\n}\nreturn g(func() {\nh()\n})\n}\n"},
		{"switch", "package p\n\nfunc f() {\nswitch x() {\ncase a:\nreturn b\ncase c:\nreturn d\n}\nreturn e\n}\n"},
		{"literal", "package p\n\nvar a = T{\nU: []V{\n{X: 1, Y: []W{\n{Z: 2},\n}},\n{X: 3},\n},\n}\n"},
		{"comments that look like code", "package p\n\ntype t interface {\n// a {\nf()\n// } (\ng()\n// )\n}\n"},
		{"text that looks like code", "package p\n\nconst a = \"{\"\n\nvar b = \"(\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := format.Source([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(layout([]byte(c.in))); got != strings.TrimLeft(string(want), "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestGroupImports(t *testing.T) {
	const own = `"` + devicePath + `"`
	for _, c := range []struct{ name, in, want string }{
		{"one", "package p\n\nimport " + own + "\n", "package p\n\nimport " + own + "\n"},
		{"several", "package p\n\nimport (\n\"context\"\n" + own + "\n\"time\"\n)\n\nx",
			"package p\n\nimport (\n\"context\"\n\"time\"\n\n" + own + "\n)\n\nx"},
		{"standard library only", "package p\n\nimport (\n\"context\"\n\"time\"\n)\n", "package p\n\nimport (\n\"context\"\n\"time\"\n)\n"},
		{"in a comment", "// import (\n// x\npackage p\n", "// import (\n// x\npackage p\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(groupImports([]byte(c.in))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
