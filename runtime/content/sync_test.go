package content_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// gate holds an answer back until it is opened.
type gate chan struct{}

func (g gate) fault(http.ResponseWriter, *http.Request) bool {
	<-g
	return false
}

// log collects what callbacks tell.
type callLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *callLog) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *callLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

func TestSyncInEachState(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o := newObject(t, c, "a", nil)
		if err := o.Sync(t.Context()); !errors.Is(err, content.ErrNoContent) {
			t.Errorf("without a source: %v", err)
		}
		if err := o.SyncAsync(func(error) { t.Error("called") }); !errors.Is(err, content.ErrNoContent) {
			t.Errorf("without a source: %v", err)
		}
		must(t, o.SetSource(content.FromBytes([]byte("1"))))
		must(t, o.Sync(t.Context()))
		must(t, o.Sync(t.Context())) // in sync: nothing to do
		if n := len(s.calls()); n != 1 {
			t.Errorf("%d requests", n)
		}
		must(t, o.Reset())
		s.fail("PUT", status(500))
		first := o.Sync(t.Context())
		if again := o.Sync(t.Context()); first == nil || again != first || len(s.calls()) != 2 {
			t.Errorf("failed, then %v after %v, %d requests", again, first, len(s.calls()))
		}
		must(t, o.Retry(t.Context()))
		if len(s.calls()) != 3 || o.State() != content.InSync {
			t.Errorf("%d requests, %v", len(s.calls()), o.State())
		}
		must(t, o.SetSource(content.FromBytes([]byte("2"))))
		if o.State() != content.NotInSync {
			t.Errorf("state %v after a new source", o.State())
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := o.Sync(ended); !errors.Is(err, context.Canceled) || o.State() != content.NotInSync {
			t.Errorf("error %v, state %v", err, o.State())
		}
	})
}

func TestCallbacks(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		var log callLog
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		told := func(n int) func(error) {
			return func(err error) { log.add("%d: %v %v", n, err, o.State()) }
		}
		g := make(gate)
		s.fail("PUT", g.fault)
		must(t, o.SyncAsync(told(1)))
		must(t, o.SyncAsync(told(2)))
		must(t, o.SyncAsync(nil))
		synctest.Wait()
		if o.State() != content.Pending || len(log.take()) != 0 {
			t.Errorf("state %v", o.State())
		}
		for what, err := range map[string]error{
			"SetSource": o.SetSource(content.FromBytes(nil)), "SetSink": o.SetSink(content.ToWriter(io.Discard)),
			"SetEncoding": o.SetEncoding("gzip"), "SetMetadata": o.SetMetadata("a", "b"), "Reset": o.Reset(), "Retry": o.Retry(t.Context()),
		} {
			if !errors.Is(err, content.ErrPending) {
				t.Errorf("%s while pending: %v", what, err)
			}
		}
		close(g)
		synctest.Wait()
		if diff := cmp.Diff([]string{"1: <nil> IN_SYNC", "2: <nil> IN_SYNC"}, log.take()); diff != "" {
			t.Error(diff)
		}
		must(t, o.SyncAsync(told(3)))
		synctest.Wait()
		if diff := cmp.Diff([]string{"3: <nil> IN_SYNC"}, log.take()); diff != "" {
			t.Error(diff)
		}
		must(t, o.Reset())
		s.fail("PUT", status(404))
		must(t, o.SyncAsync(func(error) { panic("of the application") }))
		must(t, o.SyncAsync(func(err error) { log.add("4: %v", errors.Is(err, content.ErrNotFound)) }))
		synctest.Wait()
		must(t, o.SyncAsync(func(err error) { log.add("5: %v", errors.Is(err, content.ErrNotFound)) }))
		synctest.Wait()
		if diff := cmp.Diff([]string{"4: true", "5: true"}, log.take()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCallbackMayUseTheStore: no lock is held.
func TestCallbackMayUseTheStore(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		first := newObject(t, c, "a", content.FromBytes([]byte("1")))
		second := newObject(t, c, "b", content.FromBytes([]byte("2")))
		done := make(chan error)
		must(t, first.SyncAsync(func(error) {
			first.Cancel()
			go func() { done <- second.Sync(t.Context()) }()
		}))
		must(t, <-done)
	})
}

func TestCancel(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		var log callLog
		g := make(gate)
		defer close(g)
		s.fail("PUT", g.fault)
		running := newObject(t, c, "a", content.FromBytes([]byte("1")))
		waiting := newObject(t, c, "b", content.FromBytes([]byte("2")))
		must(t, running.SyncAsync(func(err error) { log.add("running %v", errors.Is(err, content.ErrCancelled)) }))
		synctest.Wait()
		must(t, waiting.SyncAsync(func(err error) { log.add("waiting %v", errors.Is(err, content.ErrCancelled)) }))
		waiting.Cancel()
		waiting.Cancel()
		if waiting.State() != content.Failed || !errors.Is(waiting.Err(), content.ErrCancelled) {
			t.Errorf("state %v", waiting.State())
		}
		running.Cancel()
		synctest.Wait()
		if diff := cmp.Diff([]string{"waiting true", "running true"}, log.take()); diff != "" {
			t.Error(diff)
		}
		if running.State() != content.Failed {
			t.Errorf("state %v", running.State())
		}
		if n := len(s.calls()); n != 1 {
			t.Errorf("%d requests", n)
		}
		must(t, waiting.Retry(t.Context()))
		waiting.Cancel() // does nothing
		if waiting.State() != content.InSync {
			t.Errorf("state %v", waiting.State())
		}
	}, func(config *content.Config) { config.Transfers = 1 })
}

// TestCancelDownload removes what was written.
func TestCancelDownload(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		uri := s.put("0-X/in.bin", noise(200_000))
		g := make(gate)
		s.fail("GET", func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "200000")
			w.Write(noise(200_000)[:100_000])
			w.(http.Flusher).Flush()
			<-g
			return true
		})
		defer close(g)
		target := newTarget(t, true)
		o := existing(t, c, uri, target.sink)
		must(t, o.SyncAsync(nil))
		synctest.Wait()
		if names := list(t, strings.TrimSuffix(target.path, "out.bin")); !strings.Contains(names, ".iotcs-part") {
			t.Errorf("while it runs the folder holds %s", names)
		}
		o.Cancel()
		synctest.Wait()
		checkOutcome(t, o, o.Err(), content.ErrCancelled, 0)
		target.check(t, target.old)
	})
}

// TestContextEndsSync: the transfer ends with it if nobody else waits.
func TestContextEndsSync(t *testing.T) {
	why := errors.New("no more time")
	for _, tc := range []struct {
		name  string
		other func(t *testing.T, o *content.Object, c *content.Store)
		state content.State
	}{
		{"alone", func(*testing.T, *content.Object, *content.Store) {}, content.Failed},
		{"with SyncAsync", func(t *testing.T, o *content.Object, _ *content.Store) { must(t, o.SyncAsync(nil)) }, content.Pending},
		{"with a message", func(t *testing.T, o *content.Object, c *content.Store) {
			_, err := c.Hold(o)
			must(t, err)
		}, content.Pending},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				g := make(gate)
				s.fail("PUT", g.fault)
				o := newObject(t, c, "a", content.FromBytes([]byte("1")))
				ctx, cancel := context.WithCancelCause(t.Context())
				ended := make(chan error)
				go func() { ended <- o.Sync(ctx) }()
				synctest.Wait()
				tc.other(t, o, c)
				cancel(why)
				if err := <-ended; !errors.Is(err, why) {
					t.Errorf("error %v", err)
				}
				if o.State() != tc.state {
					t.Errorf("state %v", o.State())
				}
				close(g)
				synctest.Wait()
				if o.State() == content.Pending {
					t.Errorf("state %v at the end", o.State())
				}
			})
		})
	}
}

func TestQueue(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		for range 2 {
			s.fail("PUT", g.fault)
		}
		var log callLog
		for i := range 5 {
			o := newObject(t, c, fmt.Sprint(i), content.FromBytes([]byte("1")))
			must(t, o.SyncAsync(func(err error) { log.add("%d %v", i, err) }))
			synctest.Wait()
		}
		late := newObject(t, c, "late", content.FromBytes([]byte("1")))
		if err := late.SyncAsync(nil); !errors.Is(err, content.ErrQueueFull) || late.State() != content.NotInSync {
			t.Errorf("error %v, state %v", err, late.State())
		}
		if err := late.Sync(t.Context()); !errors.Is(err, content.ErrQueueFull) {
			t.Errorf("error %v", err)
		}
		if n := len(s.calls()); n != 2 {
			t.Errorf("%d transfers at once", n)
		}
		g <- struct{}{}
		synctest.Wait()
		if diff := cmp.Diff([]string{"0 <nil>", "2 <nil>", "3 <nil>", "4 <nil>"}, sortedFirst(log.take())); diff != "" {
			t.Error(diff)
		}
		must(t, late.Sync(t.Context()))
		close(g)
		synctest.Wait()
	}, func(config *content.Config) { config.Transfers, config.QueueSize = 2, 3 })
}

// sortedFirst puts the first two lines, whose order is open, into theirs.
func sortedFirst(lines []string) []string {
	if len(lines) > 0 && strings.HasPrefix(lines[0], "1") {
		lines[0] = "0" + lines[0][1:]
	}
	return lines
}

func TestTwoObjectsOfOneURI(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		a := newObject(t, c, "same", content.FromBytes([]byte("1")))
		b := newObject(t, c, "same", content.FromBytes([]byte("22")))
		s.failLate("PUT", status(500))
		if err := a.Sync(t.Context()); err == nil {
			t.Error("no error")
		}
		must(t, b.Sync(t.Context()))
		if a.State() != content.Failed || b.State() != content.InSync || a.URI() != b.URI() || a.Length() != -1 || b.Length() != 2 {
			t.Errorf("%v %v %d %d", a.State(), b.State(), a.Length(), b.Length())
		}
	})
}

func TestProgress(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		var log callLog
		o := newObject(t, c, "a", content.FromBytes(noise(300_000)))
		o.OnProgress(func(p content.Progress) {
			if p.Object != o {
				t.Error("another object")
			}
			log.add("%v %d/%d", p.Upload, p.Bytes, p.Total)
			time.Sleep(200 * time.Millisecond)
		})
		must(t, o.Sync(t.Context()))
		got := log.take()
		if len(got) < 5 || got[0] != "true 0/300000" || got[len(got)-1] != "true 300000/300000" {
			t.Errorf("up: %v", got)
		}
		must(t, o.SetSink(content.ToWriter(io.Discard)))
		must(t, o.Sync(t.Context()))
		got = log.take()
		if len(got) < 3 || got[0] != "false 0/300000" || got[len(got)-1] != "false 300000/300000" {
			t.Errorf("down: %v", got)
		}
		o.OnProgress(func(p content.Progress) { log.add("%d/%d", p.Bytes, p.Total) })
		must(t, o.SetSource(content.FromReader(reader(noise(300_000)), -1)))
		must(t, o.Sync(t.Context()))
		if diff := cmp.Diff([]string{"0/-1", "300000/-1"}, log.take()); diff != "" {
			t.Errorf("of unknown length and fast: %s", diff)
		}
		o.OnProgress(func(content.Progress) { panic("of the application") })
		must(t, o.SetSource(content.FromBytes(nil)))
		must(t, o.Sync(t.Context()))
		o.OnProgress(nil)
		must(t, o.SetSource(content.FromBytes(nil)))
		must(t, o.Sync(t.Context()))
	})
}

func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		var log callLog
		for i := range 3 {
			o := newObject(t, c, fmt.Sprint(i), content.FromBytes([]byte("1")))
			must(t, o.SyncAsync(func(err error) { time.Sleep(time.Second); log.add("%d %v", i, err) }))
		}
		must(t, c.Close(t.Context()))
		if n := len(log.take()); n != 3 {
			t.Errorf("%d of 3 callbacks before Close returned", n)
		}
		must(t, c.Close(t.Context()))
		if _, err := c.NewObject("x", "", nil); !errors.Is(err, content.ErrClosed) {
			t.Errorf("NewObject: %v", err)
		}
		if _, err := c.Existing(containerURL + "/x"); !errors.Is(err, content.ErrClosed) {
			t.Errorf("Existing: %v", err)
		}
		if err := c.Locate(t.Context()); err != nil {
			t.Errorf("Locate of what is known: %v", err)
		}
	})
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o := newObject(t, c, "a", content.FromBytes([]byte("1")))
		incoming, err := c.Existing(containerURL + "/x")
		must(t, err)
		must(t, c.Close(t.Context()))
		_, hold := c.Hold(o)
		for what, err := range map[string]error{
			"Sync": o.Sync(t.Context()), "SyncAsync": o.SyncAsync(nil), "Hold": hold, "Stat": incoming.Stat(t.Context()), "Locate": c.Locate(t.Context()),
		} {
			if !errors.Is(err, content.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if s.tokenCount() != 0 {
			t.Error("access was asked for")
		}
	})
}

// TestCloseInTime cuts off what is left when the context ends.
func TestCloseInTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		defer close(g)
		for range 2 {
			s.fail("PUT", g.fault)
		}
		var log callLog
		for i := range 3 {
			o := newObject(t, c, fmt.Sprint(i), content.FromBytes([]byte("1")))
			must(t, o.SyncAsync(func(err error) { log.add("%v", errors.Is(err, content.ErrClosed)) }))
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		var left *content.LeftError
		if err := c.Close(ctx); !errors.As(err, &left) || left.Transfers != 3 || left.Stuck != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begun); took != time.Second {
			t.Errorf("took %v", took)
		}
		if diff := cmp.Diff([]string{"true", "true", "true"}, log.take()); diff != "" {
			t.Error(diff)
		}
	}, func(config *content.Config) { config.Transfers = 2 })
}

// hung is a reader and writer of an application that forgot it.
type hung chan struct{}

func (h hung) Read([]byte) (int, error) {
	<-h
	return 0, io.EOF
}

func (h hung) Write([]byte) (int, error) {
	<-h
	return 0, io.ErrClosedPipe
}

// TestHungReader: a transfer whose reader hangs can be ended, and the reader is
// not read twice at once.
func TestHungReader(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		h := make(hung)
		seeker := struct {
			io.Reader
			io.Seeker
		}{h, bytes.NewReader(nil)}
		o := newObject(t, c, "a", content.FromReader(seeker, -1))
		must(t, o.SyncAsync(nil))
		time.Sleep(time.Hour) // the time of the application is not limited
		if o.State() != content.Pending {
			t.Fatalf("state %v, %v", o.State(), o.Err())
		}
		o.Cancel()
		synctest.Wait()
		checkOutcome(t, o, o.Err(), content.ErrCancelled, 0)
		if err := o.Retry(t.Context()); !errors.Is(err, content.ErrNotRewindable) {
			t.Errorf("while it still hangs: %v", err)
		}
		close(h)
		must(t, o.Retry(t.Context()))
	})
}

// TestHungWriter: Close does not wait for ever.
func TestHungWriter(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		h := make(hung)
		o := existing(t, c, s.put("0-X/in.bin", noise(10)), content.ToWriter(h))
		must(t, o.SyncAsync(nil))
		time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var left *content.LeftError
		if err := c.Close(ctx); !errors.As(err, &left) || left.Stuck != 1 || !strings.Contains(err.Error(), "hang in a reader or writer") {
			t.Errorf("error %v", err)
		}
		close(h)
		synctest.Wait()
		if o.State() != content.Failed {
			t.Errorf("state %v", o.State())
		}
	})
}

func TestStateNames(t *testing.T) {
	for state, want := range map[content.State]string{
		content.NotInSync: "NOT_IN_SYNC", content.Pending: "SYNC_PENDING", content.InSync: "IN_SYNC", content.Failed: "SYNC_FAILED", 9: "State(9)",
	} {
		if state.String() != want {
			t.Errorf("%s, want %s", state, want)
		}
	}
}
