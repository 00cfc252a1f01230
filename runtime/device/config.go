package device

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

// Option changes how a device works. Options are checked when the device is
// opened; a value out of range is an error of [Open].
type Option func(*config) error

// config collects the options of a device. Zero values stand for the defaults
// of the packages that they are passed on to.
type config struct {
	log      *slog.Logger
	levels   map[string]slog.Level
	rest     rest.Config
	dispatch dispatch.Config
	storage  content.Config
	models   modelConfig
	drift    Drift
	gateway  bool
	policy   policyConfig
	state    string // folder; "" keeps nothing
	outbox   outboxConfig
	meters   metric.MeterProvider

	undelivered func(Delivery, error)

	diagnostics diagnosticsConfig
}

var errNegative = errors.New("must not be negative")

// WithTLSConfig sets the base of the TLS configuration. Root certificates in it
// go before the provisioned ones. Versions below 1.2 and switching certificate
// checks off are refused.
func WithTLSConfig(t *tls.Config) Option {
	return func(c *config) error {
		c.rest.TLS = t
		return nil
	}
}

// WithDialer makes connections with dial instead of a net.Dialer.
func WithDialer(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(c *config) error {
		c.rest.Dial = dial
		return nil
	}
}

// WithProxy chooses the proxy of each call. Without it the environment does
// (HTTPS_PROXY, NO_PROXY).
func WithProxy(proxy func(*http.Request) (*url.URL, error)) Option {
	return func(c *config) error {
		c.rest.Proxy = proxy
		return nil
	}
}

// WithResponseTimeout sets how long a call may make no progress. Default 15 s
// (docs/protocol/dispatch.md §2.1).
func WithResponseTimeout(d time.Duration) Option {
	return positive("response timeout", d, func(c *config) { c.rest.ResponseTimeout = d })
}

// WithDraftModels allows empty draft models: at activation the server may make
// them for models that it does not know, and [Device.Model] returns them. Default
// false (docs/protocol/device-models.md §8).
func WithDraftModels(on bool) Option {
	return func(c *config) error {
		c.rest.AllowDrafts = on
		c.models.drafts = on
		return nil
	}
}

// WithQueueSize sets how many messages may wait for sending. Default 10,000.
func WithQueueSize(n int) Option {
	return positive("queue size", n, func(c *config) { c.dispatch.QueueSize = n })
}

// WithMaxMessagesPerPost sets how many messages one call carries at most.
// Default 1,000.
func WithMaxMessagesPerPost(n int) Option {
	return positive("messages per post", n, func(c *config) { c.dispatch.BatchSize = n })
}

// WithLongPolling chooses how the device learns of requests: true (the default)
// has a call held by the server, false asks every polling interval and with each
// call that sends.
func WithLongPolling(on bool) Option {
	return func(c *config) error {
		c.dispatch.NoLongPolling = !on
		return nil
	}
}

// WithPollingInterval sets the time between two polls; it has no effect with
// long polling. 0 polls only after sending. Default 3 s.
func WithPollingInterval(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("polling interval %v: %w", d, errNegative)
		}
		if d == 0 {
			d = -1
		}
		c.dispatch.PollInterval = d
		return nil
	}
}

// WithHoldTime sets how long the server is asked to hold a long poll. Default
// 60 s, at least 1 s.
func WithHoldTime(d time.Duration) Option {
	return positive("hold time", d, func(c *config) { c.dispatch.HoldTime = d })
}

// WithLongPollOffset sets how long the answer to a long poll may take beyond the
// hold time before the call counts as dead. It has to cover making a connection
// and the way of the answer: the 100 ms of the official clients
// (docs/protocol/configuration.md §3) are short for a radio link. Default: the
// response timeout.
func WithLongPollOffset(d time.Duration) Option {
	return positive("long-poll offset", d, func(c *config) { c.rest.LongPollOffset = d })
}

// WithRequestBuffer sets how many bytes of requests may wait for handlers.
// Default and least 4,192.
func WithRequestBuffer(bytes int) Option {
	return positive("request buffer", bytes, func(c *config) { c.dispatch.RequestBuffer = bytes })
}

// WithRequestWorkers sets how many handlers run at once, each for another
// endpoint. Default 8.
func WithRequestWorkers(n int) Option {
	return positive("request workers", n, func(c *config) { c.dispatch.RequestWorkers = n })
}

// WithRequestTimeout ends the context of a handler after d. Default 1 minute.
func WithRequestTimeout(d time.Duration) Option {
	return positive("request timeout", d, func(c *config) { c.dispatch.RequestTimeout = d })
}

// WithSettleTime sets how long after the start a request that nothing handles is
// kept for a handler to appear; 0 answers 404 at once. Default 10 s
// (docs/protocol/dispatch.md §9.3).
func WithSettleTime(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("settle time %v: %w", d, errNegative)
		}
		if d == 0 {
			d = -1
		}
		c.dispatch.SettleTime = d
		return nil
	}
}

// WithBackoff sets the unit of the back-off table. Default 1 s, at least 100 ms
// (docs/protocol/dispatch.md §4).
func WithBackoff(base time.Duration) Option {
	return positive("back-off", base, func(c *config) { c.dispatch.BaseDelay = base })
}

// WithBaseRetries sets how often a message without guarantee is sent again after the
// server refused it; one of best effort twice as often. Default and least 3.
func WithBaseRetries(n int) Option {
	return positive("retries", n, func(c *config) { c.dispatch.BaseRetries = n })
}

// WithModelStore makes [Device.Model] look for dm-*.json files in dir before it
// asks the server, and keep there what it fetched. Files go before the server
// and are never refreshed, as with the official clients
// (docs/protocol/device-models.md §9); see [WithModelRefresh].
func WithModelStore(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("model store: no folder given")
		}
		c.models.store.Dir = dir
		c.models.stored = true
		return nil
	}
}

// WithModelRefresh makes [Device.Model] fetch models again whose file in the
// model store is older than d. The old file serves while the server cannot be
// reached.
func WithModelRefresh(d time.Duration) Option {
	return positive("model refresh", d, func(c *config) { c.models.refresh = d })
}

// Drift says what to do when the server's device model is not the one that the
// program was generated from.
type Drift uint8

// What OnDrift takes.
const (
	Warn   Drift = iota // log a warning; the default
	Ignore              // do not even fetch the server's model
	Error               // log, and let setters of the model fail with a *DriftError
)

// OnDrift sets what happens when the server's device model differs from the one
// that a virtual device uses. They are compared once per URN, in the background
// after the first contact.
func OnDrift(d Drift) Option {
	return func(c *config) error {
		if d > Error {
			return fmt.Errorf("drift %d: use Warn, Ignore or Error", d)
		}
		c.drift = d
		return nil
	}
}

// positive is an option that takes values above 0.
func positive[T int | int64 | time.Duration](what string, value T, set func(*config)) Option {
	return func(c *config) error {
		if value <= 0 {
			return fmt.Errorf("%s %v: must be above 0", what, value)
		}
		set(c)
		return nil
	}
}
