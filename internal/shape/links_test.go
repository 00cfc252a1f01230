package shape

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// unlinked is what must not be in a device's binary, by import path: it costs
// megabytes, time at start, or surface that a device does not need.
func unlinked() []string {
	return []string{
		"github.com/dave/jennifer/...",
		"github.com/santhosh-tekuri/jsonschema/...",
		"github.com/urfave/cli/...",
		"database/sql",
		"modernc.org/...",
		"gopkg.in/ini.v1/...",
		"text/template",
		"html/template",
		"go.opentelemetry.io/otel", // the root package, whose import installs globals
	}
}

// Nor may these folders of ours be linked.
func unlinkedOurs() []string {
	return []string{"gen/...", "emulator/...", "internal/modelschema", "cmd/..."}
}

func deviceLinksCheck() check {
	return check{
		name: "a device links only what it needs",
		find: findDeviceLinks,
		crooked: []string{
			"a device links text/template: examples/sensor -> runtime/device -> text/template",
		},
	}
}

// findDeviceLinks looks at the dependencies of the long-running device example
// and of every generated package.
func findDeviceLinks(t *testing.T, h *house) (findings []string) {
	byPath := map[string]*listed{}
	for _, p := range h.list(t) {
		byPath[p.ImportPath] = p
	}
	var roots []*listed
	for _, p := range h.list(t) {
		if p.ours() && (p.folder() == "examples/sensor" || under(p.folder(), "generated/...")) {
			roots = append(roots, p)
		}
	}
	if len(roots) == 0 {
		return []string{"there is no device program to look at: neither examples/sensor nor generated/"}
	}
	seen := map[string]bool{}
	for _, root := range roots {
		for _, path := range root.Deps {
			if p := byPath[path]; !seen[path] && forbidden(path, p) {
				seen[path] = true
				findings = append(findings, fmt.Sprintf("a device links %s: %s", shortName(p, path), strings.Join(chain(root, path, byPath), " -> ")))
			}
		}
	}
	return findings
}

func forbidden(path string, p *listed) bool {
	matches := func(name string) func(string) bool {
		return func(pattern string) bool { return under(name, pattern) }
	}
	if p != nil && p.ours() {
		return slices.ContainsFunc(unlinkedOurs(), matches(p.folder()))
	}
	return slices.ContainsFunc(unlinked(), matches(path))
}

// chain is a shortest way of imports from root to the package of path to.
func chain(root *listed, to string, byPath map[string]*listed) []string {
	via := map[string]string{root.ImportPath: ""}
	for queue := []string{root.ImportPath}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			var names []string
			for ; at != ""; at = via[at] {
				names = append(names, shortName(byPath[at], at))
			}
			slices.Reverse(names)
			return names
		}
		if byPath[at] == nil {
			continue
		}
		for _, next := range byPath[at].Imports {
			if _, known := via[next]; !known {
				via[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func shortName(p *listed, path string) string {
	if p != nil && p.ours() {
		return p.folder()
	}
	return path
}
