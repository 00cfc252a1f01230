package fidelity_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"path/filepath"
	"slices"
	"strings"
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
	if strings.Contains(activationID, "-GW-") {
		for id, secret := range secretsBehind {
			config.ConnectedDevices = append(config.ConnectedDevices, trust.ConnectedDevice{ID: id, Secret: trust.Secret(secret)})
		}
	}
	if endpointID != "" {
		config.EndpointID, config.Key = endpointID, testKey()
		s.endpointID, s.key = endpointID, &testKey().PublicKey
	}
	path := filepath.Join(s.t.TempDir(), "device.conf")
	must(s.t, trust.Create(path, []byte(passphrase), config))
	return path
}

// subject is our device. That of the recordings has a sensor, or is a gateway
// with sensors behind it.
type subject struct {
	*device.Device
	gateway *device.Gateway // nil if it is none
	sensor  *sensor         // its own
}

// sensor is a virtual device, and what the cloud did to it.
type sensor struct {
	*device.Virtual

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
	return s.closing(&subject{Device: dev})
}

// openGateway is open for a gateway.
func (s *replay) openGateway(conf string) *subject {
	s.t.Helper()
	g, err := device.OpenGateway(s.t.Context(), conf, passphrase, device.WithDialer(s.dial))
	must(s.t, err)
	return s.closing(&subject{Device: g.Device, gateway: g})
}

func (s *replay) closing(d *subject) *subject {
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

// sense makes a virtual device, of the model that the server has, and its
// handlers.
func (d *subject) sense(t testing.TB, endpointID string) *sensor {
	t.Helper()
	model, err := d.Model(t.Context(), sensorURN)
	must(t, err)
	s := new(sensor)
	s.Virtual, err = device.NewVirtual(d, endpointID, model)
	must(t, err)
	must(t, s.OnAttributeChange("maxThreshold", func(_ context.Context, c device.Change[any]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.thresholds = append(s.thresholds, c.New.(int64))
		return nil
	}))
	s.OnActions(func(_ context.Context, c *device.ActionCall) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, c.Name())
		if c.Len() == 1 {
			s.offsets = append(s.offsets, c.Integer(0))
		}
		return nil
	})
	return s
}

// send sends what the official clients sent in the recordings: a value and an
// alert.
func (s *sensor) send(t testing.TB) {
	t.Helper()
	must(t, s.Set("humidity", 55))
	alert, err := s.NewAlert(sensorURN + ":too_humid")
	must(t, err)
	must(t, alert.Set("humidity", 90).Set("maxThreshold", 80).Raise(nil))
}

// obeyed checks that the sensor saw what the recorded server did to one.
func (s *sensor) obeyed(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.thresholds, []int64{85}) || !slices.Equal(s.calls, []string{"reset", "calibrate"}) || !slices.Equal(s.offsets, []int64{7}) {
		t.Errorf("the cloud wrote %v, called %v with %v", s.thresholds, s.calls, s.offsets)
	}
	if value, _ := s.Get("maxThreshold"); value != int64(85) {
		t.Errorf("threshold is %v", value)
	}
}
