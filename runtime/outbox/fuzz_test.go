package outbox_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// FuzzOpen opens an outbox of two segments with any content: it opens or is of a
// newer version, what comes out is in order, and it works afterwards.
func FuzzOpen(f *testing.F) {
	for _, data := range damagedOutbox(f, 10).Files(folder) {
		f.Add(data, data)
		f.Add(data[:len(data)-5], data)
		f.Add([]byte{}, outbox.WithRecord(data, 12, 2, 3, 1))
		f.Add(slices.Concat(data[:200], data[300:]), data[:100])
		f.Add(outbox.WithVersion(data, 3), data)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		disk := outboxtest.NewDisk()
		disk.Write(filepath.Join(folder, "0000000001.segment"), first)
		disk.Write(filepath.Join(folder, "0000000002.segment"), second)
		l, err := outbox.Open(folder, outbox.Options{Disk: disk})
		if errors.Is(err, outbox.ErrVersion) {
			return
		}
		must(t, err)
		count := func(l *outbox.Log) (n int) {
			for p := wire.Lowest; p <= wire.Highest; p++ {
				last := uint64(0)
				_, err := l.Take(p, outbox.None, outbox.Limit{Messages: 1 << 30, Bytes: 1 << 30}, func(m *outbox.Message) {
					if m.Sequence <= last {
						t.Errorf("%d was taken after %d", m.Sequence, last)
					}
					last = m.Sequence
					n++
				})
				must(t, err)
			}
			return n
		}
		there := count(l)
		if l.Last() < outbox.None-1 {
			outboxtest.Put(t, l, padded(l.Last()+1, wire.Low, wire.BestEffort))
			there++
		}
		l.Drops(func(*outbox.Message, error) {})
		must(t, l.Close())
		l = openOn(t, disk)
		if again := count(l); again > there || again < there && len(first)+len(second) == 0 {
			t.Errorf("%d messages, %d before", again, there)
		}
		must(t, l.Close())
	})
}
