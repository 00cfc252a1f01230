package gen_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/iotcs-go/iotcs/gen"
)

// Generate code for the models in a folder, as "iotcs-gen generate" does.
func Example() {
	dir, err := os.MkdirTemp("", "gen")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := writeExampleModel(dir); err != nil {
		fmt.Println(err)
		return
	}

	config, found := gen.Load(dir, gen.Flags{})
	if gen.Worst(found) == gen.Error {
		fmt.Println(found)
		return
	}
	result, err := gen.Run(context.Background(), config)
	if err != nil || result.Failed() {
		fmt.Println(err, result)
		return
	}
	for _, d := range result.Drift() {
		fmt.Println(filepath.ToSlash(d.File), d.Rule)
	}
	sum, err := result.Write(context.Background(), gen.WriteOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(sum.Written), "files written")
	// Output:
	// generated/pump/device.go MISSING
	// generated/pump/model.go MISSING
	// generated/iotcs-gen.lock MISSING
	// 3 files written
}

func writeExampleModel(dir string) error {
	if err := os.Mkdir(filepath.Join(dir, "models"), 0o777); err != nil {
		return err
	}
	const model = `{"urn": "urn:com:acme:pump", "name": "Pump", "attributes": [{"name": "speed", "type": "INTEGER", "range": "0,3000"}]}`
	return os.WriteFile(filepath.Join(dir, "models", "dm-urn%3Acom%3Aacme%3Apump.json"), []byte(model), 0o666)
}

func ExampleExplain() {
	rule, _, ok := gen.Explain("m07")
	fmt.Println(ok, rule.ID, rule.Title)
	_, near, ok := gen.Explain("STALL")
	fmt.Println(ok, near)
	// Output:
	// true M07 the range of an INTEGER holds an integer
	// false STALE
}
