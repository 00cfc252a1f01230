package policy

import (
	"errors"
	"testing"
)

func testGate(t *testing.T, require bool) (*testHost, *Gate) {
	m := testModel()
	host := newTestHost(t, m)
	return host, NewGate(host, "E1", m, 0, require)
}

func testPlan(t *testing.T, attribute string, steps ...string) *Plan {
	t.Helper()
	plan, problems := Compile(mustParse(t, document(attribute, steps...)), testModel())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return plan
}

func gateOffer(t *testing.T, host *testHost, g *Gate, now int64, x float64) {
	t.Helper()
	if err := g.Offer(now, DefaultHead(), host.item("temp", x)); err != nil {
		t.Fatal(err)
	}
}

func TestGateHoldsUntilAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		plan *Plan
		want []string
	}{
		"policy":    {testPlan(t, "temp", function("filterCondition", `"condition":"$(temp) > 1"`)), []string{"5 hum=1", "10 temp=1"}},
		"no policy": {nil, []string{"5 hum=1", "10 temp=1", "20 temp=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			host, g := testGate(t, false)
			gateOffer(t, host, g, 10, 1)
			gateOffer(t, host, g, 20, 2)
			if err := g.Set(5, DefaultHead(), host.item("hum", 1.0)); err != nil { // what is set is not held
				t.Fatal(err)
			}
			if deadline, ok := g.NextDeadline(); !ok || deadline != 10+MaxHold {
				t.Errorf("deadline %d, %v", deadline, ok)
			}
			g.Assign(100, c.plan)
			wantData(t, host, c.want...)
			if _, ok := g.NextDeadline(); ok {
				t.Error("a deadline after the answer")
			}
		})
	}
}

func TestGateGivesUp(t *testing.T) {
	host, g := testGate(t, false)
	gateOffer(t, host, g, 10, 1)
	g.Expire(10 + MaxHold - 1)
	wantData(t, host)
	g.Expire(10 + MaxHold)
	wantData(t, host, "10 temp=1")
	if len(host.reports) != 1 || !errors.Is(host.reports[0], ErrNoAnswer) {
		t.Errorf("reports %v", host.reports)
	}
	gateOffer(t, host, g, 20_000, 2)
	wantData(t, host, "20000 temp=2")
	g.Assign(30_000, testPlan(t, "temp", function("filterCondition", `"condition":"1"`))) // the answer comes all the same
	gateOffer(t, host, g, 30_001, 3)
	wantData(t, host)
}

func TestGateHoldsSoMany(t *testing.T) {
	host, g := testGate(t, false)
	for i := range MaxHeldValues {
		gateOffer(t, host, g, 1, float64(i))
	}
	wantData(t, host)
	gateOffer(t, host, g, 2, -1)
	if len(host.sent) != MaxHeldValues+1 || len(host.reports) != 1 {
		t.Errorf("%d messages, reports %v", len(host.sent), host.reports)
	}
}

func TestGateRequire(t *testing.T) {
	host, g := testGate(t, true)
	for i := range MaxHeldValues {
		gateOffer(t, host, g, 1, float64(i))
	}
	if err := g.Offer(2, DefaultHead(), host.item("temp", 1.0)); !errors.Is(err, ErrHolding) {
		t.Errorf("%v, want ErrHolding", err)
	}
	if _, ok := g.NextDeadline(); ok {
		t.Error("a deadline though an answer is required")
	}
	g.Expire(1_000_000)
	wantData(t, host)
	g.Assign(1_000_001, nil)
	if len(host.sent) != MaxHeldValues {
		t.Errorf("%d messages", len(host.sent))
	}
}

func TestGateClose(t *testing.T) {
	host, g := testGate(t, false)
	gateOffer(t, host, g, 10, 1)
	if err := g.Close(20); err != nil {
		t.Error(err)
	}
	wantData(t, host, "10 temp=1")

	host, g = testGate(t, true)
	gateOffer(t, host, g, 10, 1)
	if err := g.Close(20); err != nil {
		t.Error(err)
	}
	wantData(t, host)
	if len(host.reports) != 1 || !errors.Is(host.reports[0], ErrHolding) {
		t.Errorf("reports %v", host.reports)
	}

	host, g = testGate(t, false)
	g.Assign(0, testPlan(t, "temp", function("mean", `"window":60000`)))
	gateOffer(t, host, g, 10, 4)
	if err := g.Close(20); err != nil {
		t.Error(err)
	}
	wantData(t, host, "20 temp=4")
}

// A policy that is replaced while the queue is full loses nothing: what it held
// leaves when there is room, before anything newer.
func TestGateReplacesWithFullQueue(t *testing.T) {
	host, g := testGate(t, false)
	g.Assign(0, testPlan(t, "*", function("batchBySize", `"batchSize":100`)))
	gateOffer(t, host, g, 1, 1)
	gateOffer(t, host, g, 2, 2)
	host.refuse = errors.New("queue is full")
	g.Assign(3, nil)
	deadline, ok := g.NextDeadline()
	if !ok || deadline != 3+retryStop || len(host.reports) != 1 {
		t.Fatalf("deadline %d, %v, reports %v", deadline, ok, host.reports)
	}
	g.Expire(deadline)
	if deadline, ok = g.NextDeadline(); !ok || deadline != 3+2*retryStop {
		t.Fatalf("deadline %d, %v", deadline, ok)
	}
	host.refuse = nil
	gateOffer(t, host, g, deadline, 3)
	wantData(t, host, "1 temp=1", "2 temp=2", "2003 temp=3")
	if _, ok := g.NextDeadline(); ok {
		t.Error("still a deadline")
	}

	g.Assign(5000, testPlan(t, "*", function("batchBySize", `"batchSize":100`)))
	gateOffer(t, host, g, 5001, 4)
	host.refuse = errors.New("queue is full")
	if err := g.Close(5002); err == nil {
		t.Error("closed with a full queue")
	}
	host.refuse = nil
	if err := g.Close(5003); err != nil {
		t.Error(err)
	}
	wantData(t, host, "5001 temp=4")
}

func TestGatePassesOn(t *testing.T) {
	host, g := testGate(t, false)
	if err := g.Admit(1, dataMessage("m")); err != nil || host.sentTexts() != "m" {
		t.Errorf("message: %v", err)
	}
	if err := g.NetworkChanged(2); err != nil {
		t.Error(err)
	}
}
