package emulator

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// deviceInput is what an operator says about a device, at its registration or later (docs/protocol/management-api.md §4.2).
type deviceInput struct {
	HardwareID       *string            `json:"hardwareId"`
	DeviceUID        *string            `json:"deviceUID"` // newer name of the same
	SharedSecret     *string            `json:"sharedSecret"`
	State            *string            `json:"state"`
	Type             *string            `json:"type"` // at the registration: what the device is going to be
	Name             *string            `json:"name"`
	Description      *string            `json:"description"`
	Manufacturer     *string            `json:"manufacturer"`
	ModelNumber      *string            `json:"modelNumber"`
	SerialNumber     *string            `json:"serialNumber"`
	HardwareRevision *string            `json:"hardwareRevision"`
	SoftwareRevision *string            `json:"softwareRevision"`
	SoftwareVersion  *string            `json:"softwareVersion"`
	Metadata         map[string]any     `json:"metadata"`
	Location         map[string]float64 `json:"location"`
}

// apply changes the details that the input names.
func (in *deviceInput) apply(d *registry.Details) {
	for _, m := range []struct {
		from *string
		to   *string
	}{
		{in.Name, &d.Name}, {in.Description, &d.Description}, {in.Manufacturer, &d.Manufacturer}, {in.ModelNumber, &d.ModelNumber},
		{in.SerialNumber, &d.SerialNumber}, {in.HardwareRevision, &d.HardwareRevision}, {in.SoftwareRevision, &d.SoftwareRevision},
		{in.SoftwareVersion, &d.SoftwareVersion},
	} {
		if m.from != nil {
			*m.to = *m.from
		}
	}
	if in.Metadata != nil {
		d.Metadata = in.Metadata
	}
	if in.Location != nil {
		d.Location = in.Location
	}
}

const maxHardwareID = 255 // bytes

// checkHardwareID keeps out what no provisioning file can hold.
func checkHardwareID(id string) *Problem {
	if id == "" || len(id) > maxHardwareID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) || strings.TrimSpace(id) != id {
		return problem(http.StatusBadRequest, "hardwareId must be a text of 1 to %d bytes without control characters and blanks around it", maxHardwareID)
	}
	return nil
}

func (s *Server) postDevice(c *call) error {
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	var in deviceInput
	if err := unmarshal(body, &in); err != nil {
		return err
	}
	device, err := newDevice(&in)
	if err != nil {
		return err
	}
	hardwareID := device.HardwareID
	if device, err = s.registry.AddDevice(device); err != nil {
		return problemAbout("a device with the hardware id "+hardwareID, err)
	}
	s.log.Info("registered", "device", device.ID, "hardware", device.HardwareID)
	answer := s.deviceBody(c, device)
	answer.SharedSecret = base64.StdEncoding.EncodeToString(device.Secret)
	return c.json(http.StatusCreated, answer)
}

// newDevice makes a device of a registration; what is not given is invented.
func newDevice(in *deviceInput) (*registry.Device, error) {
	d := &registry.Device{HardwareID: rand.Text(), Secret: []byte(rand.Text())}
	for _, id := range []*string{in.DeviceUID, in.HardwareID} {
		if id != nil {
			d.HardwareID = *id
		}
	}
	if p := checkHardwareID(d.HardwareID); p != nil {
		return nil, p
	}
	if in.SharedSecret != nil {
		secret, err := base64.StdEncoding.DecodeString(*in.SharedSecret)
		if err != nil || len(secret) == 0 {
			return nil, problem(http.StatusBadRequest, "sharedSecret must be base64 of at least one byte")
		}
		d.Secret = secret
	}
	if in.Type != nil {
		kinds := []registry.Kind{registry.Direct, registry.Indirect, registry.Gateway}
		kind := slices.IndexFunc(kinds, func(k registry.Kind) bool { return k.String() == *in.Type })
		if kind < 0 {
			return nil, problem(http.StatusBadRequest, "there is no type of device %.40s", *in.Type)
		}
		d.Kind = kinds[kind]
	}
	in.apply(&d.Details)
	return d, nil
}

func (s *Server) getDevices(c *call) error {
	return list(c, s.registry.Devices(), s.renderDevice(c))
}

func (s *Server) countDevices(c *call) error {
	return count(c, s.registry.Devices(), s.renderDevice(c))
}

func (s *Server) renderDevice(c *call) func(d *registry.Device) any {
	return func(d *registry.Device) any { return s.deviceBody(c, d) }
}

// findDevice finds the device of the path or tells that there is none.
func (s *Server) findDevice(id string) (*registry.Device, error) {
	device := s.registry.Device(id)
	if device == nil {
		return nil, problem(http.StatusNotFound, "there is no device %.200s", id)
	}
	return device, nil
}

func (s *Server) getDevice(c *call) error {
	device, err := s.findDevice(c.params["id"])
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, s.deviceBody(c, device))
}

// patchDevice changes details of a device, or disables and enables it.
func (s *Server) patchDevice(c *call) error {
	body, err := c.body(maxBody)
	if err != nil {
		return err
	}
	var in deviceInput
	if err := unmarshal(body, &in); err != nil {
		return err
	}
	device, err := s.registry.UpdateDevice(c.params["id"], func(d *registry.Device) error {
		in.apply(&d.Details)
		if in.State == nil {
			return nil
		}
		return setState(d, *in.State)
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, s.deviceBody(c, device))
}

// setState disables a device, or enables it again: it is then what it was.
func setState(d *registry.Device, state string) error {
	enabled := registry.Registered
	if d.Activated != 0 {
		enabled = registry.Activated
	}
	switch {
	case state == registry.Disabled.String():
		d.State = registry.Disabled
	case state == registry.Activated.String() && d.State == registry.Disabled, state == enabled.String():
		d.State = enabled
	default:
		return problem(http.StatusBadRequest, "a device that is %v cannot become %.40s", d.State, state)
	}
	return nil
}

func (s *Server) deleteDevice(c *call) error {
	if err := s.removeDevice(c.params["id"]); err != nil {
		return err
	}
	return c.noContent()
}

func (s *Server) removeDevice(id string) error {
	removed, err := s.registry.DeleteDevice(id)
	if err != nil {
		return err
	}
	for _, id := range removed {
		s.mailbox.Drop(id)
		s.history.Forget(id)
	}
	s.log.Info("removed", "devices", removed)
	return nil
}

// getDevicesBehind lists the indirectly connected devices of a gateway.
func (s *Server) getDevicesBehind(c *call) error {
	gateway, err := s.findDevice(c.params["id"])
	if err != nil {
		return err
	}
	behind := slices.DeleteFunc(s.registry.Devices(), func(d *registry.Device) bool {
		return d.Owner != gateway.ID || d.ID == gateway.ID
	})
	return list(c, behind, s.renderDevice(c))
}

// deviceBody is a device as people see it (docs/protocol/management-api.md §4.1).
type deviceBody struct {
	ID                     string             `json:"id"`
	Type                   string             `json:"type"`
	Name                   string             `json:"name"`
	Description            string             `json:"description"`
	State                  string             `json:"state"`
	Created                int64              `json:"created"`
	CreatedAsString        string             `json:"createdAsString"`
	HardwareID             string             `json:"hardwareId"`
	DeviceUID              string             `json:"deviceUID"`
	Manufacturer           string             `json:"manufacturer"`
	ModelNumber            string             `json:"modelNumber"`
	SerialNumber           string             `json:"serialNumber"`
	HardwareRevision       string             `json:"hardwareRevision"`
	SoftwareRevision       string             `json:"softwareRevision"`
	SoftwareVersion        string             `json:"softwareVersion"`
	Enabled                bool               `json:"enabled"`
	ConnectivityStatus     string             `json:"connectivityStatus"`
	LastHeardTime          int64              `json:"lastHeardTime"`
	DeviceModels           []implementedModel `json:"deviceModels"`
	Metadata               map[string]any     `json:"metadata"`
	Location               map[string]float64 `json:"location,omitempty"`
	DirectlyConnectedOwner string             `json:"directlyConnectedOwner"`
	Links                  []link             `json:"links"`
	SharedSecret           string             `json:"sharedSecret,omitempty"` // in the answer to the registration only
}

// implementedModel has no id: shell scripts find the id of the device as the only one in the answer.
type implementedModel struct {
	URN  string `json:"urn"`
	Name string `json:"name"`
}

func (s *Server) deviceBody(c *call, d *registry.Device) deviceBody {
	body := deviceBody{
		ID: d.ID, Type: d.Kind.String(), Name: d.Name, Description: d.Description, State: d.State.String(),
		Created: d.Created, CreatedAsString: timeText(d.Created),
		HardwareID: d.HardwareID, DeviceUID: d.HardwareID,
		Manufacturer: d.Manufacturer, ModelNumber: d.ModelNumber, SerialNumber: d.SerialNumber,
		HardwareRevision: d.HardwareRevision, SoftwareRevision: d.SoftwareRevision, SoftwareVersion: d.SoftwareVersion,
		Enabled: d.State == registry.Activated, ConnectivityStatus: connectivity(d, time.Now()), LastHeardTime: d.LastHeard(),
		DeviceModels: []implementedModel{}, Metadata: d.Metadata, Location: d.Location, DirectlyConnectedOwner: d.Owner,
		Links: []link{{"self", c.link("/devices/" + pathEscape(d.ID))}},
	}
	if body.Metadata == nil {
		body.Metadata = map[string]any{}
	}
	for _, urn := range d.Models {
		if m := s.registry.Model(urn); m != nil {
			body.DeviceModels = append(body.DeviceModels, implementedModel{urn, m.Parsed().Name})
		}
	}
	return body
}

// onlineFor is how long a device counts as online after it was heard.
const onlineFor = time.Minute

func connectivity(d *registry.Device, now time.Time) string {
	if d.Polling() || d.LastHeard() > now.Add(-onlineFor).UnixMilli() {
		return "ONLINE"
	}
	return "OFFLINE"
}
