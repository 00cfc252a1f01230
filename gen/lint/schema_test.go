package lint

import (
	"testing"

	"github.com/iotcs-go/iotcs/gen/source"
	"github.com/iotcs-go/iotcs/internal/modelschema"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// A run without the schema refuses what the schema refuses: generate does not pay for compiling it, and still takes nothing else than
// lint does.
func TestAtLeastAsStrictAsTheSchema(t *testing.T) {
	for _, text := range strictnessSeeds {
		strict(t, []byte(text))
	}
}

func FuzzAtLeastAsStrictAsTheSchema(f *testing.F) {
	for _, text := range strictnessSeeds {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { strict(t, data) })
}

func strict(t *testing.T, data []byte) {
	file := source.File{Path: "m.json", Data: data}
	part := checkFile(file, options{model: shapes()})
	docs, _ := devicemodel.Inspect(data)
	if len(docs) != len(part.models) {
		t.Fatalf("%d documents, %d models", len(docs), len(part.models))
	}
	for i, d := range docs {
		violations := modelschema.Validate(d.Raw)
		if part.models[i].model != nil && len(violations) > 0 {
			t.Errorf("the loader takes what the schema refuses: %v\n%s", violations, d.Raw)
		}
	}
	for _, f := range part.findings {
		if f.Line < 1 || f.Col < 1 || f.Text == "" || f.Rule == "" || f.File == "" {
			t.Errorf("incomplete finding %+v", f)
		}
	}
}

var strictnessSeeds = []string{
	`{"urn":"urn:a:b","name":"M","attributes":[{"name":"a","type":"INTEGER","range":"0,1","defaultValue":1,"writable":true,"alias":null}]}`,
	`{"urn":"urn:a:b","name":"M","description":null,"actions":[{"name":"a","argType":"NUMBER","range":"0,1","arguments":[]},{"name":"b","arguments":[{"name":"x","type":"URI","defaultValue":"u"}]}]}`,
	`{"urn":"urn:a:b","name":"M","formats":[{"urn":"urn:a:b:c","name":"F","type":"ALERT","deviceModel":null,"sourceId":"x","sourceType":"y","value":{"fields":[{"name":"a","type":"DATETIME","optional":true}]}}]}`,
	`{"urn":"urn:a:b","name":"M","system":false,"draft":false,"created":1,"createdAsString":"x","lastModified":null,"lastModifiedAsString":"y","userLastModified":null,"links":[{"href":"h","rel":"r"}],"devicePolicies":{}}`,
	`{"urn":"urn:a:b","name":"M","created":1.5}`,
	`{"urn":"urn:a:b","name":"M","created":-1}`,
	`{"urn":"urn:a:b","name":"M","created":1E-400}`,
	`{"urn":"urn:a:b","name":"M","lastModified":1e3}`,
	`{"urn":"urn:a:b","name":"M","createdAsString":null}`,
	`{"urn":"urn:a:b","name":"M","l\u0069nks":{}}`,
	`{"urn":"urn:a:b","name":"M","links":[null]}`,
	`{"urn":"urn:a:b","name":"M","links":[{"rel":null}]}`,
	`{"urn":"urn:a:b","name":"M","formats":{"links":1}}`,
	`{"urn":"urn:a:b","name":"M","formats":[{"urn":"urn:a:b:c","name":"F","type":"DATA","value":{"fields":null}}]}`,
	`[{"urn":"urn:a:b","name":"M"},{"urn":"urn:a:c","name":"N","userLastModified":[]}]`,
	`{"items":[{"urn":"urn:a:b","name":"M","attributes":[null]}]}`,
	`{"urn":"urn:a:b","name":"M","attributes":null,"actions":null,"formats":null,"links":null}`,
	`{"urn":"urn:a:b","name":"M","attributes":[{"name":"a","type":"DATETIME","defaultValue":1.0}]}`,
	`{"urn":"urn:a:b","name":"M","attributes":[{"name":"a","type":"NUMBER","range":"1E999,2"}]}`,
	`{"urn":"urn:a:b","name":"M","attributes":[{"name":"a","type":"INTEGER","defaultValue":1E1}]}`,
	"\xef\xbb\xbf{\"urn\":\"urn:a:\xc3\xa9\",\"name\":\"M\"}",
	`{"urn":"urn:a:b\u0000","name":"M"}`,
}

// What the schema finds beside the other readers is told with its own rule, and what they found already is not told again.
func TestSchemaMerging(t *testing.T) {
	data := []byte(`{"urn":"urn:a:b","name":"M","attributes":[{"name":"a","type":"INT"}],"created":"x"}`)
	docs, _ := devicemodel.Inspect(data)
	if got := schema(nil, data, docs[0]); len(got) != 2 || got[0].Rule != RuleSchema || got[0].Pointer != "/attributes/0/type" || got[1].Pointer != "/created" {
		t.Errorf("alone: %+v", got)
	}
	known := []raw{{level: Error, Finding: devicemodel.Finding{Pointer: "/attributes/0"}}}
	if got := schema(known, data, docs[0]); len(got) != 2 || got[1].Pointer != "/created" {
		t.Errorf("beside a finding about the attribute: %+v", got)
	}
	known[0].level = Warning
	if got := schema(known, data, docs[0]); len(got) != 3 {
		t.Errorf("beside a warning: %+v", got)
	}
	known = make([]raw, most)
	for i := range known {
		known[i].level = Error
	}
	if got := schema(known, data, docs[0]); len(got) != most {
		t.Errorf("beside a full list: %d", len(got))
	}
	if got := schema(nil, make([]byte, mostSchema+1), docs[0]); got != nil {
		t.Errorf("of a huge file: %+v", got)
	}
}

func TestRelated(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"/attributes/0", "/attributes/0/type", true},
		{"/attributes/0/range", "/attributes/0/type", true},
		{"/attributes/0/range", "/attributes/1/type", false},
		{"/attributes/1", "/attributes/10/type", false},
		{"/actions/0", "/attributes/0", false},
		{"/formats/0/value/fields/1/name", "/formats/0/name", false},
		{"/formats/0/value", "/formats/0/name", true},
		{"", "/urn", true},
	} {
		if got := related(tt.a, tt.b); got != tt.want {
			t.Errorf("related(%q, %q) = %v", tt.a, tt.b, got)
		}
		if got := related(tt.b, tt.a); got != tt.want {
			t.Errorf("related(%q, %q) = %v", tt.b, tt.a, got)
		}
	}
}
