package rest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// slack is what an answer with requests may be larger than what was offered.
const slack = 64 << 10

const messagesPath = "/iot/api/v2/messages"

// Send implements [transport.Conn]. An answer that cannot be read after a status
// of success is [transport.ErrMalformed] or [transport.ErrTooLarge]: the messages
// were taken.
func (c *Client) Send(ctx context.Context, body []byte, acceptBytes int) (transport.Received, error) {
	return c.messages(ctx, request{
		method: http.MethodPost,
		path:   messagesPath,
		query:  "acceptBytes=" + strconv.Itoa(acceptBytes),
		body:   body,
		limit:  int64(acceptBytes) + slack,
	})
}

// Receive implements [transport.Conn].
func (c *Client) Receive(ctx context.Context, acceptBytes int, hold time.Duration) (transport.Received, error) {
	r := request{
		method: http.MethodPost,
		path:   messagesPath,
		query:  "acceptBytes=" + strconv.Itoa(acceptBytes),
		limit:  int64(acceptBytes) + slack,
	}
	if hold > 0 {
		r.hold = hold
		r.query += "&iot.sync&iot.timeout=" + strconv.FormatInt(max(1, int64(hold/time.Second)), 10)
	}
	return c.messages(ctx, r)
}

func (c *Client) messages(ctx context.Context, r request) (transport.Received, error) {
	a, err := c.call(ctx, r)
	if err != nil {
		return transport.Received{}, err
	}
	body, err := a.expect(r, http.StatusAccepted, http.StatusOK)
	if err != nil {
		return transport.Received{}, err
	}
	got := transport.Received{}
	if n, err := strconv.Atoi(a.header.Get("X-min-acceptBytes")); err == nil && n > 0 {
		got.MinAcceptBytes = n
	}
	if len(body) == 0 {
		return got, nil
	}
	if got.Requests, err = wire.SplitArray(body); err != nil {
		return got, fmt.Errorf("%s %s: %w: %w", r.method, r.path, transport.ErrMalformed, err)
	}
	return got, nil
}

// Get implements [transport.Conn].
func (c *Client) Get(ctx context.Context, resource transport.Resource) ([]byte, error) {
	return c.resource(ctx, http.MethodGet, resource, nil)
}

// Post implements [transport.Conn].
func (c *Client) Post(ctx context.Context, resource transport.Resource, body []byte) ([]byte, error) {
	return c.resource(ctx, http.MethodPost, resource, body)
}

func (c *Client) resource(ctx context.Context, method string, resource transport.Resource, body []byte) ([]byte, error) {
	root := "/iot/api/v2/"
	if resource.Root == transport.PrivateRoot {
		root = "/iot/privateapi/v2/"
	}
	r := request{method: method, path: root + resource.Path, query: resource.Query, body: body, limit: resource.Limit}
	a, err := c.call(ctx, r)
	if err != nil {
		return nil, err
	}
	return a.expect(r, http.StatusOK, http.StatusAccepted)
}
