package modelschema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/modelschema"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestSampleModelsConform(t *testing.T) {
	paths, err := filepath.Glob("../../models/dm-*.json")
	if err != nil || len(paths) < 12 {
		t.Fatalf("found %d sample models, %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if v := modelschema.Validate(data); v != nil {
			t.Errorf("%s: %v", path, v)
		}
		if v := modelschema.Validate(append([]byte("\xef\xbb\xbf"), data...)); v != nil {
			t.Errorf("%s with a byte order mark: %v", path, v)
		}
	}
}

func TestLegalOddities(t *testing.T) {
	for name, text := range map[string]string{
		"null for absent": `{"urn":"urn:x","name":"M","description":null,"attributes":null,"actions":[{"name":"a","alias":null,"description":null,"argType":null,"range":null,"arguments":null}],"formats":null,"links":null}`,
		"5.0 is whole":    attribute(`"type":"INTEGER","defaultValue":5.0`),
		"5E0 is whole":    attribute(`"type":"DATETIME","defaultValue":5E0`),
		"zero":            attribute(`"type":"INTEGER","defaultValue":0E999999999`),
		"unknown members": `{"urn":"urn:x","name":"M","x":{"y":1E999999999}}`,
		"empty arguments": action(`"argType":"URI","arguments":[]`),
		"devicePolicies":  `{"urn":"urn:x","name":"M","devicePolicies":5}`,
	} {
		if v := modelschema.Validate([]byte(text)); v != nil {
			t.Errorf("%s: %v", name, v)
		}
		if _, found := devicemodel.Inspect([]byte(text)); found != nil {
			t.Errorf("%s: the loader found %v", name, found)
		}
	}
}

// Each mistake is told once, in plain words, and the schema and the loader agree unless the table says otherwise.
func TestBadModels(t *testing.T) {
	for _, tt := range slices.Concat(badModels, elsewhere) {
		t.Run(tt.name, func(t *testing.T) {
			got := modelschema.Validate([]byte(tt.text))
			switch {
			case tt.schema == "" && len(got) > 0:
				t.Errorf("violations %v, want none", got)
			case tt.schema != "" && (len(got) != 1 || got[0].Pointer != tt.pointer || !strings.Contains(got[0].Text, tt.schema)):
				t.Errorf("violations %+v, want %q at %q", got, tt.schema, tt.pointer)
			}
			checkWords(t, got)
		})
	}
}

func checkWords(t *testing.T, all []modelschema.Violation) {
	t.Helper()
	for _, v := range all {
		if strings.Contains(v.Text, "%!") || strings.Contains(v.Text, "$defs") || strings.HasSuffix(v.Text, ".") || len(v.Text) > 250 {
			t.Errorf("bad wording: %q", v.Text)
		}
	}
}

func TestSchemaAndLoaderAgree(t *testing.T) {
	for _, tt := range badModels {
		t.Run(tt.name, func(t *testing.T) {
			_, found := devicemodel.Inspect([]byte(tt.text))
			if tt.loader == "" {
				if len(found) > 0 {
					t.Errorf("the loader found %v", found)
				}
				return
			}
			// An empty list is no model for the schema; Inspect takes it for a list of none and says so.
			level := devicemodel.Error
			if tt.text == "[]" {
				level = devicemodel.Warning
			}
			i := slices.IndexFunc(found, func(f devicemodel.Finding) bool {
				return f.Pointer == tt.pointer && f.Rule == tt.loader && f.Level == level
			})
			if i < 0 {
				t.Errorf("the loader found %v, want %s at %s", found, tt.loader, tt.pointer)
			}
		})
	}
	for _, tt := range elsewhere {
		t.Run(tt.name, func(t *testing.T) {
			_, found := devicemodel.Inspect([]byte(tt.text))
			if len(found) != 1 || found[0].Rule != tt.loader || found[0].Level != devicemodel.Error {
				t.Errorf("the loader found %v, want %s", found, tt.loader)
			}
		})
	}
}

func TestAllViolationsInOrder(t *testing.T) {
	var parts []string
	for range 12 {
		parts = append(parts, `{"type":"X"}`)
	}
	text := `{"attributes":[` + strings.Join(parts, ",") + `],"name":5}`
	want := []string{` "urn" is missing`}
	for i := range 12 {
		want = append(want, fmt.Sprintf(`/attributes/%d "name" is missing`, i), fmt.Sprintf(`/attributes/%d/type "type" is "X"`, i))
	}
	want = append(want, `/name "name" is 5`)
	for range 5 { // maps are walked in random order
		got := modelschema.Validate([]byte(text))
		if len(got) != len(want) {
			t.Fatalf("%d violations, want %d: %v", len(got), len(want), got)
		}
		for i, v := range got {
			if line := v.Pointer + " " + v.Text; !strings.HasPrefix(line, want[i]) {
				t.Errorf("violation %d is %q, want %q", i, line, want[i])
			}
		}
	}
	got := modelschema.Validate([]byte(`{}`))
	if len(got) != 2 || got[0].Text != `"name" is missing` || got[1].Text != `"urn" is missing` {
		t.Errorf("two missing members: %v", got)
	}
}

func TestNotJSON(t *testing.T) {
	for _, text := range []string{``, `{`, `{} {}`, `{}}`, `{"a":1,}`, "\xef\xbb\xbf"} {
		got := modelschema.Validate([]byte(text))
		if len(got) != 1 || got[0].Pointer != "" || !strings.HasPrefix(got[0].Text, "not a JSON text: ") {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// The validator computes with fractions of any size: numbers of a hostile text must not reach it as they are.
func TestGiganticNumbers(t *testing.T) {
	for _, number := range []string{"1E999999999", "-1E999999999", "1E-999999999", "1E99999999999999999999", strings.Repeat("9", 1<<20), "0." + strings.Repeat("0", 1<<20) + "1", strings.Repeat("1", 100) + ".5E-100"} {
		for _, typ := range []string{"INTEGER", "NUMBER", "DATETIME"} {
			start := time.Now()
			got := modelschema.Validate([]byte(attribute(`"type":"` + typ + `","defaultValue":` + number)))
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("%s %.20s took %v", typ, number, d)
			}
			if wantNone := typ == "NUMBER"; (len(got) == 0) != wantNone {
				t.Errorf("%s %.20s: %v", typ, number, got)
			}
			checkWords(t, got)
		}
	}
}

func TestConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := modelschema.Validate([]byte(`{"urn":"urn:x"}`)); len(got) != 1 {
				t.Errorf("violations %v", got)
			}
		})
	}
	wg.Wait()
}

func TestText(t *testing.T) {
	text := modelschema.Text()
	var head struct {
		Schema string `json:"$schema"`
		ID     string `json:"$id"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.ID != modelschema.ID || !strings.HasSuffix(head.Schema, "/2020-12/schema") {
		t.Errorf("schema %+v, %v", head, err)
	}
	clear(text)
	if modelschema.Text()[0] != '{' {
		t.Error("a caller can change the schema")
	}
}

// Every keyword that can be broken has its words: a new one in the schema needs a new case in the explanation.
func TestKeywordsHaveWords(t *testing.T) {
	structure := []string{"$schema", "$id", "$ref", "$defs", "title", "description", "properties", "items", "additionalProperties", "allOf", "if", "then", "const"}
	worded := []string{"required", "type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"}
	var schema any
	if err := json.Unmarshal(modelschema.Text(), &schema); err != nil {
		t.Fatal(err)
	}
	walkSchema(schema, func(keyword string) {
		if !slices.Contains(structure, keyword) && !slices.Contains(worded, keyword) {
			t.Errorf("the keyword %q has no words", keyword)
		}
	})
}

// walkSchema calls yield for every keyword of a schema.
func walkSchema(v any, yield func(keyword string)) {
	schema, ok := v.(map[string]any)
	if !ok {
		return
	}
	for keyword, value := range schema {
		yield(keyword)
		switch keyword {
		case "properties", "$defs":
			for _, s := range value.(map[string]any) {
				walkSchema(s, yield)
			}
		case "allOf":
			for _, s := range value.([]any) {
				walkSchema(s, yield)
			}
		default:
			walkSchema(value, yield)
		}
	}
}

// FuzzValidate looks for panics, and for texts that conform though the loader cannot build a model from them, beyond what is documented.
func FuzzValidate(f *testing.F) {
	for _, m := range slices.Concat(badModels, elsewhere) {
		f.Add([]byte(m.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		violations := modelschema.Validate(data)
		if !bytes.Contains(data, []byte("%!")) {
			checkWords(t, violations)
		}
		if len(violations) > 0 {
			return
		}
		_, found := devicemodel.Inspect(data)
		if slices.ContainsFunc(found, func(f devicemodel.Finding) bool { return f.Rule == devicemodel.RuleSyntax }) {
			return // names that occur twice and the like, which encoding/json lets pass
		}
		for _, f := range found {
			if f.Rule == devicemodel.RuleModel && f.Level == devicemodel.Error && !strings.Contains(f.Text, "too large for a double") {
				t.Fatalf("the schema accepts what the loader refuses: %v\n%q", f, data)
			}
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	data, err := os.ReadFile("../../models/dm-urn%3Acom%3Aexample%3Aiot%3Avehicle%3Apassenger_car.json")
	if err != nil {
		b.Fatal(err)
	}
	modelschema.Validate(data) // compile
	b.ReportAllocs()
	for b.Loop() {
		modelschema.Validate(data)
	}
}

func Example() {
	violations := modelschema.Validate([]byte(`{
  "urn": "urn:com:example:pump",
  "attributes": [{"name": "speed", "type": "INT"}, {"name": "on", "type": "BOOLEAN", "defaultValue": 1}]
}`))
	for _, v := range violations {
		fmt.Printf("%q %s\n", v.Pointer, v.Text)
	}
	// Output:
	// "" "name" is missing
	// "/attributes/0/type" "type" is "INT", one of STRING, NUMBER, INTEGER, BOOLEAN, DATETIME, URI was expected
	// "/attributes/1/defaultValue" "defaultValue" is 1, true or false was expected
}
