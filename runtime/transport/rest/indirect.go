package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

var (
	// ErrIndirectRefused says that the server refuses an indirectly connected
	// device: it is bound to another gateway, not enrolled, or its secret is wrong.
	ErrIndirectRefused = errors.New("the server refuses the indirectly connected device")
	// ErrIndirectRequest refuses a registration without hardware id or model.
	ErrIndirectRequest = errors.New("an indirectly connected device needs a hardware id and at least one device model")
)

// Indirect describes an indirectly connected device to be registered through a
// gateway (docs/protocol/transport.md §7).
type Indirect struct {
	HardwareID string
	Models     []string          // URNs, at least one
	Metadata   map[string]string // manufacturer and the like; names of fixed members are ignored
	// Restricted binds a device without a provisioned secret to this gateway: an
	// administrator must have enrolled it.
	Restricted bool
}

// ActivateIndirect registers an indirectly connected device and returns its
// endpoint id. Doing it again gives the same id.
//
// Errors: [ErrIndirectRequest], [ErrIndirectRefused], those of the connection.
func (c *Client) ActivateIndirect(ctx context.Context, d Indirect) (endpointID string, err error) {
	if d.HardwareID == "" || len(d.Models) == 0 {
		return "", ErrIndirectRequest
	}
	signature, err := c.indirectSignature(d)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(d.members(signature))
	if err != nil {
		return "", fmt.Errorf("encode the registration: %w", err)
	}
	r := request{
		method: http.MethodPost,
		path:   "/iot/api/v2/activation/indirect/device",
		query:  c.draftQuery(),
		body:   body,
		limit:  activationLimit,
	}
	a, err := c.call(ctx, r)
	if err != nil {
		if errors.Is(err, transport.ErrUnauthorized) {
			err = fmt.Errorf("%w: %w", ErrIndirectRefused, err)
		}
		return "", err
	}
	if a.status >= 400 && a.status < 500 {
		return "", fmt.Errorf("%w: %w", ErrIndirectRefused, a.failure(r))
	}
	answer, err := a.expect(r, http.StatusOK)
	if err != nil {
		return "", err
	}
	return parseActivation(answer)
}

// members are those of the request; the fixed ones win.
func (d *Indirect) members(signature []byte) map[string]any {
	m := make(map[string]any, len(d.Metadata)+3)
	for name, value := range d.Metadata {
		m[name] = value
	}
	m["hardwareId"] = d.HardwareID
	m["deviceModels"] = d.Models
	delete(m, "signature")
	if signature != nil {
		m["signature"] = base64.StdEncoding.EncodeToString(signature)
	}
	return m
}

// indirectSignature proves that the gateway may speak for the device: with the
// device's own secret if it is provisioned, with the gateway's key if the device
// is restricted to it, not at all otherwise.
func (c *Client) indirectSignature(d Indirect) ([]byte, error) {
	text := []byte(c.assets.EndpointID())
	signature, err := c.assets.SignWithSecret(d.HardwareID, text)
	switch {
	case err == nil:
		return signature, nil
	case !errors.Is(err, trust.ErrNoSecret):
		return nil, fmt.Errorf("sign for %s: %w", d.HardwareID, err)
	case d.Restricted:
		return c.signWithKey(text)
	}
	return nil, nil
}
