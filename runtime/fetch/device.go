package fetch

import (
	"context"
	"errors"
	"net"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// ErrNotActivated says that the provisioning file is that of a device that has
// not been activated, which cannot read device models.
var ErrNotActivated = errors.New("the device is not activated")

// device reads models as an activated device.
type device struct{ client *rest.Client }

// AsDevice returns the source of an activated device. Its credentials are read,
// never changed. dial, if not nil, makes connections. It fails with
// [ErrNotActivated].
func AsDevice(assets trust.Assets, dial func(ctx context.Context, network, addr string) (net.Conn, error)) (Source, error) {
	if assets.EndpointID() == "" {
		return nil, ErrNotActivated
	}
	c, err := rest.New(rest.Config{Assets: assets, Dial: dial})
	if err != nil {
		return nil, err
	}
	return device{c}, nil
}

func (d device) Model(ctx context.Context, urn string) ([]byte, error) {
	return d.client.DeviceModel(ctx, urn)
}

func (d device) List(context.Context) ([]string, error) { return nil, ErrCannotList }

func (d device) Close() error { return d.client.Close() }
