package shape

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

func documentedCheck() check {
	return check{
		name: "every exported item has a doc comment",
		find: findUndocumented,
		crooked: []string{
			"runtime/device/device.go:22: exported Counter has no doc comment",
			"runtime/device/device.go:24: exported Count has no doc comment",
			"runtime/device/device.go:26: exported Opener has no doc comment",
			"runtime/device/device.go:27: exported Opener.Open has no doc comment",
			"runtime/device/device.go:36: exported Device.Close has no doc comment",
		},
	}
}

// findUndocumented looks at what is exported from every package, in files that
// people write. A comment on a group of constants or variables stands for all of
// the group. Methods that everybody knows need none, and fields are left to the
// writer: of many the name says it all.
func findUndocumented(t *testing.T, h *house) (findings []string) {
	for _, s := range h.parse(t) {
		if s.test() || s.generated || s.file.Name.Name == "main" {
			continue
		}
		report := func(pos token.Pos, name string) {
			findings = append(findings, fmt.Sprintf("%s: exported %s has no doc comment", h.at(pos), name))
		}
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if name, exported := exportedFunc(d); exported && d.Doc == nil && !wellKnown(d) {
					report(d.Pos(), name)
				}
			case *ast.GenDecl:
				undocumentedSpecs(d, report)
			}
		}
	}
	return findings
}

// wellKnown reports whether d is a method whose name and type say what it does.
func wellKnown(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "String", "Unwrap"}, d.Name.Name)
}

// exportedFunc returns a function's name, with the receiver's type before that
// of a method, and whether a user of the package sees it.
func exportedFunc(d *ast.FuncDecl) (name string, exported bool) {
	if d.Recv == nil {
		return d.Name.Name, d.Name.IsExported()
	}
	receiver := d.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
			continue
		case *ast.IndexExpr:
			receiver = r.X
			continue
		case *ast.IndexListExpr:
			receiver = r.X
			continue
		case *ast.Ident:
			return r.Name + "." + d.Name.Name, r.IsExported() && d.Name.IsExported()
		}
		return d.Name.Name, false
	}
}

// undocumentedSpecs reports types, constants and variables of one declaration.
func undocumentedSpecs(d *ast.GenDecl, report func(token.Pos, string)) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			if d.Doc == nil && s.Doc == nil && s.Comment == nil {
				report(s.Pos(), s.Name.Name)
			}
			undocumentedMethods(s, report)
		case *ast.ValueSpec:
			if d.Doc != nil || s.Doc != nil || s.Comment != nil {
				continue
			}
			for _, name := range s.Names {
				if name.IsExported() {
					report(name.Pos(), name.Name)
				}
			}
		}
	}
}

// undocumentedMethods reports methods of an interface. Of one with a single
// method the comment on the interface says everything.
func undocumentedMethods(s *ast.TypeSpec, report func(token.Pos, string)) {
	typ, ok := s.Type.(*ast.InterfaceType)
	if !ok || typ.Methods.NumFields() == 1 {
		return
	}
	for _, method := range typ.Methods.List {
		if len(method.Names) == 1 && method.Names[0].IsExported() && method.Doc == nil && method.Comment == nil {
			report(method.Pos(), s.Name.Name+"."+method.Names[0].Name)
		}
	}
}

func packageDocsCheck() check {
	return check{
		name: "every package has its paragraph in doc.go",
		find: findPackagesWithoutDoc,
		crooked: []string{
			"examples/sensor: no package comment",
			"gen/util: the name says nothing about what is in it",
			"runtime/device: no doc.go",
			"runtime/device: no package comment that begins with \"Package device\"",
			"runtime/unheard: no doc.go",
		},
	}
}

// findPackagesWithoutDoc wants doc.go with the package comment, where
// generated packages and programs may have the comment in another file.
func findPackagesWithoutDoc(t *testing.T, h *house) (findings []string) {
	for _, p := range folders(h.parse(t)) {
		report := func(text string) { findings = append(findings, p[0].folder()+": "+text) }
		name := p[0].file.Name.Name
		if name != "main" && !p[0].generated && !slices.ContainsFunc(p, func(s *source) bool { return strings.HasSuffix(s.path, "/doc.go") }) {
			report("no doc.go")
		}
		begins := "Package " + name
		if name == "main" {
			begins = ""
		}
		if !slices.ContainsFunc(p, func(s *source) bool { return s.file.Doc != nil && strings.HasPrefix(s.file.Doc.Text(), begins) }) {
			if name == "main" {
				report("no package comment")
			} else {
				report(fmt.Sprintf("no package comment that begins with %q", begins))
			}
		}
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "manager", "impl"}, name) {
			report("the name says nothing about what is in it")
		}
	}
	return findings
}

// folders groups the sources that are no tests by folder, in lexical order.
func folders(sources []*source) (grouped [][]*source) {
	for _, s := range sources {
		if s.test() {
			continue
		}
		if n := len(grouped); n > 0 && grouped[n-1][0].folder() == s.folder() {
			grouped[n-1] = append(grouped[n-1], s)
		} else if i := slices.IndexFunc(grouped, func(g []*source) bool { return g[0].folder() == s.folder() }); i >= 0 {
			grouped[i] = append(grouped[i], s)
		} else {
			grouped = append(grouped, []*source{s})
		}
	}
	return grouped
}

func examplesCheck() check {
	return check{
		name:    "every package for users has an example",
		find:    findPackagesWithoutExample,
		crooked: []string{"gen/util: no Example function", "runtime/device: no Example function", "runtime/unheard: no Example function"},
	}
}

func findPackagesWithoutExample(t *testing.T, h *house) (findings []string) {
	shown := map[string]bool{}
	for _, s := range h.parse(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && s.test() && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Example") {
				shown[s.folder()] = true
			}
		}
	}
	for _, p := range folders(h.parse(t)) {
		folder := p[0].folder()
		if p[0].file.Name.Name == "main" || p[0].generated || under(folder, "internal/...") || strings.Contains(folder, "/internal/") || shown[folder] {
			continue
		}
		findings = append(findings, folder+": no Example function")
	}
	return findings
}
