package gen_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
)

const pump = `{
  "urn": "urn:test:pump",
  "name": "Pump",
  "attributes": [
    {"name": "speed", "type": "INTEGER", "range": "0,3000"},
    {"name": "left-door", "type": "BOOLEAN", "writable": true}
  ],
  "formats": [
    {"urn": "urn:test:pump:hot", "name": "Hot", "type": "ALERT", "value": {"fields": [{"name": "temp", "type": "NUMBER", "optional": false}]}}
  ]
}`

const lamp = `{"urn": "urn:test:lamp", "name": "Lamp", "attributes": [{"name": "on", "type": "BOOLEAN", "writable": true}]}`

// world is a folder to work in.
type world struct {
	t   testing.TB
	dir string
}

// newWorld makes a world with two models.
func newWorld(t testing.TB) world {
	w := world{t, t.TempDir()}
	w.write("models/dm-urn%3Atest%3Apump.json", pump)
	w.write("models/dm-urn%3Atest%3Alamp.json", lamp)
	return w
}

func (w world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w world) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o666); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w world) remove(name string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// tree gives the files below a folder with their texts.
func (w world) tree(name string) map[string]string {
	w.t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(w.path(name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(w.path(name), path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		all[filepath.ToSlash(inside)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	return all
}

// names gives the files below a folder.
func (w world) names(name string) []string {
	var all []string
	for path := range w.tree(name) {
		all = append(all, path)
	}
	slices.Sort(all)
	return all
}

// load makes a configuration that must be fine.
func (w world) load(f gen.Flags) gen.Config {
	w.t.Helper()
	c, found := gen.Load(w.dir, f)
	if gen.Worst(found) == gen.Error {
		w.t.Fatal(text(found))
	}
	return c
}

func (w world) run(f gen.Flags) *gen.Result {
	w.t.Helper()
	r, err := gen.Run(w.t.Context(), w.load(f))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// generate runs and writes, which must work.
func (w world) generate(f gen.Flags, o gen.WriteOptions) gen.Summary {
	w.t.Helper()
	s, err := w.run(f).Write(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// drift gives the rule and path of everything that is not up to date.
func (w world) drift(f gen.Flags) []string {
	w.t.Helper()
	r := w.run(f)
	if r.Failed() {
		w.t.Fatal(text(r.Diagnostics))
	}
	var all []string
	for _, d := range r.Drift() {
		all = append(all, d.Rule+" "+filepath.ToSlash(d.File))
	}
	return all
}

func text(found []gen.Diagnostic) string {
	var lines []string
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// blocked gives the diagnostics of a write that must be refused.
func (w world) blocked(f gen.Flags, o gen.WriteOptions) []gen.Diagnostic {
	w.t.Helper()
	s, err := w.run(f).Write(w.t.Context(), o)
	e, ok := errors.AsType[*gen.BlockedError](err)
	if !ok {
		w.t.Fatalf("got %v, %+v", err, s)
	}
	return e.Diagnostics
}
