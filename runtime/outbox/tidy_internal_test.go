package outbox

import (
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// TestLeavingWhileBeingMoved takes the steps of a move one by one: between the
// copy and its use one message is removed, one dropped, one dropped and told.
func TestLeavingWhileBeingMoved(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	l, err := Open(folder, Options{SegmentSize: minSegment})
	must(err)
	var ms []Message
	for n := range uint64(60) {
		ms = append(ms, Message{Sequence: n + 1, Encoded: wire.Encoded{Reliability: wire.BestEffort, JSON: make([]byte, 1500)}})
	}
	commit, err := l.Put(ms)
	must(err)
	must(commit.Wait(t.Context()))
	if len(l.segments) != 2 {
		t.Fatalf("%d segments", len(l.segments))
	}
	old, w := l.segments[0], &l.writer
	live := old.live
	_, err = l.Take(wire.Lowest, None, Limit{1, 1 << 20}, func(*Message) {})
	must(err)

	w.ends = nil
	copies, err := w.copy(old)
	must(err)
	must(w.flush())
	w.good = w.size
	if len(copies) != live {
		t.Fatalf("%d copies of %d messages", len(copies), live)
	}
	must(l.Remove([]uint64{1}))
	drop := func(n int) {
		l.mu.Lock()
		l.index.max.messages = l.index.kept.messages - n
		l.overflowed()
		l.mu.Unlock()
	}
	told := func() (told []uint64) {
		l.Drops(func(m *Message, _ error) { told = append(told, m.Sequence) })
		return told
	}
	drop(1)
	if got := told(); !slices.Equal(got, []uint64{2}) {
		t.Errorf("told of %v", got)
	}
	drop(1)
	l.relocate(old, copies)
	if old.live != 0 || old.held != 0 {
		t.Errorf("the old segment has %d messages and %d others", old.live, old.held)
	}
	if got := told(); !slices.Equal(got, []uint64{3}) {
		t.Errorf("told of %v", got)
	}
	must(l.Close())

	l, err = Open(folder, Options{SegmentSize: minSegment})
	must(err)
	defer l.Close()
	var there []uint64
	_, err = l.Take(wire.Lowest, None, Limit{100, 1 << 20}, func(m *Message) { there = append(there, m.Sequence) })
	must(err)
	if len(there) != 57 || there[0] != 4 {
		t.Errorf("%d messages from %v on", len(there), there[0])
	}
	if l.segments[0].number == old.number {
		t.Error("the old segment was not deleted")
	}
}
