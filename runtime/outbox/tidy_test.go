package outbox_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// sparse puts messages of which few stay for long: every hundredth is guaranteed,
// the others are dropped soon. It returns the guaranteed ones that were promised.
func sparse(t *testing.T, l *outbox.Log, rounds int) (kept map[uint64]bool) {
	t.Helper()
	kept = map[uint64]bool{}
	next := l.Last()
	for range rounds {
		var ms []outbox.Message
		for i := range 100 {
			next++
			r := wire.BestEffort
			if i == 0 {
				r = wire.GuaranteedDelivery
			}
			m := outboxtest.Message(next, wire.Low, r)
			m.JSON = fmt.Appendf(m.JSON, "%s", strings.Repeat("x", int(next*37%3000)))
			ms = append(ms, m)
		}
		c, err := l.Put(ms)
		must(t, err)
		if c.Wait(t.Context()) != nil {
			return kept
		}
		kept[ms[0].Sequence] = true
		l.Drops(func(*outbox.Message, error) {})
	}
	return kept
}

// TestFilesAreBounded: a few old messages do not keep the files of many dropped
// ones.
func TestFilesAreBounded(t *testing.T) {
	disk := outboxtest.NewDisk()
	options := outbox.Options{Disk: disk, SegmentSize: 64 << 10, MaxMessages: 150}
	l, err := outbox.Open(folder, options)
	must(t, err)
	kept := sparse(t, l, 45)
	s := l.Stats()
	// The last two puts may not have been tidied up after yet.
	if most := 2*s.Bytes + 6*64<<10 + 2*100*3200; s.FileBytes > most {
		t.Errorf("%d bytes wait in files of %d, want at most %d", s.Bytes, s.FileBytes, most)
	}
	if s.Messages != 150 {
		t.Errorf("%d messages", s.Messages)
	}
	there := takeAll(t, l)
	for n := range kept {
		if !there[n] {
			t.Errorf("message %d is lost", n)
		}
	}
	must(t, l.Close())
	l, err = outbox.Open(folder, options)
	must(t, err)
	defer l.Close()
	again := takeAll(t, l)
	for n := range there {
		if !again[n] {
			t.Errorf("message %d is lost by a restart", n)
		}
	}
	if len(again) != len(there) {
		t.Errorf("%d messages after a restart, %d before", len(again), len(there))
	}
}

// TestPowerFailureWhileMoving: the power fails while old messages are written
// again and segments deleted.
func TestPowerFailureWhileMoving(t *testing.T) {
	moves := 0
	for operations := 40; operations < 400; operations += 5 {
		for _, random := range []*rand.Rand{nil, rand.New(rand.NewPCG(uint64(operations), 2))} {
			disk := outboxtest.NewDisk()
			l, err := outbox.Open(folder, outbox.Options{Disk: disk, SegmentSize: 64 << 10, MaxMessages: 150})
			must(t, err)
			done := 0
			disk.FailWhen(func(op, _ string) error {
				if done++; done > operations {
					return errPower
				}
				return nil
			})
			kept := sparse(t, l, 30)
			disk.FailWhen(func(string, string) error { return errPower })
			if err := l.Close(); err != nil && !errors.Is(err, errPower) {
				t.Error(err)
			}
			disk.FailWhen(nil)
			l = openOn(t, disk.Cut(random))
			there := takeAll(t, l)
			for n := range kept {
				if !there[n] {
					t.Fatalf("power failed at operation %d: message %d was promised and is lost (%+v)", operations, n, l.Recovered())
				}
			}
			moves += disk.Calls("remove")
			must(t, l.Close())
		}
	}
	if moves < 100 {
		t.Errorf("only %d files were deleted", moves)
	}
}

// TestAttemptsSurviveMoving: the count of attempts moves with its message.
func TestAttemptsSurviveMoving(t *testing.T) {
	disk := outboxtest.NewDisk()
	options := outbox.Options{Disk: disk, SegmentSize: 64 << 10, MaxMessages: 150}
	l, err := outbox.Open(folder, options)
	must(t, err)
	outboxtest.Put(t, l, padded(1, wire.Highest, wire.GuaranteedDelivery))
	for range 3 {
		takeAll(t, l)
		l.Return([]uint64{1}, true)
	}
	sparse(t, l, 45)
	if slices.Contains(names(disk), "0000000001.segment") {
		t.Fatal("the first segment was not given up")
	}
	must(t, l.Close())
	l, err = outbox.Open(folder, options)
	must(t, err)
	defer l.Close()
	_, err = l.Take(wire.Highest, outbox.None, outbox.Limit{Messages: 1, Bytes: 1 << 20}, func(m *outbox.Message) {
		if m.Sequence != 1 || m.Attempts != 3 {
			t.Errorf("message %d with %d attempts", m.Sequence, m.Attempts)
		}
	})
	must(t, err)
}

func names(disk *outboxtest.Disk) (names []string) {
	for name := range disk.Files(folder) {
		names = append(names, name)
	}
	return names
}

// TestDamageFoundWhileMoving: what cannot be moved is told as dropped, and does not
// keep its segment.
func TestDamageFoundWhileMoving(t *testing.T) {
	disk := outboxtest.NewDisk()
	l, err := outbox.Open(folder, outbox.Options{Disk: disk, SegmentSize: 64 << 10, MaxMessages: 150})
	must(t, err)
	defer func() { must(t, l.Close()) }()
	outboxtest.Put(t, l, padded(1, wire.Highest, wire.GuaranteedDelivery), padded(2, wire.Highest, wire.GuaranteedDelivery))
	disk.Flip(folder+"/0000000001.segment", outbox.SegmentHeaderSize+30)
	var told []string
	next := uint64(3)
	for range 60 {
		var ms []outbox.Message
		for range 100 {
			ms = append(ms, padded(next, wire.Low, wire.BestEffort))
			next++
		}
		outboxtest.Put(t, l, ms...)
		l.Drops(func(m *outbox.Message, err error) {
			var d *outbox.DropError
			if errors.As(err, &d) && d.Reason == outbox.Damaged {
				told = append(told, fmt.Sprint(m.Sequence))
			}
		})
	}
	// The other message of that segment is moved with every turn of the log.
	if fmt.Sprint(told) != "[1]" {
		t.Errorf("told of %v", told)
	}
	got := 0
	_, err = l.Take(wire.Highest, outbox.None, outbox.Limit{Messages: 9, Bytes: 1 << 20}, func(m *outbox.Message) {
		if m.Sequence != 2 || !isPadded(m) {
			t.Errorf("message %d", m.Sequence)
		}
		got++
	})
	must(t, err)
	if got != 1 || slices.Contains(names(disk), "0000000001.segment") {
		t.Errorf("%d messages, files %v", got, names(disk))
	}
}

// TestEverythingSentLeavesOneFile: segments do not pile up.
func TestEverythingSentLeavesOneFile(t *testing.T) {
	disk := outboxtest.NewDisk()
	l := openOn(t, disk)
	for i := range uint64(500) {
		outboxtest.Put(t, l, padded(i+1, wire.Low, wire.BestEffort))
	}
	if n := l.Stats().Files; n < 5 {
		t.Errorf("only %d files", n)
	}
	var taken []uint64
	for n := range takeAll(t, l) {
		taken = append(taken, n)
	}
	must(t, l.Remove(taken))
	must(t, l.Close())
	if files := names(disk); len(files) != 1 {
		t.Errorf("files %v", files)
	}
	l = openOn(t, disk)
	if last := l.Last(); last != 500 {
		t.Errorf("last number %d", last)
	}
	must(t, l.Close())
}

// TestStuckSegment: a file that cannot be deleted holds nothing up but those
// behind it, and goes when it can.
func TestStuckSegment(t *testing.T) {
	disk := outboxtest.NewDisk()
	l := openOn(t, disk)
	defer func() { must(t, l.Close()) }()
	disk.FailWhen(func(op, path string) error {
		if op == "remove" && strings.HasSuffix(path, "0000000001.segment") {
			return errors.New("in use by a scanner")
		}
		return nil
	})
	for i := range uint64(300) {
		outboxtest.Put(t, l, padded(i+1, wire.Low, wire.BestEffort))
		takeAll(t, l)
		must(t, l.Remove([]uint64{i + 1}))
	}
	before := l.Stats().Files
	disk.FailWhen(nil)
	outboxtest.Put(t, l, padded(301, wire.Low, wire.BestEffort), padded(302, wire.Low, wire.BestEffort))
	takeAll(t, l)
	must(t, l.Remove([]uint64{301}))
	must(t, l.Remove([]uint64{302}))
	if after := l.Stats().Files; before < 3 || after > 2 {
		t.Errorf("%d files while one was stuck, %d later", before, after)
	}
}

// TestMovingAmongOthers has messages taken, removed, returned and dropped while
// old segments are moved. In the end everything that was promised has gone one
// way only, or is there after a restart.
func TestMovingAmongOthers(t *testing.T) {
	disk := outboxtest.NewDisk()
	options := outbox.Options{Disk: disk, SegmentSize: 64 << 10, MaxMessages: 300}
	l, err := outbox.Open(folder, options)
	must(t, err)
	disk.FailWhen(func(op, _ string) error {
		if op == "sync" {
			time.Sleep(200 * time.Microsecond)
		}
		return nil
	})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	removed, dropped := map[uint64]bool{}, map[uint64]bool{}
	wg.Go(func() { // takes guaranteed ones and removes half of them later
		random := rand.New(rand.NewPCG(1, 1))
		for {
			var taken []uint64
			_, err := l.Take(wire.High, outbox.None, outbox.Limit{Messages: 1 + random.IntN(40), Bytes: 1 << 20}, func(m *outbox.Message) {
				taken = append(taken, m.Sequence)
			})
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Duration(random.IntN(1000)) * time.Microsecond)
			random.Shuffle(len(taken), func(i, k int) { taken[i], taken[k] = taken[k], taken[i] })
			half := len(taken) / 2
			if err := l.Remove(taken[:half]); err != nil {
				t.Error(err)
			}
			for _, n := range taken[:half] {
				removed[n] = true
			}
			l.Return(taken[half:], true)
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	wg.Go(func() {
		for {
			l.Drops(func(m *outbox.Message, err error) {
				if dropped[m.Sequence] {
					t.Errorf("message %d was dropped twice", m.Sequence)
				}
				if !isPadded(m) {
					t.Errorf("dropped message %d is not what was put", m.Sequence)
				}
				dropped[m.Sequence] = true
			})
			select {
			case <-stop:
				return
			case <-l.Signal():
			}
			time.Sleep(time.Millisecond)
		}
	})
	promised := map[uint64]bool{}
	next := uint64(0)
	for range 150 {
		var ms []outbox.Message
		for i := range 60 {
			next++
			p, r := wire.Low, wire.BestEffort
			if i%6 == 0 {
				p, r = wire.High, wire.GuaranteedDelivery
			}
			ms = append(ms, padded(next, p, r))
		}
		c, err := l.Put(ms)
		if errors.As(err, new(*outbox.FullError)) {
			continue
		}
		must(t, err)
		must(t, c.Wait(t.Context()))
		for _, m := range ms {
			promised[m.Sequence] = true
		}
	}
	close(stop)
	wg.Wait()
	l.Drops(func(m *outbox.Message, _ error) { dropped[m.Sequence] = true })
	if disk.Calls("remove") < 20 {
		t.Errorf("only %d segments were deleted", disk.Calls("remove"))
	}
	must(t, l.Close())
	l, err = outbox.Open(folder, options)
	must(t, err)
	defer l.Close()
	there := takeAll(t, l)
	for n := range promised {
		ways := 0
		for _, way := range []map[uint64]bool{removed, dropped, there} {
			if way[n] {
				ways++
			}
		}
		if ways != 1 {
			t.Errorf("message %d: removed %v, dropped %v, there %v", n, removed[n], dropped[n], there[n])
		}
	}
}
