package policy

import (
	"errors"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func offer(t *testing.T, host *testHost, e *Engine, now int64, name string, v any) {
	t.Helper()
	if err := e.Offer(now, DefaultHead(), host.item(name, v)); err != nil {
		t.Fatal(err)
	}
}

func TestNextDeadline(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp": {function("mean", `"window":5000`)},
		"hum":  {function("max", `"window":3000,"slide":1000`)},
		"*":    {function("batchByTime", `"delayLimit":2000`)},
	})
	deadline := func(want int64) {
		t.Helper()
		if got, ok := e.NextDeadline(); got != want || ok != (want != 0) {
			t.Errorf("deadline %d, %v, want %d", got, ok, want)
		}
	}
	deadline(0) // nothing waits, so no timer has to run
	offer(t, host, e, 1000, "temp", 1.0)
	deadline(5000)
	offer(t, host, e, 1500, "hum", 2.0)
	deadline(3000)
	e.Expire(3000)
	deadline(4000) // both the window that slid on and the batch
	wantData(t, host)
	e.Expire(4000)
	wantData(t, host, "3000 hum=2", "4000 hum=2")
	deadline(5000)
	e.Expire(5000)
	deadline(6000)
	e.Expire(1_000_000)
	wantData(t, host, "5000 temp=1")
	deadline(0)
	offer(t, host, e, 1_000_001, "temp", 1.0)
	deadline(1_005_000)
}

// What several windows of one attribute yield in one late run leaves in messages
// of its own each.
func TestLateRun(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp": {function("max", `"window":3000,"slide":1000`)},
		"hum":  {function("max", `"window":3000`)},
	})
	offer(t, host, e, 2500, "temp", 7.0)
	offer(t, host, e, 2600, "hum", 8.0)
	e.Expire(60_000)
	wantData(t, host, "60000 hum=8 temp=7", "60000 temp=7", "60000 temp=7")
}

// The result of a window belongs to the window, for the next one as well: of two
// that end together, the shorter one ends first.
func TestWindowsInARow(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp": {function("mean", `"window":1000`), function("max", `"window":3000`), function("filterCondition", `"condition":"$(temp) > 100"`)},
	})
	for i, x := range []float64{1, 5, 3, 2, 200, 4} {
		offer(t, host, e, int64(i)*1000+10, "temp", x)
		e.Expire(int64(i+1) * 1000)
	}
	wantData(t, host, "3000 temp=5") // 200 is filtered at 6000
	offer(t, host, e, 6_010, "temp", 8.0)
	offer(t, host, e, 7_010, "temp", 6.0)
	if err := e.Stop(7_500); err != nil {
		t.Fatal(err)
	}
	wantData(t, host, "7500 temp=8")
	if _, ok := e.NextDeadline(); ok {
		t.Error("a deadline after the stop")
	}
}

// Results that are refused are reported with the function that gave them.
func TestTimerReports(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"count": {function("mean", `"window":1000`), function("computedMetric", `"formula":"$(count) * 1000000000000"`)},
		"temp":  {function("max", `"window":1000`)},
	})
	refused := errors.New("out of range")
	host.check = func(attribute int, v wire.Value) error {
		if attribute == host.attribute("temp") {
			return refused
		}
		return nil
	}
	offer(t, host, e, 10, "count", 1.0)
	offer(t, host, e, 10, "temp", 1.0)
	e.Expire(1000)
	wantData(t, host)
	var step *StepError
	if len(host.reports) != 2 || !errors.As(host.reports[0], &step) || step.Function != ComputedMetric ||
		!errors.Is(step, ErrResultType) || !errors.Is(host.reports[1], refused) {
		t.Errorf("reports %v", host.reports)
	}
}

// The order at the end: windows, the message of what they yield, the batch; no
// computed metrics any more.
func TestStop(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp": {function("eliminateDuplicates", ``), function("mean", `"window":60000`)},
		"hum":  {function("computedMetric", `"formula":"$(temp) * 2"`)},
		"name": {function("sampleQuality", `"rate":3`)},
		"*":    {function("batchBySize", `"batchSize":100`)},
	})
	if err := e.Set(1, DefaultHead(), host.item("on", true)); err != nil {
		t.Fatal(err)
	}
	offer(t, host, e, 2, "temp", 10.0)
	offer(t, host, e, 3, "temp", 20.0)
	offer(t, host, e, 4, "name", "x")
	if err := e.Stop(5); err != nil {
		t.Fatal(err)
	}
	wantData(t, host, "1 on=true", "5 temp=15")
}
