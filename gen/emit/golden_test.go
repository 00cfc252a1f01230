package emit

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

var update = flag.Bool("update", false, "write what the generator gives into the golden files")

// golden is one case: the models, lock and overrides that go in, and under want/ the diagnostics, the lock and the packages that come out.
type golden struct {
	name    string
	archive *txtar.Archive
}

func goldens(t testing.TB) []golden {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files: ", err)
	}
	var all []golden
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, golden{strings.TrimSuffix(filepath.Base(path), ".txtar"), a})
	}
	return all
}

func (g golden) file(name string) []byte {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// input reads what goes in.
func (g golden) input(t testing.TB) plan.Input {
	t.Helper()
	var in plan.Input
	docs, found := devicemodel.Inspect(g.file("model.json"))
	for _, d := range docs {
		if d.Model == nil {
			t.Fatal(found)
		}
		in.Models = append(in.Models, d.Model)
	}
	if text := g.file("overrides.json"); text != nil {
		if err := json.Unmarshal(text, &in.Overrides); err != nil {
			t.Fatal(err)
		}
	}
	if text := g.file(lock.FileName); text != nil {
		l, err := lock.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		in.Lock = l
	}
	return in
}

// generate gives what comes out: diagnostics, lock and files by path.
func generate(t testing.TB, in plan.Input) map[string][]byte {
	t.Helper()
	p, found, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	var remarks strings.Builder
	for _, d := range found {
		fmt.Fprintf(&remarks, "%s: %s%s: %s; %s (%s)\n", d.Level, d.URN, d.Pointer, d.Text, d.Remedy, d.Rule)
	}
	if remarks.Len() > 0 {
		out["diagnostics"] = []byte(remarks.String())
	}
	l := in.Lock.Clone()
	for i := range p.Packages {
		pkg := &p.Packages[i]
		l.Add(pkg.Facts...)
		files, err := Package(pkg)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			out[pkg.Name+"/"+name] = content
		}
	}
	out[lock.FileName] = l.Bytes()
	return out
}

func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			got := generate(t, g.input(t))
			want := make(map[string][]byte)
			for _, f := range g.archive.Files {
				if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
					want[name] = f.Data
				}
			}
			if *update {
				g.write(t, got)
				return
			}
			if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
				t.Errorf("run go test -update and look at the difference:\n%s", diff)
			}
		})
	}
}

func texts(files map[string][]byte) map[string][]string {
	all := make(map[string][]string)
	for name, content := range files {
		all[name] = strings.Split(string(content), "\n")
	}
	return all
}

// write puts what came out into the golden file.
func (g golden) write(t *testing.T, got map[string][]byte) {
	t.Helper()
	a := &txtar.Archive{Comment: g.archive.Comment}
	for _, f := range g.archive.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			a.Files = append(a.Files, f)
		}
	}
	names := make([]string, 0, len(got))
	for name := range got {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a.Files = append(a.Files, txtar.File{Name: "want/" + name, Data: got[name]})
	}
	if err := os.WriteFile(filepath.Join("testdata", g.name+".txtar"), txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Ten generations of everything give the same bytes, also with the lock of the first and with members and models in another order.
func TestTenGenerations(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			first := generate(t, g.input(t))
			for i := range 10 {
				in := g.input(t)
				shuffle(in.Models)
				if i%2 == 1 {
					l, err := lock.Parse(first[lock.FileName])
					if err != nil {
						t.Fatal(err)
					}
					in.Lock = l
				}
				again := generate(t, in)
				delete(again, "diagnostics") // they point into the model, whose order differs
				want := make(map[string][]byte)
				for name, content := range first {
					if name != "diagnostics" {
						want[name] = content
					}
				}
				if diff := cmp.Diff(texts(want), texts(again)); diff != "" {
					t.Fatalf("generation %d differs:\n%s", i+2, diff)
				}
			}
		})
	}
}
