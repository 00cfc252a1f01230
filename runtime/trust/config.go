package trust

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"
)

// Config says what a new provisioning file is to hold. It shows without its
// secrets.
type Config struct {
	// ServerURI is "[scheme://]host[:port]": scheme https (the default) or mqtts,
	// port 1…65535, default 443 or 8883, IPv6 in brackets.
	ServerURI string
	// ClientID is the activation id that the device was registered with, or the
	// integration id: UTF-8, at most 65535 bytes, no control characters, no blanks
	// at its ends. ASCII letters, digits, '-', '_' and '.' suit every client.
	ClientID string
	// Secret is the shared secret as the operator got it, 1…65535 bytes.
	Secret Secret
	// TrustAnchors are the only certificates to trust; none means the roots of the
	// platform. The JavaScript client cannot load others than RSA.
	TrustAnchors []*x509.Certificate
	// ConnectedDevices are the indirectly connected devices with secrets of their
	// own; each id once.
	ConnectedDevices []ConnectedDevice
	// Enterprise makes the file of an enterprise integration: its endpoint id is
	// its client id, and it has neither a key nor connected devices.
	Enterprise bool
	// EndpointID and Key make the file of a device that is activated already, for
	// tests; both or neither. The key has at least 2048 bits.
	EndpointID string
	Key        *rsa.PrivateKey `json:"-"`
}

// ConnectedDevice is the hardware id and secret of a device behind a gateway.
type ConnectedDevice struct {
	ID     string // as Config.ClientID
	Secret Secret // as Config.Secret
}

// String shows the ids, not the secrets.
func (c Config) String() string {
	return fmt.Sprintf("trust.Config{server: %s, client: %s, endpoint: %s, secrets: %s}",
		withoutUser(c.ServerURI), c.ClientID, c.EndpointID, redacted)
}

// GoString is String.
func (c Config) GoString() string { return c.String() }

// Format writes String whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// LogValue shows the ids, not the secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

func withoutUser(uri string) string {
	if strings.Contains(uri, "@") {
		return redacted
	}
	return uri
}

// Encode returns the bytes of a new provisioning file, for whoever sends it
// elsewhere. Two calls never give the same bytes. *[ConfigError],
// [ErrNoPassphrase], [ErrTooLarge].
func Encode(passphrase []byte, cfg Config) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, ErrNoPassphrase
	}
	c, err := cfg.content(secretsHere)
	if err != nil {
		return nil, err
	}
	return c.encode(passphrase, newIV())
}

// secretsAt says whether secrets may be missing, as they are elsewhere.
type secretsAt bool

const (
	secretsHere      secretsAt = false
	secretsElsewhere secretsAt = true
)

// content checks the configuration and copies what it keeps.
func (c Config) content(at secretsAt) (*content, error) {
	made, err := c.identity(at)
	if err != nil {
		return nil, err
	}
	for i, anchor := range c.TrustAnchors {
		field := fmt.Sprintf("TrustAnchors[%d]", i)
		if anchor == nil || len(anchor.Raw) == 0 {
			return nil, &ConfigError{Field: field, Reason: "is no parsed certificate"}
		}
		if len(anchor.Raw) > maxValue {
			return nil, &ConfigError{Field: field, Reason: "is longer than 65535 bytes"}
		}
		made.anchors = append(made.anchors, anchor)
	}
	if err := c.addDevices(made, at); err != nil {
		return nil, err
	}
	return made, c.addEndpoint(made)
}

func (c Config) identity(at secretsAt) (*content, error) {
	s, err := newServer(c.ServerURI)
	if err != nil {
		return nil, &ConfigError{Field: "ServerURI", Reason: err.Error(), Err: err}
	}
	if err := checkID("ClientID", c.ClientID); err != nil {
		return nil, err
	}
	if err := checkSecret("Secret", c.Secret, at); err != nil {
		return nil, err
	}
	return &content{uri: s.String(), server: s, clientID: c.ClientID, secret: slices.Clone(c.Secret)}, nil
}

func (c Config) addDevices(made *content, at secretsAt) error {
	if c.Enterprise && len(c.ConnectedDevices) > 0 {
		return &ConfigError{Field: "ConnectedDevices", Reason: "an enterprise integration has none"}
	}
	seen := map[string]bool{c.ClientID: true}
	for i, d := range c.ConnectedDevices {
		field := fmt.Sprintf("ConnectedDevices[%d]", i)
		if err := checkID(field+".ID", d.ID); err != nil {
			return err
		}
		if err := checkSecret(field+".Secret", d.Secret, at); err != nil {
			return err
		}
		if seen[d.ID] {
			return &ConfigError{Field: field + ".ID", Reason: "the id is used twice"}
		}
		seen[d.ID] = true
		if len(d.ID)+len(d.Secret)+6 > maxValue {
			return &ConfigError{Field: field, Reason: "id and secret are together longer than 65529 bytes"}
		}
		raw := appendTLV(appendTLV(nil, tagClientID, []byte(d.ID)), tagSecret, d.Secret)
		made.devices = append(made.devices, connectedDevice{d.ID, slices.Clone(d.Secret), raw})
	}
	return nil
}

func (c Config) addEndpoint(made *content) (err error) {
	switch {
	case c.Enterprise && c.Key != nil:
		return &ConfigError{Field: "Key", Reason: "an enterprise integration has none"}
	case c.Enterprise && c.EndpointID != "" && c.EndpointID != c.ClientID:
		return &ConfigError{Field: "EndpointID", Reason: "that of an enterprise integration is its client id"}
	case c.Enterprise:
		made.endpointID = c.ClientID
		return nil
	case c.EndpointID == "" && c.Key == nil:
		return nil
	case c.EndpointID == "" || c.Key == nil:
		return &ConfigError{Field: "EndpointID", Reason: "an activated device has an endpoint id and a key"}
	case c.Key.N == nil || c.Key.N.BitLen() < MinKeyBits:
		return &ConfigError{Field: "Key", Reason: "is shorter than 2048 bits"}
	}
	if err := checkID("EndpointID", c.EndpointID); err != nil {
		return err
	}
	made.endpointID = c.EndpointID
	if made.key, err = newKeyPair(c.Key); err != nil {
		return &ConfigError{Field: "Key", Reason: "cannot be encoded"}
	}
	return nil
}

func checkID(field, id string) error {
	reason := ""
	switch {
	case id == "":
		reason = "is empty"
	case len(id) > maxValue:
		reason = "is longer than 65535 bytes"
	case !utf8.ValidString(id):
		reason = "is not UTF-8"
	case hasControl(id):
		reason = "has control characters"
	case strings.TrimSpace(id) != id:
		reason = "begins or ends with a blank"
	default:
		return nil
	}
	return &ConfigError{Field: field, Reason: reason}
}

func checkSecret(field string, secret Secret, at secretsAt) error {
	reason := ""
	switch {
	case len(secret) == 0 && at == secretsElsewhere:
		return nil
	case len(secret) == 0:
		reason = "is empty"
	case len(secret) > maxValue:
		reason = "is longer than 65535 bytes"
	case bytes.ContainsAny(secret, "\r\n\x00"):
		reason = "has line ends or NUL bytes"
	default:
		return nil
	}
	return &ConfigError{Field: field, Reason: reason}
}
