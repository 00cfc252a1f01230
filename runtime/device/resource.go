package device

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Handler answers one request of the cloud to an application resource:
// m.Request has method, url, headers, parameters and body, m.Destination the
// endpoint. Handlers of one endpoint run one at a time. nil is answered 500; the
// request's id is filled into the answer.
type Handler = dispatch.Handler

// Errors of registering resources.
var (
	// ErrResourcePath refuses a path that is empty or begins with a slash.
	ErrResourcePath = errors.New("a resource path is relative and not empty")
	// ErrResourceMethod refuses a method that the platform does not forward.
	ErrResourceMethod = errors.New("a resource takes GET, POST, PUT, DELETE and PATCH")
)

// methods that the platform forwards (docs/protocol/messages.md §7.3).
var methods = [...]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch}

// Handle serves the resource with the given path, and what lies below it, on the
// endpoint; "" is the device itself. The server learns of it by a resources
// report (docs/protocol/messages.md §7.3, §8.6). Other methods are answered 405.
// The same endpoint and path replace.
//
// Errors: [ErrResourcePath], [ErrResourceMethod], [*QueueFullError] (then
// nothing is registered), [ErrNotActivated], [ErrClosed].
func (d *Device) Handle(endpointID, path string, allowed []string, h Handler) error {
	q, err := d.running()
	if err != nil {
		return err
	}
	if h == nil {
		return dispatch.ErrNoHandler
	}
	if path == "" || strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q: %w", path, ErrResourcePath)
	}
	if len(allowed) == 0 {
		return fmt.Errorf("%s: no method given: %w", path, ErrResourceMethod)
	}
	for _, m := range allowed {
		if !slices.Contains(methods[:], m) {
			return fmt.Errorf("%s: %q: %w", path, m, ErrResourceMethod)
		}
	}
	endpointID = d.orOwn(endpointID)
	if err := d.report(endpointID, wire.Resource{EndpointName: endpointID, Name: path, Path: path, Methods: allowed}); err != nil {
		return err
	}
	return q.Handle(endpointID, path, limitMethods(allowed, h))
}

// Unhandle takes back what [Device.Handle] did and reports it to the server.
func (d *Device) Unhandle(endpointID, path string) error {
	q, err := d.running()
	if err != nil {
		return err
	}
	endpointID = d.orOwn(endpointID)
	q.Unhandle(endpointID, path)
	return d.report(endpointID, wire.Resource{EndpointName: endpointID, Name: path, Path: path, Removed: true})
}

func (d *Device) orOwn(endpointID string) string {
	if endpointID == "" {
		return d.EndpointID()
	}
	return endpointID
}

// limitMethods answers 405 to methods other than the allowed ones.
func limitMethods(allowed []string, h Handler) Handler {
	allowed = slices.Clone(allowed)
	return func(ctx context.Context, m *wire.Message) *wire.Response {
		if !slices.Contains(allowed, m.Request.EffectiveMethod()) {
			return &wire.Response{StatusCode: http.StatusMethodNotAllowed}
		}
		return h(ctx, m)
	}
}

// report queues a report of added or removed resources of an endpoint.
func (d *Device) report(endpointID string, resources ...wire.Resource) error {
	return d.Queue(&wire.Message{
		Header: wire.Header{Source: endpointID, Priority: wire.Low, Reliability: wire.BestEffort},
		Type:   wire.TypeResourcesReport,
		Report: &wire.ResourcesReport{ReportType: wire.ReportUpdate, EndpointName: endpointID, Resources: resources},
	})
}
