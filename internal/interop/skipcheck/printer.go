package main

import (
	"fmt"
	"io"
	"strings"
)

// printer turns the events of one pass into what a person reads: lines about
// packages at once, the output of a test only when it fails.
type printer struct {
	out     io.Writer
	tally   *tally
	pending map[testKey]*strings.Builder // output of tests that have not ended
}

func newPrinter(out io.Writer, tally *tally) *printer {
	return &printer{out: out, tally: tally, pending: map[testKey]*strings.Builder{}}
}

func (p *printer) handle(e *event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(p.out, e.Output)
	case "output":
		p.output(e)
	case "pass", "fail", "skip":
		p.end(e)
	}
}

// output prints a line about a package and keeps one of a test.
func (p *printer) output(e *event) {
	if e.Test == "" {
		if !isIdle(e.Output) {
			fmt.Fprint(p.out, e.Output)
		}
		return
	}
	if isProgress(e.Output) {
		return
	}
	kept := p.pending[e.key()]
	if kept == nil {
		kept = new(strings.Builder)
		p.pending[e.key()] = kept
	}
	kept.WriteString(e.Output)
}

// end takes the result of a test or of a package.
func (p *printer) end(e *event) {
	if e.Test == "" {
		p.endPackage(e)
		return
	}
	said := ""
	if kept := p.pending[e.key()]; kept != nil {
		said = kept.String()
		delete(p.pending, e.key())
	}
	if e.Action == "fail" {
		fmt.Fprint(p.out, said)
	}
	p.tally.add(e.key(), e.Action, said)
}

// endPackage prints what tests said that have not ended: the process died in
// them, and the reason stands there.
func (p *printer) endPackage(e *event) {
	for key, kept := range p.pending {
		if key.pkg != e.Package {
			continue
		}
		if e.Action == "fail" {
			fmt.Fprint(p.out, kept.String())
			p.tally.add(key, "fail", "")
		}
		delete(p.pending, key)
	}
	if e.Action == "fail" {
		p.tally.failedPackages[e.Package] = true
	}
}

// isIdle reports whether a line about a package says nothing beside its result:
// the word alone, or that it has no tests.
func isIdle(line string) bool {
	return line == "PASS\n" || line == "FAIL\n" || strings.HasPrefix(line, "?   \t")
}

// isProgress reports whether a line only says that a test starts or goes on.
func isProgress(line string) bool {
	for _, prefix := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}
