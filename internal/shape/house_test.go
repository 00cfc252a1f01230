package shape

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// house is a module in a folder, loaded as far as checks ask for it.
type house struct {
	root     string
	packages []*listed      // what go list says; nil before it was asked
	sources  []*source      // every .go file; nil before they were parsed
	fset     *token.FileSet // of sources
}

func newHouse(root string) *house {
	return &house{root: root, fset: token.NewFileSet()}
}

// listed is what `go list -json` says about a package.
type listed struct {
	ImportPath, Name, Dir string
	Export                string // file of export data
	Standard, DepOnly     bool
	Module                *struct {
		Path string
		Main bool
	}
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
	Deps                               []string
	Error                              *struct{ Err string }
}

// ours reports whether the package belongs to the house.
func (p *listed) ours() bool {
	return p.Module != nil && p.Module.Main
}

// folder is the package's path inside the house, "." for the root.
func (p *listed) folder() string {
	if p.ImportPath == p.Module.Path {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")
}

// list returns all packages of the house and everything they import, sorted so
// that a package follows those it imports.
func (h *house) list(t *testing.T) []*listed {
	t.Helper()
	if h.packages != nil {
		return h.packages
	}
	command := exec.Command("go", "list", "-e", "-deps", "-export",
		"-json=ImportPath,Name,Dir,Export,Standard,DepOnly,Module,GoFiles,Imports,TestImports,XTestImports,Deps,Error", "./...")
	command.Dir = h.root
	command.Env = append(command.Environ(), "GOWORK=off", "PWD="+h.root)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(listed)
		if err := in.Decode(p); errors.Is(err, io.EOF) {
			return h.packages
		} else if err != nil {
			t.Fatalf("output of go list: %v", err)
		}
		if p.Error != nil && p.ours() {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		h.packages = append(h.packages, p)
	}
}

// source is a parsed .go file.
type source struct {
	path      string // inside the house, with slashes
	content   []byte
	file      *ast.File
	generated bool
}

// folder is the one that the file lies in.
func (s *source) folder() string {
	return filepath.ToSlash(filepath.Dir(s.path))
}

func (s *source) test() bool {
	return strings.HasSuffix(s.path, "_test.go")
}

// parse returns every .go file of the house, whatever its build constraints,
// except those below a folder testdata.
func (h *house) parse(t *testing.T) []*source {
	t.Helper()
	if h.sources != nil {
		return h.sources
	}
	h.walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") || slices.Contains(strings.Split(path, "/"), "testdata") {
			return
		}
		content := h.read(t, path)
		file, err := parser.ParseFile(h.fset, path, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("does not parse: %v", err)
			return
		}
		h.sources = append(h.sources, &source{path, content, file, ast.IsGenerated(file)})
	})
	return h.sources
}

// walk calls visit with every file of the house in lexical order. Folders whose
// name begins with a dot hold what tools put there, except .ci.
func (h *house) walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(h.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(h.root, path)
		if err != nil {
			return err
		}
		inside = filepath.ToSlash(inside)
		switch {
		case inside == ".git" && !entry.IsDir(): // of a worktree; it names the repository's place
		case !entry.IsDir():
			visit(inside)
		case inside == "bin", inside != ".ci" && strings.HasPrefix(entry.Name(), ".") && inside != ".":
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// read returns a file of the house.
func (h *house) read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(h.root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// exists reports whether the house has a file or folder of that path.
func (h *house) exists(path string) bool {
	_, err := os.Stat(filepath.Join(h.root, filepath.FromSlash(path)))
	return err == nil
}

// at is a position in the house for a finding: path:line.
func (h *house) at(pos token.Pos) string {
	p := h.fset.Position(pos)
	p.Column = 0
	return p.String()
}

// under reports whether folder matches pattern: a folder, or a folder and
// everything below it when pattern ends in "/...".
func under(folder, pattern string) bool {
	base, all := strings.CutSuffix(pattern, "/...")
	return folder == base || all && strings.HasPrefix(folder, base+"/")
}
