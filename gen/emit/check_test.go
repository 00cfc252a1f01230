package emit

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// shuffle puts everything whose order means nothing into another order.
func shuffle(models []*devicemodel.Model) {
	mix(models)
	for _, m := range models {
		mix(m.Attributes)
		mix(m.Actions)
		mix(m.Formats)
		for _, f := range m.Formats {
			mix(f.Fields)
		}
	}
}

func mix[T any](s []T) { rand.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }

// generatedLine is what tools look for in generated files (https://go.dev/s/generatedcode).
var generatedLine = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

// checkFile fails if a generated file has anything that it must not have, whatever the model says.
func checkFile(t testing.TB, name string, content []byte) *ast.File {
	t.Helper()
	first, _, _ := strings.Cut(string(content), "\n")
	if !generatedLine.MatchString(first) {
		t.Errorf("%s: first line %q", name, first)
	}
	if ok, present := CheckSum(content); !ok || !present {
		t.Errorf("%s: sum is %v, %v", name, ok, present)
	}
	formatted, err := format.Source(content)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, content)
	}
	if string(formatted) != string(content) {
		t.Errorf("%s: gofmt changes it\n%s", name, content)
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, content)
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Text != "//" && !strings.HasPrefix(c.Text, "// ") || strings.HasPrefix(c.Text, "// +build") {
				t.Errorf("%s: comment %q", name, c.Text)
			}
		}
	}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if i.Name != nil || path != contextPath && path != timePath && path != devicePath {
			t.Errorf("%s imports %s", name, i.Path.Value)
		}
	}
	for _, d := range file.Decls {
		checkDecl(t, name, d)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "any" {
			t.Errorf("%s uses any", name)
		}
		return true
	})
	return file
}

// checkDecl fails if a declaration is of a kind that generated code does not have, or is exported without a comment.
func checkDecl(t testing.TB, file string, d ast.Decl) {
	t.Helper()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name != "New" {
			t.Errorf("%s: function %s", file, d.Name.Name)
		}
		if about, _, _ := strings.Cut(strings.ReplaceAll(d.Doc.Text(), "\n", " "), " "); about != d.Name.Name {
			t.Errorf("%s: the comment of %s is %q", file, d.Name.Name, d.Doc.Text())
		}
	case *ast.GenDecl:
		if d.Tok != token.IMPORT && d.Doc == nil {
			t.Errorf("%s: a declaration has no comment", file)
		}
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.VAR && v.Names[0].Name != "model" {
				t.Errorf("%s: variable %s", file, v.Names[0].Name)
			}
		}
	}
}

// checkAll checks the files of a generation.
func checkAll(t testing.TB, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		if strings.HasSuffix(name, ".go") {
			checkFile(t, name, content)
		}
	}
}

func TestGoldenFilesAreClean(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) { checkAll(t, generate(t, g.input(t))) })
	}
}
