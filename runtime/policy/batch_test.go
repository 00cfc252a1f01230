package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func alertMessage(severity wire.Severity, text string) *Message {
	return &Message{Severity: severity, Encoded: wire.Encoded{Type: wire.TypeAlert, JSON: []byte(text)}}
}

func dataMessage(text string) *Message {
	return &Message{Encoded: wire.Encoded{Type: wire.TypeData, JSON: []byte(text)}}
}

// sentTexts gives the messages that were sent, and forgets them.
func (h *testHost) sentTexts() string {
	var all []string
	for _, m := range h.sent {
		all = append(all, string(m.JSON))
	}
	h.sent = nil
	return strings.Join(all, " ")
}

func batchEngine(t *testing.T, id, parameters string, options ...StartOption) (*testHost, *Engine) {
	return testEngine(t, map[string][]string{"*": {function(id, parameters)}}, options...)
}

func TestAlertTakesBatchAlong(t *testing.T) {
	for _, c := range []struct {
		threshold string
		leave     []wire.Severity
		stay      []wire.Severity
	}{
		{"", []wire.Severity{wire.SeverityCritical}, []wire.Severity{wire.SeverityLow, wire.SeverityNormal, wire.SeveritySignificant}},
		{"LOW", []wire.Severity{wire.SeverityLow, wire.SeverityCritical}, nil},
		{"SIGNIFICANT", []wire.Severity{wire.SeveritySignificant, wire.SeverityCritical}, []wire.Severity{wire.SeverityLow, wire.SeverityNormal}},
	} {
		for _, function := range []string{`batchBySize`, `batchByTime`, `batchByCost`} {
			host, e := batchEngine(t, function, `"batchSize":100,"delayLimit":5000,"networkCost":"ETHERNET","alertSeverity":"`+c.threshold+`"`,
				WithNetworkCost(func() Cost { return Satellite }))
			admit := func(m *Message) {
				if err := e.Admit(1, m); err != nil {
					t.Fatal(err)
				}
			}
			for _, severity := range c.stay {
				admit(alertMessage(severity, "stay"))
				if sent := host.sentTexts(); sent != "" {
					t.Errorf("%s, %q, %v: sent %s", function, c.threshold, severity, sent)
				}
			}
			for _, severity := range c.leave {
				admit(dataMessage("data"))
				admit(alertMessage(severity, "alert"))
				if sent := host.sentTexts(); !strings.HasSuffix(sent, "data alert") {
					t.Errorf("%s, %q, %v: sent %s", function, c.threshold, severity, sent)
				}
			}
		}
	}
}

// The interval of batchByTime runs from the assignment, an alert that goes at
// once starts it anew.
func TestBatchByTime(t *testing.T) {
	host, e := batchEngine(t, "batchByTime", `"delayLimit":5000`)
	deadline := func(want int64) {
		t.Helper()
		if got, ok := e.NextDeadline(); got != want || ok != (want != 0) {
			t.Errorf("deadline %d, %v, want %d", got, ok, want)
		}
	}
	admit := func(now int64, m *Message) {
		t.Helper()
		if err := e.Admit(now, m); err != nil {
			t.Fatal(err)
		}
	}
	deadline(0)
	admit(12_345, dataMessage("a"))
	deadline(15_000)
	admit(14_999, dataMessage("b"))
	e.Expire(14_999)
	if sent := host.sentTexts(); sent != "" {
		t.Errorf("sent %s", sent)
	}
	e.Expire(15_000)
	if sent := host.sentTexts(); sent != "a b" {
		t.Errorf("sent %s", sent)
	}
	deadline(0)
	admit(15_000, dataMessage("c"))
	deadline(20_000)
	admit(16_003, alertMessage(wire.SeverityCritical, "d"))
	deadline(0)
	if sent := host.sentTexts(); sent != "c d" {
		t.Errorf("sent %s", sent)
	}
	admit(16_004, dataMessage("e"))
	deadline(21_000)
	admit(21_000, alertMessage(wire.SeverityCritical, "f"))
	host.sentTexts()
	admit(21_001, alertMessage(wire.SeverityCritical, "g")) // alone, and restarts the interval too
	admit(21_002, dataMessage("h"))
	deadline(26_000)
}

func TestBatchByCostFollowsTheNetwork(t *testing.T) {
	network := Cellular
	host, e := batchEngine(t, "batchByCost", `"networkCost":"ETHERNET"`, WithNetworkCost(func() Cost { return network }))
	for _, text := range []string{"a", "b"} {
		if err := e.Admit(0, dataMessage(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.NetworkChanged(1); err != nil || host.sentTexts() != "" {
		t.Errorf("the network is still too dear: %v", err)
	}
	network = Ethernet
	if err := e.NetworkChanged(2); err != nil {
		t.Fatal(err)
	}
	if sent := host.sentTexts(); sent != "a b" {
		t.Errorf("sent %s", sent)
	}
	if _, other := testEngine(t, map[string][]string{"temp": {}}); other.NetworkChanged(1) != nil {
		t.Error("a device without batch")
	}
}

// A batch that cannot leave keeps its messages, in order, and tries again.
func TestBatchAndFullQueue(t *testing.T) {
	host, e := batchEngine(t, "batchBySize", `"batchSize":2`)
	full := errors.New("queue is full")
	host.refuse = full
	for _, text := range []string{"a", "b", "c"} {
		if err := e.Admit(0, dataMessage(text)); err != nil {
			t.Errorf("%s: %v, but it is held", text, err)
		}
	}
	if len(host.reports) != 2 || !errors.Is(host.reports[1], full) {
		t.Errorf("reports %v", host.reports)
	}
	if err := e.Stop(1); !errors.Is(err, full) || !e.holds() {
		t.Errorf("stop: %v", err)
	}
	host.refuse = nil
	if err := e.Stop(2); err != nil || e.holds() {
		t.Errorf("second stop: %v", err)
	}
	if sent := host.sentTexts(); sent != "a b c" {
		t.Errorf("sent %s", sent)
	}
}

func TestBatchBounds(t *testing.T) {
	host, e := batchEngine(t, "batchBySize", `"batchSize":1000000`)
	for i := range MaxBatch - 1 {
		if err := e.Admit(0, dataMessage(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if len(host.sent) > 0 {
		t.Fatalf("%d messages left early", len(host.sent))
	}
	if err := e.Admit(0, dataMessage("last")); err != nil || len(host.sent) != MaxBatch {
		t.Errorf("%d messages left, %v", len(host.sent), err)
	}
	host.sent = nil
	large := strings.Repeat("x", MaxBatchBytes/2)
	for _, c := range []struct {
		text string
		left int
	}{{large, 0}, {large + "y", 1}, {large, 2}, {"z", 2}, {strings.Repeat("x", MaxBatchBytes), 5}} {
		if err := e.Admit(0, dataMessage(c.text)); err != nil || len(host.sent) != c.left {
			t.Errorf("after %d bytes: %d messages left, want %d (%v)", len(c.text), len(host.sent), c.left, err)
		}
	}
	host.refuse = errors.New("queue is full")
	accepted := 0
	for range MaxBatch + 10 {
		if err := e.Admit(0, dataMessage("m")); err == nil {
			accepted++
		}
	}
	if accepted != MaxBatch {
		t.Errorf("%d messages were accepted with a full queue, want %d", accepted, MaxBatch)
	}
}

// keptStore is a store with messages of an earlier run.
type keptStore struct {
	memoryStore
	fail error
}

func (s *keptStore) Hold(m *Message) error {
	if s.fail != nil {
		return s.fail
	}
	return s.memoryStore.Hold(m)
}

func TestBatchStore(t *testing.T) {
	store := &keptStore{}
	if err := store.Hold(dataMessage("old")); err != nil {
		t.Fatal(err)
	}
	host, e := batchEngine(t, "batchBySize", `"batchSize":3`, WithBatchStore(store))
	if err := e.Admit(0, dataMessage("a")); err != nil {
		t.Fatal(err)
	}
	store.fail = errors.New("disk is full")
	if err := e.Admit(0, dataMessage("b")); !errors.Is(err, store.fail) {
		t.Errorf("%v, want that the disk is full", err)
	}
	store.fail = nil
	if err := e.Admit(0, dataMessage("c")); err != nil {
		t.Fatal(err)
	}
	if sent := host.sentTexts(); sent != "old a c" {
		t.Errorf("sent %s", sent)
	}
}

// Messages that an earlier run held back leave, though the policy that held them
// is gone; while it is not known which policy there is, they wait.
func TestBatchOfAnEarlierRun(t *testing.T) {
	store := &keptStore{}
	for _, text := range []string{"a", "b"} {
		if err := store.Hold(dataMessage(text)); err != nil {
			t.Fatal(err)
		}
	}
	m := testModel()
	host := newTestHost(t, m)
	g := NewGate(host, "E1", m, 0, false, WithBatchStore(store))
	g.Expire(1)
	if sent := host.sentTexts(); sent != "" {
		t.Errorf("sent %s before the answer", sent)
	}
	host.refuse = errors.New("queue is full")
	g.Assign(2, nil)
	host.refuse = nil
	if deadline, ok := g.NextDeadline(); !ok || deadline != 2+retryStop {
		t.Errorf("deadline %d, %v", deadline, ok)
	}
	g.Expire(2 + retryStop)
	if sent := host.sentTexts(); sent != "a b" {
		t.Errorf("sent %s", sent)
	}
	if _, ok := g.NextDeadline(); ok {
		t.Error("still a deadline")
	}
}

// A batch counts on from where the last run stopped.
func TestBatchGoesOn(t *testing.T) {
	store := &keptStore{}
	if err := store.Hold(dataMessage("old")); err != nil {
		t.Fatal(err)
	}
	m := testModel()
	host := newTestHost(t, m)
	g := NewGate(host, "E1", m, 0, false, WithBatchStore(store))
	g.Assign(1, testPlan(t, "*", function("batchBySize", `"batchSize":3`)))
	for i, want := range []string{"", "old a b"} {
		if err := g.Admit(2, dataMessage([]string{"a", "b"}[i])); err != nil || host.sentTexts() != want {
			t.Errorf("message %d: %v", i, err)
		}
	}
}

// What is held is a copy: the caller's buffer is free again.
func TestBatchCopies(t *testing.T) {
	host, e := batchEngine(t, "batchBySize", `"batchSize":2`)
	m := dataMessage("first")
	m.Done = func(error) {}
	if err := e.Admit(0, m); err != nil {
		t.Fatal(err)
	}
	copy(m.JSON, "XXXXX")
	m.Done = nil
	if err := e.Admit(0, dataMessage("second")); err != nil {
		t.Fatal(err)
	}
	if host.sent[0].Done == nil || host.sentTexts() != "first second" {
		t.Error("the held message changed")
	}
}
