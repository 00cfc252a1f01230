package emulatortest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// deviceKey is the key of all activated devices of the test binary: making one takes as long as a whole test.
var deviceKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, trust.MinKeyBits) })

const indirectActivation = "urn:oracle:iot:dcd:capability:indirect_activation"

// Device is a device that the server knows, with a provisioning file for it.
type Device struct {
	HardwareID string // activation id
	EndpointID string // its id after the activation; known from the start
	Path       string // provisioning file, in a folder that goes with the test
	Passphrase string // of the file
	Secret     string // shared secret
}

// DeviceOption changes what [Server.AddDevice] makes.
type DeviceOption func(*deviceOptions)

type deviceOptions struct {
	activated bool
	gateway   bool
	models    []string
	behind    []string
}

// Activated makes a device that has been activated already with these device models. The file of such a device holds a key that all
// activated devices of the test binary share.
func Activated(modelURNs ...string) DeviceOption {
	return func(o *deviceOptions) { o.activated, o.models = true, append(o.models, modelURNs...) }
}

// Gateway makes an activated device one that may register devices behind it. A device that is not activated becomes a gateway by what
// it says at its activation.
func Gateway() DeviceOption { return func(o *deviceOptions) { o.gateway = true } }

// ICD registers an indirectly connected device with a secret of its own and puts the secret into the file of its gateway. Devices that
// a gateway registers without a secret need no preparation.
func ICD(hardwareIDs ...string) DeviceOption {
	return func(o *deviceOptions) { o.behind = append(o.behind, hardwareIDs...) }
}

// AddDevice registers a device and writes its provisioning file.
func (s *Server) AddDevice(hardwareID string, opts ...DeviceOption) *Device {
	s.t.Helper()
	var o deviceOptions
	for _, opt := range opts {
		opt(&o)
	}
	d := &Device{HardwareID: hardwareID, Passphrase: "passphrase of " + hardwareID, Secret: "secret of " + hardwareID}
	registration := emulator.Registration{HardwareID: hardwareID, Secret: []byte(d.Secret), Gateway: o.gateway}
	config := trust.Config{ServerURI: s.URL(), ClientID: hardwareID, Secret: trust.Secret(d.Secret), TrustAnchors: []*x509.Certificate{s.emulator.Root()}}
	if o.activated {
		key, err := deviceKey()
		if err != nil {
			s.t.Fatalf("emulatortest: %v", err)
		}
		if o.gateway {
			o.models = append(o.models, indirectActivation)
		}
		registration.PublicKey, registration.Models = &key.PublicKey, o.models
		config.Key = key
	}
	registered := s.register(registration)
	d.EndpointID = registered.EndpointID
	if o.activated {
		config.EndpointID = d.EndpointID
	}
	for _, id := range o.behind {
		secret := "secret of " + id
		s.register(emulator.Registration{HardwareID: id, Secret: []byte(secret)})
		config.ConnectedDevices = append(config.ConnectedDevices, trust.ConnectedDevice{ID: id, Secret: trust.Secret(secret)})
	}
	d.Path = filepath.Join(s.t.TempDir(), fmt.Sprintf("device-%s.conf", d.EndpointID))
	if err := trust.Create(d.Path, []byte(d.Passphrase), config); err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
	return d
}

func (s *Server) register(r emulator.Registration) emulator.Device {
	s.t.Helper()
	d, err := s.emulator.Register(r)
	if err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
	return d
}

// Device gives what the server knows of a device, which is named by its endpoint id or its hardware id.
func (s *Server) Device(id string) emulator.Device {
	s.t.Helper()
	d, ok := s.emulator.Device(id)
	if !ok {
		d, ok = s.emulator.DeviceByHardwareID(id)
	}
	if !ok {
		s.t.Fatalf("emulatortest: the server knows no device %s", id)
	}
	return d
}
