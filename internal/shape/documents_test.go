package shape

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

func markdownLinksCheck() check {
	return check{
		name:    "links in documents lead somewhere",
		find:    findDeadLinks,
		crooked: []string{"README.md:3: docs/absent.md does not exist"},
	}
}

// findDeadLinks follows the links from Markdown files to files of the house.
func findDeadLinks(t *testing.T, h *house) (findings []string) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	h.walk(t, func(name string) {
		if !strings.HasSuffix(name, ".md") || under(name, "internal/shape/testdata/...") {
			return
		}
		n := 0
		for line := range strings.Lines(string(h.read(t, name))) {
			n++
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				target, _, _ := strings.Cut(m[1], "#")
				if target == "" || strings.Contains(target, ":") {
					continue // inside the page, or elsewhere on the net
				}
				target, err := url.PathUnescape(target)
				if err != nil {
					findings = append(findings, fmt.Sprintf("%s:%d: %v", name, n, err))
					continue
				}
				if target = path.Join(path.Dir(name), target); !h.exists(target) {
					findings = append(findings, fmt.Sprintf("%s:%d: %s does not exist", name, n, target))
				}
			}
		}
	})
	return findings
}

func programsCheck() check {
	return check{
		name:    "programs in documents compile",
		find:    findBrokenPrograms,
		crooked: []string{"README.md: program 2: program.go:5:19: undefined: wire.Length"},
	}
}

// findBrokenPrograms type-checks the Go code blocks of the documents for users
// that are whole files, by themselves.
func findBrokenPrograms(t *testing.T, h *house) (findings []string) {
	block := regexp.MustCompile("(?s)```go\n(package .*?)```")
	imports := h.importer(t)
	for _, name := range []string{"README.md", "docs/generated-code.md"} {
		if !h.exists(name) {
			continue
		}
		for i, m := range block.FindAllSubmatch(h.read(t, name), -1) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "program.go", m[1], parser.SkipObjectResolution)
			if err == nil {
				config := types.Config{Importer: imports}
				_, err = config.Check("program", fset, []*ast.File{file}, nil)
			}
			if err != nil {
				findings = append(findings, fmt.Sprintf("%s: program %d: %v", name, i+1, err))
			}
		}
	}
	return findings
}

func citationsCheck() check {
	return check{
		name: "citations of the protocol reference lead to a section",
		find: findDeadCitations,
		crooked: []string{
			"runtime/unheard/unheard.go:6: docs/protocol/wire.md has no §9.9",
			"runtime/unheard/unheard.go:7: docs/protocol/absent.md does not exist",
		},
	}
}

// findDeadCitations looks up every `docs/protocol/<file>.md §n` in Go code.
func findDeadCitations(t *testing.T, h *house) (findings []string) {
	citation := regexp.MustCompile(`(docs/protocol/[a-z-]+\.md)(?:,? §([0-9]+(?:\.[0-9]+)*))?`)
	sections := map[string]map[string]bool{} // by file; nil where it does not exist
	for _, s := range h.parse(t) {
		if under(s.path, "internal/shape/...") {
			continue // what is expected in the crooked house
		}
		n := 0
		for line := range bytes.Lines(s.content) {
			n++
			for _, m := range citation.FindAllSubmatch(line, -1) {
				file, section := string(m[1]), string(m[2])
				known, read := sections[file]
				if !read && h.exists(file) {
					known = sectionsOf(h.read(t, file))
				}
				sections[file] = known
				switch {
				case known == nil:
					findings = append(findings, fmt.Sprintf("%s:%d: %s does not exist", s.path, n, file))
				case section != "" && !known[section]:
					findings = append(findings, fmt.Sprintf("%s:%d: %s has no §%s", s.path, n, file, section))
				}
			}
		}
	}
	return findings
}

// sectionsOf returns the numbers of the headings of a document.
func sectionsOf(document []byte) map[string]bool {
	heading := regexp.MustCompile(`(?m)^##+ ([0-9]+(?:\.[0-9]+)*)\.? `)
	numbers := map[string]bool{}
	for _, m := range heading.FindAllSubmatch(document, -1) {
		numbers[string(m[1])] = true
	}
	return numbers
}

func housePlanCheck() check {
	return check{
		name: "docs/architecture.md tells what is there",
		find: findPlanFaults,
		crooked: []string{
			"docs/architecture.md: emulator/console/ does not exist and is not marked (planned)",
			"docs/architecture.md: runtime/device/ exists and is marked (planned)",
			"docs/architecture.md: the house has no line for examples/sensor",
			"docs/architecture.md: the house has no line for gen/util",
			"docs/architecture.md: the house has no line for runtime/unheard",
		},
	}
}

// findPlanFaults compares the list of folders under "The house" with the
// folders. A line for a folder speaks for its folders too, except where the
// folder only holds others, as runtime/ does.
func findPlanFaults(t *testing.T, h *house) (findings []string) {
	const file = "docs/architecture.md"
	report := func(format string, args ...any) {
		findings = append(findings, file+": "+fmt.Sprintf(format, args...))
	}
	_, plan, _ := strings.Cut(string(h.read(t, file)), "## The house")
	_, plan, _ = strings.Cut(plan, "```\n")
	plan, _, _ = strings.Cut(plan, "```")
	listed := map[string]bool{}
	for line := range strings.Lines(plan) {
		folder, about, _ := strings.Cut(line, " ")
		planned := strings.HasPrefix(strings.TrimSpace(about), "(planned)")
		switch exists := h.exists(folder); {
		case exists && planned:
			report("%s exists and is marked (planned)", folder)
		case !exists && !planned:
			report("%s does not exist and is not marked (planned)", folder)
		}
		listed[strings.TrimSuffix(folder, "/")] = true
	}
	for _, p := range folders(h.parse(t)) {
		folder := p[0].folder()
		group, inside, _ := strings.Cut(folder, "/")
		switch group {
		case "generated", "internal", "examples", "emulator":
			// One line for all of the group, or a line for some of it.
			if listed[folder] || listed[group] && group != "internal" || listed[path.Join(group, firstElement(inside))] {
				continue
			}
		default:
			if listed[folder] {
				continue
			}
		}
		report("the house has no line for %s", folder)
	}
	return findings
}

func firstElement(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}
