package gen_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
)

// Whatever lies in a model file: no panic, and a model that lint accepts gives code that parses, the same code twice.
func FuzzModel(f *testing.F) {
	models, err := filepath.Glob("../models/*.json")
	if err != nil || len(models) == 0 {
		f.Fatal("no sample models", err)
	}
	for _, path := range models {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{pump, lamp, "", "{}", "[]", `{"items":[{"urn":"a","name":"b"},{"urn":"a:b","name":"c"}]}`, benchModel(1)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := world{t, t.TempDir()}
		w.write("models/dm-m.json", string(data))
		c := w.load(gen.Flags{})
		found, err := gen.Lint(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		r := w.run(gen.Flags{})
		if accepted := gen.Worst(found) != gen.Error; accepted == r.Failed() {
			t.Fatalf("lint accepts: %v, generate refuses: %v\n%s\n%s", accepted, r.Failed(), text(found), text(r.Diagnostics))
		}
		for _, folder := range r.Folders {
			for _, file := range folder.Files {
				if filepath.Ext(file.Path) != ".go" {
					continue
				}
				if _, err := parser.ParseFile(token.NewFileSet(), file.Path, file.Content, parser.SkipObjectResolution); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
