package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func ok(context.Context, *wire.Message) *wire.Response { return &wire.Response{StatusCode: 202} }

func answers(code int) dispatch.Handler {
	return func(context.Context, *wire.Message) *wire.Response { return &wire.Response{StatusCode: code} }
}

func TestRequestIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		must(t, d.Handle("0-AB", "deviceModels/urn:x:pump", func(_ context.Context, m *wire.Message) *wire.Response {
			if m.Request.URL != "deviceModels/urn:x:pump/attributes/a" || string(m.Request.Body) != "body" {
				t.Errorf("request %+v", m.Request)
			}
			return &wire.Response{StatusCode: 202, Body: []byte("fine")}
		}))
		s.request("r1", "0-AB", "PUT", "deviceModels/urn:x:pump/attributes/a", "body")
		synctest.Wait()
		must(t, d.Flush(t.Context()))
		sends := s.sent()
		if len(sends) != 1 || len(sends[0].messages) != 1 {
			t.Fatalf("%d calls", len(sends))
		}
		m := sends[0].messages[0]
		if m.Response.RequestID != "r1" || m.Response.StatusCode != 202 || string(m.Response.Body) != "fine" || m.Source != "0-AB" || m.Destination != "cloud" {
			t.Errorf("answer %+v of %s to %s", m.Response, m.Source, m.Destination)
		}
		if sends[0].accept != 0 {
			t.Errorf("a send offers to take %d bytes while long polling", sends[0].accept)
		}
		c := d.Counters()
		if c.MessagesReceived != 1 || c.MessagesSent != 1 || c.BytesReceived == 0 || c.BytesSent == 0 {
			t.Errorf("counters %+v", c)
		}
		d.ResetCounters()
		if d.Counters() != (dispatch.Counters{}) {
			t.Error("counters after the reset")
		}
	})
}

func TestRouting(t *testing.T) {
	tests := []struct {
		name     string
		endpoint string
		url      string
		want     int
	}{
		{"exact", "0-AB", "a/b", 1},
		{"longest prefix", "0-AB", "a/b/c", 1},
		{"shorter prefix", "0-AB", "a/x", 2},
		{"prefix only at a slash", "0-AB", "ab", 5},
		{"own endpoint before any, even with a shorter path", "0-AB", "a/z/long", 2},
		{"any endpoint", "0-CD", "a/z/long", 3},
		{"any path of an endpoint", "0-EF", "whatever", 4},
		{"any of any", "0-CD", "else", 5},
		{"another endpoint's path", "0-EF", "a/z/long", 4},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				d, _ := start(t, s, nil)
				must(t, d.Handle("0-AB", "a/b", answers(1)))
				must(t, d.Handle("0-AB", "a", answers(2)))
				must(t, d.Handle(dispatch.Any, "a/z/long", answers(3)))
				must(t, d.Handle("0-EF", "", answers(4)))
				must(t, d.Handle("", "", answers(9)))
				must(t, d.Handle("*", "*", answers(5))) // replaces
				s.request("r", tc.endpoint, "GET", tc.url, "")
				synctest.Wait()
				if got, want := s.names(), fmt.Sprintf("%d@r", tc.want); got != want {
					t.Errorf("answer %s, want %s", got, want)
				}
			})
		})
	}
}

func TestHandleRefusesNil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := start(t, newServer(), nil)
		if err := d.Handle("a", "b", nil); !errors.Is(err, dispatch.ErrNoHandler) {
			t.Errorf("error %v", err)
		}
	})
}

func TestUnhandle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, func(c *dispatch.Config) { c.SettleTime = -1 })
		must(t, d.Handle("0-AB", "a", ok))
		d.Unhandle("0-AB", "b")
		s.request("r1", "0-AB", "GET", "a", "")
		synctest.Wait()
		d.Unhandle("0-AB", "a")
		s.request("r2", "0-AB", "GET", "a", "")
		synctest.Wait()
		if got := s.names(); got != "202@r1|404@r2" {
			t.Errorf("answers %s", got)
		}
	})
}

// TestSettleTime: a request that comes before its handler is served, and one
// that nobody ever handles is answered 404 when the settle time is over.
func TestSettleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		s.request("early", "0-AB", "GET", "late/handler", "")
		s.request("never", "0-AB", "GET", "nothing", "")
		time.Sleep(3500 * time.Millisecond)
		must(t, d.Handle("0-AB", "late", ok))
		time.Sleep(1100 * time.Millisecond)
		if got := s.names(); got != "202@early" {
			t.Errorf("answers after the handler appeared: %q", got)
		}
		time.Sleep(10 * time.Second)
		if got := s.names(); got != "202@early|404@never" {
			t.Errorf("answers at the end: %q", got)
		}
		s.request("now", "0-AB", "GET", "nothing", "")
		synctest.Wait()
		if got := s.names(); !strings.HasSuffix(got, "404@now") {
			t.Errorf("after the settle time: %q", got)
		}
	})
}

func TestShortSettleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		start(t, s, func(c *dispatch.Config) { c.SettleTime = 300 * time.Millisecond })
		s.request("r", "0-AB", "GET", "nothing", "")
		time.Sleep(299 * time.Millisecond)
		if got := s.names(); got != "" {
			t.Errorf("too early: %q", got)
		}
		time.Sleep(400 * time.Millisecond)
		if got := s.names(); got != "404@r" {
			t.Errorf("answers %q", got)
		}
	})
}

func TestBadHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		must(t, d.Handle("0-AB", "panics", func(context.Context, *wire.Message) *wire.Response { panic("pump exploded") }))
		must(t, d.Handle("0-AB", "nothing", func(context.Context, *wire.Message) *wire.Response { return nil }))
		must(t, d.Handle("0-AB", "slow", func(ctx context.Context, _ *wire.Message) *wire.Response {
			<-ctx.Done()
			return &wire.Response{StatusCode: 504}
		}))
		must(t, d.Handle("0-AB", "fine", ok))
		for _, url := range []string{"panics", "nothing", "slow", "fine"} {
			s.request(url, "0-AB", "GET", url, "")
		}
		time.Sleep(2 * time.Minute)
		if got := strings.ReplaceAll(s.names(), "|", " "); got != "500@panics 500@nothing 504@slow 202@fine" {
			t.Errorf("answers %s", got)
		}
		if body := string(s.sent()[0].messages[0].Response.Body); body != "pump exploded" {
			t.Errorf("text of the panic: %q", body)
		}
	})
}

// TestSlowHandlerHoldsItsEndpointOnly covers order within an endpoint, the
// bound on workers, and handlers that do not wait.
func TestSlowHandlerHoldsItsEndpointOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, func(c *dispatch.Config) { c.RequestWorkers = 2; c.RequestBuffer = 1 << 16 })
		release := make(chan struct{})
		var running, most atomic.Int32
		handler := func(_ context.Context, m *wire.Message) *wire.Response {
			most.Store(max(most.Load(), running.Add(1)))
			if strings.HasPrefix(m.Request.URL, "slow") {
				<-release
			}
			running.Add(-1)
			return &wire.Response{StatusCode: 202}
		}
		must(t, d.Handle(dispatch.Any, "", handler))
		must(t, d.HandleDirect("A", "direct", ok))
		s.request("a1", "A", "GET", "slow", "")
		s.request("a2", "A", "GET", "quick", "")
		s.request("b1", "B", "GET", "quick", "")
		synctest.Wait()
		s.request("a3", "A", "GET", "direct", "")
		synctest.Wait()
		if got := strings.ReplaceAll(s.names(), "|", " "); got != "202@b1 202@a3" {
			t.Errorf("answers while A is slow: %s", got)
		}
		s.request("c1", "C", "GET", "slow", "")
		s.request("d1", "D", "GET", "quick", "")
		synctest.Wait()
		close(release)
		synctest.Wait()
		must(t, d.Flush(t.Context()))
		got := strings.ReplaceAll(s.names(), "|", " ")
		if strings.Index(got, "a1") > strings.Index(got, "a2") || strings.Count(got, "202") != 6 {
			t.Errorf("answers %s", got)
		}
		if most.Load() > 2 {
			t.Errorf("%d handlers ran at once", most.Load())
		}
	})
}

func TestUnreadableRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		must(t, d.Handle(dispatch.Any, "", ok))
		s.raw(`{"id":"bad","clientId":"c","source":"cloud","destination":"0-AB","type":"REQUEST","priority":"LOW","reliability":"BEST_EFFORT","eventTime":1,"payload":{"url":"","body":""}}`)
		s.raw(`{"id":"broken","source":"cloud","payload":`)
		s.raw(`nonsense`)
		s.raw(`{"id":"w","clientId":"c","source":"cloud","destination":"0-AB","type":"RESPONSE","priority":"LOW","reliability":"BEST_EFFORT","eventTime":1,"payload":{"statusCode":200,"requestId":"x","url":"","headers":{},"body":""}}`)
		s.request("good", "0-AB", "GET", "x", "")
		synctest.Wait()
		must(t, d.Flush(t.Context()))
		got := strings.ReplaceAll(s.names(), "|", " ")
		if !strings.Contains(got, "400@bad") || !strings.Contains(got, "202@good") {
			t.Errorf("answers %s", got)
		}
		if n := d.Counters().ProtocolErrors; n < 3 {
			t.Errorf("%d protocol errors", n)
		}
	})
}

// TestAnswersSurviveAFullQueue: values fill the queue, answers still get out.
func TestAnswersSurviveAFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, func(c *dispatch.Config) { c.QueueSize = 10; c.RequestBuffer = 1 << 16 })
		must(t, d.Handle(dispatch.Any, "", ok))
		for i := range 10 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
		}
		for i := range 5 {
			s.request(fmt.Sprint("r", i), "0-AB", "GET", "x", "")
		}
		synctest.Wait()
		if n := d.Waiting(); n != 11 {
			t.Errorf("%d messages wait, want a tenth beyond the capacity", n)
		}
		close(s.block)
		time.Sleep(time.Minute)
		must(t, d.Flush(t.Context()))
		if n := strings.Count(s.names(), "202@r"); n != 5 {
			t.Errorf("%d answers, want 5: %s", n, s.names())
		}
	})
}

func TestReceiverComesBackByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onPoll = func(n int) (transport.Received, error) {
			if n <= 4 {
				return transport.Received{}, errors.New("connection reset")
			}
			time.Sleep(time.Hour)
			return transport.Received{}, nil
		}
		d, j := start(t, s, nil)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := len(s.polled()); n != 5 {
			t.Errorf("%d polls", n)
		}
		if diff := cmp.Diff([]dispatch.State{dispatch.Backoff}, j.states); diff != "" {
			t.Error(diff)
		}
		if st := d.Status(); st.State != dispatch.Backoff || st.Err == nil {
			t.Errorf("status %+v", st)
		}
	})
}

func TestSendWakesTheReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onPoll = func(int) (transport.Received, error) { return transport.Received{}, status(503) }
		d, _ := start(t, s, nil)
		time.Sleep(60 * time.Second) // deep in the table
		before := len(s.polled())
		must(t, d.Queue(nil, low("a")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if after := len(s.polled()); after != before+1 {
			t.Errorf("%d polls after the send, want 1", after-before)
		}
	})
}

// TestServerThatDoesNotHold must not be asked in a tight loop.
func TestServerThatDoesNotHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onPoll = func(int) (transport.Received, error) { return transport.Received{MinAcceptBytes: 9000}, nil }
		start(t, s, nil)
		time.Sleep(time.Minute)
		if n := len(s.polled()); n > 61 {
			t.Errorf("%d polls in a minute", n)
		}
	})
}

func TestRequestBufferBoundsWhatIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		release := make(chan struct{})
		must(t, d.Handle(dispatch.Any, "", func(context.Context, *wire.Message) *wire.Response {
			<-release
			return &wire.Response{StatusCode: 202}
		}))
		for i := range 3 {
			s.request(fmt.Sprint("r", i), "0-AB", "GET", "x", strings.Repeat("b", 600))
		}
		synctest.Wait()
		polls := s.polled()
		if polls[0].accept != 4190 {
			t.Errorf("an empty buffer offers %d bytes, want 4190", polls[0].accept)
		}
		last := polls[len(polls)-1].accept
		if last >= 4190-2*600 || last < 1 {
			t.Errorf("with two requests waiting %d bytes are offered", last)
		}
		close(release)
	})
}

func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, func(c *dispatch.Config) { c.NoLongPolling = true })
		must(t, d.Handle(dispatch.Any, "", ok))
		time.Sleep(3500 * time.Millisecond)
		if n := len(s.polled()); n != 1 {
			t.Errorf("%d polls in 3.5 s", n)
		}
		must(t, d.Queue(nil, low("a")))
		synctest.Wait()
		if n := len(s.polled()); n != 2 {
			t.Errorf("%d polls after a send", n)
		}
		if a := s.sent()[0].accept; a != 4190 {
			t.Errorf("a send offers %d bytes", a)
		}
		d.SetPollingInterval(10 * time.Second)
		if d.PollingInterval() != 10*time.Second {
			t.Error("interval was not taken over")
		}
		time.Sleep(14 * time.Second) // the old wait, then the new one
		if n := len(s.polled()); n != 4 {
			t.Errorf("%d polls", n)
		}
		d.SetPollingInterval(0)
		time.Sleep(time.Hour)
		if n := len(s.polled()); n > 5 || d.PollingInterval() != 0 {
			t.Errorf("%d polls though polling is off", n)
		}
		s.mu.Lock()
		s.pending = append(s.pending, string(wire.AppendRequest(nil, &wire.Header{ClientID: wire.NewUUID(), Source: "cloud", Destination: "0-AB", EventTime: 1}, "r", &wire.Request{Method: "GET", URL: "x"})))
		s.mu.Unlock()
		must(t, d.Queue(nil, low("b"))) // its answer carries the request
		synctest.Wait()
		must(t, d.Flush(t.Context()))
		if got := s.names(); !strings.Contains(got, "202@r") {
			t.Errorf("sent %s", got)
		}
	})
}

// TestRunStandsInLine: local work waits for the handler of its endpoint, and a
// panic of it ends nothing.
func TestRunStandsInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, _ := start(t, s, nil)
		release := make(chan struct{})
		must(t, d.Handle(dispatch.Any, "", func(context.Context, *wire.Message) *wire.Response {
			<-release
			return &wire.Response{StatusCode: 202}
		}))
		s.request("r", "A", "GET", "x", "")
		synctest.Wait()
		ran := make(chan string, 3)
		d.Run("A", func(context.Context) { ran <- "A"; panic("boom") })
		d.Run("A", func(context.Context) { ran <- "A again" })
		d.Run("B", func(context.Context) { ran <- "B" })
		synctest.Wait()
		if got := <-ran; got != "B" || len(ran) != 0 {
			t.Errorf("%s ran while the handler of A was busy", got)
		}
		close(release)
		if first, second := <-ran, <-ran; first != "A" || second != "A again" {
			t.Errorf("order %s, %s", first, second)
		}
		must(t, d.Close(t.Context()))
		d.Run("A", func(context.Context) { t.Error("a closed dispatcher runs work") })
	})
}

// TestPollsAndSendsTakeTurns: without long polling both bring requests, which
// must reach the handlers in the order in which the server gave them out.
func TestPollsAndSendsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, func(c *dispatch.Config) { c.NoLongPolling = true; c.PollInterval = time.Second })
		var order []string
		must(t, d.Handle(dispatch.Any, "", func(_ context.Context, m *wire.Message) *wire.Response {
			order = append(order, m.ID)
			return &wire.Response{StatusCode: 202}
		}))
		must(t, d.Queue(nil, low("a"))) // its answer will carry the first request
		time.Sleep(5 * time.Second)
		if n := len(s.polled()); n != 0 {
			t.Errorf("%d polls beside a call that sends", n)
		}
		s.request("first", "0-AB", "GET", "x", "")
		close(s.block)
		synctest.Wait()
		s.request("second", "0-AB", "GET", "x", "")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"first", "second"}, order); diff != "" {
			t.Error(diff)
		}
	})
}
