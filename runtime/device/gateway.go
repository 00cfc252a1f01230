package device

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// Gateway is a [Device] with indirectly connected devices behind it. Their
// messages and requests go through its one connection: virtual devices, and so
// generated packages, are made with the gateway as client and the endpoint id of
// the indirectly connected device.
type Gateway struct {
	*Device
}

// Metadata describes an indirectly connected device to the server; other keys
// than those below are taken too.
type Metadata map[string]string

// Keys of Metadata (docs/protocol/virtual-devices.md §12).
const (
	Manufacturer        = "manufacturer"
	ModelNumber         = "modelNumber"
	SerialNumber        = "serialNumber"
	DeviceClass         = "deviceClass"
	Protocol            = "protocol"
	ProtocolDeviceClass = "protocolDeviceClass"
	ProtocolDeviceID    = "protocolDeviceId"
)

// Conditions of registering indirectly connected devices.
var (
	// ErrIndirectRefused: the server refuses the indirectly connected device.
	ErrIndirectRefused = rest.ErrIndirectRefused
	// ErrIndirectRequest: a registration without hardware id or device model.
	ErrIndirectRequest = rest.ErrIndirectRequest
)

const capabilityIndirect = capabilityPrefix + "indirect_activation"

// OpenGateway is [Open] for a gateway.
func OpenGateway[P string | []byte](ctx context.Context, conf string, passphrase P, opts ...Option) (*Gateway, error) {
	d, err := Open(ctx, conf, passphrase, append([]Option{asGateway}, opts...)...)
	if err != nil {
		return nil, err
	}
	return &Gateway{d}, nil
}

// OpenGatewayAssets is [OpenAssets] for a gateway.
func OpenGatewayAssets(ctx context.Context, assets trust.Assets, opts ...Option) (*Gateway, error) {
	d, err := OpenAssets(ctx, assets, append([]Option{asGateway}, opts...)...)
	if err != nil {
		return nil, err
	}
	return &Gateway{d}, nil
}

func asGateway(c *config) error {
	c.gateway = true
	return nil
}

// Registration names an indirectly connected device.
type Registration struct {
	HardwareID string
	Models     []string // URNs of its device models, at least one
	Metadata   Metadata
	// Restricted makes the server take the device only if an administrator
	// enrolled it for this gateway. A device whose secret is in the gateway's
	// provisioning file is proved by that secret, restricted or not.
	Restricted bool
}

// RegisterDevice makes an indirectly connected device known to the server and
// returns its endpoint id. It is called at every start: the same hardware id
// gives the same endpoint id.
//
// Errors: [ErrIndirectRequest], [ErrIndirectRefused], [ErrNotActivated],
// [ErrClosed], [ErrUnreachable] and the others of the connection, the context's.
func (g *Gateway) RegisterDevice(ctx context.Context, r Registration) (endpointID string, err error) {
	if _, err := g.running(); err != nil {
		return "", fmt.Errorf("register %s: %w", r.HardwareID, err)
	}
	id, err := g.conn.ActivateIndirect(ctx, rest.Indirect{
		HardwareID: r.HardwareID, Models: r.Models, Metadata: r.Metadata, Restricted: r.Restricted,
	})
	if err != nil {
		return "", fmt.Errorf("register %s: %w", r.HardwareID, err)
	}
	return id, nil
}

// RegisterDevices registers many devices, at most atOnce at the same time, and
// returns their endpoint ids in the same order; "" for those that could not be
// registered, whose errors are joined. When ctx ends the rest is not tried.
func (g *Gateway) RegisterDevices(ctx context.Context, atOnce int, registrations ...Registration) ([]string, error) {
	if atOnce < 1 {
		return nil, errors.New("register devices: at least one at a time")
	}
	ids := make([]string, len(registrations))
	errs := make([]error, len(registrations))
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, r := range registrations {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			ids[i], errs[i] = g.RegisterDevice(ctx, r)
		})
	}
	running.Wait()
	return ids, errors.Join(errs...)
}
