package dispatch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Handler answers one request. The context ends when the dispatcher closes or
// the handler takes longer than the request timeout. nil and a panic are
// answered 500; RequestID of the answer is filled in.
type Handler func(ctx context.Context, m *wire.Message) *wire.Response

// Any, as endpoint or path, stands for every endpoint or path.
const Any = "*"

// ErrNoHandler refuses a registration without handler.
var ErrNoHandler = errors.New("handler is nil")

// route is one registration.
type route struct {
	endpoint, path string
	handler        Handler
	direct         bool
}

// routes finds the handler of a request. Entries are ordered: real endpoints
// before Any, then longer paths first (docs/protocol/dispatch.md §9.1).
type routes struct {
	mu      sync.RWMutex
	entries []route
}

// Handle makes handler answer the requests to an endpoint whose path is path or
// begins with path and a slash; the longest path wins, and any path of the
// endpoint itself goes before those of [Any]. The same pair replaces.
//
// Handlers of one endpoint run one at a time, in order of arrival.
func (d *Dispatcher) Handle(endpoint, path string, handler Handler) error {
	return d.requests.routes.add(route{endpoint: endpoint, path: path, handler: handler})
}

// HandleDirect is [Dispatcher.Handle] for short handlers of the runtime itself:
// they do not wait for others of their endpoint.
func (d *Dispatcher) HandleDirect(endpoint, path string, handler Handler) error {
	return d.requests.routes.add(route{endpoint: endpoint, path: path, handler: handler, direct: true})
}

// Unhandle takes back what Handle did for exactly this pair.
func (d *Dispatcher) Unhandle(endpoint, path string) { d.requests.routes.remove(endpoint, path) }

func (rs *routes) add(r route) error {
	if r.handler == nil {
		return ErrNoHandler
	}
	if r.endpoint == "" {
		r.endpoint = Any
	}
	if r.path == "" {
		r.path = Any
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	i, found := slices.BinarySearchFunc(rs.entries, r, before)
	if found {
		rs.entries[i] = r
		return nil
	}
	rs.entries = slices.Insert(rs.entries, i, r)
	return nil
}

// before orders routes: the first that matches is the one to take.
func before(a, b route) int {
	if (a.endpoint == Any) != (b.endpoint == Any) {
		if b.endpoint == Any {
			return -1
		}
		return 1
	}
	if c := strings.Compare(b.endpoint, a.endpoint); c != 0 {
		return c
	}
	if (a.path == Any) != (b.path == Any) {
		if b.path == Any {
			return -1
		}
		return 1
	}
	if len(a.path) != len(b.path) {
		return len(b.path) - len(a.path)
	}
	return strings.Compare(b.path, a.path)
}

func (rs *routes) remove(endpoint, path string) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	i, found := slices.BinarySearchFunc(rs.entries, route{endpoint: endpoint, path: path}, before)
	if found {
		rs.entries = slices.Delete(rs.entries, i, i+1)
	}
}

// find returns the route of a request.
func (rs *routes) find(endpoint, url string) (route, bool) {
	rs.mu.RLock()
	defer rs.mu.RUnlock()
	first, _ := slices.BinarySearchFunc(rs.entries, endpoint, firstOf)
	for _, part := range [][]route{rs.entries[first:], rs.entries[wildcards(rs.entries):]} {
		for _, r := range part {
			if r.endpoint != endpoint && r.endpoint != Any {
				break
			}
			if r.matches(url) {
				return r, true
			}
		}
	}
	return route{}, false
}

// firstOf finds the first entry of an endpoint.
func firstOf(r route, endpoint string) int {
	if r.endpoint == Any {
		return 1
	}
	if c := strings.Compare(endpoint, r.endpoint); c != 0 {
		return c
	}
	return 0
}

// wildcards returns the index of the first entry for any endpoint.
func wildcards(entries []route) int {
	i, _ := slices.BinarySearchFunc(entries, true, func(r route, _ bool) int {
		if r.endpoint == Any {
			return 0
		}
		return -1
	})
	return i
}

// matches reports whether url is the route's path or lies below it.
func (r *route) matches(url string) bool {
	if r.path == Any {
		return true
	}
	rest, ok := strings.CutPrefix(url, r.path)
	return ok && (rest == "" || rest[0] == '/')
}
