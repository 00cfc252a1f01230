package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// content is what a provisioning file holds. Once made it is not changed: edits
// work on a shallow copy.
type content struct {
	uri        string // as it stands in the file
	server     server // uri, taken apart
	clientID   string
	secret     Secret // nil when there is none
	endpointID string
	anchors    []*x509.Certificate
	key        *keyPair // nil when there is none
	devices    []connectedDevice
	unknown    []tlv    // tags of other makers, in the order of the file
	comments   []string // comment lines of an operator
}

// connectedDevice is one TLV of tag 8. raw keeps what other makers put into it.
type connectedDevice struct {
	id     string
	secret Secret
	raw    []byte
}

func (c *content) activated() bool { return c.endpointID != "" }

func (c *content) enterprise() bool { return c.endpointID == c.clientID && c.key == nil }

// sameDevice tells whether two files belong to the same registration.
func (c *content) sameDevice(other *content) bool {
	return c.clientID == other.clientID && c.server == other.server
}

// parseContent reads a decrypted TLV sequence. ErrPassphrase means that nothing
// proves the passphrase right; after the proof everything is ErrCorrupt or
// ErrScheme (docs/protocol/provisioning.md §3). The result shares no memory with
// plain, which the caller wipes.
func parseContent(plain []byte) (*content, error) {
	all, err := parseTLVs(plain)
	if err != nil {
		return nil, ErrPassphrase
	}
	last := map[byte][]byte{} // of a repeated single tag the last wins
	for _, t := range all {
		last[t.tag] = t.value
	}
	c := &content{uri: string(last[tagServerURI])}
	if !looksLikeURI(c.uri) {
		return nil, ErrPassphrase
	}
	if c.server, err = readServer(c.uri); err != nil {
		if errors.Is(err, ErrScheme) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := c.fill(all, last); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return c, nil
}

// fill reads everything but the server URI.
func (c *content) fill(all []tlv, last map[byte][]byte) (err error) {
	if c.clientID, err = readID("client id", last[tagClientID]); err != nil {
		return err
	}
	if len(last[tagEndpointID]) > 0 {
		if c.endpointID, err = readID("endpoint id", last[tagEndpointID]); err != nil {
			return err
		}
	}
	if secret := last[tagSecret]; len(secret) > 0 {
		c.secret = slices.Clone(secret)
	}
	if c.key, err = parseKeyPair(last[tagPrivateKey], last[tagPublicKey]); err != nil {
		return err
	}
	for _, t := range all {
		if err := c.add(t); err != nil {
			return err
		}
	}
	return nil
}

// add takes one TLV of a kind that may be repeated.
func (c *content) add(t tlv) error {
	switch t.tag {
	case tagServerURI, tagClientID, tagSecret, tagEndpointID, tagPrivateKey, tagPublicKey:
		return nil
	case tagTrustAnchor:
		anchor, err := x509.ParseCertificate(slices.Clone(t.value))
		if err != nil {
			return fmt.Errorf("trust anchor %d: %w", len(c.anchors)+1, err)
		}
		c.anchors = append(c.anchors, anchor)
	case tagConnectedDevice:
		device, err := parseConnectedDevice(slices.Clone(t.value))
		if err != nil {
			return fmt.Errorf("connected device %d: %w", len(c.devices)+1, err)
		}
		c.devices = append(c.devices, device)
	default:
		c.unknown = append(c.unknown, tlv{t.tag, slices.Clone(t.value)})
	}
	return nil
}

// parseConnectedDevice keeps raw.
func parseConnectedDevice(raw []byte) (connectedDevice, error) {
	d := connectedDevice{raw: raw}
	nested, err := parseTLVs(raw)
	if err != nil {
		return d, err
	}
	var id []byte
	for _, t := range nested {
		switch t.tag {
		case tagClientID:
			id = t.value
		case tagSecret:
			d.secret = t.value
		}
	}
	d.id, err = readID("id", id)
	return d, err
}

func readID(what string, value []byte) (string, error) {
	switch {
	case len(value) == 0:
		return "", errors.New("the " + what + " is missing")
	case !utf8.Valid(value):
		return "", errors.New("the " + what + " is not UTF-8")
	}
	return string(value), nil
}

// appendTLVs writes the order of both official clients: 1, 2, 3, 4, 5…, 6, 7, 8…,
// and then what they do not know.
func (c *content) appendTLVs(dst []byte) []byte {
	dst = appendTLV(dst, tagServerURI, []byte(c.uri))
	dst = appendTLV(dst, tagClientID, []byte(c.clientID))
	if len(c.secret) > 0 {
		dst = appendTLV(dst, tagSecret, c.secret)
	}
	if c.endpointID != "" {
		dst = appendTLV(dst, tagEndpointID, []byte(c.endpointID))
	}
	for _, anchor := range c.anchors {
		dst = appendTLV(dst, tagTrustAnchor, anchor.Raw)
	}
	if c.key != nil {
		dst = appendTLV(dst, tagPrivateKey, c.key.privateDER)
		dst = appendTLV(dst, tagPublicKey, c.key.publicDER)
	}
	for _, d := range c.devices {
		dst = appendTLV(dst, tagConnectedDevice, d.raw)
	}
	for _, t := range c.unknown {
		dst = appendTLV(dst, t.tag, t.value)
	}
	return dst
}

// encode makes a file of c; passphrase is in the byte form that the file uses.
func (c *content) encode(passphrase, iv []byte) ([]byte, error) {
	plain := c.appendTLVs(nil)
	defer Wipe(plain)
	blob, err := encrypt(plain, passphrase, iv)
	if err != nil {
		return nil, err
	}
	uri := c.uri
	if strings.Contains(uri, "@") { // a password must not become a comment
		uri = c.server.String()
	}
	return joinFile(blob, uri, c.clientID, c.comments)
}

// decode reads a whole file and tells which form of the passphrase fits.
func decode(data, passphrase []byte) (*content, []byte, error) {
	if len(passphrase) == 0 {
		return nil, nil, ErrNoPassphrase
	}
	blob, comments, err := splitFile(data)
	if err != nil {
		return nil, nil, err
	}
	if err := checkBlob(blob); err != nil {
		return nil, nil, err
	}
	for _, form := range passphraseForms(passphrase) {
		var c *content
		if c, err = decodeBlob(blob, form); err == nil {
			c.comments = comments
			return c, form, nil
		}
		Wipe(form)
		if !errors.Is(err, ErrPassphrase) {
			break
		}
	}
	return nil, nil, err
}

func decodeBlob(blob, form []byte) (*content, error) {
	plain, err := decrypt(blob, form)
	if err != nil {
		return nil, err
	}
	defer Wipe(plain)
	return parseContent(plain)
}

// wipe overwrites the secrets. The key's numbers are out of reach.
func (c *content) wipe() {
	Wipe(c.secret)
	for _, d := range c.devices {
		Wipe(d.secret)
		Wipe(d.raw)
	}
	if c.key != nil {
		Wipe(c.key.privateDER)
	}
}
