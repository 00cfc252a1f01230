package emit

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// exports finds the compiled form of the packages that generated code imports.
var exports = sync.OnceValues(func() (types.Importer, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", contextPath, timePath,
		devicePath).Output()
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("no compiled form of %s", path)
		}
		return os.Open(files[path])
	}), nil
})

// importing guards the importer, which is not made for several goroutines.
var importing sync.Mutex

// checkTypes fails if the files of one package do not compile against the runtime.
func checkTypes(t testing.TB, files map[string][]byte) {
	t.Helper()
	imports, err := exports()
	if err != nil {
		t.Skip("the runtime is not there: ", err)
	}
	importing.Lock()
	defer importing.Unlock()
	fset := token.NewFileSet()
	var parsed []*ast.File
	for name, content := range files {
		f, err := parser.ParseFile(fset, name, content, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	config := types.Config{Importer: imports, Error: func(err error) { t.Error(err) }}
	_, _ = config.Check("golden", fset, parsed, nil) // errors went to the function above
}

func TestHandMadeModelCompiles(t *testing.T) {
	files, err := Package(planned(t, sample(24)))
	if err != nil {
		t.Fatal(err)
	}
	checkTypes(t, files)
}
