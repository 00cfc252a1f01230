package emulator

import (
	"net/http"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
)

// Roots of the paths (docs/protocol/transport.md §2). The web roots lead to the same calls.
const (
	rootAPI     = "/iot/api/v2"
	rootWeb     = "/iot/webapi/v2"
	rootPrivate = "/iot/privateapi/v2"
	rootPrivWeb = "/iot/privatewebapi/v2"
)

// route is one call of the API.
type route struct {
	method  string
	private bool   // below the private roots
	pattern string // segments behind the root; {name} stands for any one, {name...} at the end for all that follow
	access  access
	handle  func(s *Server, c *call) error

	parts []string // of the pattern
}

// versionsPath leads to the list of versions; a slash may follow.
const versionsPath = "/iot/api"

// splitPath takes the escaped path of a request apart: its root, and the segments behind it, each decoded. Slashes at the end do not
// count.
func splitPath(escaped string) (root string, segments []string, ok bool) {
	for _, root := range []string{rootAPI, rootWeb, rootPrivate, rootPrivWeb} {
		rest, found := strings.CutPrefix(escaped, root)
		if !found || rest != "" && rest[0] != '/' {
			continue
		}
		for segment := range strings.SplitSeq(strings.Trim(rest, "/"), "/") {
			segments = append(segments, query.Unescape(segment, false))
		}
		return root, segments, true
	}
	return "", nil, false
}

// match tells whether the segments fit the route's pattern, and gives the values of its names.
func (r *route) match(segments []string) (params map[string]string, ok bool) {
	parts := r.parts
	if last := parts[len(parts)-1]; strings.HasSuffix(last, "...}") && len(segments) >= len(parts) {
		rest := strings.Join(segments[len(parts)-1:], "/")
		segments = append(slices.Clone(segments[:len(parts)-1]), rest)
	}
	if len(parts) != len(segments) {
		return nil, false
	}
	for i, part := range parts {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			if part != segments[i] {
				return nil, false
			}
			continue
		}
		if segments[i] == "" {
			return nil, false
		}
		if params == nil {
			params = make(map[string]string, 2)
		}
		params[strings.TrimRight(name, ".}")] = segments[i]
	}
	return params, true
}

// find gives the route of a request. A path that exists with other methods is a problem of status 405.
func find(routes []route, method, escapedPath string) (*route, string, map[string]string, *Problem) {
	if method == http.MethodGet && strings.TrimSuffix(escapedPath, "/") == versionsPath {
		return versionsRoute(), rootAPI, nil, nil
	}
	root, segments, ok := splitPath(escapedPath)
	if !ok {
		return nil, "", nil, problem(http.StatusNotFound, "there is nothing at this path")
	}
	private := root == rootPrivate || root == rootPrivWeb
	others := false
	for i := range routes {
		r := &routes[i]
		if r.private != private {
			continue
		}
		params, ok := r.match(segments)
		if !ok {
			continue
		}
		if r.method == method {
			return r, root, params, nil
		}
		others = true
	}
	if others {
		return nil, root, nil, problem(http.StatusMethodNotAllowed, "there is no %.20s for this path", method)
	}
	return nil, root, nil, problem(http.StatusNotFound, "there is nothing at this path")
}

// effectiveMethod is the method that a client means: many send PATCH as POST with a header (docs/protocol/management-api.md §1.2).
func effectiveMethod(r *http.Request) string {
	if override := r.Header.Get("X-HTTP-Method-Override"); r.Method == http.MethodPost && strings.EqualFold(override, http.MethodPatch) {
		return http.MethodPatch
	}
	return r.Method
}

// urn gives a URN from a path, which may be encoded twice (docs/protocol/device-models.md §6). No URN has a percent sign.
func urn(param string) string { return query.Unescape(param, false) }
