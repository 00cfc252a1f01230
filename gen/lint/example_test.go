package lint_test

import (
	"context"
	"fmt"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/source"
)

func ExampleFiles() {
	set := &source.Set{Files: []source.File{{Path: "pump.json", Data: []byte(`{
  "urn": "urn:com:acme:pump",
  "name": "Pump",
  "attributes": [
    {"name": "speed", "type": "INT", "range": "0,3000"},
    {"name": "running", "type": "BOOLEAN", "writeable": true}
  ]
}`)}}}
	report, err := lint.Files(context.Background(), set, lint.WithSchema())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range report.Findings {
		fmt.Println(f)
	}
	// Output:
	// pump.json:5:31: "type" of attribute "speed" is "INT", which is no type; write "INTEGER" (MODEL)
	// pump.json:6:44: warning: the attribute has an unknown member "writeable", which is ignored; did you mean "writable"? (KEY)
}

func ExampleNearest() {
	fmt.Println(lint.Nearest("genrate", []string{"check", "generate", "lint"}))
	// Output: generate
}
