package emulator

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Registration says what device is to be registered.
type Registration struct {
	HardwareID string // activation id; 1 to 255 bytes
	Secret     []byte // shared secret, at least one byte
	Name       string // for people
	EndpointID string // the id that the activation gives to the device; "" for one that the server chooses

	// PublicKey makes the device one that is activated already, with Models as what it named at its activation; its file needs the
	// private key. Its size is that of the activation policy, 2048 bits, at least.
	PublicKey *rsa.PublicKey
	Models    []string

	Gateway bool // it may register devices behind it; of a device that is not activated: it is going to
}

// Device is a snapshot of a device.
type Device struct {
	EndpointID string // id in all calls after the activation
	HardwareID string // id of the activation
	Type       string // DIRECTLY_CONNECTED_DEVICE, INDIRECTLY_CONNECTED_DEVICE or GATEWAY
	State      string // REGISTERED, ACTIVATED or DISABLED
	Owner      string // endpoint id of its gateway, or its own
	Models     []string
}

func deviceOf(d *registry.Device) Device {
	return Device{d.ID, d.HardwareID, d.Kind.String(), d.State.String(), d.Owner, slices.Clone(d.Models)}
}

// Register registers a device. It fails with a [*Problem], of status 409 when the hardware id or the endpoint id is in use.
func (s *Server) Register(r Registration) (Device, error) {
	if p := checkHardwareID(r.HardwareID); p != nil {
		return Device{}, p
	}
	if len(r.Secret) == 0 {
		return Device{}, problem(http.StatusBadRequest, "a device needs a shared secret")
	}
	d := &registry.Device{ID: r.EndpointID, HardwareID: r.HardwareID, Secret: slices.Clone(r.Secret), Details: registry.Details{Name: r.Name}}
	if r.PublicKey != nil {
		der, err := x509.MarshalPKIXPublicKey(r.PublicKey)
		if err != nil {
			return Device{}, problem(http.StatusBadRequest, "the public key: %w", err)
		}
		d.PublicKey, d.Models, d.State, d.Activated = der, slices.Clone(r.Models), registry.Activated, time.Now().UnixMilli()
	}
	if r.Gateway {
		d.Kind = registry.Gateway
	}
	added, err := s.registry.AddDevice(d)
	if err != nil {
		return Device{}, problemAbout("a device with the hardware id "+r.HardwareID, err)
	}
	return deviceOf(added), nil
}

// Device finds a device by its endpoint id.
func (s *Server) Device(endpointID string) (Device, bool) {
	d := s.registry.Device(endpointID)
	if d == nil {
		return Device{}, false
	}
	return deviceOf(d), true
}

// DeviceByHardwareID finds a device by its activation id, or an indirectly connected one by its hardware id.
func (s *Server) DeviceByHardwareID(id string) (Device, bool) {
	d := s.registry.DeviceByHardwareID(id)
	if d == nil {
		return Device{}, false
	}
	return deviceOf(d), true
}

// RemoveDevice removes a device and those behind it; their tokens end. It fails with a [*Problem] of status 404.
func (s *Server) RemoveDevice(endpointID string) error {
	if err := s.removeDevice(endpointID); err != nil {
		return problemOf(err)
	}
	return nil
}

// AddModel adds a device model, given as its JSON text, and gives its URN. It fails with a [*Problem]: of status 400 when the text is no
// device model, of status 409 when there is one with its URN.
func (s *Server) AddModel(text []byte) (urn string, err error) {
	m, err := s.addModel(slices.Clone(text), s.config.user)
	if err != nil {
		return "", problemOf(err)
	}
	return m.URN, nil
}

// Message is one stored message.
type Message struct {
	*wire.Message          // ID, Direction, ReceivedTime and SentTime are the server's
	Seq           uint64   // place among all messages, from 1
	Violations    []string // how it breaks the device model; nil when it does not
	JSON          []byte   // as it came
}

// Messages gives the messages behind the sequence number, those to devices included, and a channel that is closed when more come. The
// oldest may be gone (see [WithHistory]).
func (s *Server) Messages(after uint64) ([]Message, <-chan struct{}, error) {
	stored, more := s.history.After(after)
	messages := make([]Message, len(stored))
	for i, m := range stored {
		decoded, err := decodeStored(m)
		if err != nil {
			return nil, nil, err
		}
		messages[i] = decoded
	}
	return messages, more, nil
}

func decodeStored(m *history.Message) (Message, error) {
	decoded, err := wire.DecodeMessage(m.JSON)
	if err != nil {
		return Message{}, fmt.Errorf("emulator: %w", err)
	}
	decoded.ID, decoded.ReceivedTime, decoded.SentTime, decoded.Direction = m.ID.String(), m.Received, m.Received, wire.FromDevice
	if m.ToDevice {
		decoded.Direction = wire.ToDevice
	}
	return Message{Message: decoded, Seq: m.Seq, Violations: m.Violations, JSON: m.JSON}, nil
}

// Duplicates is how many messages were sent again after they had been stored.
func (s *Server) Duplicates() int64 { return s.history.Duplicates() }

// Violating is how many messages since the start broke their device model.
func (s *Server) Violating() int64 { return s.history.Violating() }

// Values gives the last values that the device reported of a model's attributes, by name.
func (s *Server) Values(endpointID, modelURN string) map[string]wire.Value {
	values := make(map[string]wire.Value)
	for name, value := range s.history.Values(endpointID, modelURN) {
		values[name] = value.Value
	}
	return values
}

// Request is a request to a device and what became of it.
type Request struct {
	ID         string
	EndpointID string         // of the device
	Method     string         // as the device gets it
	URL        string         // as the device gets it
	Status     string         // RECEIVED, DISPATCHED, COMPLETED or FAILED
	Response   *wire.Response // the device's answer, nil before; of a failed request one with status code 408 (no answer) or 404 (device gone)
}

// Done tells whether the request has ended.
func (r *Request) Done() bool {
	return r.Status == string(mailbox.Completed) || r.Status == string(mailbox.Failed)
}

func requestOf(r mailbox.Request) Request {
	return Request{r.ID, r.Device, r.Method, r.URL, string(r.Status), r.Response}
}

// WriteAttribute asks the device to set an attribute to a value that encoding/json can write; for a DATETIME give milliseconds since
// the epoch or ISO text. It returns when the request waits for the device, see [Server.Await]. It fails with a [*Problem], as the call
// over the network does.
func (s *Server) WriteAttribute(endpointID, modelURN, name string, value any) (Request, error) {
	return s.commandInProcess(endpointID, modelURN, writeCommand(name), map[string]any{"value": value})
}

// WriteAttributes asks the device to set several attributes at once.
func (s *Server) WriteAttributes(endpointID, modelURN string, values map[string]any) (Request, error) {
	return s.commandInProcess(endpointID, modelURN, updateCommand(), values)
}

// CallAction asks the device to carry out an action: nil for one without arguments, a single value under the name "value", several
// under their names.
func (s *Server) CallAction(endpointID, modelURN, name string, arguments map[string]any) (Request, error) {
	if arguments == nil {
		arguments = map[string]any{}
	}
	return s.commandInProcess(endpointID, modelURN, callCommand(name), arguments)
}

func (s *Server) commandInProcess(endpointID, modelURN string, cmd command, body map[string]any) (Request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return Request{}, problem(http.StatusBadRequest, "%w", err)
	}
	device, model, err := s.commanded(endpointID, modelURN)
	if err != nil {
		return Request{}, problemOf(err)
	}
	request, err := s.request(model, cmd, text)
	if err != nil {
		return Request{}, problemOf(err)
	}
	return s.sent(device, request)
}

// Send sends any request to the device, without looking at it: to a resource of the application, or one that no server would send.
func (s *Server) Send(endpointID string, request *wire.Request) (Request, error) {
	device, err := s.findDevice(endpointID)
	if err != nil {
		return Request{}, problemOf(err)
	}
	return s.sent(device, request)
}

func (s *Server) sent(device *registry.Device, request *wire.Request) (Request, error) {
	sent, err := s.sendRequest(device, request)
	if err != nil {
		return Request{}, problemOf(err)
	}
	return requestOf(sent), nil
}

// Await waits for the end of a request: the device's answer, or its failure a minute after it was made. When ctx ends first it gives the
// request as it is then, with the error of ctx; when the server closes first, with [ErrClosed].
func (s *Server) Await(ctx context.Context, id string) (Request, error) {
	r, err := s.mailbox.Await(ctx, id)
	switch {
	case errors.Is(err, mailbox.ErrUnknown):
		return Request{}, problemOf(err)
	case err == nil && !r.Done():
		err = ErrClosed
	}
	return requestOf(r), err
}
