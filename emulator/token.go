package emulator

import (
	"net/http"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/assertion"
	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

const (
	grantType       = "client_credentials"
	assertionType   = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	activationScope = "oracle/iot/activation"

	// tokenGrace is how long a token is honoured after the time that the device was told (docs/protocol/transport.md §12).
	tokenGrace = time.Minute
)

type tokenBody struct {
	ExpiresIn   int64  `json:"expires_in"` // ms, not s (docs/protocol/transport.md §4)
	TokenType   string `json:"token_type"`
	AccessToken string `json:"access_token"`
}

// postToken gives an access token for an assertion. Every refusal has status 400 and the time, so that a device with a wrong clock can
// set it.
func (s *Server) postToken(c *call) error {
	body, err := c.body(maxSmallBody)
	if err != nil {
		return err
	}
	device, scope, p := s.verify(parseForm(string(body)))
	if p != nil {
		p.currentTime = time.Now().UnixMilli()
		return p
	}
	token, err := s.registry.Issue(device.ID, scope, s.config.tokenLife+tokenGrace)
	if err != nil {
		return err
	}
	device.Heard(time.Now().UnixMilli())
	return c.json(http.StatusOK, tokenBody{s.config.tokenLife.Milliseconds(), "Bearer", token.Text})
}

// form are the parameters of a token request.
type form map[string]string

// parseForm splits each pair at its first equals sign: the official clients do not escape the padding of the assertion. A plus sign
// stays, being a letter of base64.
func parseForm(body string) form {
	f := make(form)
	for pair := range strings.SplitSeq(strings.TrimSpace(body), "&") {
		name, value, _ := strings.Cut(pair, "=")
		f[name] = query.Unescape(value, false)
	}
	return f
}

// verify finds the device that an assertion speaks for. What is wrong with it is told in words that do not say whether the device
// exists.
func (s *Server) verify(f form) (*registry.Device, registry.Scope, *Problem) {
	switch {
	case f["grant_type"] != grantType:
		return nil, 0, problem(http.StatusBadRequest, "grant_type must be %s", grantType)
	case f["client_assertion_type"] != assertionType:
		return nil, 0, problem(http.StatusBadRequest, "client_assertion_type must be %s", assertionType)
	case f["scope"] != "" && f["scope"] != activationScope:
		return nil, 0, problem(http.StatusBadRequest, "scope must be empty or %s", activationScope)
	}
	a, err := assertion.Parse(f["client_assertion"])
	if err != nil {
		return nil, 0, problem(http.StatusBadRequest, "client_assertion: %w", err)
	}
	if !a.Expires.After(time.Now()) {
		return nil, 0, problem(http.StatusBadRequest, "client_assertion has expired")
	}
	refused := problem(http.StatusBadRequest, "client_assertion is not one of a device in this state")
	if f["scope"] == activationScope {
		device := s.registry.DeviceByHardwareID(a.Issuer)
		if device == nil || device.State != registry.Registered || !a.VerifySecret(device.Secret) {
			return nil, 0, refused
		}
		return device, registry.ScopeActivation, nil
	}
	device := s.registry.Device(a.Issuer)
	if device == nil || device.State != registry.Activated || !a.VerifyKey(device.Key()) {
		return nil, 0, refused
	}
	return device, registry.ScopeDevice, nil
}
