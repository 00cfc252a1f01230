package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// TestDiskFullInMidStream: what the disk refuses is refused, once and for good;
// what was stored before is sent, what needs no disk goes on, and so does the rest
// when there is room again.
func TestDiskFullInMidStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logged{disk: outboxtest.NewDisk()}
		s := newServer()
		s.onSend = away
		store := l.open(t)
		d, j := use(t, s, store, nil)
		l.disk.SetFree(10_000)
		var want []string
		heard, refused := 0, 0
		for i := range 100 {
			name := fmt.Sprint(i)
			if i%10 == 0 {
				must(t, d.Queue(nil, data(name, wire.Low, wire.NoGuarantee)))
				want = append(want, name)
				continue
			}
			switch err := d.Queue(func(err error) { must(t, err); heard++ }, low(name)); {
			case err == nil:
				want = append(want, name)
			case errors.Is(err, outbox.ErrDiskFull):
				refused++
			default:
				t.Fatal(err)
			}
		}
		if refused < 20 || refused > 80 {
			t.Errorf("%d of 90 were refused", refused)
		}
		synctest.Wait()
		if n := d.Waiting(); n != len(want) {
			t.Errorf("%d wait, %d were accepted", n, len(want))
		}
		l.disk.SetFree(-1)
		must(t, d.Queue(nil, low("last")))
		want = append(want, "last")
		s.mu.Lock()
		s.onSend, s.sends = nil, nil
		s.mu.Unlock()
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff(want, j.delivered); diff != "" {
			t.Error(diff)
		}
		if len(j.failed) != 0 || heard != len(want)-11 {
			t.Errorf("failed %v, heard of %d", j.failed, heard)
		}
		if left := stop(t, d, store); left != nil {
			t.Error(left)
		}
	})
}

// TestDiskFullWhileSending: on a full disk messages are sent all the same, and
// sending makes room.
func TestDiskFullWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logged{disk: outboxtest.NewDisk()}
		s := newServer()
		store := l.open(t)
		d, j := use(t, s, store, nil)
		l.disk.SetFree(150_000)
		accepted := 0
		for i := range 2000 {
			if err := d.Queue(nil, low(fmt.Sprint(i))); err == nil {
				accepted++
			} else if !errors.Is(err, outbox.ErrDiskFull) {
				t.Fatal(err)
			}
			if i%10 == 0 {
				must(t, d.Flush(t.Context()))
			}
		}
		synctest.Wait()
		if accepted != 2000 || len(j.delivered) != accepted {
			t.Errorf("%d accepted, %d delivered", accepted, len(j.delivered))
		}
		stop(t, d, store)
	})
}

// slowDisk takes its time to flush, without holding others up meanwhile.
type slowDisk struct {
	*outboxtest.Disk
	delay time.Duration
}

func (d slowDisk) Create(path string) (outbox.File, error) {
	f, err := d.Disk.Create(path)
	return slowFile{f, d.delay}, err
}

func (d slowDisk) Open(path string) (outbox.File, error) {
	f, err := d.Disk.Open(path)
	return slowFile{f, d.delay}, err
}

type slowFile struct {
	outbox.File
	delay time.Duration
}

func (f slowFile) Sync() error {
	time.Sleep(f.delay)
	return f.File.Sync()
}

func openSlow(t *testing.T, disk *outboxtest.Disk, delay time.Duration) *outbox.Log {
	t.Helper()
	l, err := outbox.Open("outbox", outbox.Options{Disk: slowDisk{disk, delay}})
	must(t, err)
	return l
}

// TestAcceptFixesTheOrder: Accept returns at once, Wait when the disk has the
// message; until then it is not sent, and nothing behind it in its priority
// overtakes it.
func TestAcceptFixesTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		store := openSlow(t, outboxtest.NewDisk(), time.Second)
		d, _ := use(t, s, store, nil)
		must(t, d.Queue(nil, low("first"))) // makes the segment
		must(t, d.Flush(t.Context()))
		before := time.Now()
		receipt, err := d.Accept(nil, low("a"))
		must(t, err)
		none, err := d.Accept(nil, data("n", wire.Low, wire.NoGuarantee))
		must(t, err)
		must(t, none.Wait(t.Context()))
		_, err = d.Accept(nil, data("m", wire.Medium, wire.NoGuarantee))
		must(t, err)
		if time.Since(before) != 0 {
			t.Errorf("Accept took %v", time.Since(before))
		}
		synctest.Wait()
		if got := s.names(); got != "first|m" {
			t.Errorf("sent %s before the disk has the message", got)
		}
		must(t, receipt.Wait(t.Context()))
		if took := time.Since(before); took < time.Second || took > 2*time.Second {
			t.Errorf("Wait took %v", took)
		}
		must(t, receipt.Wait(t.Context()))
		must(t, d.Flush(t.Context()))
		if got := s.names(); got != "first|m|a n" {
			t.Errorf("sent %s", got)
		}
		stop(t, d, store)
	})
}

// TestReceiptThatNobodyWaitsFor: if the caller gives up waiting and the disk then
// fails, the done function or the reporter hears of it.
func TestReceiptThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := outboxtest.NewDisk()
		s := newServer()
		store := openSlow(t, disk, time.Second)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, low("first")))
		must(t, d.Flush(t.Context()))
		broken := errors.New("input/output error")
		disk.FailWhen(func(op, _ string) error {
			if op == "sync" {
				return broken
			}
			return nil
		})
		var heard []error
		done := func(err error) { heard = append(heard, err) }
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var receipts []dispatch.Receipt
		for i, f := range []func(error){nil, done, done} {
			r, err := d.Accept(f, low(fmt.Sprint(i)))
			must(t, err)
			receipts = append(receipts, r)
		}
		for _, r := range receipts[:2] {
			if err := r.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("wait: %v", err)
			}
		}
		if err := receipts[2].Wait(t.Context()); !errors.Is(err, broken) {
			t.Errorf("wait: %v", err)
		}
		must(t, d.Flush(t.Context())) // refused messages do not hold it up
		synctest.Wait()
		var why *outbox.DropError
		if len(j.failed) != 1 || j.failed[0] != "0" || !errors.As(j.errs[0], &why) || why.Reason != outbox.NotStored {
			t.Errorf("the reporter heard %v, %v", j.failed, j.errs)
		}
		if len(heard) != 1 || !errors.Is(heard[0], broken) {
			t.Errorf("the done functions heard %v", heard)
		}
		if err := receipts[0].Wait(t.Context()); !errors.Is(err, broken) {
			t.Errorf("wait again: %v", err)
		}
		disk.FailWhen(nil)
		must(t, d.Queue(nil, low("later")))
		must(t, d.Flush(t.Context()))
		if got := s.names(); got != "first|later" {
			t.Errorf("sent %s", got)
		}
		stop(t, d, store)
	})
}

// TestCloseWaitsForTheDisk: what was accepted a moment ago is sent or stored.
func TestCloseWaitsForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		store := openSlow(t, outboxtest.NewDisk(), time.Second)
		d, j := use(t, s, store, nil)
		_, err := d.Accept(nil, low("a"))
		must(t, err)
		if left := stop(t, d, store); left != nil || len(j.delivered) != 1 {
			t.Errorf("left %v, delivered %v", left, j.delivered)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		store := openSlow(t, outboxtest.NewDisk(), time.Hour)
		d, _ := use(t, newServer(), store, nil)
		receipt, err := d.Accept(nil, low("a"))
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		_ = d.Close(ctx) // the message is neither lost nor stored yet
		if time.Since(before) != time.Second {
			t.Errorf("Close took %v", time.Since(before))
		}
		must(t, receipt.Wait(t.Context()))
		must(t, store.Close())
	})
}

// TestDamagedRecordIsReported: the reporter hears also of a message that cannot be
// read any more; the others are sent.
func TestDamagedRecordIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logged{disk: outboxtest.NewDisk()}
		s := newServer()
		s.onSend = away
		store := l.open(t)
		d, j := use(t, s, store, nil)
		must(t, d.Queue(nil, low("a")))
		for name, content := range l.disk.Files("outbox") {
			l.disk.Flip(filepath.Join("outbox", name), len(content)-1)
		}
		must(t, d.Queue(nil, low("b")))
		s.mu.Lock()
		s.onSend, s.sends = nil, nil
		s.mu.Unlock()
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		var why *outbox.DropError
		if len(j.failed) != 1 || !errors.As(j.errs[0], &why) || why.Reason != outbox.Damaged {
			t.Errorf("failed %v, %v", j.failed, j.errs)
		}
		if got := s.names(); got != "b" {
			t.Errorf("sent %s", got)
		}
		stop(t, d, store)
	})
}

// TestPowerFailureInTheMiddleOfACall: at any moment of a call the disk holds
// everything that it carries; what the server had taken goes again, with its id.
func TestPowerFailureInTheMiddleOfACall(t *testing.T) {
	for _, taken := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &logged{disk: outboxtest.NewDisk()}
			s := newServer()
			var cut *outboxtest.Disk
			s.onSend = func(_ int, ms []*wire.Message) error {
				if namesOf(ms) == "c d" {
					cut = l.disk.Cut(nil)
					if !taken {
						return errAway
					}
				}
				return nil
			}
			store := l.open(t)
			d, _ := use(t, s, store, nil)
			must(t, d.Queue(nil, low("a"), low("b")))
			must(t, d.Flush(t.Context()))
			time.Sleep(2 * time.Second) // marks are flushed within one
			must(t, d.Queue(nil, low("c"), low("d")))
			synctest.Wait()
			_ = d.Close(t.Context())
			must(t, store.Close())

			before := s.sent()
			s = newServer()
			l.disk = cut
			store = l.open(t)
			d, _ = use(t, s, store, nil)
			must(t, d.Flush(t.Context()))
			if got := s.names(); got != "c d" {
				t.Errorf("after the failure: %s", got)
			}
			if again := s.sent()[0].messages[0].ClientID; again != before[1].messages[0].ClientID {
				t.Error("a message goes again with another id")
			}
			stop(t, d, store)
		})
	}
}

// capricious is a server that fails in every way there is, and remembers what it
// took.
type capricious struct {
	*server
	random *rand.Rand
	of     int // five of so many calls fail

	mu       sync.Mutex
	took     []string
	again    int // messages that were taken before
	doubtful int // messages of calls whose answer was lost
	known    map[wire.UUID]bool
}

func (c *capricious) fate(_ int, ms []*wire.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fate := c.random.IntN(c.of)
	switch fate {
	case 0:
		return errAway
	case 1:
		return status(503)
	case 2:
		return status(500)
	case 3:
		return fmt.Errorf("post: %w", transport.ErrUnauthorized)
	}
	for _, m := range ms {
		if strings.HasSuffix(namesOf([]*wire.Message{m}), "bad") {
			return status(400)
		}
	}
	for _, m := range ms {
		if c.known[m.ClientID] {
			c.again++
			continue
		}
		c.known[m.ClientID] = true
		c.took = append(c.took, namesOf([]*wire.Message{m}))
	}
	if fate == 4 {
		c.doubtful += len(ms)
		return errors.New("connection reset after the messages arrived")
	}
	return nil
}

// TestNothingIsLostOrReordered sends 3000 messages of all kinds through servers
// that fail in every way, with restarts: each message is delivered or reported,
// and within a priority they arrive in order.
func TestNothingIsLostOrReordered(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		random := rand.New(rand.NewPCG(7, 7))
		s := newServer()
		c := &capricious{server: s, of: 12, random: rand.New(rand.NewPCG(8, 8)), known: map[wire.UUID]bool{}}
		s.onSend = c.fate
		store := r.open(t)
		d, j := use(t, s, store, func(c *dispatch.Config) { c.BatchSize = 20 })
		fates := map[string]string{} // name to priority
		reported := map[string]bool{}
		note := func(j *journal) {
			for _, name := range j.failed {
				reported[name] = true
			}
		}
		for i := range 3000 {
			name := fmt.Sprint(i)
			if random.IntN(40) == 0 {
				name += "bad"
			}
			p := wire.Priority(random.IntN(5))
			m := data(name, p, wire.Reliability(random.IntN(3)))
			fates[name] = p.String()
			must(t, d.Queue(nil, m))
			if random.IntN(20) == 0 {
				time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
			}
			if i%700 == 699 {
				stop(t, d, store)
				note(j)
				store = r.open(t)
				d, j = use(t, s, store, func(c *dispatch.Config) { c.BatchSize = 20 })
			}
		}
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		note(j)
		stop(t, d, store)
		arrived := map[string]bool{}
		last := map[string]int{}
		for _, name := range c.took {
			arrived[name] = true
			n, err := strconv.Atoi(name)
			must(t, err)
			if n < last[fates[name]] {
				t.Errorf("%s arrived after %d in priority %s", name, last[fates[name]], fates[name])
			}
			last[fates[name]] = n
		}
		lost := 0
		for name := range fates {
			if !arrived[name] && !reported[name] {
				lost++
				t.Errorf("message %s was neither delivered nor reported", name)
			}
		}
		if c.again > c.doubtful {
			t.Errorf("%d messages came again, the answers to %d were lost", c.again, c.doubtful)
		}
		if c.again == 0 || len(reported) == 0 {
			t.Error("nothing interesting happened")
		}
		t.Logf("messages=%d lost=%d duplicates=%d given up=%d", len(fates), lost, c.again, len(reported))
	})
}

// TestTwoPercentFaults sends 100,000 messages while two calls of a hundred fail:
// every one arrives, in order, and again only if its answer was lost.
func TestTwoPercentFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const total = 100_000
		s := newServer()
		c := &capricious{server: s, of: 250, random: rand.New(rand.NewPCG(1, 2)), known: map[wire.UUID]bool{}}
		s.onSend = func(n int, ms []*wire.Message) error {
			s.mu.Lock()
			s.sends = s.sends[:0] // capricious remembers what counts
			s.mu.Unlock()
			return c.fate(n, ms)
		}
		l := &logged{disk: outboxtest.NewDisk()}
		store := l.open(t)
		d, j := use(t, s, store, func(c *dispatch.Config) { c.BatchSize = 100 })
		batch := make([]*wire.Encoded, 0, 50)
		for i := range total {
			batch = append(batch, sure(fmt.Sprint(i)))
			if len(batch) == cap(batch) {
				must(t, d.Queue(nil, batch...))
				batch = batch[:0]
			}
		}
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		stop(t, d, store)
		if len(c.took) != total || len(j.delivered) != total || len(j.failed) != 0 {
			t.Fatalf("%d arrived, %d reported as delivered, %d as failed", len(c.took), len(j.delivered), len(j.failed))
		}
		for i, name := range c.took {
			if name != fmt.Sprint(i) {
				t.Fatalf("message %d arrived as %s", i, name)
			}
		}
		if c.again != c.doubtful || c.again == 0 {
			t.Errorf("%d messages came again, the answers to %d were lost", c.again, c.doubtful)
		}
		t.Logf("messages=%d lost=0 reordered=0 duplicates=%d", total, c.again)
	})
}
