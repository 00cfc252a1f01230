package device_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// rows returns the rows of the tables of a document whose first cell is not that
// of a heading, by section: the text behind "## ".
func rows(t *testing.T, name string) map[string][][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	must(t, err)
	found := make(map[string][][]string)
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		if strings.HasPrefix(line, "|---") {
			found[section] = found[section][:len(found[section])-1] // the line before was a heading
		}
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			found[section] = append(found[section], cells)
		}
	}
	return found
}

// numbered finds the section of the given number.
func numbered(sections map[string][][]string, n int) [][]string {
	for title, table := range sections {
		if strings.HasPrefix(title, strconv.Itoa(n)+". ") {
			return table
		}
	}
	return nil
}

// TestParityNamesEveryRow: what the checklist of the Python client marks for
// applications has a row with identifiers or a reason.
func TestParityNamesEveryRow(t *testing.T) {
	python, ours := rows(t, "protocol/python-parity.md"), rows(t, "parity.md")
	total := 0
	for n := 1; n <= 9; n++ {
		var want, got []string
		for _, row := range numbered(python, n) {
			if strings.HasPrefix(row[len(row)-1], "App") || strings.HasPrefix(row[len(row)-2], "App") {
				want = append(want, row[0])
			}
		}
		for _, row := range numbered(ours, n) {
			got = append(got, row[0])
			if len(row) != 2 || len(row[1]) < 4 {
				t.Errorf("§%d %s: %q says nothing", n, row[0], row[1:])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("§%d has rows %q, want %q", n, got, want)
		}
		total += len(want)
	}
	if total < 80 {
		t.Errorf("only %d rows were found", total)
	}
}

// TestParityNamesEveryLogger: each logger has a component of its own or a
// reason, and each component a logger.
func TestParityNamesEveryLogger(t *testing.T) {
	want := numbered(rows(t, "protocol/python-parity.md"), 11)
	got := rows(t, "parity.md")["Loggers"]
	if len(want) != 32 || len(got) != len(want) {
		t.Fatalf("%d loggers, want %d", len(got), len(want))
	}
	component := regexp.MustCompile("^`([a-z-]+)`$")
	var named []string
	for i, row := range got {
		if row[1] != want[i][1] {
			t.Errorf("row %d is %s, want %s", i+1, row[1], want[i][1])
		}
		if m := component.FindStringSubmatch(row[2]); m != nil {
			named = append(named, m[1])
		} else if !strings.HasPrefix(row[2], "none") {
			t.Errorf("%s: %q is neither a component nor a reason", row[1], row[2])
		}
	}
	slices.Sort(named)
	if !slices.Equal(named, device.LogComponents()) {
		t.Errorf("components %q, want %q", named, device.LogComponents())
	}
}

// TestConfigurationNamesEveryOption: each option has its row, rows of options
// that do not exist say so, and no tunable that is marked for us is left out.
func TestConfigurationNamesEveryOption(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	must(t, err)
	known := newNames(t, "device")
	listed := make(map[string]bool)
	for _, row := range rows(t, "configuration.md")["Options"] {
		name := strings.Trim(row[0], "`")
		listed[name] = true
		if exists, planned := known.has("device."+name), strings.Contains(row[1], "(planned)"); exists == planned {
			t.Errorf("%s: exists %v, planned %v", name, exists, planned)
		}
	}
	for _, name := range known.options() {
		if !listed[name] {
			t.Errorf("%s has no row", name)
		}
	}
	protocol, err := os.ReadFile("../../docs/protocol/configuration.md")
	must(t, err)
	for _, m := range regexp.MustCompile("`(With[A-Za-z]+)").FindAllSubmatch(protocol, -1) {
		if !strings.Contains(string(text), "`"+string(m[1])) {
			t.Errorf("%s of the protocol reference is not mentioned", m[1])
		}
	}
}

// TestConfigurationNamesEveryInstrument: the table of instruments is complete.
func TestConfigurationNamesEveryInstrument(t *testing.T) {
	var want, got []string
	for _, row := range rows(t, "configuration.md")["Metrics"] {
		want = append(want, strings.Trim(row[0], "`"))
	}
	c, p := newCloud(t), newMeters()
	c.open(c.assets("D-1", true), device.WithMeterProvider(p))
	for _, name := range p.names {
		if name != "callback" {
			got = append(got, name)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("instruments %q, documented %q", got, want)
	}
}

// TestDocumentedIdentifiersExist resolves what stands as `package.Name` or
// `package.Type.Member` in the documents.
func TestDocumentedIdentifiersExist(t *testing.T) {
	known := newNames(t, "content", "device", "devicemodel", "dispatch", "policy", "transport", "trust", "wire", "device/iniconfig")
	identifier := regexp.MustCompile("`((?:content|device|devicemodel|dispatch|policy|transport|trust|wire|iniconfig)\\.[A-Z][A-Za-z0-9.]*)`")
	for _, file := range []string{"parity.md", "configuration.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", file))
		must(t, err)
		found := identifier.FindAllSubmatch(text, -1)
		if len(found) < 4 {
			t.Errorf("%s: only %d identifiers were found", file, len(found))
		}
		for _, m := range found {
			if name := string(m[1]); !known.has(name) {
				t.Errorf("%s: %s does not exist", file, name)
			}
		}
	}
	for _, name := range []string{"device.Nothing", "device.Device.Nothing", "device.Open.Nothing"} {
		if known.has(name) {
			t.Errorf("%s is said to exist", name)
		}
	}
}

// names knows the exported identifiers of packages below runtime, from their
// syntax alone: type-checking them takes seconds.
type names struct {
	declared map[string]bool     // package.Name, package.Type.Member
	embedded map[string][]string // by package.Type: the types whose members it has
	option   []string            // functions of package device that return Option
}

func newNames(t *testing.T, packages ...string) *names {
	t.Helper()
	n := &names{declared: make(map[string]bool), embedded: make(map[string][]string)}
	for _, folder := range packages {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
		must(t, err)
		if len(files) == 0 {
			t.Fatalf("there is no package %s", folder)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			must(t, err)
			n.add(parsed)
		}
	}
	return n
}

func (n *names) add(file *ast.File) {
	prefix := file.Name.Name + "."
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				n.declared[prefix+typeName(d.Recv.List[0].Type)+"."+d.Name.Name] = true
				continue
			}
			n.declared[prefix+d.Name.Name] = true
			if results := d.Type.Results; file.Name.Name == "device" && d.Name.IsExported() && results != nil && typeName(results.List[0].Type) == "Option" {
				n.option = append(n.option, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				n.spec(prefix, spec)
			}
		}
	}
}

func (n *names) spec(prefix string, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			n.declared[prefix+name.Name] = true
		}
	case *ast.TypeSpec:
		name := prefix + s.Name.Name
		n.declared[name] = true
		var fields *ast.FieldList
		switch of := s.Type.(type) {
		case *ast.StructType:
			fields = of.Fields
		case *ast.InterfaceType:
			fields = of.Methods
		default: // an alias, or a type of its own that has no members of the other
			if s.Assign.IsValid() {
				n.embedded[name] = append(n.embedded[name], qualified(prefix, s.Type))
			}
			return
		}
		for _, f := range fields.List {
			if len(f.Names) == 0 {
				n.embedded[name] = append(n.embedded[name], qualified(prefix, f.Type))
			}
			for _, member := range f.Names {
				n.declared[name+"."+member.Name] = true
			}
		}
	}
}

// typeName is the name of a type without pointer, package and type parameters.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func qualified(prefix string, e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if s, ok := e.(*ast.SelectorExpr); ok {
		return fmt.Sprint(s.X, ".", s.Sel.Name)
	}
	return prefix + typeName(e)
}

// has reports whether package.Name or package.Type.Member exists.
func (n *names) has(name string) bool {
	if n.declared[name] {
		return true
	}
	dot := strings.LastIndex(name, ".")
	if strings.Count(name, ".") != 2 {
		return false
	}
	return slices.ContainsFunc(n.embedded[name[:dot]], func(other string) bool { return n.has(other + name[dot:]) })
}

func (n *names) options() []string { return n.option }
