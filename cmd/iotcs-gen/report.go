package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

// reporter prints findings in the format that the user chose: as text to standard error, one a line, or for machines to standard output.
type reporter struct {
	p      *program
	format string
	out    report
	held   []gen.Diagnostic
}

// report is the document of --format json.
type report struct {
	Findings []finding `json:"findings"`
	Written  []string  `json:"written,omitempty"`
	Deleted  []string  `json:"deleted,omitempty"`
}

// finding is one finding in JSON.
type finding struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Level   string `json:"level"`
	Rule    string `json:"rule"`
	Pointer string `json:"pointer,omitempty"`
	Text    string `json:"text"`
	Remedy  string `json:"remedy,omitempty"`
	Diff    string `json:"diff,omitempty"`
}

func (p *program) reporter(c *cli.Context) (*reporter, error) {
	format := c.String("format")
	switch format {
	case "text", "json", "github":
		return &reporter{p: p, format: format, out: report{Findings: []finding{}}}, nil
	}
	return nil, fmt.Errorf("--format %s is none of text, json, github", strconv.Quote(format))
}

func (r *reporter) text() bool { return r.format == "text" }

// add prints findings.
func (r *reporter) add(found ...gen.Diagnostic) {
	for _, f := range found {
		r.one(f, nil)
	}
}

// hold keeps warnings and notes about members of device models, which people have
// read when they come again and again, until it is known whether anything changes. With an
// error among them, and for machines, all are printed at once.
func (r *reporter) hold(found ...gen.Diagnostic) {
	atOnce := !r.text() || gen.Worst(found) == gen.Error
	for _, f := range found {
		if !atOnce && f.Rule != gen.RuleConfig {
			r.held = append(r.held, f)
			continue
		}
		r.one(f, nil)
	}
}

// settle prints what is held if anything changes, and else gives a remark on it
// for the last line.
func (r *reporter) settle(changes bool) (remark string) {
	held := r.held
	r.held = nil
	if changes {
		r.add(held...)
		return ""
	}
	if len(held) == 0 {
		return ""
	}
	return "; " + count(len(held), "warning") + " as before, iotcs-gen lint shows them"
}

func (r *reporter) one(f gen.Diagnostic, diff []byte) {
	switch r.format {
	case "text":
		fmt.Fprintln(r.p.stderr, f)
		r.p.stdout.Write(diff)
	case "github":
		fmt.Fprintln(r.p.stdout, workflowCommand(f))
	case "json":
		r.out.Findings = append(r.out.Findings, finding{f.File, f.Line, f.Col, f.Level.String(), f.Rule, f.Pointer, f.Text, f.Remedy, string(diff)})
	}
}

// finish prints what can only be printed at the end, and passes err on.
func (r *reporter) finish(err error) error {
	r.settle(true) // what a failure left
	if r.format != "json" {
		return err
	}
	text, jerr := json.MarshalIndent(r.out, "", "  ")
	if jerr != nil {
		return jerr
	}
	fmt.Fprintf(r.p.stdout, "%s\n", text)
	return err
}

// say prints a line for people.
func (r *reporter) say(format string, args ...any) {
	if r.text() {
		fmt.Fprintf(r.p.stdout, format+"\n", args...)
	}
}

// workflowCommand is a finding in the form that GitHub Actions turns into an annotation.
func workflowCommand(f gen.Diagnostic) string {
	level := map[gen.Level]string{gen.Note: "notice", gen.Warning: "warning", gen.Error: "error"}[f.Level]
	var b strings.Builder
	b.WriteString("::" + level + " file=" + property(f.File))
	if f.Line > 0 {
		b.WriteString(",line=" + strconv.Itoa(f.Line) + ",col=" + strconv.Itoa(f.Col))
	}
	text := f.Text
	if f.Remedy != "" {
		text += "; " + f.Remedy
	}
	b.WriteString(",title=" + property(f.Rule) + "::" + message(text))
	return b.String()
}

func message(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func property(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
