package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// modelLimit is the largest device model in bytes.
const modelLimit = 16 << 20

// ErrModelNotFound says that the server has no device model of that URN.
var ErrModelNotFound = errors.New("the server has no such device model")

// DeviceModel fetches the device model with the given URN as the server writes
// it (docs/protocol/device-models.md §6). It fails with [ErrModelNotFound] if the
// server has none.
func (c *Client) DeviceModel(ctx context.Context, urn string) ([]byte, error) {
	body, err := c.Get(ctx, transport.Resource{
		Path:  "deviceModels/" + escapeURN(urn),
		Query: "expand=formats",
		Limit: modelLimit,
	})
	var status *transport.StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return nil, fmt.Errorf("device model %s: %w: %w", urn, ErrModelNotFound, err)
	}
	return body, err
}

// escapeURN puts a URN into a path as the Java client does: colons and slashes
// stay, what no path may hold is percent-encoded, and non-ASCII bytes too.
func escapeURN(urn string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(urn) {
		c := urn[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("%?#\"<>\\^`{|}", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
