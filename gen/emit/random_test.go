package emit

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// vocabulary holds names that collide with each other, with generated code, with Go, and with what tools believe of names.
var vocabulary = []string{
	"a", "A", "a-a", "a_a", "aA", "a2", "3", "x3", "set-a", "offer_a", "onA", "on-a-error", "a_min", "update", "virtual", "send",
	"offer", "change", "raise", "submit",
	"severity", "on-error", "handle-actions", "type", "range", "func", "string", "error", "int64", "bool", "nil", "len", "new",
	"any", "ctx", "context", "device", "time",
	"model", "alert", "data", "fields", "args", "opts", "v", "fn", "s", "t", "u", "c", "d", "b", "err", "call", "set", "actions",
	"binding", "batch", "readByte", "seek",
	"write_byte", "marshalJSON", "URN", "fingerprint", "changes", "unimplemented-actions", "thing", "newAAlert", "温度", "größe", "ß",
	"é", "e\u0301", "X", "init", "main",
	"Format", "Scan", "GoString", "Is", "As", "Unwrap", "String", "attrA", "actionA", "formatAAlert", "endpointID", "_a", "a_", "test",
}

var descriptions = []string{"", "", "plain words", "# heading", "- item", "a */ b", "``x''", "//go:embed x", "+build x",
	"[a]: https://x", "a\n\n\tb", "Deprecated: x", "a\u2028b\ufeff",
	"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty +build"}

// randomModel makes a model that a loader would accept.
func randomModel(r *rand.Rand, urn string) *devicemodel.Model {
	m := &devicemodel.Model{URN: urn, Name: pick(r, vocabulary), Description: pick(r, descriptions)}
	for _, name := range some(r, 20) {
		m.Attributes = append(m.Attributes, devicemodel.Attribute{Name: name, Alias: "alias-" + name, Description: pick(r,
			descriptions), Type: randomType(r), Writable: r.IntN(2) == 0})
		a := &m.Attributes[len(m.Attributes)-1]
		a.Range, a.Default = randomRange(r, a.Type), randomDefault(r)
	}
	for _, name := range some(r, 8) {
		a := devicemodel.Action{Name: name, Description: pick(r, descriptions), Named: true}
		for _, arg := range some(r, 5) {
			t := randomType(r)
			a.Arguments = append(a.Arguments, devicemodel.Argument{Name: arg, Description: pick(r, descriptions), Type: t,
				Range: randomRange(r, t), Default: randomDefault(r)})
		}
		if len(a.Arguments) == 1 && r.IntN(2) == 0 {
			a.Named, a.Arguments[0].Name = false, devicemodel.ArgumentName
		}
		m.Actions = append(m.Actions, a)
	}
	for _, name := range some(r, 8) {
		f := devicemodel.Format{URN: pick(r, []string{urn, "urn:elsewhere"}) + ":" + name, Name: pick(r, vocabulary),
			Description: pick(r, descriptions), Type: devicemodel.FormatType(1 + r.IntN(2))}
		for _, field := range some(r, 6) {
			f.Fields = append(f.Fields, devicemodel.Field{Name: field, Description: pick(r, descriptions), Type: randomType(r),
				Optional: r.IntN(2) == 0})
		}
		m.Formats = append(m.Formats, f)
	}
	return m
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// some picks up to n different names.
func some(r *rand.Rand, n int) []string {
	names := slices.Clone(vocabulary)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:r.IntN(n+1)]
}

func randomType(r *rand.Rand) devicemodel.Type { return devicemodel.Type(1 + r.IntN(6)) }

func randomRange(r *rand.Rand, t devicemodel.Type) *devicemodel.Range {
	if !t.Numeric() || r.IntN(2) == 0 {
		return nil
	}
	low := (r.Float64() - 0.5) * []float64{1, 1e3, 1e10, 1e300}[r.IntN(4)]
	return &devicemodel.Range{Low: low, High: low + 1 + r.Float64()}
}

func randomDefault(r *rand.Rand) *devicemodel.Default {
	if r.IntN(2) == 0 {
		return nil
	}
	return &devicemodel.Default{Integer: r.Int64N(9) - 4, Number: r.Float64() - 0.5, Text: pick(r, vocabulary), Boolean: r.IntN(2) == 0}
}

// Models of nasty names, and what becomes of them while the lock is kept, compile against the runtime.
func TestRandomModelsCompile(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			urn := "urn:com:example:" + pick(r, vocabulary)
			l := new(lock.Lock)
			for range 2 {
				p, found, err := plan.Build(plan.Input{Models: []*devicemodel.Model{randomModel(r, urn)}, Lock: l})
				if err != nil || len(p.Packages) != 1 {
					t.Fatal(err, found)
				}
				files, err := Package(&p.Packages[0])
				if err != nil {
					t.Fatal(err)
				}
				checkAll(t, files)
				checkTypes(t, files)
				l.Add(p.Packages[0].Facts...)
			}
		})
	}
}

// Any model that the loader accepts gives code that parses, is laid out as gofmt does, and holds nothing but what generated code holds.
func FuzzPlanAndEmit(f *testing.F) {
	samples, _ := filepath.Glob("../../models/*.json")
	for _, path := range samples {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 8<<10 { // a fuzzer gets nowhere with large ones
			f.Add(text)
		}
	}
	for _, g := range goldens(f) {
		if text := g.file("model.json"); len(text) < 8<<10 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var in plan.Input
		seen := make(map[string]bool)
		docs, _ := devicemodel.Inspect(text)
		for _, d := range docs {
			if d.Model != nil && !seen[d.URN] {
				in.Models, seen[d.URN] = append(in.Models, d.Model), true
			}
		}
		if len(in.Models) == 0 {
			return
		}
		p, found, err := plan.Build(in)
		if err != nil {
			t.Fatalf("a model that was accepted is refused: %v", err)
		}
		planned := make(map[string]bool)
		for i := range p.Packages {
			pkg := &p.Packages[i]
			planned[pkg.URN] = true
			files, err := Package(pkg)
			if err != nil {
				t.Fatal(err)
			}
			checkAll(t, files)
		}
		for _, m := range in.Models {
			if !planned[m.URN] && !slices.ContainsFunc(found, func(d plan.Diagnostic) bool { return d.URN == m.URN && d.Level == devicemodel.Error }) {
				t.Errorf("%q is not planned, and nobody says why", m.URN)
			}
		}
	})
}
