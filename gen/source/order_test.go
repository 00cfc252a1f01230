package source_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen/source"
)

// The order of paths never matters, nor how often a path is named.
func TestReadInAnyOrder(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/dm-1.json": model, "a/x.json": model, "a/other.json": `{"x": 1}`, "b/dm-2.json": model, "b/dm-bad.json": "-> nowhere", "c.json": model, "d/readme": "",
	})
	paths := []string{"a", "b", "c.json", "d", "gone", "a/x.json", "./b/../b", "b/dm-2.json", "a/other.json"}
	want := read(t, dir, paths...)
	if len(want.Files) != 5 || len(want.Problems) != 3 || len(want.Skipped) != 0 {
		t.Fatalf("%d files, %d problems, %d skipped", len(want.Files), len(want.Problems), len(want.Skipped))
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		rnd.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		got := read(t, dir, append(paths, paths[rnd.IntN(len(paths))])...)
		if diff := cmp.Diff(shown(want), shown(got)); diff != "" {
			t.Fatalf("%q: %s", paths, diff)
		}
	}
}

// shown gives everything in a set as text, without problems that are there once for each time a path was named.
func shown(set *source.Set) []string {
	var all []string
	for _, f := range set.Files {
		all = append(all, f.Path+" "+string(f.Data))
	}
	seen := make(map[string]bool)
	for _, p := range set.Problems {
		if !seen[p.Error()] {
			all = append(all, p.Error())
		}
		seen[p.Error()] = true
	}
	for _, s := range set.Skipped {
		all = append(all, s.Path+" "+s.Reason)
	}
	return all
}

// Many files come out complete and in order, however many readers there are.
func TestReadManyFiles(t *testing.T) {
	files := make(map[string]string)
	for i := range 300 {
		files[fmt.Sprintf("dm-%03d.json", i)] = fmt.Sprintf(`{"urn":"urn:test:%d"}`, i)
	}
	set := read(t, tree(t, files), ".")
	if len(set.Files) != 300 {
		t.Fatalf("%d files", len(set.Files))
	}
	for i, f := range set.Files {
		if f.Path != fmt.Sprintf("dm-%03d.json", i) || string(f.Data) != files[f.Path] {
			t.Fatalf("file %d is %s: %s", i, f.Path, f.Data)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	benchFiles(b, dir, 100)
	b.ReportAllocs()
	for b.Loop() {
		if set, err := source.Read(b.Context(), dir, []string{"."}); err != nil || len(set.Files) != 100 {
			b.Fatal(err, set)
		}
	}
}
