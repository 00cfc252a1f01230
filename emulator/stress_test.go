package emulator_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Devices that send, poll and answer, operators that write, look and delete, all at once: every write to a device that stays is answered,
// every message is there once.
func TestEverythingAtOnce(t *testing.T) {
	s := start(t, emulator.WithDataDir(t.TempDir()), emulator.WithPollLimit(50*time.Millisecond))
	const devices, rounds = 4, 15
	var wg sync.WaitGroup
	var answered, sent atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	for i := range devices {
		d := s.activated(fmt.Sprint("dev-", i), i == 0)
		wg.Go(func() { // sends
			for range rounds {
				d.send(d.data(), d.data()).want(t, 202)
				sent.Add(2)
			}
		})
		var serving sync.WaitGroup
		served := make(chan struct{})
		serving.Go(func() {
			for {
				select {
				case <-served:
					return
				default:
				}
				for _, m := range requests(t, d.poll("acceptBytes=4190&iot.sync")) {
					d.respond(m, 202, "")
					sent.Add(1)
				}
			}
		})
		wg.Go(func() { // writes, one after the other
			for k := range rounds {
				r := s.write(d, k)
				if ended, err := s.server.Await(t.Context(), r.ID); err != nil || ended.Status != "COMPLETED" {
					t.Errorf("%+v, %v", ended, err)
				}
				answered.Add(1)
			}
			close(served)
			serving.Wait()
		})
	}
	var others sync.WaitGroup
	others.Go(func() { // devices come and go
		for i := 0; ctx.Err() == nil; i++ {
			d := s.activated(fmt.Sprint("short-lived-", i), false)
			d.send(d.data()).want(t, 202)
			sent.Add(1)
			s.asUser("DELETE", "/devices/"+d.id, "").want(t, 204)
		}
	})
	others.Go(func() { // people look
		for ctx.Err() == nil {
			s.asUser("GET", "/messages?limit=50&orderBy=eventTime", "").want(t, 200)
			s.asUser("GET", "/devices?q={\"state\":\"ACTIVATED\"}", "").want(t, 200)
		}
	})
	wg.Wait()
	stop()
	others.Wait()
	if answered.Load() != devices*rounds {
		t.Errorf("%d writes answered", answered.Load())
	}
	stored := int64(0)
	for _, m := range s.stored() {
		if m.Direction == wire.FromDevice {
			stored++
		}
	}
	if stored != sent.Load() || s.server.Duplicates() != 0 {
		t.Errorf("%d messages sent, %d stored, %d duplicates", sent.Load(), stored, s.server.Duplicates())
	}
}

// The memory of a server does not grow with what passes through it.
func TestBoundedMemory(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	s := start(t, emulator.WithHistory(10_000, 8<<20))
	d := s.activated("dev", false)
	send := func(batches int) {
		for range batches {
			batch := make([]map[string]any, 200)
			for i := range batch {
				batch[i] = d.data()
			}
			d.send(batch...).want(t, 202)
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	send(100) // the history is full
	before := heap()
	send(500)
	if after := heap(); after > before+4<<20 {
		t.Errorf("%d MiB in use, %d MiB before 100,000 more messages", after>>20, before>>20)
	}
	if before > 24<<20 {
		t.Errorf("%d MiB in use for a history of 8 MiB", before>>20)
	}
}
