package dispatch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// upload is a Hold that the test ends. Complete writes "done" for "held".
type upload struct {
	needs     string
	mu        sync.Mutex
	notify    []func(error)
	over      bool
	err       error
	withdrawn bool
}

func (u *upload) Notify(f func(error)) {
	u.mu.Lock()
	if !u.over {
		u.notify = append(u.notify, f)
		u.mu.Unlock()
		return
	}
	u.mu.Unlock()
	f(u.err)
}

func (u *upload) Complete(json []byte) []byte {
	return bytes.ReplaceAll(json, []byte(`"held `), []byte(`"done `))
}

func (u *upload) Needs() []byte { return []byte(u.needs) }

func (u *upload) Withdraw() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.withdrawn, u.notify = true, nil
}

func (u *upload) isWithdrawn() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.withdrawn
}

func (u *upload) end(err error) {
	u.mu.Lock()
	u.over, u.err = true, err
	notify := u.notify
	u.notify = nil
	u.mu.Unlock()
	for _, f := range notify {
		f(err)
	}
}

// of is a message of another endpoint.
func of(source string, m *wire.Encoded) *wire.Encoded {
	m.JSON = bytes.Replace(m.JSON, []byte(`"source":"0-AB"`), fmt.Appendf(nil, `"source":%q`, source), 1)
	m.Source = source
	return m
}

// await hands over a message that waits for u.
func await(t testing.TB, d *dispatch.Dispatcher, u *upload, m *wire.Encoded) {
	t.Helper()
	receipt, err := d.AcceptAwaiting(nil, []dispatch.Hold{u}, m)
	must(t, err)
	must(t, receipt.Wait(t.Context()))
}

// withQueues runs a test without a store and with either kind of store.
func withQueues(t *testing.T, test func(t *testing.T, s *server, d *dispatch.Dispatcher, j *journal)) {
	t.Run("memory only", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			d, j := start(t, s, nil)
			test(t, s, d, j)
		})
	})
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		s := newServer()
		d, j := use(t, s, r.open(t), nil)
		test(t, s, d, j)
	})
}

// sent is what was sent so far, without the bounds of calls.
func (s *server) inOrder() string { return strings.ReplaceAll(s.names(), "|", " ") }

var errUpload = errors.New("the upload failed")

func TestHeldMessageLeavesWhenItsUploadEnds(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, _ *journal) {
		u := new(upload)
		await(t, d, u, low("held a"))
		time.Sleep(time.Hour)
		if got := s.inOrder(); got != "" {
			t.Fatalf("sent %s", got)
		}
		before := time.Now()
		u.end(nil)
		must(t, d.Flush(t.Context()))
		if got := s.inOrder(); got != "done a" || time.Since(before) != 0 {
			t.Errorf("sent %s after %v", got, time.Since(before))
		}
	})
}

func TestWhatAHeldMessageHoldsUp(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, _ *journal) {
		u := new(upload)
		must(t, d.Handle("0-AB", "a", func(context.Context, *wire.Message) *wire.Response { return &wire.Response{StatusCode: 200} }))
		must(t, d.Queue(nil, low("before")))
		await(t, d, u, low("held a"))
		must(t, d.Queue(nil, low("b"), data("c", wire.Lowest, wire.NoGuarantee), alert(), of("0-CD", low("other")), data("urgent", wire.High, wire.BestEffort)))
		s.request("r1", "0-AB", "GET", "a", "")
		time.Sleep(time.Minute)
		got := strings.Fields(s.inOrder())
		want := map[string]bool{"before": true, "alert": true, "other": true, "urgent": true, "200@r1": true}
		for _, name := range got {
			if !want[name] {
				t.Errorf("%s was sent", name)
			}
			delete(want, name)
		}
		for name := range want {
			t.Errorf("%s was not sent", name)
		}
		must(t, d.Queue(nil, low("d")))
		u.end(nil)
		must(t, d.Flush(t.Context()))
		if rest := s.inOrder()[len(strings.Join(got, " "))+1:]; rest != "done a b d c" {
			t.Errorf("afterwards %s", rest)
		}
	})
}

func TestFailedUploadFailsItsMessageOnly(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, j *journal) {
		u, v := new(upload), new(upload)
		await(t, d, u, low("held a"))
		await(t, d, v, low("held b"))
		must(t, d.Queue(nil, low("c")))
		u.end(errUpload)
		synctest.Wait()
		if got := s.inOrder(); got != "" {
			t.Errorf("sent %s although b is held", got)
		}
		v.end(nil)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := s.inOrder(); got != "done b c" {
			t.Errorf("sent %s", got)
		}
		if diff := cmp.Diff([]string{"held a"}, j.failed); diff != "" || !errors.Is(j.errs[0], errUpload) {
			t.Errorf("%s, errors %v", diff, j.errs)
		}
		if d.Waiting() != 0 {
			t.Errorf("%d wait", d.Waiting())
		}
	})
}

func TestUploadsEndInAnotherOrder(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, _ *journal) {
		first, second, other := new(upload), new(upload), new(upload)
		await(t, d, first, low("held a"))
		must(t, d.Queue(nil, low("b")))
		await(t, d, second, low("held c"))
		await(t, d, other, of("0-CD", low("held x")))
		must(t, d.Queue(nil, of("0-CD", low("y")), low("d")))
		second.end(nil)
		other.end(nil)
		synctest.Wait()
		if got := s.inOrder(); got != "done x y" {
			t.Errorf("sent %s", got)
		}
		first.end(nil)
		must(t, d.Flush(t.Context()))
		if got := s.inOrder(); got != "done x y done a b done c d" {
			t.Errorf("sent %s", got)
		}
	})
}

func TestHoldThatIsOver(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, j *journal) {
		good, bad := &upload{over: true}, &upload{over: true, err: errUpload}
		await(t, d, good, low("held a"))
		var heard []error
		receipt, err := d.AcceptAwaiting(func(err error) { heard = append(heard, err) }, []dispatch.Hold{nil, bad, nil}, low("b"), low("held c"), low("d"))
		must(t, err)
		must(t, receipt.Wait(t.Context()))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := s.inOrder(); got != "done a b d" {
			t.Errorf("sent %s", got)
		}
		if len(heard) != 3 || !errors.Is(errors.Join(heard...), errUpload) || len(j.failed) > 0 {
			t.Errorf("heard %v, failed %v", heard, j.failed)
		}
	})
}

func TestHeldAlert(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, _ *journal) {
		u := new(upload)
		await(t, d, u, alert())
		must(t, d.Queue(nil, alert(), low("behind")))
		synctest.Wait()
		if got := s.inOrder(); got != "alert" {
			t.Errorf("sent %s", got)
		}
		u.end(nil)
		must(t, d.Flush(t.Context()))
		if got := s.inOrder(); got != "alert alert behind" {
			t.Errorf("sent %s", got)
		}
	})
}

// TestManyBehindOne: what waits behind an upload does not slow down the others and
// leaves in order.
func TestManyBehindOne(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, _ *journal) {
		u := new(upload)
		await(t, d, u, low("held a"))
		want := []string{"done a"}
		for i := range 3000 {
			must(t, d.Queue(nil, low(fmt.Sprint(i)), of("0-CD", low("x"))))
			want = append(want, fmt.Sprint(i))
		}
		synctest.Wait()
		if n := strings.Count(s.inOrder(), "x"); n != 3000 || strings.Contains(s.inOrder(), "0") {
			t.Errorf("%d of the others were sent", n)
		}
		u.end(nil)
		must(t, d.Flush(t.Context()))
		if got := strings.TrimLeft(strings.ReplaceAll(s.inOrder(), "x", ""), " "); got != strings.Join(want, " ") {
			t.Errorf("sent %.100s", got)
		}
	})
}

func TestHeldMessagesCountAgainstTheCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := start(t, newServer(), func(c *dispatch.Config) { c.QueueSize = 2 })
		u := new(upload)
		await(t, d, u, low("held a"))
		must(t, d.Queue(nil, low("b")))
		_, err := d.AcceptAwaiting(nil, []dispatch.Hold{new(upload)}, low("held c"))
		if !errors.As(err, new(*dispatch.FullError)) {
			t.Errorf("error %v", err)
		}
		u.end(nil)
		must(t, d.Flush(t.Context()))
		if d.Load() != 0 {
			t.Errorf("load %v", d.Load())
		}
	})
}

func TestServerFailsBehindAnUpload(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, _ *journal) {
		u := new(upload)
		s.onSend = func(n int, _ []*wire.Message) error {
			if n < 4 {
				return status(500)
			}
			return nil
		}
		must(t, d.Queue(nil, low("before")))
		await(t, d, u, low("held a"))
		must(t, d.Queue(nil, low("b")))
		time.Sleep(1500 * time.Millisecond) // the second call has failed
		u.end(nil)
		must(t, d.Flush(t.Context()))
		s.mu.Lock()
		last := namesOf(s.sends[len(s.sends)-1].messages)
		s.mu.Unlock()
		if last != "before done a b" {
			t.Errorf("the last call carried %s", last)
		}
	})
}

func TestCloseWaitsForUploads(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, j *journal) {
		u := new(upload)
		await(t, d, u, low("held a"))
		must(t, d.Queue(nil, low("b")))
		time.AfterFunc(time.Minute, func() { u.end(nil) })
		must(t, d.Close(t.Context()))
		if got := s.inOrder(); got != "done a b" || len(j.failed) != 0 {
			t.Errorf("sent %s, failed %v", got, j.failed)
		}
	})
}

func TestCloseGivesUpUploads(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, j *journal) {
		u := new(upload)
		await(t, d, u, low("held a"))
		must(t, d.Queue(nil, low("b"), of("0-CD", low("x"))))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var left *dispatch.LeftError
		err := d.Close(ctx)
		if !errors.As(err, &left) || left.Messages+left.Stored != 2 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if left.Stored == 0 {
			if diff := cmp.Diff([]string{"held a", "b"}, j.failed); diff != "" || !errors.Is(j.errs[0], dispatch.ErrClosed) {
				t.Errorf("%s, errors %v", diff, j.errs)
			}
		}
		if got := s.inOrder(); got != "x" || !u.isWithdrawn() {
			t.Errorf("sent %s, withdrawn %v", got, u.isWithdrawn())
		}
		u.end(nil) // nobody listens any more
	})
}

// TestStoreDropsAHeldMessage: one that the bounds of the store force out is told,
// its upload is withdrawn and what waited behind it goes on.
func TestStoreDropsAHeldMessage(t *testing.T) {
	withStores(t, outbox.Options{MaxMessages: 2}, func(t *testing.T, r restartable) {
		s := newServer()
		s.block = make(chan struct{})
		d, j := use(t, s, r.open(t), nil)
		u := new(upload)
		must(t, d.Queue(nil, of("0-CD", low("x"))))
		synctest.Wait() // x is under way
		await(t, d, u, low("held a"))
		must(t, d.Queue(nil, low("b")))
		close(s.block)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := s.inOrder(); got != "x b" || !u.isWithdrawn() {
			t.Errorf("sent %s, withdrawn %v", got, u.isWithdrawn())
		}
		var drop *outbox.DropError
		if len(j.errs) != 1 || !errors.As(j.errs[0], &drop) || drop.Reason != outbox.TooMany {
			t.Errorf("failed %v: %v", j.failed, j.errs)
		}
	})
}

// TestHeldMessagesAfterARestart: what they wait for is begun again, a few at a
// time; what cannot be is told; the order is kept.
func TestHeldMessagesAfterARestart(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		store := r.open(t)
		first, _ := use(t, newServer(), store, nil)
		for _, name := range []string{"a", "b", "gone", "c"} {
			await(t, first, &upload{needs: name}, low("held "+name))
			must(t, first.Queue(nil, low("after "+name)))
		}
		await(t, first, &upload{needs: "x"}, of("0-CD", low("held x")))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := first.Close(gone); err == nil {
			t.Fatal("nothing was left")
		}
		must(t, store.Close())

		s := newServer()
		var mu sync.Mutex
		begun := map[string]*upload{}
		underWay := 0
		renew := func(needs []byte) (dispatch.Hold, error) {
			mu.Lock()
			defer mu.Unlock()
			if string(needs) == "gone" {
				return nil, errUpload
			}
			if underWay == 2 {
				return nil, dispatch.ErrBusy
			}
			underWay++
			u := &upload{needs: string(needs)}
			begun[u.needs] = u
			return u, nil
		}
		d, j := use(t, s, r.open(t), func(c *dispatch.Config) { c.Renew = renew })
		must(t, d.Queue(nil, low("new"), alert()))
		synctest.Wait()
		if got := s.inOrder(); got != "alert" {
			t.Errorf("sent %s", got)
		}
		end := func(name string) {
			t.Helper()
			mu.Lock()
			u := begun[name]
			underWay--
			mu.Unlock()
			if u == nil {
				t.Fatalf("%s was not begun", name)
			}
			u.end(nil)
			synctest.Wait()
		}
		end("b")
		end("a")
		if got := s.inOrder(); got != "alert done a after a done b after b after gone" {
			t.Errorf("sent %s", got)
		}
		end("x")
		end("c")
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := s.inOrder(); got != "alert done a after a done b after b after gone done x done c after c new" {
			t.Errorf("sent %s", got)
		}
		if diff := cmp.Diff([]string{"held gone"}, j.failed); diff != "" || !errors.Is(j.errs[0], errUpload) {
			t.Errorf("%s, errors %v", diff, j.errs)
		}
	})
}

// TestWithoutRenew: a message is not sent without what it waited for.
func TestWithoutRenew(t *testing.T) {
	withStores(t, outbox.Options{}, func(t *testing.T, r restartable) {
		store := r.open(t)
		first, _ := use(t, newServer(), store, nil)
		await(t, first, &upload{needs: "a"}, low("held a"))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := first.Close(gone); err == nil {
			t.Fatal("nothing was left")
		}
		must(t, store.Close())
		s := newServer()
		d, j := use(t, s, r.open(t), nil)
		must(t, d.Queue(nil, low("b")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := s.inOrder(); got != "b" || len(j.failed) != 1 {
			t.Errorf("sent %s, failed %q", got, j.failed)
		}
	})
}
