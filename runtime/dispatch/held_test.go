package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func hold(t *testing.T, d *dispatch.Dispatcher, ms ...*wire.Encoded) dispatch.Receipt {
	t.Helper()
	r, err := d.AcceptHeld(nil, nil, ms...)
	must(t, err)
	return r
}

// TestHeldMessages: what is held neither leaves nor holds up others nor a flush;
// what is released goes to its old place.
func TestHeldMessages(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		store := r.open(t)
		d, j := use(t, s, store, nil)
		one := hold(t, d, low("held 1"), data("held 2", wire.Low, wire.NoGuarantee))
		must(t, one.Wait(t.Context()))
		must(t, d.Queue(nil, low("a"), data("b", wire.Low, wire.NoGuarantee)))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff([]string{"a", "b"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		if n := d.Waiting(); n != 0 || store.Stats().Messages != 2 {
			t.Errorf("%d wait, %d are stored", n, store.Stats().Messages)
		}
		s.block = make(chan struct{})
		must(t, d.Queue(nil, low("c")))
		synctest.Wait()
		two := hold(t, d, low("held 3"))
		must(t, d.Queue(nil, low("d")))
		synctest.Wait()
		d.Release(two, one, two)
		if n := d.Waiting(); n != 5 {
			t.Errorf("%d wait", n)
		}
		close(s.block)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff([]string{"a", "b", "c", "held 1", "held 2", "held 3", "d"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		if left := stop(t, d, store); left != nil {
			t.Error(left)
		}
	})
}

// TestFlushWaitsForWhatIsReleased: a flush that is under way waits for messages
// that were accepted before it and released since.
func TestFlushWaitsForWhatIsReleased(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, _ := use(t, s, store, func(c *dispatch.Config) { c.BatchSize = 1 })
		receipt := hold(t, d, low("held"))
		must(t, d.Queue(nil, low("a")))
		left := make(chan int, 1)
		go func() {
			_ = d.Flush(context.Background())
			left <- d.Waiting()
		}()
		synctest.Wait()
		d.Release(receipt)
		s.mu.Lock()
		s.onSend = func(int, []*wire.Message) error { time.Sleep(time.Second); return nil }
		s.mu.Unlock()
		if n := <-left; n != 0 {
			t.Errorf("%d wait after the flush", n)
		}
		stop(t, d, store)
	})
}

// TestHeldMessagesSurvive: the next dispatcher sends what was held.
func TestHeldMessagesSurvive(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		store := r.open(t)
		d, _ := use(t, s, store, nil)
		must(t, hold(t, d, low("held")).Wait(t.Context()))
		if left := stop(t, d, store); left == nil || left.Stored != 1 {
			t.Errorf("left %v", left)
		}
		store = r.open(t)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, low("new")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff([]string{"held", "new"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		stop(t, d, store)
	})
}

// TestReleasedAlertBreaksTheBackoff: as one does that is queued.
func TestReleasedAlertBreaksTheBackoff(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, j := use(t, s, store, nil)
		receipt := hold(t, d, alert())
		must(t, d.Queue(nil, low("a")))
		time.Sleep(20 * time.Second) // in the long pauses
		s.mu.Lock()
		s.onSend = nil
		s.mu.Unlock()
		before := time.Now()
		d.Release(receipt)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if took := time.Since(before); took > time.Second || len(j.delivered) != 2 {
			t.Errorf("delivered %v after %v", j.delivered, took)
		}
		stop(t, d, store)
	})
}

// TestHeldMessageThatCannotBeStored: who waits hears of it, else the done function
// does, and nothing is left to be released.
func TestHeldMessageThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logged{disk: outboxtest.NewDisk()}
		s := newServer()
		store := l.open(t)
		d, _ := use(t, s, store, nil)
		l.disk.SetFree(10)
		receipt := hold(t, d, low("a"))
		if err := receipt.Wait(t.Context()); !errors.Is(err, outbox.ErrDiskFull) {
			t.Errorf("waited: %v", err)
		}
		var heard error
		abandoned, err := d.AcceptHeld(func(err error) { heard = err }, nil, low("b"))
		must(t, err)
		told := abandoned.Abandon() // or the disk has failed already
		synctest.Wait()
		if (told == nil) == (heard == nil) || !errors.Is(errors.Join(told, heard), outbox.ErrDiskFull) {
			t.Errorf("abandoned: told %v, heard %v", told, heard)
		}
		late := hold(t, d, low("c"))
		synctest.Wait()
		if err := late.Abandon(); !errors.Is(err, outbox.ErrDiskFull) {
			t.Errorf("abandoned too late: %v", err)
		}
		d.Release(receipt, abandoned, late)
		must(t, d.Flush(t.Context()))
		if n := d.Waiting(); n != 0 {
			t.Errorf("%d wait", n)
		}
		stop(t, d, store)
	})
}

func TestHoldingNeedsAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		if _, err := d.AcceptHeld(nil, nil, low("a")); !errors.Is(err, dispatch.ErrNoStore) {
			t.Errorf("without a store: %v", err)
		}
		if _, err := d.AcceptHeld(nil, nil); !errors.Is(err, dispatch.ErrEmpty) {
			t.Errorf("nothing: %v", err)
		}
		var none dispatch.Receipt
		d.Release(none)
		if err := none.Abandon(); err != nil || !none.IsZero() {
			t.Errorf("the zero receipt: %v", err)
		}
	})
}

// TestHeldMessagesWithUploads: what is released before its upload has ended waits
// on, with what is behind it; one whose upload failed is given up; one that nobody
// released is withdrawn by Close and begun again by the next run.
func TestHeldMessagesWithUploads(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		store := r.open(t)
		d, j := use(t, s, store, nil)
		accept := func(u *upload, name string) dispatch.Receipt {
			receipt, err := d.AcceptHeld(nil, []dispatch.Hold{u}, low("held "+name))
			must(t, err)
			must(t, receipt.Wait(t.Context()))
			return receipt
		}
		early, failing, late, never := new(upload), new(upload), new(upload), &upload{needs: "never"}
		batch := []dispatch.Receipt{accept(early, "early"), accept(failing, "failing"), accept(late, "late")}
		accept(never, "never")
		early.end(nil)
		failing.end(errUpload)
		must(t, d.Queue(nil, low("a")))
		must(t, d.Flush(t.Context()))
		d.Release(batch...)
		must(t, d.Queue(nil, low("b")))
		synctest.Wait()
		if got := s.inOrder(); got != "a done early" {
			t.Errorf("sent %s", got)
		}
		late.end(nil)
		must(t, d.Flush(t.Context()))
		if got := s.inOrder(); got != "a done early done late b" {
			t.Errorf("sent %s", got)
		}
		synctest.Wait()
		if len(j.errs) != 1 || !errors.Is(j.errs[0], errUpload) {
			t.Errorf("given up: %v %v", j.failed, j.errs)
		}
		stop(t, d, store)
		if !never.isWithdrawn() {
			t.Error("an upload that nobody waits for goes on")
		}

		again := new(upload)
		d, _ = use(t, s, r.open(t), func(c *dispatch.Config) {
			c.Renew = func(needs []byte) (dispatch.Hold, error) { return again, nil }
		})
		again.end(nil)
		must(t, d.Flush(t.Context()))
		if got := s.inOrder(); got != "a done early done late b done never" {
			t.Errorf("sent %s", got)
		}
	})
}
