package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/conformance"
	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Bounds of one call with messages.
const (
	maxMessages    = 10_000
	maxMessageSize = 1 << 20 // bytes
)

// readMessages reads the messages of a call. One that is wrong in its envelope makes the whole call wrong: nothing of it is stored
// (docs/protocol/messages.md §1). No body at all is no message, as the Java client polls.
func (s *Server) readMessages(sender *registry.Device, body []byte) ([]history.Incoming, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	elements, err := wire.SplitArray(body)
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the body is no array of messages: %w", err)
	}
	if len(elements) > maxMessages {
		return nil, problem(http.StatusBadRequest, "%d messages in one call, at most %d allowed", len(elements), maxMessages)
	}
	batch := make([]history.Incoming, len(elements))
	for i, text := range elements {
		if batch[i], err = s.readMessage(sender, text); err != nil {
			return nil, problem(http.StatusBadRequest, "message %d of %d: %w", i+1, len(elements), err)
		}
	}
	return batch, nil
}

var (
	errForeign  = errors.New("the caller may not speak for this endpoint")
	errTooLarge = fmt.Errorf("larger than %d bytes", maxMessageSize)
)

func (s *Server) readMessage(sender *registry.Device, text []byte) (history.Incoming, error) {
	if len(text) > maxMessageSize {
		return history.Incoming{}, errTooLarge
	}
	message, err := wire.DecodeMessage(text)
	if err != nil {
		return history.Incoming{}, err
	}
	if err := message.CheckFromDevice(); err != nil {
		return history.Incoming{}, err
	}
	source := s.speaksFor(sender, message.Source)
	if source == nil {
		return history.Incoming{}, fmt.Errorf("source %.100q: %w", message.Source, errForeign)
	}
	if message.Report != nil && s.speaksFor(sender, message.Report.EndpointName) == nil {
		return history.Incoming{}, fmt.Errorf("endpointName %.100q: %w", message.Report.EndpointName, errForeign)
	}
	message.Source = source.ID // a text that lives on, in place of one that holds the whole message
	return history.Incoming{Message: message, JSON: text, Violations: conformance.Message(s.registry, source, message)}, nil
}

// speaksFor gives the device that a message is about, if the sender may send for it: itself, or one behind it.
func (s *Server) speaksFor(sender *registry.Device, id string) *registry.Device {
	if id == sender.ID {
		return sender
	}
	device := s.registry.Device(id)
	if device == nil || device.Owner != sender.ID || device.State != registry.Activated {
		return nil
	}
	return device
}

// store keeps the messages and lets them take effect. What was stored before has had its effect.
func (s *Server) store(batch []history.Incoming) error {
	if len(batch) == 0 {
		return nil
	}
	stored, err := s.history.Add(batch...)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	for i, m := range stored {
		if m == nil {
			continue
		}
		if err := s.apply(batch[i].Message, now); err != nil {
			return err
		}
		if len(m.Violations) > 0 {
			s.log.Warn("a message breaks its device model", "device", m.Source, "type", m.Type.String(), "violations", m.Violations)
		}
	}
	return nil
}

// apply does what a message is for. A device that was removed meanwhile needs nothing any more.
func (s *Server) apply(m *wire.Message, now int64) error {
	device := s.registry.Device(m.Source)
	if device == nil {
		return nil
	}
	device.Heard(now)
	switch {
	case m.Response != nil:
		if !s.mailbox.Answer(m.Source, cloneResponse(m.Response)) {
			s.log.Info("an answer to no request that waits", "device", m.Source, "request", m.Response.RequestID)
		}
	case m.Report != nil:
		about := s.registry.Device(m.Report.EndpointName)
		if about == nil || reported(about, m.Report) {
			return nil
		}
		if err := s.report(m.Report); err != nil && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
	}
	return nil
}

// cloneResponse copies an answer out of the memory of its message.
func cloneResponse(r *wire.Response) *wire.Response {
	c := &wire.Response{
		StatusCode: r.StatusCode,
		RequestID:  strings.Clone(r.RequestID),
		URL:        strings.Clone(r.URL),
		Headers:    maps.Clone(r.Headers),
		Body:       bytes.Clone(r.Body),
	}
	for name, values := range r.Headers {
		delete(c.Headers, name)
		c.Headers[strings.Clone(name)] = cloneAll(values)
	}
	return c
}
