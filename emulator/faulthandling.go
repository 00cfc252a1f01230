package emulator

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/assertion"
	"github.com/iotcs-go/iotcs/emulator/internal/faults"
)

// handler carries out a call.
type handler func(s *Server, c *call) error

// withFaults lets faults come between the calls of devices and their handlers.
func withFaults(routes []route) []route {
	for i := range routes {
		r := &routes[i]
		if r.access == people {
			continue
		}
		handle := r.handle
		place := faultPlace{token: r.access == anyone, polls: r.access == devices && r.pattern == "messages"}
		r.handle = func(s *Server, c *call) error { return s.meetFaults(c, place, handle) }
	}
	return routes
}

// faultPlace is what faults need to know of a route.
type faultPlace struct {
	token  bool   // the token call
	polls  bool   // the answer may hold requests to the device
	object string // name of the storage object; "" for all other calls
}

var errExpired = problem(http.StatusUnauthorized, "the access token is unknown or has expired")

func (s *Server) meetFaults(c *call, place faultPlace, handle handler) error {
	if c.device != nil && s.faults.Revoked(c.token.Text) {
		return errExpired
	}
	if c.user != "" || s.faults.Empty() {
		return handle(s, c)
	}
	about, err := s.faultCall(c, place)
	if err != nil {
		return err
	}
	for _, met := range s.faults.Meet(about) {
		s.log.Info("fault", "id", met.ID, "fault", string(met.Rule.Kind), "route", about.Route)
		switch met.Rule.Kind {
		case faults.Latency:
			s.pause(c, met.Rule.Delay)
		case faults.Skew:
			handle = skewed(handle, place, met.Rule.Offset)
		case faults.Redeliver:
			handle = redelivering(handle, met.ID)
		case faults.Changed:
			handle = altering(handle, place.object)
		default:
			return s.carryOut(c, met.Rule, handle)
		}
	}
	return handle(s, c)
}

// faultCall gives what the conditions of faults look at.
func (s *Server) faultCall(c *call, place faultPlace) (*faults.Call, error) {
	about := &faults.Call{
		Method: effectiveMethod(c.r),
		Route:  strings.Trim(strings.TrimPrefix(c.r.URL.Path, c.root), "/"),
		Token:  c.device != nil,
		Polls:  place.polls,
		Object: place.object != "",
	}
	switch {
	case c.device != nil:
		about.Callers = []string{c.device.ID, c.device.HardwareID}
	case place.token && s.faults.ByDevice():
		claimed, err := c.assertion()
		if err != nil {
			return nil, err
		}
		if claimed != nil {
			about.Callers = []string{claimed.Issuer}
			if device := s.registry.Device(claimed.Issuer); device != nil {
				about.Callers = append(about.Callers, device.HardwareID)
			} else if device := s.registry.DeviceByHardwareID(claimed.Issuer); device != nil {
				about.Callers = append(about.Callers, device.ID)
			}
		}
	}
	return about, nil
}

// peek reads the body and leaves it to be read again.
func (c *call) peek(limit int64) ([]byte, error) {
	body, err := c.body(limit)
	if err != nil {
		return nil, err
	}
	c.rewind(body)
	return body, nil
}

func (c *call) rewind(body []byte) { c.r.Body = io.NopCloser(bytes.NewReader(body)) }

// assertion looks at the assertion of a token call, nil when there is none that can be read.
func (c *call) assertion() (*assertion.Assertion, error) {
	body, err := c.peek(maxSmallBody)
	if err != nil {
		return nil, err
	}
	claimed, err := assertion.Parse(parseForm(string(body))["client_assertion"])
	if err != nil {
		return nil, nil // the handler refuses it
	}
	return claimed, nil
}

// pause waits, unless the client goes away or the server closes.
func (s *Server) pause(c *call, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	case <-c.r.Context().Done():
	}
}

// carryOut ends a call in the way of a fault.
func (s *Server) carryOut(c *call, rule faults.Rule, handle handler) error {
	switch rule.Kind {
	case faults.Status:
		if rule.RetryAfter > 0 {
			seconds := (rule.RetryAfter + time.Second - 1) / time.Second
			c.w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
		}
		c.readOnly(rule.After)
		return problem(rule.Code, "a fault that somebody asked for")
	case faults.ExpiredToken:
		s.faults.Revoke(c.token.Text)
		c.readOnly(rule.After)
		return errExpired
	case faults.LostAnswer:
		s.lose(c, handle)
	case faults.Truncate:
		return s.truncate(c, handle)
	case faults.Repeat:
		return s.repeat(c, handle)
	case faults.Short:
		return s.shorten(c, handle)
	case faults.Page:
		c.discard()
		return c.send(http.StatusOK, "text/html; charset=utf-8", []byte("<!DOCTYPE html><title>Sign in</title><p>Please sign in to this network.\n"))
	case faults.ETag:
		return retagged(handle, rule.Tag)(s, c)
	case faults.Reset:
		if rule.After > 0 {
			return s.resetAfter(c, rule.After, handle)
		}
	}
	return cut(c.w)
}

// repeat carries a call out twice. The first time it takes no requests away: nobody would get them.
func (s *Server) repeat(c *call, handle handler) error {
	body, err := c.peek(maxMessagesBody)
	if err != nil {
		return err
	}
	first := *c
	first.query = withoutPoll(c.query)
	s.lose(&first, handle)
	c.rewind(body)
	return handle(s, c)
}

var errRedelivered = errors.New("the answer is given, but counts as lost")

// redelivering gives the requests that an answer holds to the device, and puts them back in their queue as if it had not got them.
func redelivering(handle handler, id int) handler {
	return func(s *Server, c *call) error {
		answer := newCaptured(c.w)
		answer.flushed = func() error {
			if answer.status == http.StatusAccepted && answer.body.Len() > len("[]") && s.faults.Happens(id) {
				return errRedelivered
			}
			return nil
		}
		inner := *c
		inner.w = answer
		if err := handle(s, &inner); err != nil {
			return err
		}
		return answer.give(c.w, answer.body.Bytes())
	}
}

// skewed lets a call meet a server whose clock is ahead.
func skewed(handle handler, place faultPlace, offset time.Duration) handler {
	return func(s *Server, c *call) error {
		now := time.Now().Add(offset)
		c.w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		if !place.token {
			return handle(s, c)
		}
		claimed, err := c.assertion()
		if err != nil {
			return err
		}
		if claimed != nil && !claimed.Expires.After(now) {
			p := problem(http.StatusBadRequest, "client_assertion has expired")
			p.currentTime = now.UnixMilli()
			return p
		}
		err = handle(s, c)
		var p *Problem
		if errors.As(err, &p) && p.currentTime != 0 {
			told := *p
			told.currentTime = now.UnixMilli()
			return &told
		}
		return err
	}
}

// cut ends the connection of an exchange without a word.
func cut(w http.ResponseWriter) error {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn() // whose end is not announced
	}
	return conn.Close()
}
