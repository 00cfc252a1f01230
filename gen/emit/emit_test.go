package emit

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// planned plans one model.
func planned(t testing.TB, m *devicemodel.Model) *plan.Package {
	t.Helper()
	p, found, err := plan.Build(plan.Input{Models: []*devicemodel.Model{m}})
	if err != nil || len(p.Packages) != 1 {
		t.Fatal(err, found)
	}
	return &p.Packages[0]
}

// sample makes a model with n attributes of all types, with ranges, defaults, aliases and writable ones among them.
func sample(n int) *devicemodel.Model {
	m := &devicemodel.Model{URN: "urn:com:example:sample", Name: "Sample", Description: "A sample with many attributes"}
	for i := range n {
		a := devicemodel.Attribute{
			Name: fmt.Sprintf("attribute_%03d", i), Type: devicemodel.Type(i%6 + 1), Writable: i%3 == 0,
			Description: "Measures something that lies within the usual bounds of its kind",
		}
		if a.Type.Numeric() {
			a.Range = &devicemodel.Range{Low: -float64(i), High: float64(i)}
			a.Default = &devicemodel.Default{}
		}
		if i%4 == 0 {
			a.Alias = fmt.Sprintf("alias_%03d", i)
		}
		m.Attributes = append(m.Attributes, a)
	}
	m.Actions = []devicemodel.Action{{Name: "reset"}, {Name: "move", Named: true, Arguments: []devicemodel.Argument{
		{Name: "x", Type: devicemodel.Number}, {Name: "y", Type: devicemodel.Number}}}}
	m.Formats = []devicemodel.Format{{URN: m.URN + ":hot", Name: "Hot", Type: devicemodel.Alert, Fields: []devicemodel.Field{
		{Name: "temperature", Type: devicemodel.Number}, {Name: "note", Type: devicemodel.String, Optional: true}}}}
	return m
}

func TestPackageGivesTheFilesOfThePlan(t *testing.T) {
	p := planned(t, sample(12))
	files, err := Package(p)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Equal(names, p.Files) {
		t.Errorf("files %q, plan %q", names, p.Files)
	}
}

// lineCount is what n attributes cost in lines.
func lineCount(t *testing.T, m *devicemodel.Model) int {
	t.Helper()
	files, err := Package(planned(t, m))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, content := range files {
		checkFile(t, name, content)
		n += strings.Count(string(content), "\n")
	}
	return n
}

func TestLinesPerAttribute(t *testing.T) {
	full := devicemodel.Attribute{
		Name: "left-front-door-temperature", Alias: "temperature", Type: devicemodel.Number, Writable: true,
		Description: "Temperature that the sensor inside the left front door reports, in degrees Celsius, averaged over the last ten seconds",
		Range:       &devicemodel.Range{Low: -273.15, High: 1000}, Default: &devicemodel.Default{Number: 21.5},
	}
	long := full
	long.Description = strings.Repeat("word ", 2000)
	for _, c := range []struct {
		name      string
		attribute devicemodel.Attribute
		most      int
	}{
		{"with everything", full, 60},
		{"with a description without end", long, 60},
		{"plain", devicemodel.Attribute{Name: "speed", Type: devicemodel.Integer}, 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &devicemodel.Model{URN: "urn:x:y", Attributes: []devicemodel.Attribute{{Name: "a", Type: devicemodel.Number,
				Range: full.Range, Writable: true}}}
			before := lineCount(t, m)
			m.Attributes = append(m.Attributes, c.attribute)
			if got := lineCount(t, m) - before; got > c.most {
				t.Errorf("%d lines, at most %d are allowed", got, c.most)
			} else {
				t.Logf("%d lines", got)
			}
		})
	}
}

func TestTwoHundredAttributes(t *testing.T) {
	m := sample(200)
	files, err := Package(planned(t, m))
	if err != nil {
		t.Fatal(err)
	}
	methods := make(map[string]bool)
	for name, content := range files {
		for _, d := range checkFile(t, name, content).Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				methods[f.Name.Name] = true
			}
		}
	}
	for i := range 200 {
		if name := fmt.Sprintf("SetAttribute%03d", i); !methods[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

// Texts that no loader lets through must not become code either.
func TestHandMadeModels(t *testing.T) {
	for _, nasty := range []string{
		"x\nfunc init() {}", "x\r\nfunc init() {}", "x*/func init(){}/*", "`x",
		`"x`, `x\`, "x\x00", "x\ufeff", "x\u2028func init() {}", "x\xff", "\nx //go:build ignore",
		"x {", "x // x", "x\n\n+build ignore\n\n",
	} {
		t.Run(fmt.Sprintf("%q", nasty), func(t *testing.T) {
			m := &devicemodel.Model{URN: "urn:x:" + nasty, Name: nasty, Description: nasty,
				Attributes: []devicemodel.Attribute{{Name: nasty, Alias: nasty + nasty, Description: nasty,
					Type: devicemodel.String, Writable: true,
					Default: &devicemodel.Default{Text: nasty}}},
				Actions: []devicemodel.Action{{Name: nasty, Alias: nasty + nasty, Description: nasty, Named: true,
					Arguments: []devicemodel.Argument{
						{Name: nasty, Description: nasty, Type: devicemodel.URI, Default: &devicemodel.Default{Text: nasty}}}}},
				Formats: []devicemodel.Format{
					{URN: "urn:y:" + nasty, Name: nasty, Description: nasty, Type: devicemodel.Alert,
						Fields: []devicemodel.Field{{Name: nasty, Description: nasty, Type: devicemodel.String}}},
					{URN: "urn:z:" + nasty, Name: nasty, Description: nasty, Type: devicemodel.Data,
						Fields: []devicemodel.Field{{Name: nasty, Type: devicemodel.String, Optional: true}}},
				}}
			files, err := Package(planned(t, m))
			if err != nil {
				t.Fatal(err)
			}
			checkAll(t, files)
		})
	}
}

func TestPackageRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*plan.Package){
		"unknown file":   func(p *plan.Package) { p.Files = append(p.Files, "x.go") },
		"attribute name": func(p *plan.Package) { p.Attributes[0].Name = "a b" },
		"package name":   func(p *plan.Package) { p.Name = "func" },
	} {
		t.Run(name, func(t *testing.T) {
			p := planned(t, sample(1))
			spoil(p)
			if files, err := Package(p); err == nil || files != nil {
				t.Errorf("files %d, error %v", len(files), err)
			}
		})
	}
}

func BenchmarkEmit(b *testing.B) {
	p := planned(b, sample(12))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Package(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlanAndEmit(b *testing.B) {
	for _, n := range []int{12, 200} {
		b.Run(fmt.Sprintf("attributes=%d", n), func(b *testing.B) {
			in := plan.Input{Models: []*devicemodel.Model{sample(n)}}
			b.ReportAllocs()
			for b.Loop() {
				p, _, err := plan.Build(in)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Package(&p.Packages[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPlanAndEmitParallel shows what a model costs among many.
func BenchmarkPlanAndEmitParallel(b *testing.B) {
	in := plan.Input{Models: []*devicemodel.Model{sample(12)}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, _, err := plan.Build(in)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := Package(&p.Packages[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
