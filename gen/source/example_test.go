package source_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/iotcs-go/iotcs/gen/source"
)

func ExampleRead() {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"dm-urn%3Acom%3Aacme%3Apump.json": `{"urn": "urn:com:acme:pump", "name": "Pump"}`,
		"package.json":                    `{"name": "not a model", "version": "1.0.0"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			fmt.Println(err)
			return
		}
	}
	set, err := source.Read(context.Background(), dir, []string{".", "lost.json"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range set.Files {
		fmt.Println("read", f.Path)
	}
	for _, s := range set.Skipped {
		fmt.Println("skipped", s.Path)
	}
	for _, p := range set.Problems {
		fmt.Println(p.Path, "cannot be read:", p.Remedy)
	}
	// Output:
	// read dm-urn%3Acom%3Aacme%3Apump.json
	// skipped package.json
	// lost.json cannot be read: name an existing file or folder
}

func ExampleLocator() {
	l := source.NewLocator([]byte("{\n  \"name\": \"Pumpe für Öl\"\n}"))
	fmt.Println(l.Position(12))
	// Output: {2 11}
}
