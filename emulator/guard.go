package emulator

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
)

// maxHeaderLines is more than any client sends.
const maxHeaderLines = 200

// handler puts the guards before the routes: nothing of a request is believed before they have passed it.
func (s *Server) handler() http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(&call{w: w, r: r}, problem(http.StatusForbidden, "a page of another origin may not do this"))
	}))
	routed := crossOrigin.Handler(http.HandlerFunc(s.route))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.config.observer != nil {
			record := newRecorder(w, r)
			w = record
			defer func() { s.config.observer(record.exchange()) }()
		}
		setGuardHeaders(w.Header())
		c := &call{w: w, r: r}
		if !s.exchanges.begin() {
			w.Header().Set("Connection", "close")
			s.refuse(c, problem(http.StatusServiceUnavailable, "the server is closing"))
			return
		}
		defer s.exchanges.end()
		defer s.survive(c)
		if p := s.guard(r); p != nil {
			w.Header().Set("Connection", "close")
			s.refuse(c, p)
			return
		}
		routed.ServeHTTP(w, r)
	})
}

// setGuardHeaders keeps browsers from making a page of what a device wrote.
func setGuardHeaders(header http.Header) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	header.Set("Cache-Control", "no-store")
}

// guard refuses what does not even get a route.
func (s *Server) guard(r *http.Request) *Problem {
	lines := 0
	for _, values := range r.Header {
		lines += len(values)
	}
	if lines > maxHeaderLines {
		return problem(http.StatusRequestHeaderFieldsTooLarge, "%d header lines, at most %d allowed", lines, maxHeaderLines)
	}
	if !s.serves(r.Host) {
		return problem(http.StatusMisdirectedRequest, "this server does not answer for the host %.100q", r.Host)
	}
	return nil
}

// serves tells whether the host of a request is one of the server's names: a foreign name that leads here is a trick of a web page.
func (s *Server) serves(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if ip := net.ParseIP(name); ip != nil {
		return ip.IsLoopback() || slices.ContainsFunc(s.config.hosts, func(h string) bool { return ip.Equal(net.ParseIP(h)) })
	}
	return strings.EqualFold(name, "localhost") || slices.ContainsFunc(s.config.hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// survive answers for a handler that panicked.
func (s *Server) survive(c *call) {
	reason := recover()
	if reason == nil {
		return
	}
	s.log.Error("a handler panicked", "reason", fmt.Sprint(reason), "path", c.r.URL.Path, "stack", string(debug.Stack()))
	s.refuse(c, problem(http.StatusInternalServerError, "the server failed; its log tells more"))
}

// route finds the handler of a request, finds out who asks, and answers for a handler that refuses.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, query: query.Parse(r.URL.RawQuery)}
	if strings.HasPrefix(r.URL.Path, storeRoot) {
		s.serveStore(c)
		return
	}
	found, root, params, p := find(s.routes, effectiveMethod(r), r.URL.EscapedPath())
	if p != nil {
		s.refuse(c, p)
		return
	}
	c.root, c.params = root, params
	if p := s.identify(c, found.access); p != nil {
		s.refuse(c, p)
		return
	}
	if err := found.handle(s, c); err != nil {
		s.refuse(c, problemOf(err))
	}
}

// refuse answers with a problem. When nobody listens any more nothing can be done.
func (s *Server) refuse(c *call, p *Problem) {
	var broken *brokenAnswer
	if errors.As(p, &broken) {
		s.log.Debug("an answer was not taken to its end", "method", c.r.Method, "path", c.r.URL.Path, "error", broken.cause)
		return
	}
	if c.r.Context().Err() != nil {
		s.log.Debug("a client went away", "method", c.r.Method, "path", c.r.URL.Path)
		return
	}
	if p.Status == http.StatusInternalServerError {
		s.log.Error("a call failed", "method", c.r.Method, "path", c.r.URL.Path, "error", p.cause)
	} else {
		s.log.Info("refused", "status", p.Status, "method", c.r.Method, "path", c.r.URL.Path, "detail", p.Detail)
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		c.w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	if err := c.send(p.Status, c.contentType("error"), p.body(c.site()+c.r.URL.EscapedPath())); err != nil {
		s.log.Debug("an answer was not taken", "error", err)
	}
}
