package gen

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/gen/source"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Result is the outcome of [Run]: generated files in memory beside what lies on disk.
type Result struct {
	// Folders are the output folders, in the order of the configuration. There are none when Diagnostics has an error.
	Folders []*Folder
	// Diagnostics are the remarks about models, configuration and locks, sorted by file and position.
	Diagnostics []Diagnostic

	config Config
}

// Failed tells whether a diagnostic is an error: then nothing was generated.
func (r *Result) Failed() bool { return lint.Worst(r.Diagnostics) == lint.Error }

// Packages counts the packages of all folders.
func (r *Result) Packages() int {
	n := 0
	for _, f := range r.Folders {
		n += len(f.packages)
	}
	return n
}

// Run generates what the configuration asks for, in memory, and compares it with what lies on disk. It writes nothing.
//
// All mistakes are found in one run. When there is one, nothing at all is generated: a name may depend on every model of a folder.
// Models are read, emitted and compared in parallel. The error is that of ctx, or of a defect of the generator itself.
func Run(ctx context.Context, c Config) (*Result, error) {
	r := &Result{config: c}
	known := make(map[string]bool)
	for _, o := range c.Outputs {
		f, urns, err := r.folder(ctx, o)
		if err != nil {
			return nil, err
		}
		r.Folders = append(r.Folders, f)
		for _, urn := range urns {
			known[urn] = true
		}
	}
	r.Diagnostics = append(r.Diagnostics, c.strangers(known)...)
	lint.Sort(r.Diagnostics)
	r.Diagnostics = slices.Compact(r.Diagnostics) // two outputs may share models
	if r.Failed() {
		r.Folders = nil
	}
	return r, nil
}

// strangers reports URNs of the flags and of the configuration that no model has.
func (c *Config) strangers(known map[string]bool) []Diagnostic {
	var all []Diagnostic
	urns := make([]string, 0, len(known))
	for urn := range known {
		urns = append(urns, urn)
	}
	slices.Sort(urns)
	for _, urn := range c.URNs {
		if !known[urn] {
			all = append(all, Diagnostic{File: urn, Level: lint.Error, Rule: RuleURN, Text: "none of the device models has this URN", Remedy: meant(urn, urns, "check --urn")})
		}
	}
	for _, p := range c.places {
		if !known[p.urn] && !c.Partial {
			all = append(all, Diagnostic{
				File: c.file, Line: p.line, Col: p.col, Level: lint.Warning, Rule: RuleConfig,
				Text: fmt.Sprintf("none of the device models has the URN %q", p.urn), Remedy: meant(p.urn, urns, "correct it or delete the entry"),
			})
		}
	}
	return all
}

func meant(word string, choices []string, otherwise string) string {
	if near := lint.Nearest(word, choices); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

// folder generates one output. It gives the URNs of its models too.
func (r *Result) folder(ctx context.Context, o Output) (*Folder, []string, error) {
	f := &Folder{Dir: o.Out, abs: absolute(r.config.Dir, o.Out)}
	report, err := r.models(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	old := r.readLock(f)
	if r.Failed() {
		return f, report.URNs, nil
	}
	p, err := r.plan(report, old)
	if err != nil {
		return nil, nil, err
	}
	if r.Failed() {
		return f, report.URNs, nil
	}
	f.models = make(map[string]string)
	for _, m := range report.Models {
		f.models[m.URN] = m.File
	}
	wanted := p.Packages
	if len(r.config.URNs) > 0 {
		wanted = slices.DeleteFunc(slices.Clone(wanted), func(p plan.Package) bool { return !slices.Contains(r.config.URNs, p.URN) })
	}
	if err := r.fill(ctx, f, wanted, old); err != nil {
		return nil, nil, err
	}
	f.addLock(p.Packages, old)
	return f, report.URNs, nil
}

// models reads and checks the models of one output.
func (r *Result) models(ctx context.Context, o Output) (*lint.Report, error) {
	set, err := source.Read(ctx, r.config.Dir, o.Models)
	if err != nil {
		return nil, err
	}
	report, err := lint.Files(ctx, set)
	if err != nil {
		return nil, err
	}
	r.Diagnostics = append(r.Diagnostics, report.Findings...)
	if len(report.Models) == 0 && lint.Worst(report.Findings) != lint.Error {
		r.Diagnostics = append(r.Diagnostics, noModels(o.Models))
	}
	return report, nil
}

func noModels(paths []string) Diagnostic {
	return Diagnostic{
		File: strings.Join(paths, ", "), Level: lint.Error, Rule: lint.RuleRead, Text: "there is no device model",
		Remedy: "put dm-*.json files there or name another folder",
	}
}

// plan decides the names and puts the remarks about them where the models have them.
func (r *Result) plan(report *lint.Report, old *lock.Lock) (*plan.Plan, error) {
	p, found, err := buildPlan(report, old, r.config.Overrides)
	r.Diagnostics = append(r.Diagnostics, found...)
	return p, err
}

func buildPlan(report *lint.Report, old *lock.Lock, overrides map[string]plan.Override) (*plan.Plan, []Diagnostic, error) {
	in := plan.Input{Lock: old, Overrides: overrides}
	byURN := make(map[string]lint.Model, len(report.Models))
	for _, m := range report.Models {
		in.Models = append(in.Models, m.Model)
		byURN[m.URN] = m
	}
	p, found, err := plan.Build(in)
	var all []Diagnostic
	for _, d := range found {
		m := byURN[d.URN]
		pos := m.Position(d.Pointer)
		level := lint.Warning
		if d.Level == devicemodel.Error {
			level = lint.Error
		}
		all = append(all, Diagnostic{
			File: m.File, Line: pos.Line, Col: pos.Col, Level: level, Rule: d.Rule, Pointer: m.Pointer + d.Pointer, Text: d.Text, Remedy: d.Remedy,
		})
	}
	return p, all, err
}

// each calls do for 0 to n-1 on as many goroutines as there are processors and gives the first error by index.
func each(ctx context.Context, n int, do func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[i] = do(i)
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
