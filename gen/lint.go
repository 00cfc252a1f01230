package gen

import (
	"context"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/source"
)

// Lint checks the models of a configuration without generating: with the loader, with the JSON Schema, and whether every name in them has
// a Go name. A model without errors here is one that [Run] takes. The error is that of ctx, or of a defect of the generator itself.
func Lint(ctx context.Context, c Config) ([]Diagnostic, error) {
	var paths []string
	for _, o := range c.Outputs {
		paths = append(paths, o.Models...)
	}
	set, err := source.Read(ctx, c.Dir, paths)
	if err != nil {
		return nil, err
	}
	report, err := lint.Files(ctx, set, lint.WithSchema())
	if err != nil {
		return nil, err
	}
	all := report.Findings
	if len(report.Models) == 0 && lint.Worst(all) != lint.Error {
		all = append(all, noModels(paths))
	}
	_, found, err := buildPlan(distinct(report), nil, c.Overrides)
	if err != nil {
		return nil, err
	}
	all = append(all, found...)
	lint.Sort(all)
	return all, nil
}

// distinct leaves one model for each URN: that there are more is reported already.
func distinct(report *lint.Report) *lint.Report {
	seen := make(map[string]bool)
	r := &lint.Report{}
	for _, m := range report.Models {
		if !seen[m.URN] {
			seen[m.URN] = true
			r.Models = append(r.Models, m)
		}
	}
	return r
}
