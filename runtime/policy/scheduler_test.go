package policy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// timedDevice is a virtual device with a lock and a timer, as package device
// makes them.
type timedDevice struct {
	mu    sync.Mutex
	host  *testHost
	gate  *Gate
	timer *Timer
}

func newTimedDevice(t testing.TB, s *Scheduler, p *Plan, now int64) *timedDevice {
	d := &timedDevice{host: newTestHost(t, p.Model())}
	d.gate = NewGate(d.host, "E1", p.Model(), now, false)
	d.gate.Assign(now, p)
	d.timer = s.NewTimer(func(now int64) (int64, bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.gate.Expire(now)
		return d.gate.NextDeadline()
	})
	return d
}

func (d *timedDevice) offer(now int64, x float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.gate.Offer(now, DefaultHead(), Item{0, wire.NumberValue(x)})
	d.timer.Set(d.gate.NextDeadline())
	return err
}

func (d *timedDevice) sent(t *testing.T) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.host.data()
}

// runScheduler runs a scheduler until the end of the test's bubble.
func runScheduler(t *testing.T) *Scheduler {
	s := NewScheduler(time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// Windows end to the millisecond.
func TestSchedulerIsExact(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		s := runScheduler(t)
		start := time.Now().UnixMilli() // a multiple of 10: bubbles begin with a year
		d := newTimedDevice(t, s, testPlan(t, "temp", function("mean", `"window":60000,"slide":7000`)), start)
		time.Sleep(1234 * time.Millisecond)
		if err := d.offer(time.Now().UnixMilli(), 5); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60_000*time.Millisecond - 1234*time.Millisecond - time.Millisecond)
		synctest.Wait()
		if got := d.sent(t); len(got) != 0 {
			t.Errorf("sent %q before the window ended", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		want := fmt.Sprintf("%d temp=5", start+60_000)
		if got := d.sent(t); len(got) != 1 || got[0] != want {
			t.Errorf("sent %q, want %q", got, want)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := d.sent(t); len(got) != 0 {
			t.Errorf("sent %q, but no other window had values", got)
		}
	})
}

// Deadlines come in their order, whatever the order in which they are set.
func TestSchedulerOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := runScheduler(t)
		random := rand.New(rand.NewPCG(5, 6))
		var mu sync.Mutex
		var times []int64
		late := 0
		timers := make([]*Timer, 200)
		for i := range timers {
			var timer *Timer
			timer = s.NewTimer(func(now int64) (int64, bool) {
				mu.Lock()
				defer mu.Unlock()
				if times = append(times, now); timer.deadline != now {
					late++
				}
				return 0, false
			})
			timers[i] = timer
		}
		now := time.Now().UnixMilli()
		for range 3 {
			for _, timer := range timers {
				timer.Set(now+1+random.Int64N(10_000_000), true)
			}
		}
		for _, timer := range timers[:50] {
			timer.Stop()
			timer.Stop()
		}
		time.Sleep(10_001 * time.Second)
		synctest.Wait()
		if len(times) != 150 || late > 0 {
			t.Errorf("%d calls, %d late", len(times), late)
		}
		for i := range times[1:] {
			if times[i] > times[i+1] {
				t.Fatalf("call %d at %d, the next one at %d", i, times[i], times[i+1])
			}
		}
	})
}

// The clock may be set while the scheduler sleeps.
func TestSchedulerFollowsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		offset := time.Duration(0)
		s := NewScheduler(func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(offset)
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx)
		}()
		called := make(chan struct{})
		timer := s.NewTimer(func(int64) (int64, bool) { close(called); return 0, false })
		timer.Set(time.Now().Add(24*time.Hour).UnixMilli(), true)
		time.Sleep(10 * time.Second)
		mu.Lock()
		offset = 24 * time.Hour
		mu.Unlock()
		begin := time.Now()
		<-called
		if waited := time.Since(begin); waited > maxWait {
			t.Errorf("called after %v", waited)
		}
		cancel()
		<-done
	})
}

// A timer whose engine says that it is due again at once does not stop time.
func TestSchedulerGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := runScheduler(t)
		calls := 0
		timer := s.NewTimer(func(now int64) (int64, bool) { calls++; return now - 5, calls < 10 })
		timer.Set(time.Now().UnixMilli()-100, true)
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		if calls != 10 {
			t.Errorf("%d calls, want 10", calls)
		}
	})
}

// 10,000 devices with a mean over a minute: one goroutine, and at most 1 kB each.
func TestManyDevices(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector needs memory of its own")
	}
	synctest.Test(t, func(t *testing.T) {
		const devices = 10_000
		s := runScheduler(t)
		plan := testPlan(t, "temp", function("mean", `"window":60000`))
		hosts := newTestHost(t, plan.Model())
		synctest.Wait()
		goroutines := runtime.NumGoroutine()
		var space Workspace
		before := heapInUse()
		all := make([]*timedDevice, devices)
		now := time.Now().UnixMilli()
		for i := range all {
			d := &timedDevice{host: hosts}
			d.gate = NewGate(d.host, "E1", plan.Model(), now, false, WithWorkspace(&space))
			d.gate.Assign(now, plan)
			d.timer = s.NewTimer(func(now int64) (int64, bool) {
				d.gate.Expire(now)
				return d.gate.NextDeadline()
			})
			all[i] = d
			if err := d.offer(now+1, float64(i)); err != nil {
				t.Fatal(err)
			}
		}
		each := (heapInUse() - before) / devices
		t.Logf("%d bytes for each device", each)
		if each > 1024 {
			t.Errorf("%d bytes for each device, want at most 1024", each)
		}
		if n := runtime.NumGoroutine() - goroutines; n != 0 {
			t.Errorf("%d goroutines more", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(hosts.sent) != devices {
			t.Errorf("%d messages, want %d", len(hosts.sent), devices)
		}
		hosts.sent = nil
		if each := (heapInUse() - before) / devices; each > 1024 {
			t.Errorf("%d bytes for each device that has sent, want at most 1024", each)
		} else {
			t.Logf("%d bytes for each device that has sent", each)
		}
		runtime.KeepAlive(all)
	})
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // pools are emptied in two steps
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
