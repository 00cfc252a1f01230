package formulas

import "testing"

func TestEvaluatorsAgree(t *testing.T) {
	vectors := readVectors(t)
	for _, c := range comparisons {
		for _, e := range evaluators {
			t.Run(c.id+"/"+e.name, func(t *testing.T) {
				run, err := e.compile(c, vectors[c.id])
				if err != nil {
					t.Fatal(err)
				}
				result, err := run()
				if err != nil {
					t.Fatal(err)
				}
				got, err := number(result)
				if want := vectors[c.id].want(); err != nil || got != want {
					t.Errorf("%v, %v, want %v", got, err, want)
				}
			})
		}
	}
}

func BenchmarkEval(b *testing.B) {
	vectors := readVectors(b)
	for _, c := range comparisons {
		for _, e := range evaluators {
			b.Run(c.id+"/"+e.name, func(b *testing.B) {
				run, err := e.compile(c, vectors[c.id])
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	vectors := readVectors(b)
	for _, c := range comparisons {
		for _, e := range evaluators {
			b.Run(c.id+"/"+e.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := e.compile(c, vectors[c.id]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
