package shape

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// arrows says what the packages of a folder may import: folders of the house,
// and modules of others. The standard library is free. Patterns are as under
// takes them; of several that match a folder one without "..." counts, else the
// longest.
type arrows struct {
	from   string
	ours   []string
	theirs []string
}

// permitted is the table of docs/architecture.md, "Who may import whom", with
// the dependencies table added. A folder without a row is a finding.
func permitted() []arrows {
	const (
		devicemodel = "runtime/devicemodel"
		wire        = "runtime/wire"
		trust       = "runtime/trust"
		formula     = "runtime/policy/formula"
		transport   = "runtime/transport/..."
		outbox      = "runtime/outbox"
		dispatch    = "runtime/dispatch"
		policy      = "runtime/policy"
		content     = "runtime/content"
		device      = "runtime/device"
		fetch       = "runtime/fetch"
		schema      = "internal/modelschema"

		backoff    = "github.com/cenkalti/backoff/v5"
		rate       = "golang.org/x/time"
		sys        = "golang.org/x/sys"
		metric     = "go.opentelemetry.io/otel/metric"
		attribute  = "go.opentelemetry.io/otel/attribute"
		jennifer   = "github.com/dave/jennifer"
		jsonschema = "github.com/santhosh-tekuri/jsonschema/v5"
		cli        = "github.com/urfave/cli/v2"
		bar        = "github.com/schollz/progressbar/v3"
		term       = "golang.org/x/term"
		yaml       = "github.com/goccy/go-yaml"
		diff       = "github.com/rogpeppe/go-internal/diff"
		tools      = "golang.org/x/tools"
		sqlite     = "modernc.org/sqlite"
		prometheus = "github.com/prometheus/client_golang"
		ini        = "gopkg.in/ini.v1"
		paho       = "github.com/eclipse/paho.mqtt.golang"
		mochi      = "github.com/mochi-mqtt/server/v2"
	)
	return []arrows{
		// The ground floor.
		{from: devicemodel},
		{from: wire},
		{from: trust, theirs: []string{sys}},
		{from: formula},

		{from: transport, ours: []string{wire, trust, transport}, theirs: []string{backoff, rate}},
		{from: "runtime/transport/httpconn"},
		{from: "runtime/transport/mqtt", ours: []string{wire, trust, transport}, theirs: []string{backoff, rate, paho}},
		{from: outbox, ours: []string{wire}, theirs: []string{sys}},
		{from: dispatch, ours: []string{wire, "runtime/transport", outbox}, theirs: []string{backoff, rate, metric, attribute}},
		{from: policy, ours: []string{devicemodel, wire, formula}},
		{from: content, ours: []string{trust, "runtime/transport"}, theirs: []string{sys, backoff}},
		{
			from:   device,
			ours:   []string{devicemodel, wire, trust, formula, transport, outbox, dispatch, policy, content},
			theirs: []string{sys, backoff, rate, metric, attribute},
		},
		{from: "runtime/trust/trusttest", ours: []string{trust}},
		{from: "runtime/device/devicetest", ours: []string{device, devicemodel, wire}},
		{from: "runtime/device/iniconfig", ours: []string{device}, theirs: []string{ini}},
		{from: fetch, ours: []string{devicemodel, trust, transport}},
		{from: "runtime/enterprise", ours: []string{devicemodel, wire, trust, transport}},
		{from: "runtime/simulate", ours: []string{device}},
		{from: "generated/...", ours: []string{device, "runtime/enterprise", "runtime/simulate"}},

		// The generator.
		{from: schema, theirs: []string{jsonschema}},
		{from: "gen/...", ours: []string{devicemodel, schema, "gen/..."}, theirs: []string{yaml}},
		{from: "gen", ours: []string{devicemodel, schema, "gen/..."}, theirs: []string{yaml, diff}},
		{from: "gen/emit", ours: []string{devicemodel, schema, "gen/..."}, theirs: []string{jennifer}},
		{from: "gen/source", ours: []string{devicemodel, schema, "gen/...", fetch}},

		// The other end of the wire.
		{from: "emulator/...", ours: []string{devicemodel, wire, trust, policy, formula, schema, "emulator/..."}, theirs: []string{sys, sqlite, prometheus, mochi}},
		{from: "emulator/emulatortest", ours: []string{"emulator", devicemodel, wire, trust}},

		// Programs.
		{from: "cmd/...", ours: []string{"gen", "gen/source", "emulator", trust, fetch, "internal/secrets"}, theirs: []string{cli, bar, term}},
		{from: "cmd/iotcsvet", theirs: []string{tools}},
		{from: "examples/...", ours: []string{"examples/internal/...", "generated/...", device, "runtime/device/devicetest", "emulator/emulatortest"}},

		{from: "internal/secrets", ours: []string{trust}, theirs: []string{term}},

		// Support of tests.
		{from: "internal/fidelity"},
		{from: "internal/figures", ours: []string{device, outbox, wire, trust, "emulator", "generated/...", "internal/interop"}},
		{from: "internal/interop/..."},
		{from: "runtime/outbox/outboxtest", ours: []string{outbox, wire}},
		{from: "internal/racetest"},
		{from: "internal/interop"},
		{from: "internal/interop/skipcheck", ours: []string{"internal/interop"}},
		{from: "internal/shape"},
	}
}

// Tests in the package under test may use these beside what the package may;
// tests in a package of their own (x_test) may use everything of ours except
// that those of the ground floor must not start an emulator.
func testSupport() (ours, theirs []string) {
	return []string{"internal/racetest", "internal/interop"},
		[]string{"github.com/google/go-cmp", "go.uber.org/goleak", "github.com/rogpeppe/go-internal", "golang.org/x/tools", "golang.org/x/sys"}
}

// groundFloor is what must be testable without anything of ours.
func groundFloor() []string {
	return []string{"runtime/devicemodel", "runtime/wire", "runtime/trust", "runtime/policy/formula"}
}

func arrowsCheck() check {
	return check{
		name: "imports follow the arrows",
		find: findArrows,
		crooked: []string{
			"examples/sensor must not import runtime/wire",
			"runtime/trust must not import runtime/wire",
			"runtime/trust must not import example.com/theirs",
			"tests of runtime/trust must not import runtime/device",
			"tests of runtime/trust must not import emulator/emulatortest",
			"runtime/unheard is not in the table of internal/shape/arrows_test.go: who may it import?",
		},
	}
}

func findArrows(t *testing.T, h *house) (findings []string) {
	byPath := map[string]*listed{}
	for _, p := range h.list(t) {
		byPath[p.ImportPath] = p
	}
	for _, p := range h.list(t) {
		if !p.ours() {
			continue
		}
		row, ok := rowOf(p.folder())
		if !ok {
			findings = append(findings, fmt.Sprintf("%s is not in the table of internal/shape/arrows_test.go: who may it import?", p.folder()))
			continue
		}
		for _, path := range p.Imports {
			if to, ok := target(path, p, byPath); !ok || !row.allows(to) {
				findings = append(findings, fmt.Sprintf("%s must not import %s", p.folder(), to.name))
			}
		}
		for _, path := range p.TestImports {
			if to, ok := target(path, p, byPath); !ok || !row.forTests().allows(to) {
				findings = append(findings, fmt.Sprintf("tests of %s must not import %s", p.folder(), to.name))
			}
		}
		for _, path := range p.XTestImports {
			to, _ := target(path, p, byPath)
			if slices.Contains(groundFloor(), p.folder()) && to.ours && under(to.name, "emulator/...") {
				findings = append(findings, fmt.Sprintf("tests of %s must not import %s", p.folder(), to.name))
			}
		}
	}
	return findings
}

// imported is the far end of an arrow.
type imported struct {
	name     string // folder in the house, or import path of another module's package
	ours     bool
	standard bool
}

// target finds out what path means in package from. Packages that only tests
// import are not in the listing: what has the module's prefix is ours, what has
// no dot in its first element standard.
func target(path string, from *listed, byPath map[string]*listed) (to imported, ok bool) {
	if path == "C" {
		return imported{name: "C (cgo)"}, false
	}
	if p := byPath[path]; p != nil {
		if p.ours() {
			return imported{name: p.folder(), ours: true}, true
		}
		return imported{name: path, standard: p.Standard}, true
	}
	if inside, ok := strings.CutPrefix(path, from.Module.Path+"/"); ok {
		return imported{name: inside, ours: true}, true
	}
	first, _, _ := strings.Cut(path, "/")
	return imported{name: path, standard: !strings.Contains(first, ".")}, true
}

// rowOf returns the row of the table that rules a folder.
func rowOf(folder string) (row arrows, ok bool) {
	for _, r := range permitted() {
		if folder == r.from {
			return r, true
		}
		if under(folder, r.from) && (!ok || len(r.from) > len(row.from)) {
			row, ok = r, true
		}
	}
	return row, ok
}

// forTests is the row for tests inside the package. Programs have no other kind
// of tests, and are tested against a server.
func (a arrows) forTests() arrows {
	ours, theirs := testSupport()
	if under(a.from, "cmd/...") {
		ours = append(ours, "emulator/emulatortest", "runtime/device")
	}
	return arrows{a.from, append(ours, a.ours...), append(theirs, a.theirs...)}
}

func (a arrows) allows(to imported) bool {
	if to.standard {
		return true
	}
	if to.ours {
		return slices.ContainsFunc(a.ours, func(pattern string) bool { return under(to.name, pattern) })
	}
	return slices.ContainsFunc(a.theirs, func(module string) bool { return under(to.name, module+"/...") })
}
