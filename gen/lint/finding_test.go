package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestFindingString(t *testing.T) {
	tests := []struct {
		name string
		f    lint.Finding
		want string
	}{
		{"error", lint.Finding{File: "a.json", Line: 3, Col: 7, Level: lint.Error, Rule: "M01", Text: "two of them", Remedy: "delete one"}, "a.json:3:7: two of them; delete one (M01)"},
		{"warning without remedy", lint.Finding{File: "a.json", Line: 1, Col: 1, Level: lint.Warning, Rule: "M13", Text: "odd"}, "a.json:1:1: warning: odd (M13)"},
		{"note about a whole file", lint.Finding{File: "a.json", Level: lint.Note, Rule: "SKIP", Text: "skipped"}, "a.json: note: skipped (SKIP)"},
		{"line feeds and escapes", lint.Finding{File: "a\nb", Level: lint.Error, Rule: "X", Text: "\x1b[31m\u009bred\u2028", Remedy: "\ufeff"}, `a\nb: \x1b[31m\u009bred\u2028; \ufeff (X)`},
		{"other letters stay", lint.Finding{File: "größe", Level: lint.Error, Rule: "X", Text: "温度"}, "größe: 温度 (X)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.f.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[lint.Level]string{lint.Note: "note", lint.Warning: "warning", lint.Error: "error", 9: "Level(9)"} {
		if level.String() != want {
			t.Errorf("got %s, want %s", level, want)
		}
	}
	if got := lint.Worst([]lint.Finding{{Level: lint.Note}, {Level: lint.Warning}}); got != lint.Warning {
		t.Errorf("worst is %s", got)
	}
	if got := lint.Worst(nil); got != 0 {
		t.Errorf("worst of nothing is %s", got)
	}
}

func TestSort(t *testing.T) {
	found := []lint.Finding{{File: "b"}, {File: "a", Line: 2, Col: 1}, {File: "a", Line: 1, Col: 9}, {File: "a", Line: 1, Col: 2, Rule: "1"}, {File: "a", Line: 1, Col: 2, Rule: "0"}}
	lint.Sort(found)
	want := []lint.Finding{{File: "a", Line: 1, Col: 2, Rule: "1"}, {File: "a", Line: 1, Col: 2, Rule: "0"}, {File: "a", Line: 1, Col: 9}, {File: "a", Line: 2, Col: 1}, {File: "b"}}
	if !slices.Equal(found, want) {
		t.Errorf("got %+v", found)
	}
}

func TestRulesAreComplete(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range slices.Concat(devicemodel.Rules(), lint.Rules()) {
		if seen[r.ID] || r.ID != strings.ToUpper(r.ID) || r.Title == "" || len(r.Explanation) < 40 || r.Example == "" {
			t.Errorf("rule %+v", r)
		}
		seen[r.ID] = true
	}
	for _, id := range []string{lint.RuleRead, lint.RuleSkip, lint.RuleURN, lint.RuleKey, lint.RuleSchema} {
		if !seen[id] {
			t.Errorf("rule %s is not explained", id)
		}
	}
}
