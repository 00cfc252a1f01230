package outboxtest

import (
	"testing"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// testHeld: a held message is stored and counted, but neither taken nor dropped
// until it is returned, which puts it to its old place; it holds up no other. A
// restart forgets that it was held.
func testHeld(t *testing.T, i Implementation) {
	s := open(t, i, outbox.Options{MaxMessages: 5})
	held := func(sequence uint64) outbox.Message {
		m := Message(sequence, wire.Low, wire.NoGuarantee)
		m.Held = true
		return m
	}
	Put(t, s, held(1), Message(2, wire.Low, wire.BestEffort), held(3), Message(4, wire.Low, wire.BestEffort))
	if n := s.Stats().Messages; n != 4 {
		t.Errorf("%d messages are counted, want 4", n)
	}
	got, next := take(t, s, wire.Low, outbox.None, all())
	expect(t, "not held", got, 2, 4)
	if next != outbox.None {
		t.Errorf("next %d", next)
	}
	must(t, s.Remove([]uint64{2}))
	s.Return([]uint64{4, 3}, false)
	got, _ = take(t, s, wire.Low, 4, all())
	expect(t, "released", got, 3)
	must(t, s.Remove([]uint64{3}))

	low(t, s, 5, 6, 7)
	low(t, s, 8) // one too many
	expectDrops(t, s, "4 too many messages waited")
	got, _ = take(t, s, wire.Low, outbox.None, all())
	expect(t, "without the held one", got, 5, 6, 7, 8)

	c, err := s.Put([]outbox.Message{held(9)})
	if err == nil {
		t.Error("what is held does not count against the limits")
		must(t, c.Wait(t.Context()))
	}
	s = reopen(t, i, s)
	got, _ = take(t, s, wire.Low, outbox.None, all())
	expect(t, "after a restart", got, 1, 5, 6, 7, 8)
	must(t, s.Remove([]uint64{5, 6, 7, 8}))

	// What is released before it is committed waits once it is.
	c, err = s.Put([]outbox.Message{held(9), Message(10, wire.Low, wire.BestEffort)})
	must(t, err)
	s.Return([]uint64{9}, false)
	must(t, c.Wait(t.Context()))
	got, _ = take(t, s, wire.Low, outbox.None, all())
	expect(t, "released at once", got, 9, 10)
}
