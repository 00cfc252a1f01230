package outbox_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

var errPower = errors.New("no power")

// life is what a machine did before its power failed.
type life struct {
	promised map[uint64]bool // put, and the commit said stored
	refused  map[uint64]bool // put, and the commit said failed
	sent     map[uint64]bool // taken, to be removed
}

// live uses an outbox until nothing works any more: the disk is dead after some
// operations.
func live(t *testing.T, disk *outboxtest.Disk, random *rand.Rand, operations int) life {
	t.Helper()
	lived := life{map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}}
	l, err := outbox.Open(folder, outbox.Options{Disk: disk, SegmentSize: 64 << 10, MaxMessages: 150})
	must(t, err)
	done := 0
	disk.FailWhen(func(string, string) error {
		if done++; done > operations {
			return errPower
		}
		return nil
	})
	next, dead := l.Last(), false
	for step := 0; !dead && step < 2*operations; step++ {
		var ms []outbox.Message
		for range 1 + random.IntN(5) {
			next++
			ms = append(ms, padded(next, wire.Priority(random.IntN(2)), wire.Reliability(1+random.IntN(2))))
		}
		c, err := l.Put(ms)
		if errors.As(err, new(*outbox.FullError)) {
			continue
		}
		must(t, err)
		if err = c.Wait(context.Background()); err != nil {
			dead = true
		}
		for _, m := range ms {
			if err == nil {
				lived.promised[m.Sequence] = true
			} else {
				lived.refused[m.Sequence] = true
			}
		}
		if random.IntN(2) == 0 {
			var taken []uint64
			_, err := l.Take(wire.Priority(random.IntN(2)), outbox.None, outbox.Limit{Messages: 8, Bytes: 1 << 20}, func(m *outbox.Message) {
				taken = append(taken, m.Sequence)
				lived.sent[m.Sequence] = true
			})
			must(t, err)
			dead = l.Remove(taken) != nil || dead
		}
		l.Drops(func(m *outbox.Message, err error) { lived.sent[m.Sequence] = true })
	}
	disk.FailWhen(func(string, string) error { return errPower })
	if err := l.Close(); err != nil && !errors.Is(err, errPower) {
		t.Error(err)
	}
	disk.FailWhen(nil)
	return lived
}

// TestPowerFailure lets the power fail at every one of the first 250 operations of
// a disk, with what was not flushed arriving in part: what was promised and not
// sent is there.
func TestPowerFailure(t *testing.T) {
	again, cut := 0, int64(0)
	for operations := 1; operations <= 250; operations++ {
		for _, random := range []*rand.Rand{nil, rand.New(rand.NewPCG(uint64(operations), 2))} {
			disk := outboxtest.NewDisk()
			lived := live(t, disk, rand.New(rand.NewPCG(uint64(operations), 1)), operations)
			l := openOn(t, disk.Cut(random))
			there := takeAll(t, l)
			for n := range lived.promised {
				if !there[n] && !lived.sent[n] {
					t.Fatalf("power failed at operation %d: message %d was promised and is lost (%+v)", operations, n, l.Recovered())
				}
			}
			for n := range there {
				if lived.sent[n] {
					again++
				}
			}
			for n := range lived.promised {
				if l.Last() < n {
					t.Errorf("numbers go on at %d, %d was given before", l.Last(), n)
				}
			}
			cut += l.Recovered().CutBytes
			must(t, l.Close())
		}
	}
	t.Logf("500 power failures, %d messages come again, %d bytes cut off", again, cut)
	if again == 0 || cut == 0 {
		t.Error("the power never failed at an interesting moment")
	}
}

// TestFullDisk gives a disk every number of free bytes up to some segments: what is
// refused is refused for good, what was stored is there, and when there is room
// the outbox goes on.
func TestFullDisk(t *testing.T) {
	for free := int64(0); free < 140_000; free += 701 {
		disk := outboxtest.NewDisk()
		disk.SetFree(free)
		l := openOn(t, disk)
		stored, refused := map[uint64]bool{}, map[uint64]bool{}
		put := func(n uint64) error {
			c, err := l.Put([]outbox.Message{padded(n, wire.Low, wire.GuaranteedDelivery), padded(n+1, wire.Low, wire.BestEffort)})
			must(t, err)
			err = c.Wait(t.Context())
			if err != nil && !errors.Is(err, outbox.ErrDiskFull) {
				t.Fatalf("%d bytes free: %v", free, err)
			}
			for _, n := range []uint64{n, n + 1} {
				if err == nil {
					stored[n] = true
				} else {
					refused[n] = true
				}
			}
			return err
		}
		n := uint64(1)
		for failures := 0; failures < 5; n += 2 {
			if put(n) != nil {
				failures++
			}
		}
		told := 0
		l.Drops(func(m *outbox.Message, err error) {
			var d *outbox.DropError
			if !errors.As(err, &d) || d.Reason != outbox.NotStored || !errors.Is(err, outbox.ErrDiskFull) || !refused[m.Sequence] || !isPadded(m) {
				t.Errorf("%d bytes free: dropped %d: %v", free, m.Sequence, err)
			}
			told++
		})
		if told != len(refused) {
			t.Errorf("%d bytes free: %d told of %d refused", free, told, len(refused))
		}
		check := func(l *outbox.Log, when string) {
			t.Helper()
			there := takeAll(t, l)
			for n := range stored {
				if !there[n] {
					t.Errorf("%d bytes free, %s: message %d is lost", free, when, n)
				}
			}
			if len(there) != len(stored) {
				t.Errorf("%d bytes free, %s: %d messages, %d stored", free, when, len(there), len(stored))
			}
			var back []uint64
			for n := range there {
				back = append(back, n)
			}
			l.Return(back, false)
		}
		check(l, "full")
		crashed := openOn(t, disk.Cut(nil))
		check(crashed, "power failure while full")
		must(t, crashed.Close())
		disk.SetFree(-1)
		must(t, put(n))
		must(t, put(n+2))
		check(l, "room again")
		must(t, l.Close())
		l = openOn(t, disk)
		check(l, "restart")
		must(t, l.Close())
	}
}

// TestFullDiskIsFreedBySending: what was sent makes room even where marks cannot be
// written.
func TestFullDiskIsFreedBySending(t *testing.T) {
	disk := outboxtest.NewDisk()
	disk.SetFree(200_000)
	l := openOn(t, disk)
	defer func() { must(t, l.Close()) }()
	n := uint64(0)
	put := func() error {
		n++
		c, err := l.Put([]outbox.Message{padded(n, wire.Low, wire.BestEffort)})
		must(t, err)
		return c.Wait(t.Context())
	}
	for put() == nil {
	}
	disk.SetFree(0)
	var taken []uint64
	for i := range takeAll(t, l) {
		taken = append(taken, i)
	}
	if err := l.Remove(taken); err == nil {
		t.Error("the mark was written on a full disk")
	}
	must(t, put())
}

// TestFailedFlush: after a flush failed nothing of that commit comes back, and the
// log goes on in another segment.
func TestFailedFlush(t *testing.T) {
	for nth := 1; nth < 12; nth++ {
		disk := outboxtest.NewDisk()
		l := openOn(t, disk)
		count, failed := 0, errors.New("input/output error")
		disk.FailWhen(func(op, _ string) error {
			if op == "sync" {
				if count++; count == nth {
					return failed
				}
			}
			return nil
		})
		stored := 0
		refused := map[uint64]bool{}
		for n := uint64(1); n <= 12; n++ {
			c, err := l.Put([]outbox.Message{padded(n, wire.Low, wire.GuaranteedDelivery)})
			must(t, err)
			switch err := c.Wait(t.Context()); {
			case err == nil:
				stored++
			case errors.Is(err, failed):
				refused[n] = true
			default:
				t.Fatal(err)
			}
		}
		if len(refused) != 1 || stored != 11 {
			t.Errorf("failure %d: %d refused, %d stored", nth, len(refused), stored)
		}
		must(t, l.Close())
		l = openOn(t, disk)
		there := takeAll(t, l)
		for n := range refused {
			if there[n] {
				t.Errorf("failure %d: message %d was refused and is there", nth, n)
			}
		}
		if len(there) != stored {
			t.Errorf("failure %d: %d messages, %d stored", nth, len(there), stored)
		}
		must(t, l.Close())
	}
}

// TestDiskThatFailsNowAndThen: single failures of every operation lose nothing
// that was promised.
func TestDiskThatFailsNowAndThen(t *testing.T) {
	for _, op := range []string{"create", "open", "read", "write", "truncate", "sync", "rename", "remove", "sync folder"} {
		disk := outboxtest.NewDisk()
		l := openOn(t, disk)
		random := rand.New(rand.NewPCG(1, 1))
		disk.FailWhen(func(o, _ string) error {
			if o == op && random.IntN(4) == 0 {
				return errors.New("now and then")
			}
			return nil
		})
		promised, sent := map[uint64]bool{}, map[uint64]bool{}
		for n := uint64(1); n <= 300; n++ {
			c, err := l.Put([]outbox.Message{padded(n, wire.Low, wire.GuaranteedDelivery)})
			must(t, err)
			if c.Wait(t.Context()) == nil {
				promised[n] = true
			}
			if n%3 == 0 {
				var taken []uint64
				_, err := l.Take(wire.Low, outbox.None, outbox.Limit{Messages: 2, Bytes: 1 << 20}, func(m *outbox.Message) {
					taken = append(taken, m.Sequence)
					sent[m.Sequence] = true
				})
				must(t, err)
				if err := l.Remove(taken); err != nil && err.Error() != "now and then" {
					t.Error(err)
				}
			}
		}
		l.Drops(func(m *outbox.Message, err error) {
			var d *outbox.DropError
			if !errors.As(err, &d) || d.Reason == outbox.Damaged && op != "read" && op != "open" {
				t.Errorf("%s: %d: %v", op, m.Sequence, err)
			}
			sent[m.Sequence] = true
		})
		disk.FailWhen(nil)
		must(t, l.Close())
		l = openOn(t, disk)
		there := takeAll(t, l)
		for n := range promised {
			if !there[n] && !sent[n] {
				t.Errorf("%s: message %d is lost", op, n)
			}
		}
		must(t, l.Close())
	}
}
