package outbox_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const folder = "outbox"

func openOn(t testing.TB, disk outbox.Disk) *outbox.Log {
	t.Helper()
	l, err := outbox.Open(folder, outbox.Options{Disk: disk, SegmentSize: 64 << 10})
	must(t, err)
	return l
}

// padded is a message that is as long as its number says.
func padded(sequence uint64, p wire.Priority, r wire.Reliability) outbox.Message {
	m := outboxtest.Message(sequence, p, r)
	m.JSON = fmt.Appendf(m.JSON, "%s", strings.Repeat("x", int(sequence*37%3000)))
	return m
}

func isPadded(m *outbox.Message) bool {
	return string(m.JSON) == string(padded(m.Sequence, m.Priority, m.Reliability).JSON) && m.Source == "0-AB"
}

// takeAll takes everything and returns the numbers by priority, checking that
// what is given out is whole and in order.
func takeAll(t testing.TB, s outbox.Store) (all map[uint64]bool) {
	t.Helper()
	all = map[uint64]bool{}
	for p := wire.Lowest; p <= wire.Highest; p++ {
		last := uint64(0)
		_, err := s.Take(p, outbox.None, outbox.Limit{Messages: 1 << 30, Bytes: 1 << 30}, func(m *outbox.Message) {
			if m.Sequence <= last {
				t.Errorf("%d was taken after %d", m.Sequence, last)
			}
			if !isPadded(m) || m.Priority != p {
				t.Errorf("message %d is not what was put", m.Sequence)
			}
			last = m.Sequence
			all[m.Sequence] = true
		})
		must(t, err)
	}
	return all
}

// damagedOutbox is a disk with some segments: messages 1 to n, of which the
// multiples of 7 are done with.
func damagedOutbox(t testing.TB, n uint64) *outboxtest.Disk {
	disk := outboxtest.NewDisk()
	l := openOn(t, disk)
	for i := uint64(1); i <= n; i++ {
		outboxtest.Put(t, l, padded(i, wire.Priority(i%3), wire.Reliability(1+i%2)))
	}
	var done, back []uint64
	for i := range takeAll(t, l) {
		if i%7 == 0 {
			done = append(done, i)
		} else {
			back = append(back, i)
		}
	}
	slices.Sort(done)
	l.Return(back, true)
	must(t, l.Remove(done))
	must(t, l.Close())
	return disk
}

// harm changes a copy of data and tells for a range of the old bytes whether it is
// still whole.
type harm struct {
	name  string
	apply func(r *rand.Rand, data []byte) (after []byte, whole func(start, end int) bool)
}

func harms() []harm {
	outside := func(from, to int) func(start, end int) bool {
		return func(start, end int) bool { return end <= from || start >= to }
	}
	span := func(r *rand.Rand, n int) (from, to int) {
		from = r.IntN(n)
		return from, min(n, from+1+r.IntN(5000))
	}
	return []harm{
		{"flipped bytes", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			after := slices.Clone(data)
			var hit []int
			for range 1 + r.IntN(20) {
				i := r.IntN(len(data))
				after[i] ^= byte(1 + r.IntN(255))
				hit = append(hit, i)
			}
			return after, func(start, end int) bool {
				return !slices.ContainsFunc(hit, func(i int) bool { return i >= start && i < end && after[i] != data[i] })
			}
		}},
		{"truncated", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			n := r.IntN(len(data))
			return slices.Clone(data[:n]), outside(n, len(data))
		}},
		{"zeroed", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			from, to := span(r, len(data))
			after := slices.Clone(data)
			clear(after[from:to])
			return after, outside(from, to)
		}},
		{"noise", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			from, to := span(r, len(data))
			after := slices.Clone(data)
			for i := from; i < to; i++ {
				after[i] = byte(r.Uint32())
			}
			return after, outside(from, to)
		}},
		{"cut out", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			from, to := span(r, len(data))
			return slices.Concat(data[:from], data[to:]), outside(from, to)
		}},
		{"inserted", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			at, from := r.IntN(len(data)), r.IntN(len(data))
			more := data[from:min(len(data), from+r.IntN(3000))]
			return slices.Concat(data[:at], more, data[at:]), outside(at, at)
		}},
		{"tail appended", func(r *rand.Rand, data []byte) ([]byte, func(int, int) bool) {
			return slices.Concat(data, make([]byte, r.IntN(4096))), func(int, int) bool { return true }
		}},
	}
}

// TestDamagedFiles opens 700 outboxes with damage at random places: whatever it
// is, every message whose record is whole comes out, in order, and nothing that
// was not put. The next opening finds nothing any more that is damaged.
func TestDamagedFiles(t *testing.T) {
	const n = 120
	whole := damagedOutbox(t, n).Files(folder)
	names := make([]string, 0, len(whole))
	for name := range whole {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) < 3 {
		t.Fatalf("only %d segments", len(names))
	}
	places := map[string][]outbox.Place{}
	for _, name := range names {
		places[name] = outbox.Places(whole[name])
	}
	quarantined := 0
	for _, h := range harms() {
		for seed := range uint64(100) {
			r := rand.New(rand.NewPCG(seed, 1))
			disk := outboxtest.NewDisk()
			want := map[uint64]bool{}
			hurt := names[r.IntN(len(names))]
			for _, name := range names {
				data := whole[name]
				isWhole := func(int, int) bool { return true }
				after := data
				if name == hurt {
					after, isWhole = h.apply(r, data)
				}
				disk.Write(filepath.Join(folder, name), after)
				for _, p := range places[name] {
					if p.Message && p.Sequence%7 != 0 && isWhole(p.Start, p.End) {
						want[p.Sequence] = true
					}
				}
			}
			name := fmt.Sprintf("%s, seed %d, %s", h.name, seed, hurt)
			l, err := outbox.Open(folder, outbox.Options{Disk: disk, SegmentSize: 64 << 10})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got := takeAll(t, l)
			for i := range want {
				if !got[i] {
					t.Errorf("%s: message %d is lost", name, i)
				}
			}
			for i := range got {
				if i > n {
					t.Errorf("%s: message %d was never put", name, i)
				}
			}
			if l.Recovered().Quarantined > 0 {
				quarantined++
				if len(disk.Files(filepath.Join(folder, "quarantine"))) == 0 {
					t.Errorf("%s: %+v, but the quarantine is empty", name, l.Recovered())
				}
			}
			next := l.Last() + 1
			outboxtest.Put(t, l, padded(next, wire.Low, wire.BestEffort))
			must(t, l.Close())
			l = openOn(t, disk)
			if again := l.Recovered(); again.Damaged > 0 || again.CutBytes > 0 {
				t.Errorf("%s: damage is found again: %+v", name, again)
			}
			if left := takeAll(t, l); len(left) != len(got)+1 || !left[next] {
				t.Errorf("%s: %d messages after the repair, %d before", name, len(left), len(got))
			}
			must(t, l.Close())
		}
	}
	t.Logf("700 outboxes damaged, quarantine used in %d", quarantined)
	if quarantined < 300 {
		t.Error("the quarantine was hardly used")
	}
}

func TestDamagedHeaderIsNoNewerVersion(t *testing.T) {
	disk := damagedOutbox(t, 10)
	for name, data := range disk.Files(folder) {
		data[8]++ // the version
		disk.Write(filepath.Join(folder, name), data)
	}
	l := openOn(t, disk)
	defer l.Close()
	if n := len(takeAll(t, l)); n != 9 || l.Recovered().Damaged == 0 {
		t.Errorf("%d messages, %+v", n, l.Recovered())
	}
}

// TestNewerVersion: nothing is touched that a newer version wrote.
func TestNewerVersion(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"version of the format": func(data []byte) []byte { return outbox.WithVersion(data, 2) },
		"kind of record":        func(data []byte) []byte { return outbox.WithRecord(data, 11, 200, 1, 2, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			disk := damagedOutbox(t, 10)
			for name, data := range disk.Files(folder) {
				disk.Write(filepath.Join(folder, name), append(change(data), "torn"...))
			}
			before := disk.Files(folder)
			if _, err := outbox.Open(folder, outbox.Options{Disk: disk}); !errors.Is(err, outbox.ErrVersion) {
				t.Fatalf("error %v", err)
			}
			after := disk.Files(folder)
			for name := range before {
				if string(after[name]) != string(before[name]) {
					t.Errorf("%s was changed", name)
				}
			}
			if _, err := outbox.Open(folder, outbox.Options{Disk: disk}); !errors.Is(err, outbox.ErrVersion) {
				t.Errorf("the lock was kept: %v", err)
			}
		})
	}
}

// TestMalformedPayload: an intact record that makes no sense is damage like any
// other.
func TestMalformedPayload(t *testing.T) {
	for name, payload := range map[string][]byte{
		"short message":         {1, 1, 1, 1},
		"done without length":   {2, 5},
		"done beyond all":       append([]byte{2, 5}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		"attempts cut off":      {3, 5},
		"too many attempts":     {3, 5, 0xff, 0xff, 0xff, 0x7f},
		"attempts no varint":    append([]byte{3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"done no varint at all": {2, 0x80},
	} {
		disk := damagedOutbox(t, 10)
		for file, data := range disk.Files(folder) {
			disk.Write(filepath.Join(folder, file), outbox.WithRecord(data, 11, payload...))
		}
		l := openOn(t, disk)
		if n := len(takeAll(t, l)); n != 9 || l.Recovered().Damaged != 1 {
			t.Errorf("%s: %d messages, %+v", name, n, l.Recovered())
		}
		must(t, l.Close())
	}
}

// TestDamageWhileOpen: a record that rots after it was indexed is dropped, told,
// and put into the quarantine.
func TestDamageWhileOpen(t *testing.T) {
	disk := outboxtest.NewDisk()
	l := openOn(t, disk)
	defer func() { must(t, l.Close()) }()
	for i := uint64(1); i <= 5; i++ {
		outboxtest.Put(t, l, padded(i, wire.Low, wire.BestEffort))
	}
	for name, data := range disk.Files(folder) {
		p := outbox.Places(data)[2]
		disk.Flip(filepath.Join(folder, name), p.End-1)
	}
	got := takeAll(t, l)
	if len(got) != 4 || got[3] {
		t.Errorf("taken %v", got)
	}
	var told []uint64
	l.Drops(func(m *outbox.Message, err error) {
		var d *outbox.DropError
		if !errors.As(err, &d) || d.Reason != outbox.Damaged || m.JSON != nil || m.Priority != wire.Low || m.Reliability != wire.BestEffort {
			t.Errorf("%+v: %v", m, err)
		}
		told = append(told, m.Sequence)
	})
	if fmt.Sprint(told) != "[3]" {
		t.Errorf("dropped %v", told)
	}
	if len(disk.Files(filepath.Join(folder, "quarantine"))) != 1 {
		t.Error("the quarantine is empty")
	}
}

// TestUnreadableSector: a read that fails loses the messages there and no others.
func TestUnreadableSector(t *testing.T) {
	disk := outboxtest.NewDisk()
	l := openOn(t, disk)
	for i := uint64(1); i <= 5; i++ {
		outboxtest.Put(t, l, padded(i, wire.Low, wire.BestEffort))
	}
	reads := 0
	disk.FailWhen(func(op, path string) error {
		if op != "read" {
			return nil
		}
		if reads++; reads == 1 || reads == 4 { // all together, then the third alone
			return errors.New("input/output error")
		}
		return nil
	})
	got := takeAll(t, l)
	if len(got) != 4 || got[3] {
		t.Errorf("taken %v", got)
	}
	l.Drops(func(m *outbox.Message, err error) {
		if m.Sequence != 3 || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("%d: %v", m.Sequence, err)
		}
	})
	must(t, l.Close())
	disk.FailWhen(func(op, path string) error {
		if op == "read" {
			return errors.New("input/output error")
		}
		return nil
	})
	before := disk.Files(folder)
	if _, err := outbox.Open(folder, outbox.Options{Disk: disk}); err == nil || !strings.Contains(err.Error(), "input/output") {
		t.Errorf("opening: %v", err)
	}
	if after := disk.Files(folder); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("files that could not be read were changed")
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	disk := outboxtest.NewDisk()
	quarantine := filepath.Join(folder, "quarantine")
	for i := range 16 {
		disk.Write(filepath.Join(quarantine, fmt.Sprintf("%010d-0000000064.bad", i+1)), make([]byte, outbox.MaxQuarantine/16))
	}
	disk.Write(filepath.Join(quarantine, "note.txt"), []byte("kept"))
	whole := damagedOutbox(t, 10).Files(folder)
	for name, data := range whole {
		data[outbox.Places(data)[0].Start+30] ^= 1
		disk.Write(filepath.Join(folder, strings.Replace(name, "0000000001", "0000000099", 1)), data)
	}
	l := openOn(t, disk)
	defer l.Close()
	files := disk.Files(quarantine)
	if files["0000000001-0000000064.bad"] != nil || files["0000000002-0000000064.bad"] == nil || files["note.txt"] == nil {
		t.Error("not the oldest was deleted")
	}
	if files["0000000099-0000000064.bad"] == nil {
		t.Errorf("the new damage is not there")
	}
}
