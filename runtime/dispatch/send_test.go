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

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func TestPriorityThenOrderOfQueueing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, j := start(t, s, nil)
		must(t, d.Queue(nil, low("first"))) // blocks in the call
		synctest.Wait()
		must(t, d.Queue(nil, low("a"), data("top", wire.Highest, wire.BestEffort), low("b"), data("mid", wire.Medium, wire.NoGuarantee)))
		close(s.block)
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := s.names(); got != "first|top mid a b" {
			t.Errorf("sent %s", got)
		}
		if diff := cmp.Diff([]string{"first", "top", "mid", "a", "b"}, j.delivered); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCapacityIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, func(c *dispatch.Config) { c.QueueSize = 3 })
		must(t, d.Queue(nil, low("a"), low("b")))
		var full *dispatch.FullError
		if err := d.Queue(nil, low("c"), low("d")); !errors.As(err, &full) || *full != (dispatch.FullError{Capacity: 3, Waiting: 2, Offered: 2}) {
			t.Errorf("error %v", err)
		}
		must(t, d.Queue(nil, low("e")))
		if n := d.Waiting(); n != 3 {
			t.Errorf("%d wait", n)
		}
		close(s.block)
		must(t, d.Flush(t.Context()))
		if got := strings.ReplaceAll(s.names(), "|", " "); got != "a b e" {
			t.Errorf("sent %s", got)
		}
		if d.Load() != 0 {
			t.Errorf("load %v", d.Load())
		}
	})
}

func TestBatchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, nil)
		var all []*wire.Encoded
		for i := range 2500 {
			all = append(all, low(fmt.Sprint(i)))
		}
		must(t, d.Queue(nil, all...))
		close(s.block)
		must(t, d.Flush(t.Context()))
		var sizes []int
		for _, c := range s.sent() {
			sizes = append(sizes, len(c.messages))
		}
		if diff := cmp.Diff([]int{1000, 1000, 500}, sizes); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLargeMessagesAreBatchedByBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, nil)
		large := strings.Repeat("x", 60_000)
		for range 100 {
			must(t, d.Queue(nil, low(large)))
		}
		close(s.block)
		must(t, d.Flush(t.Context()))
		for i, c := range s.sent() {
			if n := len(c.messages); n*60_000 > 4<<20 {
				t.Errorf("call %d carries %d large messages", i, n)
			}
		}
		if n := len(s.sent()); n > 4 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestBackoffTable: 503 five times, then the ramp of batches after recovery.
func TestBackoffTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n <= 5 {
				return status(503)
			}
			return nil
		}
		d, j := start(t, s, nil)
		var all []*wire.Encoded
		for i := range 200 {
			all = append(all, low(fmt.Sprint(i)))
		}
		must(t, d.Queue(nil, all...))
		must(t, d.Flush(t.Context()))
		sends := s.sent()
		wait := []float64{1, 1, 2, 3, 5}
		for i, want := range wait {
			got := (sends[i+1].at - sends[i].at).Seconds()
			if got < want*0.9 || got > want*1.1 {
				t.Errorf("wait %d was %v s, want %v ± 10 %%", i, got, want)
			}
		}
		var sizes []int
		for _, c := range sends[5:] {
			sizes = append(sizes, len(c.messages))
		}
		if diff := cmp.Diff([]int{10, 10, 20, 30, 50, 80}, sizes); diff != "" {
			t.Error(diff)
		}
		synctest.Wait()
		if len(j.failed) != 0 || len(j.delivered) != 200 {
			t.Errorf("%d failed, %d delivered", len(j.failed), len(j.delivered))
		}
		for i, name := range j.delivered {
			if name != fmt.Sprint(i) {
				t.Fatalf("message %d is %s: the order was lost", i, name)
			}
		}
	})
}

func TestRetryAfterGoesBeforeTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n == 1 {
				return &transport.StatusError{Status: 503, RetryAfter: 42 * time.Second}
			}
			return nil
		}
		d, _ := start(t, s, nil)
		must(t, d.Queue(nil, low("a")))
		must(t, d.Flush(t.Context()))
		if got := s.sent()[1].at - s.sent()[0].at; got != 42*time.Second {
			t.Errorf("waited %v", got)
		}
	})
}

func TestAlertBreaksTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(n int, _ []*wire.Message) error {
			if n <= 6 {
				return errors.New("connection refused")
			}
			return nil
		}
		d, _ := start(t, s, nil)
		must(t, d.Queue(nil, low("a")))
		for len(s.sent()) < 5 { // the next wait is 5 s
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		before := time.Since(s.start)
		must(t, d.Queue(nil, alert()))
		synctest.Wait()
		sends := s.sent()
		if len(sends) != 6 || sends[5].at != before || namesOf(sends[5].messages) != "alert a" {
			t.Errorf("after the alert: %d calls", len(sends))
		}
		must(t, d.Queue(nil, alert()))
		synctest.Wait()
		if n := len(s.sent()); n != 6 {
			t.Errorf("a second alert within the base delay was tried at once (%d calls)", n)
		}
		must(t, d.Flush(t.Context()))
	})
}

// TestAttemptsByReliability: answers that mean failure use up attempts.
func TestAttemptsByReliability(t *testing.T) {
	tests := []struct {
		reliability wire.Reliability
		attempts    int // until it is given up, 0: never
	}{
		{wire.NoGuarantee, 4},
		{wire.BestEffort, 7},
		{wire.GuaranteedDelivery, 0},
	}
	for _, tc := range tests {
		t.Run(tc.reliability.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.onSend = func(int, []*wire.Message) error { return status(500) }
				d, j := start(t, s, nil)
				must(t, d.Queue(nil, data("a", wire.Low, tc.reliability)))
				time.Sleep(time.Hour)
				synctest.Wait()
				if tc.attempts == 0 {
					if len(j.failed) != 0 || len(s.sent()) < 30 {
						t.Errorf("%d failed after %d calls", len(j.failed), len(s.sent()))
					}
					return
				}
				if len(s.sent()) != tc.attempts || len(j.failed) != 1 {
					t.Fatalf("%d attempts, %d failed", len(s.sent()), len(j.failed))
				}
				var refused *dispatch.RefusedError
				if !errors.As(j.errs[0], &refused) || refused.Attempts != tc.attempts {
					t.Errorf("error %v", j.errs[0])
				}
				if d.Waiting() != 0 {
					t.Error("the capacity was not given back")
				}
				if n := d.Counters().MessagesRetried; n != int64(tc.attempts-1) {
					t.Errorf("%d retried", n)
				}
			})
		})
	}
}

// TestUnreachableServerUsesNoAttempts: a server that is away, or says that it
// cannot serve now, loses nothing.
func TestUnreachableServerUsesNoAttempts(t *testing.T) {
	for name, away := range map[string]error{
		"network":     errors.New("no route to host"),
		"503":         status(503),
		"408":         status(408),
		"429":         status(429),
		"credentials": fmt.Errorf("post: %w", transport.ErrUnauthorized),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				back := time.Now().Add(7 * 24 * time.Hour)
				s.onSend = func(int, []*wire.Message) error {
					if time.Now().Before(back) {
						return away
					}
					return nil
				}
				d, j := start(t, s, nil)
				must(t, d.Queue(nil, data("a", wire.Low, wire.NoGuarantee)))
				must(t, d.Flush(t.Context()))
				synctest.Wait()
				if len(j.failed) != 0 || len(j.delivered) != 1 {
					t.Errorf("failed %v, delivered %v", j.failed, j.delivered)
				}
			})
		})
	}
}

// TestOneBadMessageHoldsNothing: the server refuses each call that holds a bad
// message; only those are given up.
func TestOneBadMessageHoldsNothing(t *testing.T) {
	for _, code := range []int{400, 404, 409, 413} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.onSend = func(_ int, ms []*wire.Message) error {
					for _, m := range ms {
						if strings.HasPrefix(m.Data.Items[0].Value.Text(), "bad") {
							return status(code)
						}
					}
					return nil
				}
				d, j := start(t, s, nil)
				var all []*wire.Encoded
				var want []string
				for i := range 100 {
					name := fmt.Sprint(i)
					if i == 17 || i == 63 {
						name = "bad" + name
					} else {
						want = append(want, name)
					}
					all = append(all, data(name, wire.Low, wire.GuaranteedDelivery))
				}
				must(t, d.Queue(nil, all...))
				must(t, d.Flush(t.Context()))
				synctest.Wait()
				if diff := cmp.Diff([]string{"bad17", "bad63"}, j.failed); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(want, j.delivered); diff != "" {
					t.Errorf("the others were lost or reordered: %s", diff)
				}
			})
		})
	}
}

func TestFailureInTheMiddleOfIsolating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(n int, ms []*wire.Message) error {
			if n == 3 {
				return errors.New("reset by peer")
			}
			for _, m := range ms {
				if m.Data.Items[0].Value.Text() == "bad" {
					return status(400)
				}
			}
			return nil
		}
		d, j := start(t, s, nil)
		must(t, d.Queue(nil, low("a"), low("b"), low("bad"), low("c")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff([]string{"a", "b", "c"}, j.delivered); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"bad"}, j.failed); diff != "" {
			t.Error(diff)
		}
	})
}

// TestUnreadableAnswerIsDelivery: the status counts, whatever follows it.
func TestUnreadableAnswerIsDelivery(t *testing.T) {
	for name, answer := range map[string]error{"malformed": transport.ErrMalformed, "too large": transport.ErrTooLarge} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.onSend = func(int, []*wire.Message) error { return fmt.Errorf("answer: %w", answer) }
				d, j := start(t, s, nil)
				must(t, d.Queue(nil, low("a")))
				must(t, d.Flush(t.Context()))
				synctest.Wait()
				if len(j.delivered) != 1 || len(s.sent()) != 1 || d.Counters().ProtocolErrors != 1 {
					t.Errorf("delivered %v in %d calls", j.delivered, len(s.sent()))
				}
			})
		})
	}
}

// TestFailureInTheFirstHalfOfIsolating: what was not tried yet stays behind what
// failed.
func TestFailureInTheFirstHalfOfIsolating(t *testing.T) {
	for name, failure := range map[string]error{"no answer": errAway, "an attempt": status(500)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.block = make(chan struct{})
				s.onSend = func(n int, ms []*wire.Message) error {
					if n == 3 {
						return failure
					}
					for _, m := range ms {
						if m.Data.Items[0].Value.Text() == "bad" {
							return status(400)
						}
					}
					return nil
				}
				d, j := start(t, s, nil)
				must(t, d.Queue(nil, low("first")))
				synctest.Wait()
				must(t, d.Queue(nil, low("a"), low("b"), low("bad"), low("c")))
				close(s.block)
				must(t, d.Flush(t.Context()))
				synctest.Wait()
				if diff := cmp.Diff([]string{"first", "a", "b", "c"}, j.delivered); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestDoneIsCalledOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(_ int, ms []*wire.Message) error {
			if namesOf(ms) == "bad" {
				return status(400)
			}
			return nil
		}
		d, j := start(t, s, nil)
		var heard []error
		done := func(err error) { heard = append(heard, err) }
		must(t, d.Queue(done, low("good")))
		must(t, d.Flush(t.Context()))
		must(t, d.Queue(done, low("bad")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if len(heard) != 2 || heard[0] != nil || !errors.As(heard[1], new(*dispatch.RefusedError)) {
			t.Errorf("heard %v", heard)
		}
		if len(j.failed) != 0 {
			t.Error("the reporter heard of a message that has a done function")
		}
	})
}

func TestPanickingHooksEndNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.onSend = func(int, []*wire.Message) error { return status(400) }
		d, j := start(t, s, nil)
		j.onFailed = func() { panic("hook") }
		must(t, d.Queue(nil, low("a")))
		must(t, d.Queue(func(error) { panic("done") }, low("b")))
		must(t, d.Queue(nil, low("c")))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if diff := cmp.Diff([]string{"a", "c"}, j.failed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFlushAndWaitCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.block = make(chan struct{})
		d, _ := start(t, s, func(c *dispatch.Config) { c.QueueSize = 2 })
		must(t, d.Flush(t.Context())) // nothing waits
		must(t, d.WaitCapacity(t.Context(), 2))
		must(t, d.Queue(nil, low("a"), low("b")))
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Flush(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("flush: %v", err)
		}
		if err := d.WaitCapacity(short, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("capacity: %v", err)
		}
		if err := d.WaitCapacity(t.Context(), 3); !errors.As(err, new(*dispatch.FullError)) {
			t.Errorf("more than the queue holds: %v", err)
		}
		room := make(chan error)
		go func() { room <- d.WaitCapacity(t.Context(), 2) }()
		synctest.Wait()
		close(s.block)
		must(t, <-room)
	})
}

func TestBuffersAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		d, j := start(t, s, nil)
		for i := range 50 {
			must(t, d.Queue(nil, low(fmt.Sprint(i))))
			must(t, d.Flush(t.Context()))
		}
		synctest.Wait()
		for i, name := range j.delivered {
			if name != fmt.Sprint(i) {
				t.Fatalf("message %d came out as %s", i, name)
			}
		}
	})
}

func TestQueueRefusesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := start(t, newServer(), nil)
		if err := d.Queue(nil); !errors.Is(err, dispatch.ErrEmpty) {
			t.Errorf("error %v", err)
		}
	})
}
