package lint

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen/source"
)

// Whatever is wrong, the position of a finding is where a JSON value or the name of a member begins, and the rule is one that can be
// explained.
func TestPositionsAreBeginnings(t *testing.T) {
	rules := map[string]bool{"JSON": true, "MODEL": true}
	for i := 1; i <= 15; i++ {
		rules["M"+string([]byte{'0' + byte(i/10), '0' + byte(i%10)})] = true
	}
	for _, r := range Rules() {
		rules[r.ID] = true
	}
	findings := 0
	for place := range places(decode(t, full)) {
		for _, value := range []any{nil, "a b", -1.5, []any{1}} {
			var b bytes.Buffer
			if err := json.Indent(&b, encode(t, place(decode(t, full), value, true)), "", "\t"); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			lines := strings.Split(text, "\n")
			for _, f := range checkFile(source.File{Path: "m.json", Data: []byte(text)}, options{model: shapes(), schema: true}).findings {
				findings++
				line := []rune(lines[f.Line-1])
				if f.Col > len(line) || !strings.ContainsRune(`"{[-0123456789tfn`, line[f.Col-1]) {
					t.Fatalf("%s is not the beginning of anything in\n%s", f, text)
				}
				if !rules[f.Rule] || f.Pointer == "" && f.Rule == "MODEL" && f.Line > 1 {
					t.Errorf("rule %s, pointer %q", f.Rule, f.Pointer)
				}
			}
		}
	}
	if findings < 100 {
		t.Errorf("only %d findings", findings)
	}
}

// Adding what is unknown to a clean model gives no error, and adding a slip gives one warning at its name.
func TestSlips(t *testing.T) {
	for _, tt := range []struct{ known, slip string }{
		{"description", "descripton"}, {"alias", "alais"}, {"range", "Range"}, {"writable", "writeable"}, {"defaultValue", "default"},
		{"defaultValue", "default_value"}, {"type", "datatype"}, {"range", "max"}, {"writable", "readOnly"},
	} {
		t.Run(tt.slip, func(t *testing.T) {
			text := `{"urn": "urn:a:b", "name": "M", "attributes": [{"name": "a", "` + tt.slip + `": 1, "type": "INTEGER"}]}`
			if tt.known == "type" {
				text = strings.Replace(text, `"type"`, `"typ2"`, 1)
			}
			p := checkFile(source.File{Path: "m.json", Data: []byte(text)}, options{model: shapes()})
			if len(p.findings) == 0 {
				t.Fatal("no finding")
			}
			f := p.findings[0]
			if want := strings.Index(text, `"`+tt.slip) + 1; f.Col != want || !strings.Contains(f.Remedy, `"`+tt.known+`"`) {
				t.Errorf("column %d, want %d: %s", f.Col, want, f)
			}
			if tt.known != "type" && (f.Level != Warning || p.models[0].model == nil) {
				t.Errorf("a slip beside everything that is needed is no error: %s", f)
			}
		})
	}
}

// Nothing that real servers add is called a slip.
func TestNoFalseAlarms(t *testing.T) {
	for _, member := range []string{
		`"devicePolicies": {"links": [{"href": "x", "rel": "y", "extra": 1}]}`, `"creationTime": 1`, `"x-range": 1`, `"unit": "%"`, `"id": "x"`,
		`"tags": ["a"]`, `"metadata": {"descripton": "x"}`, `"owner": {"name": "x"}`, `"version": 3`, `"enabled": true`, `"": 1`,
	} {
		for _, text := range []string{
			`{"urn": "urn:a:b", "name": "M", "description": "d", ` + member + `}`,
			`{"urn": "urn:a:b", "name": "M", "attributes": [{"name": "a", "type": "STRING", "description": "d", ` + member + `}]}`,
			`{"urn": "urn:a:b", "name": "M", "formats": [{"urn": "urn:a:b:f", "name": "F", "type": "DATA", ` + member + `, "value": {"fields": [], ` + member + `}}]}`,
		} {
			if p := checkFile(source.File{Path: "m.json", Data: []byte(text)}, options{model: shapes(), schema: true}); len(p.findings) != 0 {
				t.Errorf("%s: %v", text, p.findings)
			}
		}
	}
}
