package policy

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// lockedTarget is a virtual device as package device makes it: its lock guards
// the gate, and policies, timers and the application all come in.
type lockedTarget struct {
	mu    sync.Mutex
	gate  *Gate
	timer *Timer
}

func (d *lockedTarget) Assign(p *Plan) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gate.Assign(time.Now().UnixMilli(), p)
	d.timer.Set(d.gate.NextDeadline())
}

// Devices come and go, offer values, get policies and lose them, all at once:
// for the race detector, and to show that nothing waits for ever.
func TestEverythingAtOnce(t *testing.T) {
	f := newFleet(t, true, nil)
	f.server.policies["P1"] = document("temp", function("mean", `"window":20`))
	f.server.policies["P1"] = `{"id":"P1"` + f.server.policies["P1"][len(`{"id":"P"`):]
	scheduler := NewScheduler(time.Now)
	ctx := t.Context()
	var workers, runners sync.WaitGroup
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	runners.Go(func() { scheduler.Run(stop) })
	runners.Go(func() { f.manager.Run(stop) })
	for i := range 4 {
		id := fmt.Sprintf("ICD-%d", i)
		f.server.mu.Lock()
		f.server.assigned[id] = "P1"
		f.server.listed["P1"] = append(f.server.listed["P1"], id)
		f.server.mu.Unlock()
		workers.Go(func() {
			for range 20 {
				now := time.Now().UnixMilli()
				d := &lockedTarget{gate: NewGate(&countingHost{}, id, f.model, now, false)}
				d.timer = scheduler.NewTimer(func(now int64) (int64, bool) {
					d.mu.Lock()
					defer d.mu.Unlock()
					d.gate.Expire(now)
					return d.gate.NextDeadline()
				})
				f.manager.Attach(f.model, id, d)
				for k := range 20 {
					d.mu.Lock()
					if err := d.gate.Offer(time.Now().UnixMilli(), DefaultHead(), Item{0, wire.NumberValue(float64(k))}); err != nil {
						t.Error(err)
					}
					d.timer.Set(d.gate.NextDeadline())
					d.mu.Unlock()
				}
				f.manager.Detach(d)
				d.timer.Stop()
			}
		})
	}
	workers.Go(func() {
		for i := range 20 {
			body := fmt.Sprintf(`[{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":%d,"op":%q}]`, i, []string{"assigned", "unassigned", "changed"}[i%3])
			if status, answer := f.manager.Change(ctx, time.Now(), []byte(body)); status != 200 {
				t.Errorf("%d %s", status, answer)
			}
		}
	})
	workers.Wait()
	cancel()
	runners.Wait()
}
