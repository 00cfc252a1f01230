package policy

import (
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

var epoch = time.Unix(0, 0)

// countingHost sends nothing and counts.
type countingHost struct {
	values [8]wire.Value
	sent   int
}

func (h *countingHost) Current(attribute int) wire.Value         { return h.values[attribute] }
func (h *countingHost) Commit(attribute int, v wire.Value) error { h.values[attribute] = v; return nil }
func (h *countingHost) Emit(*Message) error                      { h.sent++; return nil }
func (h *countingHost) Call(_ int, _ string, _ []wire.Value)     {}
func (h *countingHost) Report(error)                             {}

func BenchmarkOffer(b *testing.B) {
	for _, c := range []struct {
		name  string
		steps []string
		sends bool
	}{
		{"three functions, dropped", threeFunctions(), false},
		{"filter, dropped", []string{function("filterCondition", `"condition":"$(temp) > 30"`)}, false},
		{"filter, sent", []string{function("filterCondition", `"condition":"$(temp) > 300"`)}, true},
		{"mean over a minute", []string{function("mean", `"window":60000`)}, false},
		{"deviation, 1000 panes", []string{function("standardDeviation", `"window":100000,"slide":100`)}, false},
		{"no pipeline", nil, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := testModel()
			plan, _ := Compile(mustParse(b, document("temp", c.steps...)), m)
			host := &countingHost{}
			host.values[attributeIndex(m, "limit")] = wire.NumberValue(30)
			e := plan.Start(host, "E1", 0)
			item := Item{0, wire.NumberValue(40)}
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Offer(1000, DefaultHead(), item); err != nil {
					b.Fatal(err)
				}
			}
			if (host.sent > 0) != c.sends {
				b.Errorf("%d messages", host.sent)
			}
		})
	}
}

func BenchmarkExpire(b *testing.B) {
	m := testModel()
	plan, _ := Compile(mustParse(b, document("temp", function("mean", `"window":100000,"slide":100`))), m)
	e := plan.Start(&countingHost{}, "E1", 0)
	now := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		now += 100
		if err := e.Offer(now, DefaultHead(), Item{0, wire.NumberValue(40)}); err != nil {
			b.Fatal(err)
		}
		e.Expire(now)
	}
}

func BenchmarkCompile(b *testing.B) {
	text := []byte(document("temp", threeFunctions()...))
	m := testModel()
	b.ReportAllocs()
	for b.Loop() {
		p, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, problems := Compile(p, m); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
