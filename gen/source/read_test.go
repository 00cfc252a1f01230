package source_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen/source"
	"github.com/iotcs-go/iotcs/internal/interop"
)

const model = `{"urn":"urn:test:a","name":"A"}`

// tree writes files into a new folder; a content "-> x" makes a symbolic link to x, "/" a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		switch target, link := strings.CutPrefix(content, "-> "); {
		case link:
			err = os.Symlink(target, path)
		case content == "/":
			err = os.MkdirAll(path, 0o777)
		default:
			err = os.WriteFile(path, []byte(content), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir string, paths ...string) *source.Set {
	t.Helper()
	set, err := source.Read(t.Context(), dir, paths)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// names gives the paths of a set in slash form.
func names(set *source.Set) (files, problems, skipped []string) {
	for _, f := range set.Files {
		files = append(files, filepath.ToSlash(f.Path))
	}
	for _, p := range set.Problems {
		problems = append(problems, filepath.ToSlash(p.Path)+": "+p.Err.Error())
	}
	for _, s := range set.Skipped {
		skipped = append(skipped, filepath.ToSlash(s.Path))
	}
	return files, problems, skipped
}

func TestRead(t *testing.T) {
	tests := []struct {
		name                    string
		files                   map[string]string
		paths                   []string
		want, problems, skipped []string
	}{
		{
			name:  "folder in order of names",
			files: map[string]string{"m/dm-b.json": model, "m/dm-a.json": model, "m/z.JSON": model, "m/readme.md": "x"},
			paths: []string{"m"},
			want:  []string{"m/dm-a.json", "m/dm-b.json", "m/z.JSON"},
		},
		{
			name:  "file named directly needs no suffix",
			files: map[string]string{"model.txt": model},
			paths: []string{"./model.txt"},
			want:  []string{"model.txt"},
		},
		{
			name:    "what is clearly no model is skipped with a note",
			files:   map[string]string{"m/package.json": `{"name":"x","version":"1"}`, "m/list.json": `[1,2]`, "m/text.json": `"hello"`, "m/dm-a.json": model},
			paths:   []string{"m"},
			want:    []string{"m/dm-a.json"},
			skipped: []string{"m/list.json", "m/package.json", "m/text.json"},
		},
		{
			name:  "what may have been a model is kept",
			files: map[string]string{"m/broken.json": `{"urn":`, "m/cut.json": `{"name":"x","ver`, "m/empty.json": "", "m/upper.json": `{"URN":"x"}`, "m/dm-x.json": `[]`, "m/two.json": "1 2"},
			paths: []string{"m"},
			want:  []string{"m/broken.json", "m/cut.json", "m/dm-x.json", "m/empty.json", "m/two.json", "m/upper.json"},
		},
		{
			name:  "lists and pages of models",
			files: map[string]string{"m/list.json": "[" + model + "]", "m/page.json": `{"count":1,"items":[` + model + `]}`, "m/bom.json": "\xef\xbb\xbf" + model},
			paths: []string{"m"},
			want:  []string{"m/bom.json", "m/list.json", "m/page.json"},
		},
		{
			name:  "named directly is never skipped",
			files: map[string]string{"m/package.json": `{"name":"x"}`},
			paths: []string{"m", "m/package.json"},
			want:  []string{"m/package.json"},
		},
		{
			name:     "every problem is reported",
			files:    map[string]string{"empty/": "/", "m/dm-a.json": model},
			paths:    []string{"absent", "empty", "m", "m/absent.json"},
			want:     []string{"m/dm-a.json"},
			problems: []string{"absent: no such file or directory", "empty: folder holds no device model", "m/absent.json: no such file or directory"},
		},
		{
			name:    "folders below are not searched but reported",
			files:   map[string]string{"m/dm-a.json": model, "m/old/dm-b.json": model, "m/doc/readme.md": "x", "m/folder.json/x": "x"},
			paths:   []string{"m"},
			want:    []string{"m/dm-a.json"},
			skipped: []string{"m/old"},
		},
		{
			name:  "hidden files are passed over",
			files: map[string]string{"m/dm-a.json": model, "m/._dm-a.json": "\x00", "m/.#dm-a.json": "-> nowhere"},
			paths: []string{"m"},
			want:  []string{"m/dm-a.json"},
		},
		{
			name:     "symbolic links",
			files:    map[string]string{"store/dm-a.json": model, "m/dm-b.json": "-> ../store/dm-a.json", "m/dm-gone.json": "-> nowhere", "link": "-> m", "m/dm-loop.json": "-> dm-loop.json"},
			paths:    []string{"link", "m", "store"},
			want:     []string{"link/dm-b.json"},
			problems: []string{"link/dm-gone.json: no such file or directory", "link/dm-loop.json: EvalSymlinks: too many links"},
		},
		{
			name:  "one file by several paths is read once",
			files: map[string]string{"m/dm-a.json": model},
			paths: []string{"m/dm-a.json", "m", "./m/../m", "m/dm-a.json"},
			want:  []string{"m/dm-a.json"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			check := func(paths []string) {
				files, problems, skipped := names(read(t, dir, paths...))
				if diff := cmp.Diff([][]string{tt.want, tt.problems, tt.skipped}, [][]string{files, problems, skipped}); diff != "" {
					t.Errorf("paths %q: files, problems, skipped (-want +got)\n%s", paths, diff)
				}
			}
			check(tt.paths)
			reversed := slices.Clone(tt.paths)
			slices.Reverse(reversed)
			if tt.name != "symbolic links" { // there the folder's shown name is that of the first path
				check(reversed)
			}
		})
	}
}

func TestReadAbsolutePaths(t *testing.T) {
	dir := tree(t, map[string]string{"dm-a.json": model})
	set := read(t, "/nowhere", dir)
	if len(set.Files) != 1 || set.Files[0].Path != filepath.Join(dir, "dm-a.json") || string(set.Files[0].Data) != model {
		t.Errorf("got %+v", set)
	}
}

func TestReadTooLarge(t *testing.T) {
	dir := tree(t, map[string]string{"dm-big.json": "", "dm-most.json": ""})
	for name, size := range map[string]int64{"dm-big.json": source.MaxSize + 1, "dm-most.json": source.MaxSize} {
		if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
			t.Fatal(err)
		}
	}
	set := read(t, dir, ".")
	if len(set.Files) != 1 || set.Files[0].Path != "dm-most.json" {
		t.Errorf("files %d", len(set.Files))
	}
	if len(set.Problems) != 1 || !errors.Is(set.Problems[0], source.ErrTooLarge) || set.Problems[0].Remedy == "" {
		t.Errorf("problems %v", set.Problems)
	}
}

func TestReadRefusesSpecialFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no /dev/null to open by this name")
	}
	set := read(t, "/", "/dev/null")
	if len(set.Problems) != 1 || !errors.Is(set.Problems[0], source.ErrNotRegular) {
		t.Errorf("got %v", set.Problems)
	}
}

func TestReadUnreadable(t *testing.T) {
	interop.RequireUnprivileged(t)
	dir := tree(t, map[string]string{"m/dm-a.json": model, "locked/dm-a.json": model})
	if err := os.Chmod(filepath.Join(dir, "m/dm-a.json"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "locked"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "locked"), 0o777) })
	set := read(t, dir, "m", "locked")
	if len(set.Problems) != 2 {
		t.Fatalf("problems %v", set.Problems)
	}
	for _, p := range set.Problems {
		if !errors.Is(p, fs.ErrPermission) || p.Remedy == "" {
			t.Errorf("%v, remedy %q", p, p.Remedy)
		}
	}
}

func TestReadStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source.Read(ctx, tree(t, map[string]string{"dm-a.json": model}), []string{"."}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// benchFiles writes n models of some kilobytes under names that tell nothing.
func benchFiles(b *testing.B, dir string, n int) {
	b.Helper()
	text := `{"name":"A","links":[` + strings.Repeat(`{"href":"x"},`, 150) + `{}],"urn":"urn:test:a"}`
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
}
