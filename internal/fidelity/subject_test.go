package fidelity_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

const (
	sensorURN  = "urn:com:example:iot:device:humidity_sensor"
	passphrase = "passphrase"
)

// testKey is the key of devices that are activated already: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// conf writes the provisioning file of a device of the recordings. With an
// endpoint id it is activated, which the server then knows too.
func (s *replay) conf(activationID, endpointID string) string {
	s.t.Helper()
	s.secret = secrets[activationID]
	config := trust.Config{
		ServerURI:    "https://" + host + ":18443",
		ClientID:     activationID,
		Secret:       trust.Secret(s.secret),
		TrustAnchors: []*x509.Certificate{certificate().Leaf},
	}
	if endpointID != "" {
		config.EndpointID, config.Key = endpointID, testKey()
		s.endpointID, s.key = endpointID, &testKey().PublicKey
	}
	path := filepath.Join(s.t.TempDir(), "device.conf")
	must(s.t, trust.Create(path, []byte(passphrase), config))
	return path
}

// subject is our device with a virtual device, and what the cloud did to it.
type subject struct {
	*device.Device
	sensor *device.Virtual

	mu         sync.Mutex
	thresholds []int64 // written
	calls      []string
	offsets    []int64 // argument of calibrate
}

// open opens a device.
func (s *replay) open(conf string, opts ...device.Option) *subject {
	s.t.Helper()
	dev, err := device.Open(s.t.Context(), conf, passphrase, append(opts, device.WithDialer(s.dial))...)
	must(s.t, err)
	d := &subject{Device: dev}
	s.t.Cleanup(func() { d.close(s.t) })
	return d
}

// close closes the device, which must send everything before. Closing again does
// nothing.
func (d *subject) close(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// sense makes the virtual device, of the model that the server has, and its
// handlers.
func (d *subject) sense(t testing.TB) {
	t.Helper()
	model, err := d.Model(t.Context(), sensorURN)
	must(t, err)
	d.sensor, err = device.NewVirtual(d, d.EndpointID(), model)
	must(t, err)
	must(t, d.sensor.OnAttributeChange("maxThreshold", func(_ context.Context, c device.Change[any]) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.thresholds = append(d.thresholds, c.New.(int64))
		return nil
	}))
	d.sensor.OnActions(func(_ context.Context, c *device.ActionCall) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.calls = append(d.calls, c.Name())
		if c.Len() == 1 {
			d.offsets = append(d.offsets, c.Integer(0))
		}
		return nil
	})
}

// send sends what the official clients sent in the recordings: a value and an
// alert.
func (d *subject) send(t testing.TB) {
	t.Helper()
	must(t, d.sensor.Set("humidity", 55))
	alert, err := d.sensor.NewAlert(sensorURN + ":too_humid")
	must(t, err)
	must(t, alert.Set("humidity", 90).Set("maxThreshold", 80).Raise(nil))
}

// did tells what the cloud did to the device.
func (d *subject) did() (thresholds []int64, calls []string, offsets []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.thresholds), slices.Clone(d.calls), slices.Clone(d.offsets)
}
