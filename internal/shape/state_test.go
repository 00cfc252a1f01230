package shape

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func initCheck() check {
	return check{
		name:    "no package does something when it is imported",
		find:    findInits,
		crooked: []string{"runtime/device/device.go:17: func init"},
	}
}

func findInits(t *testing.T, h *house) (findings []string) {
	for _, s := range h.parse(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && !s.test() && f.Recv == nil && f.Name.Name == "init" {
				findings = append(findings, h.at(f.Pos())+": func init")
			}
		}
	}
	return findings
}

func stateCheck() check {
	return check{
		name: "no package keeps state",
		find: findState,
		crooked: []string{
			"runtime/device/device.go:18: assigns to the package variable Counter",
			"runtime/device/device.go:37: assigns to the package variable names",
			"runtime/device/device.go:38: counts the package variable Counter",
			"runtime/device/device.go:39: takes the address of the package variable origin",
			"runtime/device/device.go:40: calls a method that can change the package variable lock",
			"runtime/device/device.go:41: changes the package variable names",
			"examples/sensor/main.go:12: assigns to the package variable device.Counter",
		},
	}
}

// findState type-checks every package and looks for places outside a
// declaration that write a package-level variable or hand out the means to: an
// assignment to it or to a part of it, its address, a method with a pointer
// receiver. What a variable that is a pointer points to is not followed.
func findState(t *testing.T, h *house) (findings []string) {
	h.parse(t)
	byFolder := map[string]map[string]*ast.File{}
	for _, s := range h.sources {
		if byFolder[s.folder()] == nil {
			byFolder[s.folder()] = map[string]*ast.File{}
		}
		byFolder[s.folder()][filepath.Base(s.path)] = s.file
	}
	imports := h.importer(t)
	for _, p := range h.list(t) {
		if !p.ours() {
			continue
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			if file := byFolder[p.folder()][name]; file != nil {
				files = append(files, file)
			}
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
		config := types.Config{Importer: imports, FakeImportC: true}
		pkg, err := config.Check(p.ImportPath, h.fset, files, info)
		if err != nil {
			t.Errorf("type-check %s: %v", p.folder(), err)
			continue
		}
		w := &writes{pkg: pkg, info: info}
		w.report = func(pos token.Pos, what string, v *types.Var) {
			name := v.Name()
			if v.Pkg() != pkg {
				name = v.Pkg().Name() + "." + name
			}
			findings = append(findings, fmt.Sprintf("%s: %s the package variable %s", h.at(pos), what, name))
		}
		for _, file := range files {
			w.generated = ast.IsGenerated(file)
			ast.Inspect(file, w.visit)
		}
	}
	return findings
}

// importer reads the export data that go list has made.
func (h *house) importer(t *testing.T) types.Importer {
	t.Helper()
	exports := map[string]string{}
	for _, p := range h.list(t) {
		exports[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(h.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no package of the house, nor one that it imports: %s", path)
		}
		return os.Open(exports[path])
	})
}

// writes finds writes to package-level variables.
type writes struct {
	pkg       *types.Package
	info      *types.Info
	report    func(pos token.Pos, what string, v *types.Var)
	generated bool // the file is: it may give its model's address to the runtime, which only reads it
}

func (w *writes) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, left := range n.Lhs {
				w.check(left, "assigns to")
			}
		}
	case *ast.IncDecStmt:
		w.check(n.X, "counts")
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			w.check(n.Key, "assigns to")
			w.check(n.Value, "assigns to")
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND && !w.generated {
			w.check(n.X, "takes the address of")
		}
	case *ast.SelectorExpr:
		if w.changesReceiver(n) {
			w.check(n.X, "calls a method that can change")
		}
	case *ast.CallExpr:
		w.builtin(n)
	}
	return true
}

// changesReceiver reports whether n is a method with a pointer receiver whose
// receiver's address is taken silently.
func (w *writes) changesReceiver(n *ast.SelectorExpr) bool {
	selection := w.info.Selections[n]
	if selection == nil || selection.Kind() != types.MethodVal || selection.Indirect() {
		return false
	}
	signature := selection.Obj().Type().(*types.Signature)
	_, pointer := signature.Recv().Type().(*types.Pointer)
	_, already := selection.Recv().Underlying().(*types.Pointer)
	return pointer && !already
}

// builtin looks at calls of the predeclared functions that write to their first
// argument.
func (w *writes) builtin(n *ast.CallExpr) {
	name, ok := n.Fun.(*ast.Ident)
	if !ok {
		return
	}
	if _, ok := w.info.Uses[name].(*types.Builtin); !ok {
		return
	}
	switch name.Name {
	case "clear", "copy", "delete":
		w.check(n.Args[0], "changes")
	}
}

// check reports expression x when it is a package-level variable or a part of
// one.
func (w *writes) check(x ast.Expr, what string) {
	for {
		switch e := x.(type) {
		case *ast.ParenExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.SelectorExpr:
			if w.info.Selections[e] == nil { // pkg.Name
				x = e.Sel
				continue
			}
			x = e.X
		case *ast.Ident:
			v, ok := w.info.Uses[e].(*types.Var)
			if ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				w.report(e.Pos(), what, v)
			}
			return
		default:
			return
		}
	}
}
