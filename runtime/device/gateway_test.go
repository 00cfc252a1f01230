package device_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// gateway registers a gateway that has the secrets of two devices behind it.
func (c *cloud) gateway(id string, opts ...device.Option) *device.Gateway {
	c.t.Helper()
	_, err := c.Register(emulator.Registration{HardwareID: id, Secret: []byte("secret of " + id)})
	must(c.t, err)
	config := trust.MemoryConfig{Config: c.trust(id)}
	config.ConnectedDevices = []trust.ConnectedDevice{{ID: "KNOWN", Secret: trust.Secret("known secret")}, {ID: "WRONG", Secret: trust.Secret("wrong secret")}}
	m, err := trust.NewMemory(config)
	must(c.t, err)
	g, err := device.OpenGatewayAssets(context.Background(), m, c.options(opts)...)
	must(c.t, err)
	c.t.Cleanup(func() { g.Close(context.Background()) })
	return g
}

func TestGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		for id, secret := range map[string]string{"KNOWN": "known secret", "WRONG": "another secret"} {
			_, err := c.Register(emulator.Registration{HardwareID: id, Secret: []byte(secret)})
			must(t, err)
		}
		g := c.gateway("GW-1")
		r := device.Registration{HardwareID: "ICD-1", Models: []string{plantURN}, Metadata: device.Metadata{device.Manufacturer: "Example", device.SerialNumber: "7", "floor": "3", "hardwareId": "ignored"}}
		if _, err := g.RegisterDevice(t.Context(), r); !errors.Is(err, device.ErrNotActivated) {
			t.Errorf("before the activation: %v", err)
		}
		must(t, g.Activate(t.Context()))
		id, err := g.RegisterDevice(t.Context(), r)
		must(t, err)
		if again, err := g.RegisterDevice(t.Context(), r); err != nil || again != id {
			t.Errorf("the second time: %s, %v", again, err)
		}
		known, err := g.RegisterDevice(t.Context(), device.Registration{HardwareID: "KNOWN", Models: []string{plantURN}})
		must(t, err)
		for name, r := range map[string]device.Registration{
			"wrong secret":      {HardwareID: "WRONG", Models: []string{plantURN}},
			"unknown model":     {HardwareID: "ICD-9", Models: []string{"urn:nothing"}},
			"of another device": {HardwareID: "GW-1", Models: []string{plantURN}},
		} {
			if _, err := g.RegisterDevice(t.Context(), r); !errors.Is(err, device.ErrIndirectRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, r := range map[string]device.Registration{"no hardware id": {Models: []string{plantURN}}, "no model": {HardwareID: "X"}} {
			if _, err := g.RegisterDevice(t.Context(), r); !errors.Is(err, device.ErrIndirectRequest) {
				t.Errorf("%s: %v", name, err)
			}
		}
		useConnected(t, c, g, id, known)
	})
}

// useConnected sends and receives for two devices behind one connection.
func useConnected(t *testing.T, c *cloud, g *device.Gateway, ids ...string) {
	t.Helper()
	for i, id := range ids {
		b, err := device.Bind(g, id, &plant)
		must(t, err)
		b.OnIntegerChange(attrTarget, device.Accept)
		must(t, b.SetInteger(attrSpeed, int64(100+i)))
		if m := c.wait(carries("speed", float64(100+i))); m.Source != id {
			t.Errorf("message of %s, want %s", m.Source, id)
		}
		if r := c.await(c.WriteAttribute(id, plantURN, "target", 20+i)); r.Response.StatusCode != 202 {
			t.Errorf("write: %+v", r.Response)
		}
		if v, _ := b.Integer(attrTarget); v != int64(20+i) {
			t.Errorf("value %d", v)
		}
	}
	if c.Violating() != 0 {
		t.Errorf("%d violations", c.Violating())
	}
}

func TestRestrictedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		g, other := c.gateway("GW-1"), c.gateway("GW-2")
		must(t, g.Activate(t.Context()))
		must(t, other.Activate(t.Context()))
		r := device.Registration{HardwareID: "ICD-R", Models: []string{plantURN}, Restricted: true}
		_, err := g.RegisterDevice(t.Context(), r)
		must(t, err)
		if _, err := other.RegisterDevice(t.Context(), r); !errors.Is(err, device.ErrIndirectRefused) {
			t.Errorf("through another gateway: %v", err)
		}
	})
}

func TestRegisterDevicesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		g := c.gateway("GW-1")
		must(t, g.Activate(t.Context()))
		var all []device.Registration
		for i := range 40 {
			all = append(all, device.Registration{HardwareID: fmt.Sprint("ICD-", i), Models: []string{plantURN}})
		}
		all[7].Models = []string{"urn:nothing"}
		ids, err := g.RegisterDevices(t.Context(), 4, all...)
		if !errors.Is(err, device.ErrIndirectRefused) {
			t.Errorf("error %v", err)
		}
		seen := make(map[string]bool)
		for i, id := range ids {
			if (id == "") != (i == 7) || seen[id] {
				t.Errorf("device %d has endpoint %q", i, id)
			}
			seen[id] = true
			if d, ok := c.DeviceByHardwareID(fmt.Sprint("ICD-", i)); i != 7 && (!ok || d.EndpointID != id || d.Owner != g.EndpointID()) {
				t.Errorf("the server knows device %d as %+v", i, d)
			}
		}
		if _, err := g.RegisterDevices(t.Context(), 0, all...); err == nil {
			t.Error("no device at a time was accepted")
		}
	})
}
