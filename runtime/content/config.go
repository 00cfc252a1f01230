package content

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

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// MaxObjectLength is the largest object of a Swift-like store in bytes: 5 GiB
// and 2 bytes (max_file_size of OpenStack Swift).
const MaxObjectLength int64 = 5<<30 + 2

// Config is what a [Store] is made of. Zero values stand for the defaults.
type Config struct {
	// Conn is asked for container and token. Required.
	Conn transport.Conn
	// Assets give the endpoint id and the provisioned trust anchors. Required.
	Assets trust.Assets

	// Host is the part of a host name that marks the URIs of storage objects
	// before the container is known. Default "storage.oraclecloud.com"
	// (docs/protocol/storage.md §4.3).
	Host string
	// NoPrefix leaves the endpoint id out of the names of new objects
	// (docs/protocol/storage.md §3).
	NoPrefix bool
	// Insecure allows plain HTTP to any host. Content and token are then open
	// to everybody on the way.
	Insecure bool

	// QueueSize is how many transfers may wait. Default 50.
	QueueSize int
	// Transfers is how many are under way at once. Default 4.
	Transfers int
	// Attempts is how often the content of one object is asked for or sent, at
	// most, when connections break or checksums differ; a download that goes on
	// where it was cut counts only if it hardly got on. A refused token is
	// renewed once per attempt. Default 2 (docs/protocol/storage.md §5.4).
	Attempts int
	// Patience is how long a transfer is tried again, with growing pauses of up
	// to a minute, while store or server cannot be reached or answer 408, 429 or
	// 5xx. Default 0: such a failure ends the transfer.
	Patience time.Duration
	// TokenAge is the age after which the token is renewed before it is used;
	// negative: never for its age. Default 30 minutes (docs/protocol/storage.md §2).
	TokenAge time.Duration
	// ResponseTimeout is how long a transfer may make no progress. Time in which
	// a reader or writer of the application works does not count. Default 15 s
	// (docs/protocol/storage.md §5.7).
	ResponseTimeout time.Duration
	// MaxLength is the largest content in bytes, in both directions. Default
	// and most [MaxObjectLength].
	MaxLength int64

	// TLS, if not nil, is the base of the TLS configuration. Versions below 1.2
	// and switching certificate checks off are refused. RootCAs replace the
	// default: the platform's roots and the provisioned anchors.
	TLS *tls.Config
	// Dial, if not nil, makes connections instead of a net.Dialer. Required in
	// bubbles of testing/synctest.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Proxy chooses the proxy of a request. Default: by the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// Logger gets what goes wrong. Default: nothing is logged.
	Logger *slog.Logger

	disk disk // makes all changes to files; tests let it fail
}

// Errors of New.
var (
	errRequired = errors.New("content: connection and credentials are required")
	errUnsafe   = errors.New("content: certificate checks cannot be switched off")
	errOldTLS   = errors.New("content: TLS versions below 1.2 cannot be used")
)

// Check refuses values that make no sense, for callers that learn them before
// they can make a Store. It changes nothing, and Conn and Assets may be nil.
func (c *Config) Check() error {
	numbers := *c
	return numbers.setDefaults()
}

func (c *Config) setDefaults() error {
	setDefault(&c.Host, "storage.oraclecloud.com")
	setDefault(&c.QueueSize, 50)
	setDefault(&c.Transfers, 4)
	setDefault(&c.Attempts, 2)
	setDefault(&c.TokenAge, 30*time.Minute)
	setDefault(&c.ResponseTimeout, 15*time.Second)
	setDefault(&c.MaxLength, MaxObjectLength)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{c.QueueSize < 1, "queue size below 1"},
		{c.Transfers < 1 || c.Transfers > 64, "transfers at once outside 1 to 64"},
		{c.Attempts < 1, "fewer than one attempt"},
		{c.Patience < 0, "negative patience"},
		{c.ResponseTimeout < 0, "negative response timeout"},
		{c.MaxLength < 0 || c.MaxLength > MaxObjectLength, "largest length outside 1 byte to 5 GiB"},
	} {
		if check.bad {
			return fmt.Errorf("content: %s", check.text)
		}
	}
	return c.checkTLS()
}

func (c *Config) checkTLS() error {
	switch t := c.TLS; {
	case t == nil:
		return nil
	case t.InsecureSkipVerify:
		return errUnsafe
	case t.MinVersion != 0 && t.MinVersion < tls.VersionTLS12, t.MaxVersion != 0 && t.MaxVersion < tls.VersionTLS12:
		return errOldTLS
	}
	return nil
}

func setDefault[T comparable](value *T, to T) {
	var zero T
	if *value == zero {
		*value = to
	}
}
