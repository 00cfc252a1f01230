package trust

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// server is a server URI, taken apart (docs/protocol/provisioning.md §1.4).
type server struct {
	scheme string // https or mqtts
	host   string // lower case, no brackets
	port   int
}

func defaultPort(scheme string) (int, bool) {
	switch scheme {
	case "https":
		return 443, true
	case "mqtts":
		return 8883, true
	}
	return 0, false
}

// String writes the URI as the provisioners do: always with the port.
func (s server) String() string {
	return s.scheme + "://" + net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// looksLikeURI is the proof that a passphrase was right: text that begins with a
// scheme. Chance does not produce it.
func looksLikeURI(text string) bool {
	scheme, rest, found := strings.Cut(text, ":")
	if !found || scheme == "" || rest == "" || !utf8.ValidString(text) || hasControl(text) {
		return false
	}
	for i, c := range []byte(strings.ToLower(scheme)) {
		letter := 'a' <= c && c <= 'z'
		other := '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return true
}

// readServer reads the URI of an existing file. Path, query, fragment and user
// are ignored, as the official clients do. Errors never quote the text: it may
// hold somebody's password.
func readServer(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil {
		return server{}, errors.New("the server URI does not parse")
	}
	s := server{scheme: strings.ToLower(u.Scheme), host: lowerHost(u.Hostname())}
	port, known := defaultPort(s.scheme)
	if !known {
		return server{}, fmt.Errorf("%w %q, not https or mqtts", ErrScheme, s.scheme)
	}
	if s.host == "" {
		return server{}, errors.New("the server URI has no host")
	}
	s.port = port
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return server{}, errors.New("the port of the server URI is not within 1…65535")
		}
	}
	return s, nil
}

// newServer reads the URI of a file that is to be made: "[scheme://]host[:port]"
// and nothing else; what the official provisioner drops silently is refused.
func newServer(text string) (server, error) {
	if strings.Contains(text, "@") {
		return server{}, errors.New("a user or password has no place in the server URI")
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	s, err := readServer(text)
	if err != nil {
		return server{}, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return server{}, errors.New("the server URI does not parse")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return server{}, errors.New("path, query and fragment have no place in the server URI: give scheme://host:port")
	}
	return s, checkHost(s.host, strings.Contains(u.Host, "["))
}

// checkHost accepts IP addresses and DNS host names, those that every client
// parses: a last label that begins with a digit is only found in IPv4 addresses.
func checkHost(host string, bracketed bool) error {
	if bracketed {
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() || a.Zone() != "" {
			return errors.New("the server's host is no IPv6 address")
		}
		return nil
	}
	if len(host) > 253 {
		return errors.New("the server's host name is longer than 253 characters")
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return fmt.Errorf("%q is no host name: labels are letters, digits and inner hyphens; write others in punycode", host)
		}
	}
	if last := labels[len(labels)-1]; '0' <= last[0] && last[0] <= '9' {
		if a, err := netip.ParseAddr(host); err != nil || !a.Is4() {
			return fmt.Errorf("%q is no IPv4 address", host)
		}
	}
	return nil
}

func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for _, c := range []byte(label) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// lowerHost leaves the zone of an IPv6 address alone: it names an interface.
func lowerHost(host string) string {
	address, zone, found := strings.Cut(host, "%")
	if !found {
		return strings.ToLower(host)
	}
	return strings.ToLower(address) + "%" + zone
}

// hasControl reports control characters, which no id and no URI has.
func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r < 0x20 || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029'
	})
}
