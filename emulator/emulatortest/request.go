package emulatortest

import (
	"context"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Request is a request that was sent to a device.
type Request struct {
	ID     string // as in the message that the device gets
	server *Server
}

// Answer waits for the device's answer. It fails the test when the device does not answer within a minute, or before ctx ends, which is
// after ten seconds if it has no deadline.
func (r *Request) Answer(ctx context.Context) *wire.Response {
	r.server.t.Helper()
	ctx, cancel := patient(ctx)
	defer cancel()
	ended, err := r.server.emulator.Await(ctx, r.ID)
	switch {
	case err != nil && ctx.Err() != nil:
		r.server.t.Fatalf("emulatortest: no answer to %s %s (%v); the request is %s", ended.Method, ended.URL, context.Cause(ctx), ended.Status)
	case err != nil:
		r.server.t.Fatalf("emulatortest: %v", err)
	case ended.Status != "COMPLETED":
		r.server.t.Fatalf("emulatortest: %s %s is %s with status %d", ended.Method, ended.URL, ended.Status, ended.Response.StatusCode)
	}
	return ended.Response
}

// WriteAttribute asks the device to set an attribute, as an operator would: the value must fit the device model. For a DATETIME give
// milliseconds since the epoch.
func (s *Server) WriteAttribute(endpointID, modelURN, name string, value any) *Request {
	s.t.Helper()
	return s.sent(s.emulator.WriteAttribute(endpointID, modelURN, name, value))
}

// WriteAttributes asks the device to set several attributes at once.
func (s *Server) WriteAttributes(endpointID, modelURN string, values map[string]any) *Request {
	s.t.Helper()
	return s.sent(s.emulator.WriteAttributes(endpointID, modelURN, values))
}

// CallAction asks the device to carry out an action: nil for one without arguments, a single value under the name "value", several under
// their names.
func (s *Server) CallAction(endpointID, modelURN, name string, arguments map[string]any) *Request {
	s.t.Helper()
	return s.sent(s.emulator.CallAction(endpointID, modelURN, name, arguments))
}

// Send sends a request as it is: to a resource of the application, or one that no server would send, to see what the device makes of it.
func (s *Server) Send(endpointID string, request *wire.Request) *Request {
	s.t.Helper()
	return s.sent(s.emulator.Send(endpointID, request))
}

func (s *Server) sent(r emulator.Request, err error) *Request {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
	return &Request{r.ID, s}
}
