package lint

import (
	"fmt"
	"slices"

	"github.com/iotcs-go/iotcs/gen/source"
)

// Rules of findings beside those of package devicemodel.
const (
	RuleRead   = "READ"   // a path cannot be read
	RuleSkip   = "SKIP"   // a file was left out on purpose
	RuleURN    = "URN"    // two models have one URN
	RuleKey    = "KEY"    // a member's name is nearly right
	RuleSchema = "SCHEMA" // the JSON Schema refuses what the loader takes
)

// merge joins the parts of all files and looks for URNs that are there twice.
func merge(set *source.Set, parts []part) *Report {
	r := &Report{Findings: sourceFindings(set)}
	first := make(map[string]string) // URN -> place of the first model that has it
	for i, p := range parts {
		file := set.Files[i].Path
		r.Findings = append(r.Findings, p.findings...)
		for _, m := range p.models {
			if m.urn != "" {
				r.URNs = append(r.URNs, m.urn)
				if before, twice := first[m.urn]; twice {
					r.Findings = append(r.Findings, twin(file, m, before))
				} else {
					first[m.urn] = fmt.Sprintf("%s:%d:%d", file, m.at.Line, m.at.Col)
				}
			}
			if m.model != nil {
				r.Models = append(r.Models, *m.model)
			}
		}
	}
	slices.Sort(r.URNs)
	r.URNs = slices.Compact(r.URNs)
	Sort(r.Findings)
	return r
}

func twin(file string, m located, first string) Finding {
	return Finding{
		File: file, Line: m.at.Line, Col: m.at.Col, Level: Error, Rule: RuleURN,
		Text:   "the device model " + quote(m.urn) + " is already defined at " + first,
		Remedy: "keep one of them: a URN names one model",
	}
}

// sourceFindings puts what package source reports into the form of findings.
func sourceFindings(set *source.Set) []Finding {
	var all []Finding
	for _, p := range set.Problems {
		all = append(all, Finding{File: p.Path, Level: Error, Rule: RuleRead, Text: p.Err.Error(), Remedy: p.Remedy})
	}
	for _, s := range set.Skipped {
		all = append(all, Finding{File: s.Path, Level: Note, Rule: RuleSkip, Text: "skipped: " + s.Reason})
	}
	return all
}
