package gen_test

import (
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
)

func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		name, id, near string
		ok             bool
	}{{"M06", "M06", "", true}, {"m06", "M06", "", true}, {"stale", "STALE", "", true}, {"STALL", "", "STALE", false}, {"nothing", "", "", false}, {"", "", "", false}} {
		r, near, ok := gen.Explain(tt.name)
		if r.ID != tt.id || near != tt.near || ok != tt.ok {
			t.Errorf("%s: %s, %q, %v", tt.name, r.ID, near, ok)
		}
	}
}

func TestRulesAreComplete(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range gen.Rules() {
		if seen[r.ID] || r.ID != strings.ToUpper(r.ID) || r.Title == "" || len(r.Explanation) < 40 || r.Example == "" {
			t.Errorf("rule %+v", r)
		}
		seen[r.ID] = true
	}
	for _, id := range []string{"JSON", "MODEL", "M01", "M12", "M15", gen.RuleRead, gen.RuleURN, gen.RuleConfig, gen.RuleLock, gen.RuleWrite,
		gen.RuleStale, gen.RuleMissing, gen.RuleEdited, gen.RuleForeign, gen.RuleOrphan} {
		if !seen[id] {
			t.Errorf("rule %s is not explained", id)
		}
	}
}
