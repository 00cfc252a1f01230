package lint

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

// full is a model with every member that the schema knows.
const full = `{"urn":"urn:a:b","name":"M","description":"d","system":false,"draft":false,"created":1,"createdAsString":"x","lastModified":2,
"lastModifiedAsString":"y","userLastModified":"u","devicePolicies":{"links":[]},"links":[{"href":"h","rel":"r"}],
"attributes":[{"name":"a","alias":"b","description":"d","type":"INTEGER","range":"0,9","defaultValue":1,"writable":true},
 {"name":"c","type":"STRING","defaultValue":"s"},{"name":"d","type":"DATETIME","defaultValue":1},{"name":"e","type":"BOOLEAN","defaultValue":true},
 {"name":"f","type":"URI","defaultValue":"u"},{"name":"g","type":"NUMBER","range":"0,1","defaultValue":0.5}],
"actions":[{"name":"a","alias":"x","description":"d","argType":"INTEGER","range":"0,9"},
 {"name":"b","arguments":[{"name":"x","description":"d","type":"NUMBER","range":"0,1","defaultValue":1}]}],
"formats":[{"urn":"urn:a:b:f","name":"F","description":"d","type":"ALERT","deviceModel":"urn:a:b","sourceId":"urn:a:b","sourceType":"DEVICE_MODEL",
 "value":{"fields":[{"name":"x","description":"d","type":"NUMBER","optional":false}]}}]}`

// Every value of a full model, replaced by values of every kind and left out.
func TestEveryMutationIsAsStrictAsTheSchema(t *testing.T) {
	replacements := []any{nil, true, "", "a b", "1,0", -1, 1.5, int64(99999999999), []any{1}, map[string]any{"links": 1}}
	if racetest.Enabled {
		replacements = replacements[:2] // the pass without the detector does all
	}
	top := decode(t, full)
	n := 0
	for place := range places(top) {
		for _, r := range replacements {
			n++
			strict(t, encode(t, place(decode(t, full), r, true)))
		}
		n++
		strict(t, encode(t, place(decode(t, full), nil, false)))
	}
	if n < 80*len(replacements) {
		t.Errorf("only %d mutations", n)
	}
}

// change replaces the value at one place of a document, or leaves it out.
type change func(top, value any, keep bool) any

// places yields a change for every value below v.
func places(v any) func(yield func(change) bool) {
	return func(yield func(change) bool) { walk(v, func(top any) any { return top }, yield) }
}

func walk(v any, find func(top any) any, yield func(change) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			set := func(top, value any, keep bool) any {
				m := find(top).(map[string]any)
				m[k] = value
				if !keep {
					delete(m, k)
				}
				return top
			}
			below := func(top any) any { return find(top).(map[string]any)[k] }
			if !yield(set) || !walk(v[k], below, yield) {
				return false
			}
		}
	case []any:
		for i := range v {
			set := func(top, value any, keep bool) any {
				if keep {
					find(top).([]any)[i] = value
				}
				return top
			}
			below := func(top any) any { return find(top).([]any)[i] }
			if !yield(set) || !walk(v[i], below, yield) {
				return false
			}
		}
	}
	return true
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
