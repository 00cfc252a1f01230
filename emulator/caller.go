package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// access says who may make a call.
type access uint8

const (
	anyone     access = iota // the token call, which brings its own proof
	activating               // a device that is not activated yet
	devices                  // an activated device
	people                   // a user with a password
	readers                  // an activated device or a user
)

// identify finds out who makes the call and whether that may be: 401 for who does not prove to be anybody, 403 for who may not
// (docs/protocol/transport.md §12).
func (s *Server) identify(c *call, need access) *Problem {
	scheme, credentials, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	switch {
	case need == anyone:
		return nil
	case strings.EqualFold(scheme, "Bearer"):
		return s.identifyDevice(c, need, strings.TrimSpace(credentials))
	case strings.EqualFold(scheme, "Basic"):
		return s.identifyPerson(c, need)
	case need == people:
		c.w.Header().Set("WWW-Authenticate", `Basic realm="iotcs-emulator", charset="UTF-8"`)
		return problem(http.StatusUnauthorized, "a user and password are needed")
	case need == readers:
		c.w.Header().Set("WWW-Authenticate", `Basic realm="iotcs-emulator", charset="UTF-8"`)
	}
	return problem(http.StatusUnauthorized, "an access token is needed")
}

func (s *Server) identifyDevice(c *call, need access, text string) *Problem {
	token, device, ok := s.registry.Token(text)
	if !ok {
		return problem(http.StatusUnauthorized, "the access token is unknown or has expired")
	}
	if need == people {
		return problem(http.StatusForbidden, "a device may not do this")
	}
	if device.State == registry.Disabled {
		return problem(http.StatusForbidden, "the device is disabled")
	}
	if (token.Scope == registry.ScopeActivation) != (need == activating) {
		return problem(http.StatusForbidden, "the scope of the access token does not include this")
	}
	if claimed := c.r.Header.Get("X-EndpointId"); claimed != "" && claimed != device.ID {
		return problem(http.StatusForbidden, "X-EndpointId is not the endpoint of the access token")
	}
	if claimed := c.r.Header.Get("X-ActivationId"); claimed != "" && claimed != device.HardwareID {
		return problem(http.StatusForbidden, "X-ActivationId is not the device of the access token")
	}
	device.Heard(time.Now().UnixMilli())
	c.device, c.token = device, token
	return nil
}

func (s *Server) identifyPerson(c *call, need access) *Problem {
	name, password, ok := c.r.BasicAuth()
	if !ok || !equal(name, s.config.user) || !equal(password, s.config.password) {
		c.w.Header().Set("WWW-Authenticate", `Basic realm="iotcs-emulator", charset="UTF-8"`)
		return problem(http.StatusUnauthorized, "wrong user or password")
	}
	if need != people && need != readers {
		return problem(http.StatusForbidden, "only a device may do this")
	}
	c.user = name
	return nil
}

// equal compares in a time that does not depend on where the texts differ.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
