package devicetest

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Client is a [device.Client] for unit tests. All methods may be called from
// any goroutine.
type Client struct {
	mu       sync.Mutex
	virtuals map[key]*device.Virtual
	sent     []Message
	waiting  []pending
	refusal  error
	now      time.Time // zero: the real clock
}

var _ device.Client = (*Client)(nil)

type key struct{ endpoint, urn string }

// pending is an accepted message whose fate the test has not decided yet.
type pending struct {
	message wire.Encoded
	done    func(error)
}

// New returns a client that accepts every message.
func New() *Client {
	return &Client{virtuals: make(map[key]*device.Virtual)}
}

// Attach implements [device.Client].
func (c *Client) Attach(v *device.Virtual) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := key{v.EndpointID(), v.Model().URN}
	if c.virtuals[k] != nil {
		return device.ErrDuplicate
	}
	c.virtuals[k] = v
	return nil
}

// Detach implements [device.Client].
func (c *Client) Detach(v *device.Virtual) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := key{v.EndpointID(), v.Model().URN}
	if c.virtuals[k] == v {
		delete(c.virtuals, k)
	}
}

// Enqueue implements [device.Client]: it records the message.
func (c *Client) Enqueue(m *wire.Encoded, done func(error)) (device.Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal != nil {
		return device.Receipt{}, c.refusal
	}
	kept := *m
	kept.JSON = bytes.Clone(m.JSON)
	decoded, err := wire.DecodeMessage(kept.JSON)
	if err != nil {
		return device.Receipt{}, fmt.Errorf("devicetest: the device sent a message that cannot be read: %w", err)
	}
	c.sent = append(c.sent, c.typed(&kept, decoded))
	c.waiting = append(c.waiting, pending{message: kept, done: done})
	return device.Receipt{}, nil
}

// Now implements [device.Client].
func (c *Client) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.IsZero() {
		return time.Now()
	}
	return c.now
}

// SetNow stops the clock at t; the zero time lets the real clock run again.
func (c *Client) SetNow(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Refuse makes the client refuse every further message with err, such as a
// [*device.QueueFullError]; nil accepts messages again.
func (c *Client) Refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = err
}

// Sent returns the messages accepted since the start or the last [Client.Reset],
// in order.
func (c *Client) Sent() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Message(nil), c.sent...)
}

// Reset forgets the recorded messages; those that wait for [Client.Deliver] or
// [Client.Fail] keep waiting.
func (c *Client) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = nil
}

// Deliver reports every waiting message as delivered and returns how many there
// were.
func (c *Client) Deliver() int {
	waiting := c.take()
	for _, p := range waiting {
		if p.done != nil {
			p.done(nil)
		}
	}
	return len(waiting)
}

// Fail gives up every waiting message for the reason err, which must not be nil:
// error hooks run before Fail returns. It returns how many messages there were.
func (c *Client) Fail(err error) int {
	waiting := c.take()
	for i := range waiting {
		p := &waiting[i]
		if p.done != nil {
			p.done(err)
			continue
		}
		if v := c.owner(p.message.Source, p.message.Format); v != nil {
			v.DeliveryFailed(&p.message, err)
		}
	}
	return len(waiting)
}

func (c *Client) take() []pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.waiting
	c.waiting = nil
	return waiting
}

// owner finds the virtual device of a message.
func (c *Client) owner(endpoint, format string) *device.Virtual {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ownerOf(endpoint, format)
}

// ownerOf is owner for callers that hold the lock.
func (c *Client) ownerOf(endpoint, format string) *device.Virtual {
	for k, v := range c.virtuals {
		if k.endpoint == endpoint && v.Serves(format) {
			return v
		}
	}
	return nil
}
