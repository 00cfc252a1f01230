package policy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func testWindow(f Function, length, slide, start int64) *window {
	return &window{frame: frame{length: length, slide: slide}, fold: f.fold(), numeric: numericResult, start: start}
}

// sampleAt is a value with its time.
type sampleAt struct {
	at int64
	x  float64
}

// plainResult is the definition of the four functions.
func plainResult(f Function, xs []float64) float64 {
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	for _, x := range xs {
		low, high, sum = min(low, x), max(high, x), sum+x
	}
	mean := sum / float64(len(xs))
	squares := 0.0
	for _, x := range xs {
		squares += (x - mean) * (x - mean)
	}
	switch f {
	case Min:
		return low
	case Max:
		return high
	case Mean:
		return mean
	}
	return math.Sqrt(squares / float64(len(xs)))
}

// Panes give what keeping every sample would give: the definition of the windows
// is docs/protocol/policies.md §8.5.
func TestWindowsAgainstSamples(t *testing.T) {
	for _, c := range []struct{ length, slide int64 }{
		{100, 100}, {100, 50}, {100, 10}, {100, 30}, {100, 70}, {100, 99}, {100, 150}, {100, 101}, {70, 30}, {30, 70}, {1000, 10},
	} {
		for _, f := range []Function{Min, Max, Mean, StandardDeviation} {
			t.Run(fmt.Sprintf("%s %d by %d", f, c.length, c.slide), func(t *testing.T) {
				compareWithSamples(t, f, c.length, c.slide)
			})
		}
	}
}

func compareWithSamples(t *testing.T, f Function, length, slide int64) {
	const start = 1_000_000
	random := rand.New(rand.NewPCG(uint64(length), uint64(slide)))
	w := testWindow(f, length, slide, start)
	var samples []sampleAt
	results := 0
	now := int64(start)
	for number := int64(0); number < 300; number++ {
		begin := start + number*slide
		end := begin + length
		for now < end {
			if random.IntN(5) > 0 && now%7 != 0 {
				x := math.Round(random.NormFloat64()*1000) / 10
				samples = append(samples, sampleAt{now, x})
				w.add(now, x)
			}
			now += 1 + random.Int64N(slide)
		}
		var inside []float64
		for _, s := range samples {
			if s.at >= begin && s.at < end {
				inside = append(inside, s.x)
			}
		}
		results += compareResult(t, w, f, end, now, inside)
	}
	if results < 50 {
		t.Errorf("only %d windows had values", results)
	}
}

// compareResult asks for the result of the window that ends at end.
func compareResult(t *testing.T, w *window, f Function, end, now int64, inside []float64) int {
	t.Helper()
	if len(inside) == 0 {
		if w.waits() && w.deadline() <= end {
			if _, got, ok := w.expire(end); ok {
				t.Fatalf("window that ends at %d is empty, but has a result (end %d)", end, got)
			}
		}
		return 0
	}
	if w.deadline() != end {
		t.Fatalf("deadline %d, want %d", w.deadline(), end)
	}
	result, got, ok := w.expire(end)
	want := plainResult(f, inside)
	if !ok || got != end || math.Abs(result.Number()-want) > 1e-9*max(1, math.Abs(want)) {
		t.Fatalf("window that ends at %d (now %d): %v, %d, %v, want %v of %d values", end, now, result.Number(), got, ok, want, len(inside))
	}
	return 1
}

func TestWindowPanes(t *testing.T) {
	for _, c := range []struct{ length, slide, panes int64 }{
		{100, 100, 1}, {100, 50, 2}, {100, 30, 7}, {100, 99, 3}, {100, 101, 1}, {10_000, 10, 1000}, {10_005, 10, 2001},
		{MaxWindow.Milliseconds(), MaxWindow.Milliseconds() - 1, 3},
	} {
		f := frame{length: c.length, slide: c.slide}
		if got := f.panes(); got != c.panes {
			t.Errorf("%d by %d: %d panes, want %d", c.length, c.slide, got, c.panes)
		}
		last, counts := f.pane(c.length - 1)
		if !counts || last != c.panes-1 {
			t.Errorf("%d by %d: the last millisecond is in pane %d, counts %v", c.length, c.slide, last, counts)
		}
		if next, _ := f.pane(c.length); next != c.panes {
			t.Errorf("%d by %d: the end is in pane %d, want %d", c.length, c.slide, next, c.panes)
		}
	}
}

// A timer that is late by many windows still gets the result of the windows
// that had values, and values that came meanwhile are in theirs.
func TestLateExpiry(t *testing.T) {
	w := testWindow(Mean, 1000, 1000, 0)
	w.add(100, 10)
	w.add(200, 20)
	w.add(1500, 7) // the first window has ended, nobody asked
	if result, end, ok := w.expire(1600); !ok || end != 1000 || result.Number() != 15 {
		t.Errorf("first window: %v, %d, %v", result.Number(), end, ok)
	}
	if w.deadline() != 2000 {
		t.Errorf("deadline %d, want 2000", w.deadline())
	}
	w.add(50_500, 3) // long after the second window: its result is kept
	if w.deadline() != 2000 {
		t.Errorf("deadline %d, want 2000: a result is late", w.deadline())
	}
	if result, end, ok := w.expire(50_600); !ok || end != 2000 || result.Number() != 7 {
		t.Errorf("second window: %v, %d, %v", result.Number(), end, ok)
	}
	if _, _, ok := w.expire(50_999); ok {
		t.Error("a window that has not ended gave a result")
	}
	if result, end, ok := w.expire(51_000); !ok || end != 51_000 || result.Number() != 3 {
		t.Errorf("third window: %v, %d, %v", result.Number(), end, ok)
	}
	if _, _, ok := w.expire(1_000_000_000); ok || w.waits() {
		t.Error("windows without values gave a result")
	}
	if w.deadline() != 1_000_001_000 {
		t.Errorf("deadline %d after a long silence", w.deadline())
	}
}

// With overlapping windows, each of those that ended gives its result.
func TestLateOverlappingWindows(t *testing.T) {
	w := testWindow(Max, 300, 100, 0)
	w.add(50, 5)
	w.add(250, 3)
	for _, want := range []struct {
		end   int64
		value float64
	}{{300, 5}, {400, 3}, {500, 3}} {
		result, end, ok := w.expire(10_000)
		if !ok || end != want.end || result.Number() != want.value {
			t.Errorf("%v at %d, %v, want %v at %d", result.Number(), end, ok, want.value, want.end)
		}
	}
	if _, _, ok := w.expire(10_000); ok {
		t.Error("a fourth window gave a result")
	}
}

func TestClockSetBack(t *testing.T) {
	w := testWindow(Mean, 1000, 500, 10_000)
	w.add(9_000, 1) // before the start
	w.add(12_100, 2)
	w.add(10_100, 3) // goes into the oldest window
	_, _, _ = w.expire(11_000)
	for w.waits() {
		if _, end, ok := w.expire(20_000); !ok || end > 13_500 {
			t.Fatalf("end %d, %v", end, ok)
		}
	}
}

func TestFlushWindow(t *testing.T) {
	w := testWindow(Mean, 1000, 400, 0)
	if _, ok := w.flush(); ok {
		t.Error("a window without values gave a result")
	}
	w.add(100, 10)
	w.add(900, 20)
	if result, ok := w.flush(); !ok || result.Number() != 15 {
		t.Errorf("%v, %v, want 15", result, ok)
	}
	if _, ok := w.flush(); ok || w.waits() {
		t.Error("the second flush gave a result")
	}
	w.add(950, 4)
	if result, _, ok := w.expire(1000); !ok || result.Number() != 4 {
		t.Errorf("after a flush: %v, %v, want 4", result, ok)
	}
}

func TestWindowRefusesOtherValues(t *testing.T) {
	for _, v := range []wire.Value{wire.BooleanValue(true), wire.StringValue("1"), wire.URIValue("x"), {}} {
		if _, pass, err := testWindow(Min, 10, 10, 0).apply(nil, 0, v); pass || err != ErrNotNumeric {
			t.Errorf("%v: %v, %v", v.Kind(), pass, err)
		}
	}
}

// The deviation of close values far from zero keeps its digits.
func TestDeviationIsStable(t *testing.T) {
	w := testWindow(StandardDeviation, 1000, 100, 0)
	for i := range int64(900) {
		w.add(i, 1e9+float64(i%3))
	}
	result, _, ok := w.expire(1000)
	if want := math.Sqrt(2.0 / 3); !ok || math.Abs(result.Number()-want) > 1e-9 {
		t.Errorf("%v, want %v", result.Number(), want)
	}
}

func TestSumTooLarge(t *testing.T) {
	w := testWindow(Mean, 10, 10, 0)
	w.add(0, math.MaxFloat64)
	w.add(1, math.MaxFloat64)
	if result, _, ok := w.expire(10); !ok || !math.IsInf(result.Number(), 1) {
		t.Errorf("%v, %v", result.Number(), ok)
	}
}
