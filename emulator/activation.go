package emulator

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/activation"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// Capabilities are named like device models, but are none (docs/protocol/transport.md §6).
const (
	capabilityPrefix   = "urn:oracle:iot:dcd:capability:"
	indirectActivation = capabilityPrefix + "indirect_activation" // makes a gateway of a device
)

type policyBody struct {
	KeyType       string `json:"keyType"`
	HashAlgorithm string `json:"hashAlgorithm"`
	KeySize       int    `json:"keySize"`
}

func (s *Server) getActivationPolicy(c *call) error {
	return c.json(http.StatusOK, policyBody{activation.KeyType, activation.HashAlgorithm, activation.KeySize})
}

// activatedBody has no certificate: each official client fails on the other's form of it (docs/protocol/transport.md §6).
type activatedBody struct {
	EndpointID     string `json:"endpointId"`
	ActivationTime int64  `json:"activationTime"`
	EndpointState  string `json:"endpointState"`
}

// activated answers an activation. The state is always ACTIVATED: the JavaScript client takes no other.
func (c *call) activated(d *registry.Device) error {
	return c.json(http.StatusOK, activatedBody{d.ID, d.Activated, registry.Activated.String()})
}

func alreadyActivated() *Problem {
	return problem(http.StatusConflict, "the device is activated already")
}

// postDirect activates a directly connected device or gateway.
func (s *Server) postDirect(c *call) error {
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	request, err := activation.ParseDirect(body)
	if err != nil {
		return err
	}
	switch {
	case request.Subject != c.device.HardwareID:
		return problem(http.StatusForbidden, "the subject is not the device of the access token")
	case c.device.State != registry.Registered:
		return alreadyActivated()
	case !request.Verify(c.device.Secret):
		return problem(http.StatusBadRequest, "the signature does not fit the key and the shared secret")
	}
	if err := s.ensureModels(c, request.Models); err != nil {
		return err
	}
	device, err := s.registry.UpdateDevice(c.device.ID, func(d *registry.Device) error {
		if d.State != registry.Registered { // somebody was faster
			return alreadyActivated()
		}
		d.State, d.Kind = registry.Activated, registry.Direct
		if slices.Contains(request.Models, indirectActivation) {
			d.Kind = registry.Gateway
		}
		d.PublicKey, d.Models, d.Activated = request.PublicKey, request.Models, time.Now().UnixMilli()
		return nil
	})
	if err != nil {
		return err
	}
	s.log.Info("activated", "device", device.ID, "hardware", device.HardwareID, "kind", device.Kind.String())
	return c.activated(device)
}

// ensureModels sees to it that there is a device model for every URN: a draft for an unknown one, or a refusal when the device does not
// want drafts.
func (s *Server) ensureModels(c *call, urns []string) error {
	unknown := slices.DeleteFunc(slices.Clone(urns), func(urn string) bool {
		return strings.HasPrefix(urn, capabilityPrefix) || s.registry.Model(urn) != nil
	})
	if len(unknown) == 0 {
		return nil
	}
	if c.query.Get("createDraft") == "false" {
		return problem(http.StatusBadRequest, "unknown device model %s", strings.Join(unknown, ", "))
	}
	for _, urn := range unknown {
		draft, err := registry.NewDraft(urn, time.Now().UnixMilli(), c.device.HardwareID)
		if err != nil {
			return problem(http.StatusBadRequest, "device model %q: %w", urn, err)
		}
		if err := s.registry.AddModel(draft); err != nil && !errors.Is(err, registry.ErrExists) {
			return err
		}
	}
	return nil
}

// postIndirect registers a device behind a gateway. It may be called again and again: every start of a gateway does.
func (s *Server) postIndirect(c *call) error {
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	if c.device.Kind != registry.Gateway {
		return problem(http.StatusForbidden, "the device did not name the capability %s at its activation", indirectActivation)
	}
	request, err := activation.ParseIndirect(body)
	if err != nil {
		return err
	}
	known := s.registry.DeviceByHardwareID(request.HardwareID)
	if p := mayRegister(c.device, known, request); p != nil {
		return p
	}
	if err := s.ensureModels(c, request.Models); err != nil {
		return err
	}
	if known == nil {
		known, err = s.registry.AddDevice(&registry.Device{HardwareID: request.HardwareID, Kind: registry.Indirect, Owner: c.device.ID})
		if errors.Is(err, registry.ErrExists) { // another call was faster
			known, err = s.registry.DeviceByHardwareID(request.HardwareID), nil
		}
		if err != nil {
			return err
		}
	}
	device, err := s.registry.UpdateDevice(known.ID, func(d *registry.Device) error {
		if p := mayRegister(c.device, d, request); p != nil {
			return p
		}
		d.Kind, d.Owner, d.State, d.Models = registry.Indirect, c.device.ID, registry.Activated, request.Models
		d.Bound = d.Bound || d.Secret == nil && request.Signature != nil
		if d.Activated == 0 {
			d.Activated = time.Now().UnixMilli()
		}
		setMetadata(d, request.Metadata)
		return nil
	})
	if err != nil {
		return err
	}
	if known.Owner != device.Owner {
		s.mailbox.Move(device.ID, device.Owner)
	}
	return c.activated(device)
}

// mayRegister tells why a gateway may not register a device, nil if it may. known is nil for a hardware id that nobody registered.
func mayRegister(gateway, known *registry.Device, request *activation.Indirect) *Problem {
	if known == nil || known.Secret == nil {
		if request.Signature != nil && !request.VerifyKey(gateway.Key(), gateway.ID) {
			return problem(http.StatusForbidden, "the signature is not the gateway's")
		}
	} else if !request.VerifySecret(known.Secret, gateway.ID) {
		return problem(http.StatusForbidden, "the signature does not fit the shared secret of the device")
	}
	switch {
	case known == nil:
		return nil
	case known.Kind != registry.Indirect && known.State != registry.Registered:
		return problem(http.StatusForbidden, "the device is directly connected")
	case known.State == registry.Disabled:
		return problem(http.StatusForbidden, "the device is disabled")
	case known.Bound && known.Owner != gateway.ID:
		return problem(http.StatusForbidden, "the device is bound to another gateway")
	}
	return nil
}

// setMetadata keeps what a gateway tells about a device: the known names in their places, the rest as metadata.
func setMetadata(d *registry.Device, told map[string]string) {
	for name, text := range told {
		switch name {
		case "manufacturer":
			d.Manufacturer = text
		case "modelNumber":
			d.ModelNumber = text
		case "serialNumber":
			d.SerialNumber = text
		default:
			if d.Metadata == nil {
				d.Metadata = make(map[string]any)
			}
			d.Metadata[name] = text
		}
	}
}
