package device

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// formatTest is the format of connectivity messages
// (docs/protocol/messages.md §7.2).
const formatTest = capabilityDiagnostic + ":test_message"

// Bounds on a connectivity test; the size is that of the official clients.
const (
	maxTestSize     = 4096
	maxTestInterval = 24 * 60 * 60 * 1000 // ms
	maxTestCount    = 1_000_000
)

// connectivity serves diagnostics/testConnectivity: on request it sends test
// messages at an interval, from a goroutine of its own.
type connectivity struct {
	d *Device

	mu     sync.Mutex
	state  testState
	closed bool
	cancel context.CancelFunc // of the last test
	done   chan struct{}      // closed when the last test has ended
}

// testState is what GET answers.
type testState struct {
	Active   bool `json:"active"`
	Count    int  `json:"count"`
	Current  int  `json:"currentCount"`
	Interval int  `json:"interval"` // ms
	Size     int  `json:"size"`     // bytes
}

func (c *connectivity) serve(r *wire.Request) *wire.Response {
	if r.EffectiveMethod() == http.MethodGet {
		c.mu.Lock()
		defer c.mu.Unlock()
		return answerJSON(c.state)
	}
	var wish struct {
		Active                *bool
		Count, Interval, Size *int
	}
	if json.Unmarshal(r.Body, &wish) != nil || wish.Active == nil {
		return refuse(http.StatusBadRequest, "error parsing the body, check parameters")
	}
	if !*wish.Active {
		c.stop()
		return &wire.Response{StatusCode: http.StatusOK}
	}
	if wish.Count == nil || wish.Interval == nil || wish.Size == nil {
		return refuse(http.StatusBadRequest, "error parsing the body, check parameters: count, interval and size are needed")
	}
	return c.begin(*wish.Count, *wish.Interval, *wish.Size)
}

// begin starts a test unless one runs.
func (c *connectivity) begin(count, interval, size int) *wire.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return refuse(http.StatusServiceUnavailable, "the device is closing")
	case c.state.Active:
		return refuse(http.StatusConflict, "already running")
	case count < 1 || count > maxTestCount || interval < 1 || interval > maxTestInterval || size < 1 || size > maxTestSize:
		c.state = testState{}
		return refuse(http.StatusBadRequest, "count must be 1 to 1000000, interval 1 to 86400000 ms, size 1 to 4096 bytes")
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.done = cancel, make(chan struct{})
	c.state = testState{Active: true, Count: count, Interval: interval, Size: size}
	go func(done chan struct{}) {
		defer close(done)
		c.run(ctx, count, time.Duration(interval)*time.Millisecond, strings.Repeat("*", size))
	}(c.done)
	return &wire.Response{StatusCode: http.StatusOK}
}

// run sends the messages. One that does not fit into the queue is left out.
func (c *connectivity) run(ctx context.Context, count int, interval time.Duration, payload string) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := range count {
		err := c.d.Queue(DataMessage(formatTest,
			wire.Item{Name: "count", Value: wire.IntegerValue(int64(count))},
			wire.Item{Name: "current", Value: wire.IntegerValue(int64(i))},
			wire.Item{Name: "payload", Value: wire.StringValue(payload)},
		))
		if err != nil {
			c.d.component("connectivity").Warn("a connectivity message was not sent", "current", i, "error", err)
		} else {
			c.update(ctx, func(s *testState) { s.Current++ })
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	c.update(ctx, func(s *testState) { s.Active = false }) // the numbers stay, as with the Java client
}

// update changes the state of the test whose context ctx is, if it still runs.
func (c *connectivity) update(ctx context.Context, change func(*testState)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() == nil {
		change(&c.state)
	}
}

// stop ends a running test and forgets its numbers.
func (c *connectivity) stop() {
	c.mu.Lock()
	done := c.done
	if c.cancel != nil {
		c.cancel()
	}
	c.state = testState{}
	c.mu.Unlock()
	if done != nil {
		<-done
	}
}

// close ends the test for good.
func (c *connectivity) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
}
