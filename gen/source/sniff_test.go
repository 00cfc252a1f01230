package source

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestClearlyNoModel(t *testing.T) {
	tests := []struct {
		name, text string
		want       bool
	}{
		{"object without a model's members", `{"a":{"urn":"x"},"b":[{"attributes":[]}]}`, true},
		{"list of other objects", `[{"a":1},[{"b":2}],null]`, true},
		{"page of other objects", `{"items":[{"a":1}]}`, true},
		{"empty list", `[]`, true},
		{"empty object", `{}`, true},
		{"white space around", " {} \n", true},
		{"JSON schema", `{"$schema":"x","properties":{"urn":{}}}`, true},
		{"page in a page", `{"items":{"items":{"items":{"items":{"urn":"x"}}}}}`, true},
		{"model", `{"name":"x","urn":"y"}`, false},
		{"model without urn", `{"name":"x","formats":[]}`, false},
		{"model in a list behind others", `[{"a":1},{"urn":"y"}]`, false},
		{"model in a page", `{"hasMore":false,"items":[{},{"actions":[]}]}`, false},
		{"rubbish after the value", `{} {}`, false},
		{"empty", ``, false},
		{"cut", `{"a":`, false},
		{"comment", `{} // x`, false},
		{"deep nesting", strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), true},
		{"deep nesting, cut", strings.Repeat(`{"items":`, 100_000), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := clearlyNoModel([]byte(tt.text)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func FuzzClearlyNoModel(f *testing.F) {
	for _, s := range []string{`{"urn":"x"}`, `{"items":[{}]}`, `[[{}]]`, "\xef\xbb\xbf{}", `{"a":{"b":[1,"\u0000"]}}`, `{"`, "[1,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !clearlyNoModel(data) {
			return
		}
		trimmed := strings.TrimPrefix(string(data), "\xef\xbb\xbf")
		if !json.Valid([]byte(trimmed)) {
			t.Fatalf("text that is not JSON was skipped: %q", data)
		}
		var top map[string]any
		if json.Unmarshal([]byte(trimmed), &top) == nil && top["urn"] != nil {
			t.Fatalf("a model was skipped: %q", data)
		}
	})
}
