package outbox_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
)

func TestMemoryConforms(t *testing.T) {
	outboxtest.TestStore(t, outboxtest.Implementation{
		Open: func(t *testing.T, o outbox.Options) outbox.Store {
			s, err := outbox.NewMemory(o)
			must(t, err)
			return s
		},
		Reopen: func(t *testing.T, closed outbox.Store) outbox.Store {
			s, err := closed.(*outbox.Memory).Reopen()
			must(t, err)
			return s
		},
	})
}

// reopenable remembers what a log was opened with.
type reopenable struct {
	*outbox.Log
	folder  string
	options outbox.Options
}

func conformance(t *testing.T, sync outbox.Sync, disk func() outbox.Disk) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	opened := func(t *testing.T, folder string, o outbox.Options) outbox.Store {
		l, err := outbox.Open(folder, o)
		must(t, err)
		return reopenable{l, folder, o}
	}
	outboxtest.TestStore(t, outboxtest.Implementation{
		Open: func(t *testing.T, o outbox.Options) outbox.Store {
			o.Sync, o.Disk, o.SegmentSize = sync, disk(), 64<<10
			return opened(t, t.TempDir(), o)
		},
		Reopen: func(t *testing.T, closed outbox.Store) outbox.Store {
			r := closed.(reopenable)
			return opened(t, r.folder, r.options)
		},
	})
}

func TestLogConforms(t *testing.T) {
	system := func() outbox.Disk { return nil }
	simulated := func() outbox.Disk { return outboxtest.NewDisk() }
	t.Run("group", func(t *testing.T) { conformance(t, outbox.Group, system) })
	t.Run("off", func(t *testing.T) { conformance(t, outbox.Off, system) })
	t.Run("simulated disk", func(t *testing.T) { conformance(t, outbox.Group, simulated) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
