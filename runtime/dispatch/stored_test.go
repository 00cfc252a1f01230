package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// restartable is a store that tests close and open again.
type restartable interface {
	open(t testing.TB) outbox.Store
}

// logged is a log on a simulated disk.
type logged struct {
	disk    *outboxtest.Disk
	options outbox.Options
}

func (l *logged) open(t testing.TB) outbox.Store {
	t.Helper()
	o := l.options
	o.Disk, o.SegmentSize = l.disk, 64<<10
	s, err := outbox.Open("outbox", o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// remembered is a store in memory.
type remembered struct {
	options outbox.Options
	store   *outbox.Memory
}

func (m *remembered) open(t testing.TB) outbox.Store {
	t.Helper()
	var err error
	if m.store == nil {
		m.store, err = outbox.NewMemory(m.options)
	} else {
		must(t, m.store.Close())
		m.store, err = m.store.Reopen()
	}
	must(t, err)
	return m.store
}

// withStores runs a test in a bubble with either kind of store.
func withStores(t *testing.T, o outbox.Options, test func(t *testing.T, r restartable)) {
	t.Run("log", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, &logged{outboxtest.NewDisk(), o}) })
	})
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, &remembered{options: o}) })
	})
}

// use starts a dispatcher on a store.
func use(t testing.TB, s *server, store outbox.Store, change func(*dispatch.Config)) (*dispatch.Dispatcher, *journal) {
	t.Helper()
	return start(t, s, func(c *dispatch.Config) {
		c.Store = store
		if change != nil {
			change(c)
		}
	})
}

// stop closes a dispatcher that cannot send, and its store.
func stop(t testing.TB, d *dispatch.Dispatcher, store outbox.Store) *dispatch.LeftError {
	t.Helper()
	var left *dispatch.LeftError
	if err := d.Close(context.Background()); err != nil && !errors.As(err, &left) {
		t.Fatal(err)
	}
	must(t, store.Close())
	return left
}

func sure(name string) *wire.Encoded { return data(name, wire.Low, wire.GuaranteedDelivery) }

var errAway = errors.New("no route to host")

func away(int, []*wire.Message) error { return errAway }

func TestStoredMessagesAreSentAndRemoved(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		store := r.open(t)
		d, j := use(t, s, store, nil)
		heard := 0
		must(t, d.Queue(nil, low("a"), sure("b"), data("c", wire.Low, wire.NoGuarantee), alert()))
		must(t, d.Queue(func(err error) { must(t, err); heard++ }, low("d")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := strings.Fields(strings.ReplaceAll(s.names(), "|", " ")); len(got) != 5 {
			t.Errorf("sent %v", got)
		}
		if len(j.delivered) != 5 || heard != 1 {
			t.Errorf("delivered %v, heard %d", j.delivered, heard)
		}
		if n := store.Stats().Messages; n != 0 {
			t.Errorf("%d messages are left in the store", n)
		}
		if left := stop(t, d, store); left != nil {
			t.Error(left)
		}
	})
}

// TestWhatIsStored: DATA and ALERT, unless without guarantee; a full queue in
// memory does not hold stored messages up.
func TestWhatIsStored(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, _ := use(t, s, store, func(c *dispatch.Config) { c.QueueSize = 1 })
		response := low("a response")
		response.Type = wire.TypeResponse
		must(t, d.Queue(nil, response))
		var full *dispatch.FullError
		if err := d.Queue(nil, low("x"), data("y", wire.Low, wire.NoGuarantee)); !errors.As(err, &full) || full.Offered != 2 {
			t.Errorf("beyond the queue: %v", err)
		}
		for i := range 10 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
		}
		must(t, d.Queue(nil, sure("b"), alert()))
		if n := store.Stats().Messages; n != 12 {
			t.Errorf("%d messages are stored", n)
		}
		if n, load := d.Waiting(), d.Load(); n != 13 || load != 1 {
			t.Errorf("%d wait, load %v", n, load)
		}
		if left := stop(t, d, store); left == nil || left.Stored != 12 || left.Messages != 1 {
			t.Errorf("left %v", left)
		}
	})
}

// TestRestart: what a dispatcher could not send the next one sends first, by
// priority and in its order, and new messages come behind it.
func TestRestart(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, low("a"), data("top", wire.Highest, wire.BestEffort), data("lost", wire.Low, wire.NoGuarantee), low("b")))
		time.Sleep(time.Minute)
		left := stop(t, d, store)
		if left == nil || left.Messages != 1 || left.Stored != 3 || !errors.Is(left, errAway) ||
			!strings.Contains(left.Error(), "1 messages lost and 3 kept") {
			t.Errorf("left %v", left)
		}
		if diff := cmp.Diff([]string{"lost"}, j.failed); diff != "" {
			t.Error(diff)
		}

		s = newServer()
		s.block = make(chan struct{})
		store = r.open(t)
		d, j = use(t, s, store, func(c *dispatch.Config) { c.BatchSize = 3 })
		synctest.Wait() // the first call is under way
		must(t, d.Queue(nil, low("c"), data("n", wire.Low, wire.NoGuarantee), sure("d"), data("high", wire.High, wire.BestEffort)))
		close(s.block)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := strings.ReplaceAll(s.names(), "|", " "); got != "top a b high c n d" {
			t.Errorf("sent %s", got)
		}
		if len(j.delivered) != 7 || len(j.failed) != 0 {
			t.Errorf("delivered %v, failed %v", j.delivered, j.failed)
		}
		stop(t, d, store)
	})
}

// TestWeekWithoutServer: a message a minute for a week, an outbox that holds less,
// three restarts: the newest arrive in order, each other one is reported.
func TestWeekWithoutServer(t *testing.T) {
	const week, room = 7 * 24 * 60, 4000
	withStores(t, outbox.Options{MaxMessages: room, MaxAge: -1}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, j := use(t, s, store, nil)
		var dropped []string
		for minute := range week {
			m := low(fmt.Sprint(minute))
			if minute%10 == 0 {
				m = sure(fmt.Sprint(minute))
			}
			must(t, d.Queue(nil, m))
			time.Sleep(time.Minute)
			if minute%3000 == 2999 {
				if left := stop(t, d, store); left == nil || left.Messages != 0 || left.Stored == 0 {
					t.Fatalf("left %v", left)
				}
				dropped = append(dropped, j.failed...)
				store = r.open(t)
				d, j = use(t, s, store, nil)
			}
		}
		if n := store.Stats().Messages; n != room {
			t.Errorf("%d messages wait", n)
		}
		s.mu.Lock()
		s.onSend = nil
		s.sends = nil
		s.mu.Unlock()
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		dropped = append(dropped, j.failed...)
		slices.SortFunc(dropped, func(a, b string) int { // a call under way keeps what it carries a while longer
			return 2*(len(a)-len(b)) + strings.Compare(a, b)
		})
		for _, err := range j.errs {
			var why *outbox.DropError
			if !errors.As(err, &why) || why.Reason != outbox.TooMany {
				t.Fatalf("dropped for %v", err)
			}
		}
		// All guaranteed ones are there, and the newest of the others.
		var want, gone []string
		others := room - week/10
		for minute := range week {
			if minute%10 == 0 || week-minute-(week-minute)/10 <= others {
				want = append(want, fmt.Sprint(minute))
			} else {
				gone = append(gone, fmt.Sprint(minute))
			}
		}
		if diff := cmp.Diff(want, j.delivered); diff != "" {
			t.Errorf("delivered: %s", diff)
		}
		if diff := cmp.Diff(gone, dropped); diff != "" {
			t.Errorf("dropped: %s", diff)
		}
		if diff := cmp.Diff(strings.Join(want, " "), strings.ReplaceAll(s.names(), "|", " ")); diff != "" {
			t.Errorf("sent: %s", diff)
		}
		stop(t, d, store)
	})
}

// TestOldMessagesAreDropped: age ends the wait, also while the device is off, and
// every message is reported.
func TestOldMessagesAreDropped(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, j := use(t, s, store, nil)
		var heard error
		must(t, d.Queue(func(err error) { heard = err }, sure("a")))
		must(t, d.Queue(nil, low("b")))
		time.Sleep(6 * 24 * time.Hour)
		must(t, d.Queue(nil, low("c")))
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		var why *outbox.DropError
		if !errors.As(heard, &why) || why.Reason != outbox.TooOld || why.Age < 7*24*time.Hour {
			t.Errorf("the done function heard %v", heard)
		}
		if diff := cmp.Diff([]string{"b"}, j.failed); diff != "" {
			t.Error(diff)
		}
		if n := d.Waiting(); n != 1 {
			t.Errorf("%d wait", n)
		}
		stop(t, d, store)
		time.Sleep(6 * 24 * time.Hour) // switched off

		store = r.open(t)
		d, j = use(t, s, store, nil)
		must(t, d.Queue(nil, low("d")))
		synctest.Wait()
		if diff := cmp.Diff([]string{"c"}, j.failed); diff != "" {
			t.Error(diff)
		}
		if n := d.Waiting(); n != 1 {
			t.Errorf("%d wait", n)
		}
		stop(t, d, store)
	})
}

// TestAttemptsSurviveARestart: a message of best effort gets its seven attempts,
// whatever becomes of the process.
func TestAttemptsSurviveARestart(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n%2 == 0 {
				return errAway // uses none
			}
			return status(500)
		}
		store := r.open(t)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, low("a"), sure("b")))
		for len(s.sent()) < 7 {
			time.Sleep(time.Second)
		}
		stop(t, d, store)
		if len(j.failed) != 0 {
			t.Fatalf("failed %v", j.failed)
		}
		store = r.open(t)
		d, j = use(t, s, store, nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		var refused *dispatch.RefusedError
		if len(j.failed) != 1 || j.failed[0] != "a" || !errors.As(j.errs[0], &refused) || refused.Attempts != 7 {
			t.Errorf("failed %v, %v", j.failed, j.errs)
		}
		if left := stop(t, d, store); left == nil || left.Stored != 1 {
			t.Errorf("left %v", left)
		}
	})
}

// TestRefusedMessagesLeaveTheStore: a message that the server will never take holds
// nothing up, is reported and gone.
func TestRefusedMessagesLeaveTheStore(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.block = make(chan struct{})
		s.onSend = func(_ int, ms []*wire.Message) error {
			if strings.Contains(namesOf(ms), "bad") {
				return status(400)
			}
			return nil
		}
		store := r.open(t)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, sure("a"), sure("bad"), sure("b")))
		close(s.block)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff([]string{"a", "b"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"bad"}, j.failed); diff != "" {
			t.Error(diff)
		}
		if left := stop(t, d, store); left != nil {
			t.Error(left)
		}
		store = r.open(t)
		if n := store.Stats().Messages; n != 0 {
			t.Errorf("%d messages are left", n)
		}
		must(t, store.Close())
	})
}

func TestStoredAlertBreaksTheBackoff(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n <= 6 {
				return errAway
			}
			return nil
		}
		store := r.open(t)
		d, _ := use(t, s, store, nil)
		must(t, d.Queue(nil, low("a")))
		for len(s.sent()) < 5 { // the next wait is 5 s
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		before := time.Since(s.start)
		must(t, d.Queue(nil, low("b")))
		synctest.Wait()
		if n := len(s.sent()); n != 5 {
			t.Errorf("DATA broke the back-off: %d calls", n)
		}
		must(t, d.Queue(nil, alert()))
		synctest.Wait()
		sends := s.sent()
		if len(sends) != 6 || sends[5].at != before || namesOf(sends[5].messages) != "alert a b" {
			t.Errorf("after the alert: %d calls", len(sends))
		}
		must(t, d.Flush(t.Context()))
		stop(t, d, store)
	})
}

// TestFullStore: what is less reliable than everything stored is refused, and
// WaitCapacity waits until that has changed.
func TestFullStore(t *testing.T) {
	withStores(t, outbox.Options{MaxMessages: 2}, func(t *testing.T, r restartable) {
		s := newServer()
		s.block = make(chan struct{})
		store := r.open(t)
		d, _ := use(t, s, store, nil)
		must(t, d.Queue(nil, sure("a"), sure("b")))
		synctest.Wait()
		if err := d.Queue(nil, low("c")); !errors.As(err, new(*outbox.FullError)) {
			t.Errorf("error %v", err)
		}
		room := make(chan error)
		go func() { room <- d.WaitCapacity(t.Context(), 1) }()
		synctest.Wait()
		select {
		case err := <-room:
			t.Fatalf("WaitCapacity returned %v at once", err)
		default:
		}
		close(s.block)
		must(t, <-room)
		must(t, d.Queue(nil, low("c")))
		must(t, d.Flush(t.Context()))
		stop(t, d, store)
	})
	withStores(t, outbox.Options{MaxBytes: 100}, func(t *testing.T, r restartable) {
		store := r.open(t)
		d, _ := use(t, newServer(), store, nil)
		if err := d.Queue(nil, low("larger than everything")); !errors.As(err, new(*outbox.FullError)) {
			t.Errorf("error %v", err)
		}
		must(t, d.WaitCapacity(t.Context(), 1)) // waiting would not help
		stop(t, d, store)
	})
}

// TestCloseKeepsWhatIsUnderWay: a call that Close cuts off loses nothing.
func TestCloseKeepsWhatIsUnderWay(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.block = make(chan struct{}) // for ever
		store := r.open(t)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, low("a"), low("b")))
		synctest.Wait()
		must(t, d.Queue(nil, low("c"), data("n", wire.Low, wire.NoGuarantee)))
		flushed := make(chan error)
		go func() { flushed <- d.Flush(context.Background()) }()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var left *dispatch.LeftError
		if err := d.Close(ctx); !errors.As(err, &left) || left.Stored != 3 || left.Messages != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if err := <-flushed; !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("flush: %v", err)
		}
		if err := d.Flush(t.Context()); !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("flush after Close: %v", err)
		}
		if diff := cmp.Diff([]string{"n"}, j.failed); diff != "" {
			t.Error(diff)
		}
		must(t, store.Close())
		s = newServer()
		store = r.open(t)
		d, _ = use(t, s, store, nil)
		must(t, d.Flush(t.Context()))
		if got := s.names(); got != "a b c" {
			t.Errorf("sent %s", got)
		}
		stop(t, d, store)
	})
}

// TestLostAnswer: what the server took although the call failed is sent again with
// the same id, and nothing else is.
func TestLostAnswer(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n == 2 {
				return errors.New("connection reset") // after the messages arrived
			}
			return nil
		}
		store := r.open(t)
		d, _ := use(t, s, store, func(c *dispatch.Config) { c.BatchSize = 2 })
		for _, name := range []string{"a", "b", "c", "d"} {
			must(t, d.Queue(nil, low(name)))
			must(t, d.Flush(t.Context()))
		}
		if got := s.names(); got != "a|b|b|c|d" {
			t.Errorf("sent %s", got)
		}
		sends := s.sent()
		if sends[1].messages[0].ClientID != sends[2].messages[0].ClientID {
			t.Error("the second time it has another id")
		}
		stop(t, d, store)
	})
}

// TestBacklogIsReadInWindows: never more is in memory than one call carries.
func TestBacklogIsReadInWindows(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		s.onSend = away
		store := r.open(t)
		d, _ := use(t, s, store, nil)
		for i := range 3000 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
		}
		stop(t, d, store)
		s = newServer()
		counted := &counting{Store: r.open(t)}
		d, j := use(t, s, counted, func(c *dispatch.Config) { c.BatchSize = 100; c.QueueSize = 1 })
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if counted.most > 100 || len(j.delivered) != 3000 {
			t.Errorf("%d messages at once, %d delivered", counted.most, len(j.delivered))
		}
		stop(t, d, counted)
	})
}

// counting is a store that counts what is taken. Only the transmitter takes.
type counting struct {
	outbox.Store
	taken, most int
}

func (c *counting) Take(p wire.Priority, before uint64, limit outbox.Limit, visit func(*outbox.Message)) (uint64, error) {
	return c.Store.Take(p, before, limit, func(m *outbox.Message) {
		c.taken++
		c.most = max(c.most, c.taken)
		visit(m)
	})
}

func (c *counting) Return(sequences []uint64, attempted bool) {
	c.taken -= len(sequences)
	c.Store.Return(sequences, attempted)
}

func (c *counting) Remove(sequences []uint64) error {
	c.taken -= len(sequences)
	return c.Store.Remove(sequences)
}
