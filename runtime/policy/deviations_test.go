package policy_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDeviationsAreDocumented holds docs/policies.md against the vectors: every
// vector where we differ from the official client has a row, and no other has.
func TestDeviationsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for _, row := range regexp.MustCompile(`(?m)^\| ([fps]\d{3}) \| .+ \| (.+) \|$`).FindAllSubmatch(page, -1) {
		documented[string(row[1])] = true
		if len(strings.Fields(string(row[2]))) < 3 {
			t.Errorf("%s has no reason", row[1])
		}
	}
	differ := make(map[string]bool)
	for file, member := range map[string]string{"formulas.json": "recommended", "functions.json": "recommendedOutputs", "pipelines-ours.json": "reason"} {
		for _, id := range idsWith(t, file, member) {
			differ[id] = true
			if !documented[id] {
				t.Errorf("%s of %s has no row in docs/policies.md", id, file)
			}
		}
	}
	for id := range documented {
		if !differ[id] {
			t.Errorf("docs/policies.md has a row for %s, where nothing differs", id)
		}
	}
	if len(differ) < 90 {
		t.Errorf("only %d vectors found", len(differ))
	}
}

// idsWith lists the vectors of a file that have a member.
func idsWith(t *testing.T, file, member string) (ids []string) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/policies/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(text, &lists); err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		var vectors []map[string]json.RawMessage
		if json.Unmarshal(list, &vectors) != nil {
			continue
		}
		for _, v := range vectors {
			var id string
			if v[member] != nil && json.Unmarshal(v["id"], &id) == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
