package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const maxResources = 1000 // of one device

// report takes a resources report (docs/protocol/messages.md §7.3).
func (s *Server) report(report *wire.ResourcesReport) error {
	_, err := s.registry.UpdateDevice(report.EndpointName, func(d *registry.Device) error {
		if report.ReportType == wire.ReportDelete && len(report.Resources) == 0 {
			d.Resources = nil
		}
		for i := range report.Resources {
			r := &report.Resources[i]
			if r.Removed || report.ReportType == wire.ReportDelete {
				delete(d.Resources, r.Path)
				continue
			}
			if d.Resources == nil {
				d.Resources = make(map[string][]string)
			}
			if _, known := d.Resources[r.Path]; known || len(d.Resources) < maxResources {
				d.Resources[strings.Clone(r.Path)] = cloneAll(r.Methods)
			}
		}
		return nil
	})
	return err
}

// cloneAll copies texts that share memory with a whole message.
func cloneAll(texts []string) []string {
	all := slices.Clone(texts)
	for i := range all {
		all[i] = strings.Clone(all[i])
	}
	return all
}

// reported tells whether all that a report says is known already: most devices report the same at every start.
func reported(d *registry.Device, report *wire.ResourcesReport) bool {
	if report.ReportType == wire.ReportDelete {
		return false
	}
	for i := range report.Resources {
		r := &report.Resources[i]
		methods, known := d.Resources[r.Path]
		if known == r.Removed || !r.Removed && !slices.Equal(methods, r.Methods) {
			return false
		}
	}
	return true
}

type resourceBody struct {
	ID          string   `json:"id"`
	EndpointID  string   `json:"endpointId"`
	Description string   `json:"description"`
	URL         string   `json:"url"`
	Methods     []string `json:"methods"`
	Links       []link   `json:"links"`
}

func (s *Server) getResources(c *call) error {
	device, err := s.findDevice(c.params["id"])
	if err != nil {
		return err
	}
	return list(c, slices.Sorted(maps.Keys(device.Resources)), func(path string) any {
		return resourceBody{
			ID: path, EndpointID: device.ID, URL: path, Methods: device.Resources[path],
			Links: []link{{"self", c.link("/devices/" + pathEscape(device.ID) + "/resources/" + path)}},
		}
	})
}

// callResource forwards a call to a resource that the device reported (docs/protocol/management-api.md §9.1).
func (s *Server) callResource(c *call) error {
	device, err := s.findDevice(c.params["id"])
	if err != nil {
		return err
	}
	path, method := c.params["path"], effectiveMethod(c.r)
	methods, ok := device.Resources[path]
	switch {
	case !ok && s.config.checkRequests:
		return problem(http.StatusNotFound, "the device reported no resource %.200s", path)
	case !slices.Contains(methods, method) && s.config.checkRequests:
		return problem(http.StatusMethodNotAllowed, "the device reported no %s for the resource %.200s", method, path)
	}
	body, err := c.body(maxSmallBody)
	if err != nil {
		return err
	}
	return s.forward(c, device, &wire.Request{Method: method, URL: path, Headers: forwardedHeaders(c.r.Header), Params: forwardedParams(c.query), Body: body})
}

// forwardedHeaders are those that mean something to the device: the type of the body and what begins with x-.
func forwardedHeaders(header http.Header) map[string][]string {
	forwarded := make(map[string][]string)
	for name, values := range header {
		lower := strings.ToLower(name)
		if lower == "content-type" || strings.HasPrefix(lower, "x-") && lower != "x-http-method-override" {
			forwarded[lower] = values
		}
	}
	return forwarded
}

// forwardedParams are those that the server does not mean for itself.
func forwardedParams(values query.Values) map[string]string {
	params := make(map[string]string)
	for _, pair := range values {
		if pair.Name != "" && !strings.HasPrefix(pair.Name, "iot.") {
			params[pair.Name] = pair.Value
		}
	}
	return params
}
