package rest

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/httpconn"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// Client is a [transport.Conn] over HTTPS, and what activates a device. It makes
// no call by itself.
type Client struct {
	assets  trust.Assets
	http    *httpconn.Transport
	base    string
	timeout time.Duration
	offset  time.Duration
	drafts  bool
	log     *slog.Logger
	skew    atomic.Int64 // ns
	tokens  tokens
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
}

var _ transport.Conn = (*Client)(nil)

// New returns a client for the server that the credentials name. It does no I/O.
// It fails with [transport.ErrUnsupported] if that server is not reached by HTTPS.
func New(config Config) (*Client, error) {
	if config.Assets == nil {
		return nil, errAssets
	}
	if config.ResponseTimeout < 0 || config.LongPollOffset < 0 {
		return nil, errBadTimeout
	}
	if config.ResponseTimeout == 0 {
		config.ResponseTimeout = defaultResponseTimeout
	}
	if config.LongPollOffset == 0 {
		config.LongPollOffset = config.ResponseTimeout
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	base, err := config.base()
	if err != nil {
		return nil, err
	}
	hc, err := config.transport()
	if err != nil {
		return nil, err
	}
	c := &Client{
		assets:  config.Assets,
		http:    hc,
		base:    base,
		timeout: config.ResponseTimeout,
		offset:  config.LongPollOffset,
		drafts:  config.AllowDrafts,
		log:     config.Logger,
		tokens:  tokens{turn: make(chan struct{}, 1)},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Skew is what has to be added to the local clock to get the server's; 0 until
// the server refused an assertion and told its time.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// now is the server's time as far as it is known.
func (c *Client) now() time.Time { return time.Now().Add(c.Skew()) }

// Close ends calls under way and releases connections.
func (c *Client) Close() error {
	c.cancel()
	c.http.Close()
	return nil
}
