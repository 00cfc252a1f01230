package devicetest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Device is a generated device type or anything else that stands on a virtual
// device.
type Device interface {
	Virtual() *device.Virtual
}

// Answer is what the cloud gets back for a request.
type Answer struct {
	Status int    // 202 when the device accepted (docs/protocol/messages.md §8)
	Text   string // body; says why a request was refused
}

// Write plays a write of the cloud to one attribute, by name or alias. value is
// sent as JSON: numbers, texts and booleans as they are, a time.Time in
// milliseconds, a [device.URI] as text.
func (c *Client) Write(ctx context.Context, d Device, attribute string, value any) Answer {
	v := d.Virtual()
	return c.request(ctx, v, "PUT", "attributes/"+attribute, body([]Value{Named("value", value)}))
}

// WriteSeveral plays one write of the cloud to several attributes.
func (c *Client) WriteSeveral(ctx context.Context, d Device, values ...Value) Answer {
	return c.request(ctx, d.Virtual(), "PATCH", "attributes", body(values))
}

// Call plays an action of the cloud. The argument of an action of the older
// form is named "value".
func (c *Client) Call(ctx context.Context, d Device, action string, args ...Value) Answer {
	return c.request(ctx, d.Virtual(), "POST", "actions/"+action, body(args))
}

// Request plays any request of the cloud to the device's model; path is what
// follows the model's URN, such as "attributes/speed".
func (c *Client) Request(ctx context.Context, d Device, method, path string, body []byte) Answer {
	return c.request(ctx, d.Virtual(), method, path, body)
}

func (c *Client) request(ctx context.Context, v *device.Virtual, method, path string, body []byte) Answer {
	c.mu.Lock()
	attached := c.virtuals[key{v.EndpointID(), v.Model().URN}] == v
	c.mu.Unlock()
	if !attached {
		return Answer{Status: 404}
	}
	r := v.ServeRequest(ctx, &wire.Request{
		Method: method,
		URL:    "deviceModels/" + v.Model().URN + "/" + path,
		Body:   body,
	})
	return Answer{Status: r.StatusCode, Text: string(r.Body)}
}

// body encodes values as a JSON object, in their order. A value that JSON cannot
// carry is a fault of the test and panics.
func body(values []Value) []byte {
	text := []byte{'{'}
	for i, v := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, encode(v.Name)...)
		text = append(text, ':')
		text = append(text, encode(v.Value)...)
	}
	return append(text, '}')
}

func encode(v any) []byte {
	switch x := v.(type) {
	case time.Time:
		v = x.UnixMilli()
	case device.URI:
		v = x.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("devicetest: %T cannot be sent as JSON: %v", v, err))
	}
	return text
}
