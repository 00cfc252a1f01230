package dispatch

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Config is what a dispatcher is made of. Zero values stand for the defaults,
// which are those of the official Java client (docs/protocol/dispatch.md §2.1).
type Config struct {
	Conn     transport.Conn
	Endpoint string // id of the device or gateway itself

	// Store, if not nil, keeps every DATA and ALERT that is not NO_GUARANTEE until
	// the server has it. What lies in it from earlier runs is sent first. It must
	// serve one dispatcher at a time; closing it is the caller's. Without it all
	// messages are in memory only.
	Store outbox.Store
	// Renew makes a Hold of what a message of an earlier run needs; see
	// [Hold].Needs. With [ErrBusy] it is asked again later; with any other error,
	// and without Renew, the message is given up. It is called without any lock
	// held.
	Renew func(needs []byte) (Hold, error)
	// QueueSize is the number of messages that may wait in memory. Default 10,000.
	// What is in the store does not count.
	QueueSize int
	// BatchSize is the largest number of messages in one call. Default 1,000.
	BatchSize int
	// NoLongPolling makes the device ask for requests every PollInterval, and
	// after sending, instead of having a call held by the server.
	NoLongPolling bool
	// PollInterval is used without long polling only; negative: ask only after
	// sending. Default 3 s.
	PollInterval time.Duration
	// HoldTime is how long the server is asked to hold a long poll. Default 60 s.
	HoldTime time.Duration
	// RequestBuffer bounds the requests that wait for a handler, in bytes.
	// Default and least 4,192.
	RequestBuffer int
	// RequestWorkers is how many handlers run at once, each for another
	// endpoint. Default 8.
	RequestWorkers int
	// RequestTimeout ends the context of a handler. Default 1 minute.
	RequestTimeout time.Duration
	// SettleTime is how long after the start a request that nobody handles is
	// kept for a handler to appear; negative: not at all. Default 10 s.
	SettleTime time.Duration
	// BaseDelay is the unit of the back-off table. Default 1 s, at least 100 ms.
	BaseDelay time.Duration
	// BaseRetries is the number of times that a message without guarantee is
	// sent again after the server refused it; one of best effort: twice that;
	// one of guaranteed delivery: without end. Default and least 3.
	BaseRetries int

	// Now is the clock for event times of answers. Required.
	Now func() time.Time
	// Reporter hears what happens. Required.
	Reporter Reporter
	// Logger gets what goes wrong. The parts of the dispatcher name themselves in
	// the attribute "component". Default: nothing is logged.
	Logger *slog.Logger
}

// Reporter hears what becomes of messages. Its methods are called one at a
// time, in the order of events, from a goroutine of the dispatcher and without
// any lock held; a panic is logged.
type Reporter interface {
	// Delivered is called with messages that the server accepted in one call.
	// They belong to the dispatcher again when it returns.
	Delivered(batch []*wire.Encoded)
	// Failed is called with a message that was given up, unless its done
	// function was called instead. m belongs to the dispatcher again when it
	// returns.
	//
	// err is a [*RefusedError], an *outbox.DropError, [ErrClosed], or what the
	// [Hold] of the message ended with. Of a message
	// whose record in the store is damaged only priority and reliability are
	// known: its JSON is nil.
	Failed(m *wire.Encoded, err error)
	// StateChanged is called once for each transition.
	StateChanged(from, to Status)
}

// setDefaults fills in defaults and refuses what makes no sense.
func (c *Config) setDefaults() error {
	if c.Conn == nil || c.Now == nil || c.Reporter == nil || c.Endpoint == "" {
		return errors.New("dispatch: connection, endpoint, clock and reporter are required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c.setNumbers()
}

// Check refuses numbers that make no sense, for callers that learn them before
// they can make a dispatcher. It changes nothing.
func (c *Config) Check() error {
	numbers := *c
	return numbers.setNumbers()
}

func (c *Config) setNumbers() error {
	setDefault(&c.QueueSize, 10_000)
	setDefault(&c.BatchSize, 1_000)
	setDefault(&c.PollInterval, 3*time.Second)
	setDefault(&c.HoldTime, time.Minute)
	setDefault(&c.RequestBuffer, 4192)
	setDefault(&c.RequestWorkers, 8)
	setDefault(&c.RequestTimeout, time.Minute)
	setDefault(&c.SettleTime, 10*time.Second)
	setDefault(&c.BaseDelay, time.Second)
	setDefault(&c.BaseRetries, 3)
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{c.QueueSize < 1, "queue size below 1"},
		{c.BatchSize < 1, "batch size below 1"},
		{c.HoldTime < time.Second, "hold time below 1 s"},
		{c.RequestBuffer < 4192, "request buffer below 4192 bytes"},
		{c.RequestWorkers < 1, "fewer than one request worker"},
		{c.RequestTimeout < 0, "negative request timeout"},
		{c.BaseDelay < 100*time.Millisecond, "base delay below 100 ms"},
		{c.BaseRetries < 3, "fewer than 3 retries"},
	} {
		if check.bad {
			return fmt.Errorf("dispatch: %s", check.text)
		}
	}
	return nil
}

func setDefault[T int | time.Duration](value *T, to T) {
	if *value == 0 {
		*value = to
	}
}
