package devicemodel_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func Example() {
	text := []byte(`{
  "urn": "urn:com:example:pump", "name": "Pump",
  "attributes": [
    {"name": "speed", "type": "INTEGER", "range": "0,3000"},
    {"name": "target", "type": "INTEGER", "range": "0,3000", "defaultValue": 1200, "writable": true}
  ]
}`)
	m, warnings, err := devicemodel.Load(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range warnings {
		fmt.Println(w)
	}
	for _, a := range m.Attributes {
		fmt.Println(a.Name, a.Type, a.Range, a.Writable)
	}
	// Output:
	// speed INTEGER 0,3000 false
	// target INTEGER 0,3000 true
}

func ExampleInspect() {
	text := []byte(`[
  {"urn": "urn:com:example:pump", "name": "Pump", "attributes": [{"name": "speed", "type": "INTEGER", "range": "3000,0"}]},
  {"urn": "urn:com:example:fan", "name": "Fan", "attributes": [{"name": "speed", "type": "INT"}]}
]`)
	docs, found := devicemodel.Inspect(text)
	for _, d := range docs {
		fmt.Println(d.URN, d.Model != nil)
	}
	for _, f := range found {
		fmt.Printf("%s %s\n  %s\n  %s\n", f.Rule, f.Pointer, f.Text, f.Remedy)
	}
	// Output:
	// urn:com:example:pump false
	// urn:com:example:fan false
	// M06 /0/attributes/0/range
	//   the range "3000,0" of attribute "speed" is reversed: its low end is above its high end
	//   write two numbers, low then high, with one comma and no blanks: "0,100"
	// MODEL /1/attributes/0/type
	//   "type" of attribute "speed" is "INT", which is no type
	//   write "INTEGER"
}

func ExampleLoad_draft() {
	_, _, err := devicemodel.Load([]byte(`{"urn": "urn:com:example:pump", "name": "urn:com:example:pump", "draft": true}`))
	fmt.Println(errors.Is(err, devicemodel.ErrDraft))
	// Output: true
}

func ExampleFileName() {
	name, err := devicemodel.FileName("urn:com:acme:pump")
	fmt.Println(name, err)
	// Output: dm-urn%3Acom%3Aacme%3Apump.json <nil>
}

func ExampleFingerprint() {
	a, _, _ := devicemodel.Load([]byte(`{"urn": "urn:x", "name": "A", "attributes": [{"name": "v", "type": "NUMBER", "range": "0,1"}]}`))
	b, _, _ := devicemodel.Load([]byte(`{"name": "Other", "attributes": [{"range": "0.0,1.0", "type": "NUMBER", "name": "v"}], "urn": "urn:x"}`))
	fmt.Println(devicemodel.Fingerprint(a) == devicemodel.Fingerprint(b))
	// Output: true
}

func ExampleRuleByID() {
	rule, _ := devicemodel.RuleByID("M08")
	fmt.Println(rule.Title)
	fmt.Println(rule.Example)
	// Output:
	// a default value lies inside the range
	// {"name": "speed", "type": "INTEGER", "range": "0,100", "defaultValue": 101}
}

func ExampleStore() {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store := devicemodel.Store{Dir: dir}
	if err := store.Write("urn:com:acme:pump", []byte(`{"urn":"urn:com:acme:pump","name":"Pump"}`)); err != nil {
		fmt.Println(err)
		return
	}
	names, err := store.Names()
	fmt.Println(names, err)
	// Output: [dm-urn%3Acom%3Aacme%3Apump.json] <nil>
}
