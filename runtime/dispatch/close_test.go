package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func TestCloseSendsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n == 1 {
				return status(503) // Close must not wait for the back-off
			}
			return nil
		}
		d, j := start(t, s, nil)
		must(t, d.Queue(nil, low("a"), low("b"), data("c", wire.High, wire.NoGuarantee)))
		synctest.Wait()
		before := time.Now()
		must(t, d.Close(t.Context()))
		if time.Since(before) != 0 {
			t.Errorf("Close took %v", time.Since(before))
		}
		if diff := cmp.Diff([]string{"c", "a", "b"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		if j.states[len(j.states)-1] != dispatch.Closed {
			t.Errorf("states %v", j.states)
		}
	})
}

func TestCloseLetsACallFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, j := start(t, s, nil)
		must(t, d.Queue(nil, low("a")))
		synctest.Wait()
		time.AfterFunc(time.Second, func() { close(s.block) })
		must(t, d.Close(t.Context()))
		if len(s.sent()) != 1 || len(j.delivered) != 1 {
			t.Errorf("%d calls, delivered %v: a message went twice or not at all", len(s.sent()), j.delivered)
		}
	})
}

func TestCloseWithinItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{}) // for ever
		d, j := start(t, s, nil)
		for i := range 3 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		before := time.Now()
		err := d.Close(ctx)
		var left *dispatch.LeftError
		if !errors.As(err, &left) || left.Messages != 3 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if time.Since(before) != 5*time.Second {
			t.Errorf("took %v", time.Since(before))
		}
		if diff := cmp.Diff([]string{"0", "1", "2"}, j.failed); diff != "" {
			t.Error(diff)
		}
		if !errors.Is(j.errs[0], dispatch.ErrClosed) {
			t.Errorf("reason %v", j.errs[0])
		}
		if again := d.Close(t.Context()); again != err {
			t.Errorf("second Close: %v", again)
		}
	})
}

func TestCloseWithADeadServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(int, []*wire.Message) error { return errors.New("no route") }
		d, j := start(t, s, func(c *dispatch.Config) { c.BatchSize = 2 })
		for i := range 5 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
		}
		synctest.Wait()
		var left *dispatch.LeftError
		if err := d.Close(t.Context()); !errors.As(err, &left) || left.Messages != 5 || !strings.Contains(err.Error(), "no route") {
			t.Errorf("error %v", err)
		}
		if n := len(s.sent()); n != 2 {
			t.Errorf("%d calls; a dead server is tried once", n)
		}
		if len(j.failed) != 5 {
			t.Errorf("failed %v", j.failed)
		}
	})
}

func TestCloseIsolatesBadMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		s.onSend = func(_ int, ms []*wire.Message) error {
			if strings.Contains(namesOf(ms), "bad") {
				return status(400)
			}
			return nil
		}
		d, j := start(t, s, nil)
		must(t, d.Queue(nil, low("first")))
		synctest.Wait()
		must(t, d.Queue(nil, low("a"), low("bad"), low("b")))
		time.AfterFunc(time.Second, func() { close(s.block) })
		must(t, d.Close(t.Context()))
		if diff := cmp.Diff([]string{"first", "a", "b"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"bad"}, j.failed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCloseWaitsForHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		must(t, d.Handle(dispatch.Any, "", func(ctx context.Context, _ *wire.Message) *wire.Response {
			select {
			case <-time.After(3 * time.Second):
				return &wire.Response{StatusCode: 202}
			case <-ctx.Done():
				return &wire.Response{StatusCode: 503}
			}
		}))
		s.request("r", "0-AB", "GET", "x", "")
		synctest.Wait()
		must(t, d.Close(t.Context()))
		if got := s.names(); got != "202@r" {
			t.Errorf("answers %s", got)
		}
	})
}

func TestCloseCancelsHandlersAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		cancelled := false
		must(t, d.Handle(dispatch.Any, "", func(ctx context.Context, _ *wire.Message) *wire.Response {
			<-ctx.Done()
			cancelled = true
			return &wire.Response{StatusCode: 503}
		}))
		s.request("r", "0-AB", "GET", "x", "")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Close(ctx); !errors.As(err, new(*dispatch.LeftError)) || !cancelled {
			t.Errorf("error %v, cancelled %v", err, cancelled)
		}
	})
}

func TestAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		must(t, d.Close(t.Context()))
		if err := d.Queue(nil, low("a")); !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("queue: %v", err)
		}
		if err := d.WaitCapacity(t.Context(), 1); !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("capacity: %v", err)
		}
		if err := d.Wait(t.Context(), dispatch.Online); !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("wait: %v", err)
		}
		must(t, d.Wait(t.Context(), dispatch.Closed))
		must(t, d.Flush(t.Context()))
	})
}

func TestCloseWakesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, func(c *dispatch.Config) { c.QueueSize = 1 })
		must(t, d.Queue(nil, low("a")))
		room, state := make(chan error, 1), make(chan error, 1)
		go func() { room <- d.WaitCapacity(t.Context(), 1) }()
		go func() { state <- d.Wait(t.Context(), dispatch.Unauthorized) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = d.Close(ctx) // one message is left, which other tests look at
		if err := <-room; !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("capacity: %v", err)
		}
		if err := <-state; !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("state: %v", err)
		}
	})
}

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onPoll = func(int) (transport.Received, error) { time.Sleep(time.Hour); return transport.Received{}, nil }
		s.onSend = func(n int, _ []*wire.Message) error {
			switch n {
			case 2, 3:
				return errors.New("no route")
			case 5:
				return fmt.Errorf("post: %w", transport.ErrUnauthorized)
			}
			return nil
		}
		d, j := start(t, s, nil)
		for i := range 3 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
			must(t, d.Flush(t.Context()))
			must(t, d.Wait(t.Context(), dispatch.Online))
		}
		must(t, d.Close(t.Context()))
		want := []dispatch.State{dispatch.Online, dispatch.Backoff, dispatch.Online, dispatch.Unauthorized, dispatch.Online, dispatch.Closed}
		if diff := cmp.Diff(want, j.states); diff != "" {
			t.Error(diff)
		}
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := d.Wait(short, dispatch.Online); !errors.Is(err, dispatch.ErrClosed) {
			t.Errorf("wait: %v", err)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	good := dispatch.Config{Conn: newServer(), Endpoint: "0-AB", Now: time.Now, Reporter: new(journal)}
	for name, change := range map[string]func(*dispatch.Config){
		"no connection":    func(c *dispatch.Config) { c.Conn = nil },
		"no endpoint":      func(c *dispatch.Config) { c.Endpoint = "" },
		"no clock":         func(c *dispatch.Config) { c.Now = nil },
		"no reporter":      func(c *dispatch.Config) { c.Reporter = nil },
		"queue size":       func(c *dispatch.Config) { c.QueueSize = -1 },
		"batch size":       func(c *dispatch.Config) { c.BatchSize = -1 },
		"hold time":        func(c *dispatch.Config) { c.HoldTime = time.Millisecond },
		"small buffer":     func(c *dispatch.Config) { c.RequestBuffer = 100 },
		"no workers":       func(c *dispatch.Config) { c.RequestWorkers = -1 },
		"base delay":       func(c *dispatch.Config) { c.BaseDelay = time.Millisecond },
		"too few retries":  func(c *dispatch.Config) { c.BaseRetries = 2 },
		"negative timeout": func(c *dispatch.Config) { c.RequestTimeout = -1 },
	} {
		config := good
		change(&config)
		if _, err := dispatch.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStateNames(t *testing.T) {
	var names []string
	for s := dispatch.Connecting; s <= dispatch.Closed+1; s++ {
		names = append(names, s.String())
	}
	if got := strings.Join(names, " "); got != "connecting online backoff unauthorized closed State(5)" {
		t.Error(got)
	}
}

// quiet is a Reporter that drops everything.
type quiet struct{}

func (quiet) Delivered([]*wire.Encoded)         {}
func (quiet) Failed(*wire.Encoded, error)       {}
func (quiet) StateChanged(_, _ dispatch.Status) {}

// sinkConn takes batches without looking at them.
type sinkConn struct{ *server }

func (sinkConn) Send(context.Context, []byte, int) (transport.Received, error) {
	return transport.Received{}, nil
}

func (sinkConn) Receive(ctx context.Context, _ int, _ time.Duration) (transport.Received, error) {
	<-ctx.Done()
	return transport.Received{}, ctx.Err()
}

func newSink(t testing.TB) *dispatch.Dispatcher {
	d, err := dispatch.New(dispatch.Config{Conn: sinkConn{newServer()}, Endpoint: "0-AB", Now: time.Now, Reporter: quiet{}, BatchSize: 100})
	must(t, err)
	t.Cleanup(func() { must(t, d.Close(context.Background())) })
	return d
}

func TestAllocsOfQueueing(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	d := newSink(t)
	ms := make([]*wire.Encoded, 100)
	for i := range ms {
		ms[i] = low("a")
	}
	round := func() {
		for i := range ms {
			must(t, d.Queue(nil, ms[i]))
		}
		must(t, d.Flush(context.Background()))
	}
	testing.AllocsPerRun(100, round) // fills the free list, on one processor as below
	if n := testing.AllocsPerRun(100, round) / 100; n > 1 {
		t.Errorf("%.2f allocations for each message", n)
	}
}

func BenchmarkRound(b *testing.B) {
	d := newSink(b)
	ms := make([]*wire.Encoded, 100)
	for i := range ms {
		ms[i] = low("a")
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range ms {
			must(b, d.Queue(nil, ms[i]))
		}
		must(b, d.Flush(context.Background()))
	}
}

func BenchmarkQueueAndSend(b *testing.B) {
	d := newSink(b)
	m := low("a")
	b.ReportAllocs()
	for b.Loop() {
		for d.Queue(nil, m) != nil {
			must(b, d.WaitCapacity(context.Background(), 1))
		}
	}
	must(b, d.Flush(context.Background()))
}
