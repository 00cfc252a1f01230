package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Implementation makes the stores that [TestStore] checks.
type Implementation struct {
	// Open returns an empty store, which the suite closes.
	Open func(t *testing.T, options outbox.Options) outbox.Store
	// Reopen stands for a restart: it returns a store with what a closed one
	// held, with the same options. The suite closes it.
	Reopen func(t *testing.T, closed outbox.Store) outbox.Store
}

// TestStore checks that an implementation keeps the obligations of outbox.Store.
// Some of it runs in bubbles of testing/synctest.
func TestStore(t *testing.T, i Implementation) {
	t.Helper()
	for _, tc := range []struct {
		name string
		test func(*testing.T, Implementation)
	}{
		{"content", testContent},
		{"order", testOrder},
		{"limits of a take", testLimits},
		{"return", testReturn},
		{"remove", testRemove},
		{"held", testHeld},
		{"restart", testRestart},
		{"refusals", testRefusals},
		{"closed", testClosed},
		{"signal", testSignal},
		{"too many", testTooMany},
		{"too much", testTooMuch},
		{"taken is not dropped", testTakenIsKept},
		{"full of what is more reliable", testFull},
		{"many at once", testConcurrency},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, i) })
	}
	t.Run("age", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { testAge(t, i) }) })
	t.Run("age across a restart", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { testAgeAcross(t, i) }) })
}

// Message returns a DATA message with a number, whose JSON names it.
func Message(sequence uint64, p wire.Priority, r wire.Reliability) outbox.Message {
	return outbox.Message{Sequence: sequence, Encoded: wire.Encoded{
		ClientID: wire.NewUUID(), Source: "0-AB", Format: "urn:x:attributes", Type: wire.TypeData,
		Priority: p, Reliability: r, EventTime: 1, JSON: fmt.Appendf(nil, `{"n":%d}`, sequence),
	}}
}

func open(t *testing.T, i Implementation, o outbox.Options) outbox.Store {
	t.Helper()
	s := i.Open(t, o)
	t.Cleanup(func() { s.Close() })
	return s
}

func reopen(t *testing.T, i Implementation, s outbox.Store) outbox.Store {
	t.Helper()
	must(t, s.Close())
	again := i.Reopen(t, s)
	t.Cleanup(func() { again.Close() })
	return again
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Put puts messages and waits until they are committed.
func Put(t testing.TB, s outbox.Store, ms ...outbox.Message) {
	t.Helper()
	c, err := s.Put(ms)
	must(t, err)
	must(t, c.Wait(context.Background()))
}

func low(t *testing.T, s outbox.Store, sequences ...uint64) {
	t.Helper()
	for _, n := range sequences {
		Put(t, s, Message(n, wire.Low, wire.BestEffort))
	}
}

// all is a limit that is none.
func all() outbox.Limit { return outbox.Limit{Messages: 1 << 30, Bytes: 1 << 30} }

// take returns the numbers of what is taken.
func take(t *testing.T, s outbox.Store, p wire.Priority, before uint64, limit outbox.Limit) (sequences []uint64, next uint64) {
	t.Helper()
	next, err := s.Take(p, before, limit, func(m *outbox.Message) {
		if m.Priority != p {
			t.Errorf("message %d has priority %v, taken was %v", m.Sequence, m.Priority, p)
		}
		sequences = append(sequences, m.Sequence)
	})
	must(t, err)
	return sequences, next
}

func expect(t *testing.T, what string, got []uint64, want ...uint64) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// drops returns number and reason of what was dropped.
func drops(t *testing.T, s outbox.Store) (told []string) {
	t.Helper()
	s.Drops(func(m *outbox.Message, err error) {
		var d *outbox.DropError
		if !errors.As(err, &d) {
			t.Errorf("message %d was dropped with %v", m.Sequence, err)
			return
		}
		if want := fmt.Sprintf(`{"n":%d}`, m.Sequence); !strings.HasPrefix(string(m.JSON), want) || m.Source != "0-AB" {
			t.Errorf("dropped message %d is %s of %q", m.Sequence, m.JSON, m.Source)
		}
		told = append(told, fmt.Sprintf("%d %v", m.Sequence, d.Reason))
	})
	return told
}

func expectDrops(t *testing.T, s outbox.Store, want ...string) {
	t.Helper()
	if got := drops(t, s); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("drops %q, want %q", got, want)
	}
}

func testContent(t *testing.T, i Implementation) {
	for _, needs := range []string{"", `[{"name":"snap.png"}]`, strings.Repeat("n", 300)} {
		testContentWith(t, i, []byte(needs))
	}
}

func testContentWith(t *testing.T, i Implementation, needs []byte) {
	s := open(t, i, outbox.Options{})
	m := outbox.Message{Sequence: 7, Attempts: 9, Needs: needs, Encoded: wire.Encoded{
		ClientID: wire.NewUUID(), Source: "0-AB", Format: "urn:com:acme:pump:attributes", Type: wire.TypeAlert,
		Priority: wire.Highest, Reliability: wire.GuaranteedDelivery, EventTime: -5, JSON: []byte(`{"é":"\u0000"}`),
	}}
	want := m
	want.Attempts = 0
	want.JSON, want.Needs = append([]byte(nil), m.JSON...), append([]byte(nil), m.Needs...)
	Put(t, s, m)
	m.JSON[2] = 'x' // it belongs to the caller again
	clear(m.Needs)
	check := func(s outbox.Store) {
		t.Helper()
		found := 0
		_, err := s.Take(wire.Highest, outbox.None, all(), func(got *outbox.Message) {
			found++
			if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
				t.Errorf("message\n%+v, want\n%+v", *got, want)
			}
		})
		must(t, err)
		if found != 1 {
			t.Errorf("%d messages", found)
		}
	}
	check(s)
	check(reopen(t, i, s))
}

func testOrder(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	c, err := s.Put([]outbox.Message{
		Message(1, wire.Low, wire.BestEffort),
		Message(2, wire.Low, wire.GuaranteedDelivery),
		Message(4, wire.High, wire.BestEffort),
		Message(5, wire.Low, wire.NoGuarantee),
		Message(9, wire.Low, wire.BestEffort),
	})
	must(t, err)
	must(t, c.Wait(t.Context()))
	if last := s.Last(); last != 9 {
		t.Errorf("last number %d", last)
	}
	got, next := take(t, s, wire.Low, 5, all())
	expect(t, "before 5", got, 1, 2)
	if next != 5 {
		t.Errorf("next %d", next)
	}
	got, next = take(t, s, wire.Medium, outbox.None, all())
	expect(t, "medium", got)
	if next != outbox.None {
		t.Errorf("next %d", next)
	}
	got, _ = take(t, s, wire.High, outbox.None, all())
	expect(t, "high", got, 4)
	got, next = take(t, s, wire.Low, outbox.None, all())
	expect(t, "the rest", got, 5, 9)
	if next != outbox.None {
		t.Errorf("next %d", next)
	}
}

func testLimits(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	low(t, s, 1, 2, 3, 4)
	got, next := take(t, s, wire.Low, outbox.None, outbox.Limit{Messages: 2, Bytes: 1 << 20})
	expect(t, "two messages", got, 1, 2)
	if next != 3 {
		t.Errorf("next %d", next)
	}
	one := int(s.Stats().Bytes / 4)
	got, _ = take(t, s, wire.Low, outbox.None, outbox.Limit{Messages: 9, Bytes: one - 1})
	expect(t, "fewer bytes than a message has", got)
	got, next = take(t, s, wire.Low, outbox.None, outbox.Limit{Messages: 9, Bytes: 2*one - 1})
	expect(t, "bytes for one", got, 3)
	if next != 4 {
		t.Errorf("next %d", next)
	}
}

func testReturn(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	low(t, s, 1, 2, 3)
	got, _ := take(t, s, wire.Low, outbox.None, outbox.Limit{Messages: 2, Bytes: 1 << 20})
	expect(t, "first", got, 1, 2)
	s.Return([]uint64{2}, false)
	s.Return([]uint64{2, 77}, true) // neither is taken: nothing happens
	s.Return([]uint64{1}, true)
	low(t, s, 4)
	attempts := func(s outbox.Store, want string) {
		t.Helper()
		var seen []string
		_, err := s.Take(wire.Low, outbox.None, all(), func(m *outbox.Message) {
			seen = append(seen, fmt.Sprintf("%d:%d", m.Sequence, m.Attempts))
		})
		must(t, err)
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("taken %q, want %q", got, want)
		}
	}
	attempts(s, "1:1 2:0 3:0 4:0")
	s.Return([]uint64{1, 2, 3, 4}, true)
	attempts(reopen(t, i, s), "1:2 2:1 3:1 4:1")
}

func testRemove(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	low(t, s, 1, 2, 3, 4, 5)
	got, _ := take(t, s, wire.Low, 4, all())
	expect(t, "taken", got, 1, 2, 3)
	must(t, s.Remove([]uint64{3, 1}))
	must(t, s.Remove([]uint64{1, 5, 99})) // none of them is taken
	if n := s.Stats().Messages; n != 3 {
		t.Errorf("%d messages are left, want 3", n)
	}
	s.Return([]uint64{1, 2}, false)
	s = reopen(t, i, s)
	got, _ = take(t, s, wire.Low, outbox.None, all())
	expect(t, "after a restart", got, 2, 4, 5)
	must(t, s.Remove(got))
	if st := s.Stats(); st.Messages != 0 || st.Bytes != 0 {
		t.Errorf("left are %+v", st)
	}
}

func testRestart(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	low(t, s, 1, 2, 3)
	got, _ := take(t, s, wire.Low, outbox.None, all())
	expect(t, "taken", got, 1, 2, 3)
	s = reopen(t, i, s)
	if last := s.Last(); last != 3 {
		t.Errorf("last number %d", last)
	}
	low(t, s, 4)
	got, _ = take(t, s, wire.Low, outbox.None, all())
	expect(t, "after a restart", got, 1, 2, 3, 4)
	must(t, s.Remove(got))
	for range 3 {
		s = reopen(t, i, s)
		if last := s.Last(); last != 4 {
			t.Errorf("last number of an empty store %d", last)
		}
		got, _ = take(t, s, wire.Low, outbox.None, all())
		expect(t, "of an empty store", got)
	}
}

func testRefusals(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	low(t, s, 5)
	bad := Message(6, wire.Highest+1, wire.BestEffort)
	worse := Message(6, wire.Low, wire.GuaranteedDelivery+1)
	large := Message(6, wire.Low, wire.BestEffort)
	large.JSON = make([]byte, 16<<20)
	for name, tc := range map[string]struct {
		ms []outbox.Message
		is error
		as any
	}{
		"number again":   {[]outbox.Message{Message(5, wire.Low, wire.BestEffort)}, outbox.ErrSequence, nil},
		"twice in a put": {[]outbox.Message{Message(6, wire.Low, wire.BestEffort), Message(6, wire.Low, wire.BestEffort)}, outbox.ErrSequence, nil},
		"None":           {[]outbox.Message{Message(outbox.None, wire.Low, wire.BestEffort)}, outbox.ErrSequence, nil},
		"priority":       {[]outbox.Message{bad}, nil, nil},
		"reliability":    {[]outbox.Message{worse}, nil, nil},
		"too large":      {[]outbox.Message{large}, nil, new(*outbox.TooLargeError)},
	} {
		_, err := s.Put(tc.ms)
		if err == nil || tc.is != nil && !errors.Is(err, tc.is) || tc.as != nil && !errors.As(err, tc.as) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := s.Put(nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	low(t, s, 6)
	got, _ := take(t, s, wire.Low, outbox.None, all())
	expect(t, "what was accepted", got, 5, 6)
}

func testClosed(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{})
	low(t, s, 1)
	must(t, s.Close())
	must(t, s.Close())
	if _, err := s.Put([]outbox.Message{Message(2, wire.Low, wire.BestEffort)}); !errors.Is(err, outbox.ErrClosed) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Take(wire.Low, outbox.None, all(), func(*outbox.Message) { t.Error("visited") }); !errors.Is(err, outbox.ErrClosed) {
		t.Errorf("take: %v", err)
	}
	if err := s.Remove([]uint64{1}); !errors.Is(err, outbox.ErrClosed) {
		t.Errorf("remove: %v", err)
	}
	s.Return([]uint64{1}, true)
	expectDrops(t, s)
}

func testSignal(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxMessages: 1})
	low(t, s, 1)
	token := func(after string) {
		t.Helper()
		select {
		case <-s.Signal():
		case <-time.After(10 * time.Second):
			t.Errorf("no signal after %s", after)
		}
	}
	token("a commit")
	low(t, s, 2)
	token("a drop")
	expectDrops(t, s, "1 too many messages waited")
	if c := s.Stats().Committed; c != 2 {
		t.Errorf("committed %d", c)
	}
}

func testTooMany(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxMessages: 4})
	Put(t, s, Message(1, wire.Low, wire.GuaranteedDelivery))
	Put(t, s, Message(2, wire.Highest, wire.BestEffort))
	Put(t, s, Message(3, wire.Low, wire.BestEffort))
	Put(t, s, Message(4, wire.Lowest, wire.NoGuarantee))
	Put(t, s, Message(5, wire.Low, wire.GuaranteedDelivery))
	Put(t, s, Message(6, wire.Low, wire.BestEffort), Message(7, wire.Low, wire.GuaranteedDelivery))
	expectDrops(t, s, "4 too many messages waited", "2 too many messages waited", "3 too many messages waited")
	expectDrops(t, s)
	s = reopen(t, i, s)
	got, _ := take(t, s, wire.Low, outbox.None, all())
	expect(t, "what is left", got, 1, 5, 6, 7)
	expectDrops(t, s)
}

func testTooMuch(t *testing.T, i Implementation) {
	probe := open(t, i, outbox.Options{})
	low(t, probe, 1)
	one := probe.Stats().Bytes
	s := open(t, i, outbox.Options{MaxBytes: 3*one + 1})
	low(t, s, 1, 2, 3, 4)
	expectDrops(t, s, "1 too many bytes waited")
	large := Message(5, wire.Low, wire.BestEffort)
	large.JSON = append(large.JSON, make([]byte, one)...)
	Put(t, s, large)
	expectDrops(t, s, "2 too many bytes waited", "3 too many bytes waited")
	large.Sequence, large.JSON = 6, make([]byte, 4*one)
	var full *outbox.FullError
	if _, err := s.Put([]outbox.Message{large}); !errors.As(err, &full) || full.MaxBytes != 3*one+1 {
		t.Errorf("a message larger than everything: %v", err)
	}
	got, _ := take(t, s, wire.Low, outbox.None, all())
	expect(t, "what is left", got, 4, 5)
}

func testTakenIsKept(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxMessages: 3})
	low(t, s, 1, 2, 3)
	got, _ := take(t, s, wire.Low, 3, all())
	expect(t, "taken", got, 1, 2)
	low(t, s, 4)
	expectDrops(t, s, "3 too many messages waited")
	if _, err := s.Put([]outbox.Message{Message(5, wire.Low, wire.BestEffort), Message(6, wire.Low, wire.BestEffort)}); !errors.As(err, new(*outbox.FullError)) {
		t.Errorf("more than can be dropped: %v", err)
	}
	s.Return(got, false)
	low(t, s, 7)
	expectDrops(t, s, "1 too many messages waited")
	got, _ = take(t, s, wire.Low, outbox.None, all())
	expect(t, "what is left", got, 2, 4, 7)
}

func testFull(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxMessages: 2})
	Put(t, s, Message(1, wire.Low, wire.GuaranteedDelivery), Message(2, wire.Lowest, wire.GuaranteedDelivery))
	var full *outbox.FullError
	_, err := s.Put([]outbox.Message{Message(3, wire.Highest, wire.BestEffort)})
	if !errors.As(err, &full) || full.Messages != 2 || full.MaxMessages != 2 || full.Offered != 1 {
		t.Errorf("less reliable than all: %v", err)
	}
	Put(t, s, Message(4, wire.Lowest, wire.GuaranteedDelivery))
	expectDrops(t, s, "1 too many messages waited")
}

func testAge(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxAge: time.Hour})
	low(t, s, 1)
	time.Sleep(30 * time.Minute)
	Put(t, s, Message(2, wire.High, wire.GuaranteedDelivery))
	time.Sleep(30*time.Minute + 2*time.Second)
	got, _ := take(t, s, wire.Low, outbox.None, all())
	expect(t, "older than an hour", got)
	expectDrops(t, s, "1 it was too old")
	got, _ = take(t, s, wire.High, outbox.None, all())
	expect(t, "younger than an hour", got, 2)
	time.Sleep(24 * time.Hour)
	low(t, s, 3)
	expectDrops(t, s) // what is taken is never dropped
	s.Return(got, false)
	expectDrops(t, s, "2 it was too old")
	must(t, s.Close())
	forever := open(t, i, outbox.Options{MaxAge: -1})
	low(t, forever, 1)
	time.Sleep(1000 * 24 * time.Hour)
	got, _ = take(t, forever, wire.Low, outbox.None, all())
	expect(t, "without a bound", got, 1)
	must(t, forever.Close())
}

func testAgeAcross(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxAge: 24 * time.Hour})
	low(t, s, 1)
	time.Sleep(10 * time.Hour)
	low(t, s, 2)
	must(t, s.Close())
	time.Sleep(15 * time.Hour)
	s = reopen(t, i, s)
	select {
	case <-s.Signal():
	default:
		t.Error("no signal for what was dropped when the store was opened")
	}
	expectDrops(t, s, "1 it was too old")
	got, _ := take(t, s, wire.Low, outbox.None, all())
	expect(t, "after the pause", got, 2)
	must(t, s.Close())
}

// testConcurrency has several goroutines put, each under one lock that orders
// numbers, while another takes and removes.
func testConcurrency(t *testing.T, i Implementation) {
	const putters, each = 8, 100
	s := open(t, i, outbox.Options{})
	var wg sync.WaitGroup
	var order sync.Mutex
	last := uint64(0)
	for range putters {
		wg.Go(func() {
			for range each {
				order.Lock()
				last++
				c, err := s.Put([]outbox.Message{Message(last, wire.Low, wire.BestEffort)})
				order.Unlock()
				if err == nil {
					err = c.Wait(context.Background())
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var all []uint64
	for deadline := time.After(time.Minute); len(all) < putters*each; {
		got, _ := take(t, s, wire.Low, outbox.None, outbox.Limit{Messages: 50, Bytes: 1 << 20})
		all = append(all, got...)
		if len(got) > 3 {
			s.Return(got[len(got)-1:], true) // it is the first of the next ones
			all = all[:len(all)-1]
			got = got[:len(got)-1]
		}
		if err := s.Remove(got); err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 {
			continue
		}
		select {
		case <-s.Signal():
		case <-deadline:
			t.Fatalf("%d of %d messages came out", len(all), putters*each)
		}
	}
	wg.Wait()
	for n, sequence := range all {
		if sequence != uint64(n+1) {
			t.Fatalf("message %d came out in place %d", sequence, n+1)
		}
	}
	if n := s.Stats().Messages; n != 0 {
		t.Errorf("%d messages are left", n)
	}
}
