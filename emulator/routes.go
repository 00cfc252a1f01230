package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// newRoutes gives the calls of the API: docs/protocol/transport.md §2 for devices, docs/protocol/management-api.md for people.
func newRoutes() []route {
	routes := []route{
		{method: "POST", pattern: "oauth2/token", access: anyone, handle: (*Server).postToken},
		{method: "GET", pattern: "activation/policy", access: activating, handle: (*Server).getActivationPolicy},
		{method: "POST", pattern: "activation/direct", access: activating, handle: (*Server).postDirect},
		{method: "POST", pattern: "activation/indirect/device", access: devices, handle: (*Server).postIndirect},

		{method: "GET", pattern: "provisioner/storage", access: readers, handle: (*Server).getStorage},

		{method: "POST", pattern: "messages", access: devices, handle: (*Server).postMessages},
		{method: "GET", pattern: "messages", access: people, handle: (*Server).getMessages},
		{method: "GET", pattern: "messages/count", access: people, handle: (*Server).countMessages},
		{method: "GET", pattern: "messages/{id}", access: people, handle: (*Server).getMessage},

		{method: "POST", pattern: "deviceModels", access: people, handle: (*Server).postModel},
		{method: "GET", pattern: "deviceModels", access: people, handle: (*Server).getModels},
		{method: "GET", pattern: "deviceModels/count", access: people, handle: (*Server).countModels},
		{method: "GET", pattern: "deviceModels/{urn}", access: readers, handle: (*Server).getModel},

		{method: "POST", pattern: "devices", access: people, handle: (*Server).postDevice},
		{method: "GET", pattern: "devices", access: people, handle: (*Server).getDevices},
		{method: "GET", pattern: "devices/count", access: people, handle: (*Server).countDevices},
		{method: "GET", pattern: "devices/{id}", access: people, handle: (*Server).getDevice},
		{method: "PATCH", pattern: "devices/{id}", access: people, handle: (*Server).patchDevice},
		{method: "DELETE", pattern: "devices/{id}", access: people, handle: (*Server).deleteDevice},
		{method: "GET", pattern: "devices/{id}/devices", access: people, handle: (*Server).getDevicesBehind},

		{method: "GET", pattern: "devices/{id}/deviceModels/{urn}/attributes", access: people, handle: (*Server).getAttributes},
		{method: "PATCH", pattern: "devices/{id}/deviceModels/{urn}/attributes", access: people, handle: (*Server).patchAttributes},
		{method: "GET", pattern: "devices/{id}/deviceModels/{urn}/attributes/{name}", access: people, handle: (*Server).getAttribute},
		{method: "PUT", pattern: "devices/{id}/deviceModels/{urn}/attributes/{name}", access: people, handle: (*Server).putAttribute},
		{method: "POST", pattern: "devices/{id}/deviceModels/{urn}/actions/{name}", access: people, handle: (*Server).postAction},

		{method: "GET", pattern: "devices/{id}/resources", access: people, handle: (*Server).getResources},
		{method: "GET", pattern: "requests/{id}", access: people, handle: (*Server).getRequest},
		{method: "GET", pattern: "requests/{id}/response", access: people, handle: (*Server).getResponse},
	}
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
		routes = append(routes, route{method: method, pattern: "devices/{id}/resources/{path...}", access: people, handle: (*Server).callResource})
	}
	routes = slices.Concat(routes, policyRoutes(), faultRoutes(), objectRoutes())
	routes = withFaults(withNotices(routes))
	for i := range routes {
		routes[i].parts = strings.Split(routes[i].pattern, "/")
	}
	return routes
}

// versionsRoute is the one call outside of the versions.
func versionsRoute() *route {
	return &route{method: "GET", access: people, handle: (*Server).getVersions}
}

func (s *Server) getVersions(c *call) error {
	version := map[string]any{
		"version": "v2", "isLatest": true, "latest": true, "lifecycle": "active",
		"links": []link{{"canonical", c.site() + rootAPI}},
	}
	return list(c, []map[string]any{version}, func(v map[string]any) any { return v })
}

// statusText gives a status as "202: Accepted".
func statusText(status int) string {
	return strings.TrimSuffix(strconv.Itoa(status)+": "+http.StatusText(status), ": ")
}
