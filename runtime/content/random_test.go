package content_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// TestRandomUse has goroutines use a few objects in every way at once, with a
// store that is slow and fails at random. Whatever happens, each callback comes
// exactly once, each hold ends, and at the end nothing is pending.
func TestRandomUse(t *testing.T) {
	for seed := range uint64(6) {
		bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
			failAtRandom(s, seed)
			var objects []*content.Object
			for i := range 5 {
				objects = append(objects, newObject(t, c, fmt.Sprint(i), content.FromBytes(noise(1000))))
			}
			var u use
			var wg sync.WaitGroup
			for g := range uint64(4) {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, g))
					for range 60 {
						u.step(t, c, objects, r)
						time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
					}
				})
			}
			wg.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			must(t, c.Close(ctx))
			synctest.Wait()
			for i, o := range objects {
				if o.State() == content.Pending {
					t.Errorf("object %d is pending", i)
				}
			}
			u.check(t)
		}, func(config *content.Config) { config.Transfers, config.QueueSize = 2, 2 })
	}
}

// failAtRandom makes half of the uploads slow or fail.
func failAtRandom(s *fakeStore, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 99))
	for range 400 {
		switch r.IntN(6) {
		case 0:
			s.fail("PUT", status(500))
		case 1:
			s.failLate("PUT", status(401))
		case 2:
			s.fail("PUT", hijack(""))
		default:
			pause := time.Duration(r.IntN(3000)) * time.Millisecond
			s.failLate("PUT", func(http.ResponseWriter, *http.Request) bool { time.Sleep(pause); return false })
		}
	}
}

// use counts what was asked for and what came of it.
type use struct {
	callbacks, called   atomic.Int64
	notifies, withdrawn atomic.Int64
	notified            atomic.Int64
	mu                  sync.Mutex
	holds               []*content.Hold
}

// step does one thing to one or more objects.
func (u *use) step(t *testing.T, c *content.Store, objects []*content.Object, r *rand.Rand) {
	o := objects[r.IntN(len(objects))]
	switch r.IntN(12) {
	case 0, 1:
		u.callbacks.Add(1)
		if err := o.SyncAsync(func(error) { u.called.Add(1) }); err != nil {
			u.callbacks.Add(-1)
			u.refused(t, err)
		}
	case 2:
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(2000))*time.Millisecond)
		o.Sync(ctx)
		cancel()
	case 3, 4, 5:
		u.hold(t, c, []*content.Object{o, objects[r.IntN(len(objects))]}, r)
	case 6:
		o.Cancel()
	case 7:
		if err := o.SetSource(content.FromReader(reader(noise(1000)), -1)); err != nil {
			u.refused(t, err)
		}
	case 8:
		o.Err()
		o.OnProgress(func(p content.Progress) { p.Object.State() })
	default:
		if err := o.SetSource(content.FromBytes(noise(1000))); err != nil {
			u.refused(t, err)
		}
	}
}

func (u *use) hold(t *testing.T, c *content.Store, objects []*content.Object, r *rand.Rand) {
	h, err := c.Hold(objects...)
	if err != nil {
		u.refused(t, err)
		return
	}
	u.mu.Lock()
	u.holds = append(u.holds, h)
	u.mu.Unlock()
	const notified, withdrawn = 1, 2
	var ended atomic.Int32
	u.notifies.Add(1)
	h.Notify(func(error) {
		switch ended.Swap(notified) {
		case notified:
			t.Error("notified twice")
		case withdrawn: // by an end of the wait that came just before
			u.withdrawn.Add(-1)
		}
		u.notified.Add(1)
	})
	if r.IntN(3) == 0 {
		time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
		h.Withdraw()
		if ended.CompareAndSwap(0, withdrawn) {
			u.withdrawn.Add(1)
		}
	}
}

// refused wants one of the errors that tell why something cannot be done now.
func (u *use) refused(t *testing.T, err error) {
	var failure *content.TransferError
	if !errors.Is(err, content.ErrPending) && !errors.Is(err, content.ErrQueueFull) && !errors.As(err, &failure) {
		t.Errorf("error %v", err)
	}
}

func (u *use) check(t *testing.T) {
	t.Helper()
	if u.callbacks.Load() != u.called.Load() {
		t.Errorf("%d callbacks for %d", u.called.Load(), u.callbacks.Load())
	}
	if u.notifies.Load() != u.notified.Load()+u.withdrawn.Load() {
		t.Errorf("%d notified and %d withdrawn of %d", u.notified.Load(), u.withdrawn.Load(), u.notifies.Load())
	}
	for i, h := range u.holds {
		if !over(h) {
			t.Errorf("hold %d is not over", i)
		}
	}
	if u.called.Load() == 0 || u.notified.Load() == 0 || u.withdrawn.Load() == 0 {
		t.Errorf("not everything happened: %d %d %d", u.called.Load(), u.notified.Load(), u.withdrawn.Load())
	}
}
