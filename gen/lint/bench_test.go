package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/source"
)

// twelve is a model of 12 attributes as a server writes it.
func twelve(urn string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"urn": %q, "name": "M", "created": 1511805927387, "attributes": [`, urn)
	for i := range 12 {
		fmt.Fprintf(&b, `{"alias": "", "description": "attribute %d", "name": "a%d", "type": "INTEGER", "range": "0,100", "writable": true},`, i, i)
	}
	return strings.TrimSuffix(b.String(), ",") + "]}"
}

func BenchmarkFiles(b *testing.B) {
	for _, bb := range []struct {
		name string
		opts []lint.Option
	}{{"loader", nil}, {"schema", []lint.Option{lint.WithSchema()}}} {
		b.Run(bb.name, func(b *testing.B) {
			set := &source.Set{}
			for i := range 10 {
				set.Files = append(set.Files, source.File{Path: fmt.Sprintf("m%d.json", i), Data: []byte(twelve(fmt.Sprintf("urn:test:m%d", i)))})
			}
			b.ReportAllocs()
			for b.Loop() {
				report, err := lint.Files(b.Context(), set, bb.opts...)
				if err != nil || len(report.Models) != 10 || len(report.Findings) != 0 {
					b.Fatal(err, report)
				}
			}
		})
	}
}
