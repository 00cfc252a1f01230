package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call is one exchange that the fake server saw.
type call struct {
	at       time.Duration // since the server was made
	accept   int
	messages []*wire.Message
}

// server is a transport.Conn whose answers the test decides.
type server struct {
	mu      sync.Mutex
	start   time.Time
	sends   []call
	polls   []call
	block   chan struct{}                               // if not nil, sends wait for it
	onSend  func(n int, messages []*wire.Message) error // n counts from 1
	onPoll  func(n int) (transport.Received, error)
	pending []string      // requests for the device, given to the next call that accepts some
	wake    chan struct{} // a held poll looks again
}

func newServer() *server { return &server{start: time.Now(), wake: make(chan struct{}, 16)} }

func (s *server) Send(ctx context.Context, body []byte, accept int) (transport.Received, error) {
	if s.block != nil {
		select {
		case <-s.block:
		case <-ctx.Done():
			return transport.Received{}, ctx.Err()
		}
	}
	elements, err := wire.SplitArray(body)
	if err != nil {
		return transport.Received{}, err
	}
	c := call{at: time.Since(s.start), accept: accept}
	for _, e := range elements {
		m, err := wire.DecodeMessage(e)
		if err != nil {
			return transport.Received{}, err
		}
		c.messages = append(c.messages, m)
	}
	s.mu.Lock()
	s.sends = append(s.sends, c)
	n, hook := len(s.sends), s.onSend
	s.mu.Unlock()
	if hook != nil {
		if err := hook(n, c.messages); err != nil {
			return transport.Received{}, err
		}
	}
	if accept > 0 {
		return s.take(), nil
	}
	return transport.Received{}, nil
}

func (s *server) Receive(ctx context.Context, accept int, hold time.Duration) (transport.Received, error) {
	s.mu.Lock()
	s.polls = append(s.polls, call{at: time.Since(s.start), accept: accept})
	n, hook := len(s.polls), s.onPoll
	s.mu.Unlock()
	if hook != nil {
		return hook(n)
	}
	deadline := time.NewTimer(hold)
	defer deadline.Stop()
	for {
		if got := s.take(); len(got.Requests) > 0 || hold == 0 {
			return got, nil
		}
		select {
		case <-s.wake:
		case <-deadline.C:
			return transport.Received{}, nil
		case <-ctx.Done():
			return transport.Received{}, ctx.Err()
		}
	}
}

func (s *server) take() transport.Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var got transport.Received
	for _, r := range s.pending {
		got.Requests = append(got.Requests, []byte(r))
	}
	s.pending = nil
	return got
}

// request makes a request wait for the device.
func (s *server) request(id, destination, method, url, body string) {
	r := wire.Request{Method: method, URL: url, Body: []byte(body)}
	h := wire.Header{ClientID: wire.NewUUID(), Source: "cloud", Destination: destination, EventTime: 1, Priority: wire.Medium, Reliability: wire.BestEffort}
	s.raw(string(wire.AppendRequest(nil, &h, id, &r)))
}

func (s *server) raw(text string) {
	s.mu.Lock()
	s.pending = append(s.pending, text)
	s.mu.Unlock()
	s.wake <- struct{}{}
}

func (s *server) Get(context.Context, transport.Resource) ([]byte, error) { panic("not used") }
func (s *server) Post(context.Context, transport.Resource, []byte) ([]byte, error) {
	panic("not used")
}
func (s *server) Skew() time.Duration { return 0 }
func (s *server) Close() error        { return nil }

func (s *server) sent() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call(nil), s.sends...)
}

func (s *server) polled() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call(nil), s.polls...)
}

// names lists what the accepted messages of all calls carry as attribute "n",
// and answers as status@request.
func (s *server) names() string {
	var names []string
	for _, c := range s.sent() {
		names = append(names, namesOf(c.messages))
	}
	return strings.Join(names, "|")
}

func namesOf(messages []*wire.Message) string {
	var names []string
	for _, m := range messages {
		switch {
		case m.Data != nil:
			names = append(names, m.Data.Items[0].Value.Text())
		case m.Alert != nil:
			names = append(names, "alert")
		case m.Response != nil:
			names = append(names, fmt.Sprintf("%d@%s", m.Response.StatusCode, m.Response.RequestID))
		}
	}
	return strings.Join(names, " ")
}

// journal is a Reporter that writes down what it hears.
type journal struct {
	mu        sync.Mutex
	delivered []string
	failed    []string
	errs      []error
	states    []dispatch.State
	onFailed  func()
}

func (j *journal) Delivered(batch []*wire.Encoded) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, m := range batch {
		j.delivered = append(j.delivered, nameOf(m))
	}
}

func (j *journal) Failed(m *wire.Encoded, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failed = append(j.failed, nameOf(m))
	j.errs = append(j.errs, err)
	if j.onFailed != nil {
		j.onFailed()
	}
}

func (j *journal) StateChanged(_, to dispatch.Status) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.states = append(j.states, to.State)
}

func nameOf(m *wire.Encoded) string {
	decoded, err := wire.DecodeMessage(m.JSON)
	if err != nil {
		return err.Error()
	}
	return namesOf([]*wire.Message{decoded})
}

// data is a message that carries its own name.
func data(name string, p wire.Priority, r wire.Reliability) *wire.Encoded {
	h := wire.Header{ClientID: wire.NewUUID(), Source: "0-AB", EventTime: 1, Priority: p, Reliability: r}
	items := []wire.Item{{Name: "n", Value: wire.StringValue(name)}}
	return &wire.Encoded{ClientID: h.ClientID, Source: h.Source, Format: "urn:x:attributes", Type: wire.TypeData, Priority: p, Reliability: r, EventTime: 1,
		JSON: wire.AppendData(nil, &h, "urn:x:attributes", items)}
}

func low(name string) *wire.Encoded { return data(name, wire.Low, wire.BestEffort) }

func alert() *wire.Encoded {
	h := wire.Header{ClientID: wire.NewUUID(), Source: "0-AB", EventTime: 1, Priority: wire.Highest, Reliability: wire.GuaranteedDelivery}
	return &wire.Encoded{ClientID: h.ClientID, Source: h.Source, Format: "urn:x:alert", Type: wire.TypeAlert, Priority: h.Priority, Reliability: h.Reliability, EventTime: 1,
		JSON: wire.AppendAlert(nil, &h, "urn:x:alert", "", wire.SeverityNormal, nil)}
}

// start runs a dispatcher on s and closes it at the end of the test.
func start(t testing.TB, s *server, change func(*dispatch.Config)) (*dispatch.Dispatcher, *journal) {
	t.Helper()
	j := new(journal)
	config := dispatch.Config{Conn: s, Endpoint: "0-AB", Now: time.Now, Reporter: j, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&config)
	}
	d, err := dispatch.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = d.Close(ctx) // what is left does not matter any more
	})
	return d, j
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func status(code int) error {
	return &transport.StatusError{Method: "POST", Path: "messages", Status: code}
}
