package mailbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func write(path string) *wire.Request {
	return &wire.Request{Method: "PUT", URL: path, Headers: map[string][]string{"content-type": {"application/json"}}, Body: []byte(`{"value":1}`)}
}

func send(t testing.TB, b *mailbox.Box, device, owner, path string) (mailbox.Request, []byte) {
	t.Helper()
	r, message, err := b.Send(device, owner, write(path))
	if err != nil {
		t.Fatal(err)
	}
	return r, message
}

func poll(t testing.TB, b *mailbox.Box, owner string, accept int, wait time.Duration) *mailbox.Delivery {
	t.Helper()
	d, err := b.Poll(t.Context(), owner, accept, wait)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func paths(t testing.TB, d *mailbox.Delivery) []string {
	t.Helper()
	var all []string
	for _, message := range d.Messages {
		m, err := wire.DecodeMessage(message)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Request.URL)
	}
	return all
}

func status(t testing.TB, b *mailbox.Box, id string) mailbox.Request {
	t.Helper()
	r, err := b.Request(id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func Example() {
	box := mailbox.New()
	request, _, err := box.Send("0-DEV", "0-DEV", &wire.Request{Method: "POST", URL: "deviceModels/urn:x/actions/reset", Body: []byte("{}")})
	if err != nil {
		fmt.Println(err)
		return
	}
	delivery, err := box.Poll(context.Background(), "0-DEV", 4190, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(delivery.Messages), request.Status)
	box.Answer("0-DEV", &wire.Response{StatusCode: 202, RequestID: request.ID})
	request, err = box.Request(request.ID)
	fmt.Println(request.Status, request.Response.StatusCode, err)
	// Output:
	// 1 RECEIVED
	// COMPLETED 202 <nil>
}

// What existing clients need of a request (docs/protocol/transport.md §8.2, messages.md §7.4).
func TestMessage(t *testing.T) {
	b := mailbox.New()
	r, sent := send(t, b, "0-ICD", "0-GW", "deviceModels/urn:x/attributes/y")
	d := poll(t, b, "0-GW", mailbox.NoLimit, 0)
	if len(d.Messages) != 1 || string(d.Messages[0]) != string(sent) {
		t.Fatalf("delivered %s", d.Messages)
	}
	m, err := wire.DecodeMessage(sent)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.CheckRequest(); err != nil {
		t.Error(err)
	}
	if m.ID != r.ID || m.ClientID.IsZero() || m.Source == "" || m.Destination != "0-ICD" || m.EventTime != r.Received || m.Absent.Has(wire.MemberPriority|wire.MemberReliability|wire.MemberBody|wire.MemberHeaders) {
		t.Errorf("message %s", sent)
	}
	var generic map[string]any
	if err := json.Unmarshal(sent, &generic); err != nil || strings.ContainsAny(string(sent), "\n\t") || strings.Contains(string(sent), ": ") {
		t.Errorf("not compact: %s, %v", sent, err)
	}
	if got := status(t, b, r.ID); got.Status != mailbox.Dispatched || got.Method != "PUT" || got.Done() {
		t.Errorf("status %+v", got)
	}
}

// The Java client counts braces, those inside of texts too.
func TestBracesInTexts(t *testing.T) {
	b := mailbox.New()
	payload := &wire.Request{Method: "GET", URL: `a/{b}}"\{`, Params: map[string]string{"q": `{"x":"}"`}, Headers: map[string][]string{"h": {"{{{"}}}
	_, message, err := b.Send("0-D", "0-D", payload)
	if err != nil {
		t.Fatal(err)
	}
	if open, closed := strings.Count(string(message), "{"), strings.Count(string(message), "}"); open != 4 || closed != 4 {
		t.Errorf("%d opening and %d closing braces in %s", open, closed, message)
	}
	m, err := wire.DecodeMessage(message)
	if err != nil || m.Request.URL != payload.URL || m.Request.Params["q"] != payload.Params["q"] {
		t.Errorf("read as %+v, %v", m, err)
	}
}

func TestSizes(t *testing.T) {
	b := mailbox.New()
	var all []int
	for i := range 4 {
		_, message := send(t, b, "0-D", "0-D", fmt.Sprint("path/", i))
		all = append(all, len(message))
	}
	if d := poll(t, b, "0-D", 0, 0); len(d.Messages) != 0 || d.Need != 0 {
		t.Errorf("an offer of 0 bytes got %d requests, need %d", len(d.Messages), d.Need)
	}
	if d := poll(t, b, "0-D", all[0]+1, 0); len(d.Messages) != 0 || d.Need != all[0]+2 {
		t.Errorf("one byte too few: %d requests, need %d, want need %d", len(d.Messages), d.Need, all[0]+2)
	}
	if d := poll(t, b, "0-D", all[0]+2, 0); !slices.Equal(paths(t, d), []string{"path/0"}) || d.Need != 0 {
		t.Errorf("just enough for one: %v, need %d", paths(t, d), d.Need)
	}
	if d := poll(t, b, "0-D", all[1]+all[2]+4, 0); !slices.Equal(paths(t, d), []string{"path/1", "path/2"}) {
		t.Errorf("enough for two: %v", paths(t, d))
	}
	if d := poll(t, b, "0-OTHER", mailbox.NoLimit, 0); len(d.Messages) != 0 {
		t.Error("requests for another device")
	}
}

func TestRefused(t *testing.T) {
	b := mailbox.New()
	if _, _, err := b.Send("0-D", "0-D", &wire.Request{Method: "PUT", URL: "x", Body: make([]byte, 50_000)}); !errors.Is(err, mailbox.ErrTooLarge) {
		t.Errorf("oversize request: %v", err)
	}
	for {
		if _, _, err := b.Send("0-D", "0-D", write("x")); err != nil {
			if !errors.Is(err, mailbox.ErrFull) {
				t.Error(err)
			}
			break
		}
	}
	if _, _, err := b.Send("0-E", "0-E", write("x")); err != nil {
		t.Errorf("the full queue of another device: %v", err)
	}
}

func TestHeldPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mailbox.New()
		start := time.Now()
		if d := poll(t, b, "0-D", 100, 950*time.Millisecond); len(d.Messages) != 0 || time.Since(start) != 950*time.Millisecond {
			t.Errorf("%d requests after %v", len(d.Messages), time.Since(start))
		}
		start = time.Now()
		time.AfterFunc(3*time.Second, func() { send(t, b, "0-D", "0-D", "late") })
		if d := poll(t, b, "0-D", 4190, 20*time.Second); !slices.Equal(paths(t, d), []string{"late"}) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v", paths(t, d), time.Since(start))
		}
	})
}

// A request that does not fit holds the poll to its end; only then the client is told how many bytes it takes.
func TestHeldPollWithRequestThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mailbox.New()
		_, message := send(t, b, "0-D", "0-D", "path")
		start := time.Now()
		d := poll(t, b, "0-D", 50, 20*time.Second)
		if len(d.Messages) != 0 || d.Need != len(message)+2 || time.Since(start) != 20*time.Second {
			t.Errorf("%d requests, need %d, after %v", len(d.Messages), d.Need, time.Since(start))
		}
		time.Sleep(mailbox.Life)
		if d := poll(t, b, "0-D", 50, 0); d.Need != 0 {
			t.Error("an expired request still blocks the queue")
		}
	})
}

func TestCancelledPollTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mailbox.New()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Poll(ctx, "0-D", 100, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		send(t, b, "0-D", "0-D", "x")
		if _, err := b.Poll(ctx, "0-D", mailbox.NoLimit, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if d := poll(t, b, "0-D", mailbox.NoLimit, 0); len(d.Messages) != 1 {
			t.Error("the request is gone")
		}
	})
}

func TestPutBack(t *testing.T) {
	b := mailbox.New()
	first, _ := send(t, b, "0-D", "0-D", "1")
	second, _ := send(t, b, "0-D", "0-D", "2")
	d := poll(t, b, "0-D", mailbox.NoLimit, 0)
	send(t, b, "0-D", "0-D", "3")
	if !b.Answer("0-D", &wire.Response{StatusCode: 200, RequestID: second.ID}) {
		t.Error("answer refused")
	}
	d.PutBack()
	d.PutBack()
	if got := status(t, b, first.ID).Status; got != mailbox.Received {
		t.Errorf("status %s", got)
	}
	if d := poll(t, b, "0-D", mailbox.NoLimit, 0); !slices.Equal(paths(t, d), []string{"1", "3"}) {
		t.Errorf("then %v", paths(t, d))
	}
}

func TestAnswer(t *testing.T) {
	b := mailbox.New()
	r, _ := send(t, b, "0-D", "0-D", "x")
	for _, wrong := range []struct{ device, id string }{{"0-OTHER", r.ID}, {"0-D", "unknown"}, {"0-D", ""}} {
		if b.Answer(wrong.device, &wire.Response{StatusCode: 200, RequestID: wrong.id}) {
			t.Errorf("answer of %s to %q taken", wrong.device, wrong.id)
		}
	}
	answer := &wire.Response{StatusCode: 404, RequestID: r.ID, Body: []byte("no")}
	if !b.Answer("0-D", answer) || b.Answer("0-D", answer) {
		t.Error("an answer counts once")
	}
	if got := status(t, b, r.ID); got.Status != mailbox.Completed || got.Response.StatusCode != 404 || got.Answered == 0 {
		t.Errorf("%+v", got)
	}
	if d := poll(t, b, "0-D", mailbox.NoLimit, 0); len(d.Messages) != 0 {
		t.Error("an answered request is delivered")
	}
	if _, err := b.Request("unknown"); !errors.Is(err, mailbox.ErrUnknown) {
		t.Errorf("unknown request: %v", err)
	}
}

func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mailbox.New()
		r, _ := send(t, b, "0-D", "0-D", "x")
		time.AfterFunc(5*time.Second, func() { b.Answer("0-D", &wire.Response{StatusCode: 202, RequestID: r.ID}) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := b.Await(ctx, r.ID); !errors.Is(err, context.DeadlineExceeded) || got.Status != mailbox.Received {
			t.Errorf("%+v, %v", got, err)
		}
		for range 2 {
			if got, err := b.Await(t.Context(), r.ID); err != nil || got.Status != mailbox.Completed {
				t.Errorf("%+v, %v", got, err)
			}
		}
		if _, err := b.Await(t.Context(), "unknown"); !errors.Is(err, mailbox.ErrUnknown) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mailbox.New()
		r, _ := send(t, b, "0-D", "0-D", "x")
		start := time.Now()
		got, err := b.Await(t.Context(), r.ID)
		if err != nil || got.Status != mailbox.Failed || got.Response.StatusCode != 408 || time.Since(start) != mailbox.Life {
			t.Errorf("%+v, %v after %v", got, err, time.Since(start))
		}
		if b.Answer("0-D", &wire.Response{StatusCode: 200, RequestID: r.ID}) {
			t.Error("a late answer counts")
		}
		time.Sleep(mailbox.Memory - time.Second)
		send(t, b, "0-D", "0-D", "y")
		if got := status(t, b, r.ID); got.Status != mailbox.Failed {
			t.Errorf("%+v", got)
		}
		time.Sleep(time.Second)
		send(t, b, "0-D", "0-D", "z")
		if _, err := b.Request(r.ID); !errors.Is(err, mailbox.ErrUnknown) {
			t.Errorf("after %v: %v", mailbox.Memory, err)
		}
	})
}

func TestBoundedMemory(t *testing.T) {
	b := mailbox.New()
	first, _ := send(t, b, "0-0", "0-0", "x")
	for i := range 20_000 {
		owner := fmt.Sprint("0-", i/500)
		send(t, b, owner, owner, "x")
	}
	if _, err := b.Request(first.ID); !errors.Is(err, mailbox.ErrUnknown) {
		t.Errorf("the oldest of 20,001: %v", err)
	}
}

func TestDropAndMove(t *testing.T) {
	b := mailbox.New()
	icd, _ := send(t, b, "0-ICD", "0-GW1", "icd")
	own, _ := send(t, b, "0-GW1", "0-GW1", "own")
	b.Move("0-ICD", "0-GW2")
	b.Move("0-NONE", "0-GW2")
	if d := poll(t, b, "0-GW2", mailbox.NoLimit, 0); !slices.Equal(paths(t, d), []string{"icd"}) {
		t.Errorf("after the move: %v", paths(t, d))
	}
	b.Drop("0-GW1")
	if got := status(t, b, own.ID); got.Status != mailbox.Failed || got.Response.StatusCode != 404 {
		t.Errorf("%+v", got)
	}
	if got := status(t, b, icd.ID); got.Done() {
		t.Errorf("the request of another device ended: %+v", got)
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mailbox.New()
		r, _ := send(t, b, "0-D", "0-D", "x")
		time.AfterFunc(time.Second, func() { b.Close(); b.Close() })
		start := time.Now()
		if d := poll(t, b, "0-E", 100, time.Minute); len(d.Messages) != 0 || time.Since(start) != time.Second {
			t.Errorf("%d requests after %v", len(d.Messages), time.Since(start))
		}
		if got, err := b.Await(t.Context(), r.ID); err != nil || got.Done() {
			t.Errorf("%+v, %v", got, err)
		}
		if d := poll(t, b, "0-D", mailbox.NoLimit, time.Minute); len(d.Messages) != 0 {
			t.Error("a closed box delivers")
		}
	})
}

// Every request is delivered in exactly one of the polls that are open at once.
func TestConcurrentPolls(t *testing.T) {
	b := mailbox.New()
	const total = 500
	var delivered atomic.Int32
	var group sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 4 {
		group.Go(func() {
			for n := 0; ; n++ {
				d, err := b.Poll(ctx, "0-D", 1000, time.Minute)
				if err != nil {
					return
				}
				if i == 0 && n%3 == 0 {
					d.PutBack()
					continue
				}
				if delivered.Add(int32(len(d.Messages))) >= total {
					cancel()
				}
			}
		})
	}
	for i := range total {
		send(t, b, "0-D", "0-D", fmt.Sprint(i))
	}
	group.Wait()
	if got := delivered.Load(); got != total {
		t.Errorf("%d delivered, want %d", got, total)
	}
}

func BenchmarkSendPollAnswer(b *testing.B) {
	box := mailbox.New()
	response := &wire.Response{StatusCode: 202}
	b.ReportAllocs()
	for b.Loop() {
		r, _ := send(b, box, "0-D", "0-D", "deviceModels/urn:x/attributes/y")
		poll(b, box, "0-D", 4190, time.Second)
		response.RequestID = r.ID
		if !box.Answer("0-D", response) {
			b.Fatal("not taken")
		}
	}
}
