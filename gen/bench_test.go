package gen_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
)

// benchModels writes n models of 12 attributes, two actions and one alert, as a server writes them.
func benchModels(tb testing.TB, dir string, n int) {
	tb.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("dm-urn%%3Atest%%3Abench%03d.json", i))
		if err := os.WriteFile(name, []byte(benchModel(i)), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
}

func benchModel(i int) string {
	types := []string{"STRING", "NUMBER", "INTEGER", "BOOLEAN", "DATETIME", "URI"}
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"urn\": \"urn:test:bench%03d\",\n  \"name\": \"Bench %d\",\n  \"attributes\": [\n", i, i)
	for a := range 12 {
		t, bounds, end := types[a%6], "", ",\n"
		if t == "NUMBER" || t == "INTEGER" {
			bounds = ` "range": "0,100",`
		}
		if a == 11 {
			end = "\n"
		}
		fmt.Fprintf(&b, "    {\"alias\": \"\", \"description\": \"attribute %d\", \"name\": \"attr_%d\",%s \"type\": %q, \"writable\": %v}%s", a, a, bounds, t, a%3 == 0, end)
	}
	fmt.Fprintf(&b, "  ],\n  \"actions\": [{\"name\": \"reset\"}, {\"name\": \"ramp\", \"argType\": \"INTEGER\", \"range\": \"0,100\"}],\n")
	fmt.Fprintf(&b, "  \"formats\": [{\"urn\": \"urn:test:bench%03d:hot\", \"name\": \"Hot\", \"type\": \"ALERT\", \"value\": {\"fields\": [\n", i)
	fmt.Fprintf(&b, "    {\"name\": \"temp\", \"type\": \"NUMBER\", \"optional\": false}, {\"name\": \"note\", \"type\": \"STRING\", \"optional\": true}]}}]\n}\n")
	return b.String()
}

// BenchmarkRun measures the generator's own part: load, plan, emit, compare. Wanted are 5 ms for one model and 1 ms for each further one.
// The files on disk are current, as they are most of the time.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("models=%d", n), func(b *testing.B) {
			w := world{b, b.TempDir()}
			benchModels(b, w.path("models"), n)
			w.generate(gen.Flags{}, gen.WriteOptions{})
			b.ReportAllocs()
			for b.Loop() {
				r := w.run(gen.Flags{})
				if r.Failed() || r.Packages() != n || r.Drift() != nil {
					b.Fatal(text(r.Diagnostics))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/model")
		})
	}
}

// BenchmarkGenerate measures the same with writing everything anew.
func BenchmarkGenerate(b *testing.B) {
	w := world{b, b.TempDir()}
	benchModels(b, w.path("models"), 10)
	b.ReportAllocs()
	for b.Loop() {
		w.generate(gen.Flags{}, gen.WriteOptions{})
		b.StopTimer()
		w.remove("generated")
		b.StartTimer()
	}
}

func BenchmarkLint(b *testing.B) {
	w := world{b, b.TempDir()}
	benchModels(b, w.path("models"), 10)
	c := w.load(gen.Flags{})
	b.ReportAllocs()
	for b.Loop() {
		if found, err := gen.Lint(b.Context(), c); err != nil || len(found) != 0 {
			b.Fatal(err, text(found))
		}
	}
}
