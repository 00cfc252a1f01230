package content

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// maxURL bounds the address of a container in bytes.
const maxURL = 2048

// place is scheme, host and port of a URI, with defaults filled in, in lower
// case: places are the same if they are equal.
type place struct{ scheme, host, port string }

// container is where the device's objects lie.
type container struct {
	text  string // as the server wrote it, without the slash at the end
	place place
	path  string // escaped, "" or with a leading slash, without one at the end
}

var errContainer = errors.New("not the address of a container")

// parseContainer checks the address that the server gave
// (docs/protocol/storage.md §2).
func parseContainer(text string, insecure bool) (*container, error) {
	text = strings.TrimRight(text, "/")
	if len(text) > maxURL {
		return nil, fmt.Errorf("%w: %d bytes", errContainer, len(text))
	}
	for i := range len(text) {
		if c := text[i]; !inPath(c) && strings.IndexByte("%[]", c) < 0 {
			return nil, fmt.Errorf("%w: %q", errContainer, clip(text))
		}
	}
	at, rest, err := splitURI(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", errContainer, clip(text), err)
	}
	if rest != "" {
		if _, _, err := readName(rest[1:]); err != nil {
			return nil, fmt.Errorf("%w: %q", errContainer, clip(text))
		}
	}
	if at.scheme == "http" && !insecure && !isLoopback(at.host) {
		return nil, fmt.Errorf("%w: %s", ErrInsecure, text)
	}
	return &container{text: text, place: at, path: rest}, nil
}

// splitURI takes an http or https URI apart. rest is everything from the first
// slash after the host on.
func splitURI(text string) (at place, rest string, err error) {
	scheme, after, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "https" && scheme != "http" {
		return place{}, "", errors.New("neither https nor http")
	}
	authority := after
	if i := strings.IndexAny(after, "/?#"); i >= 0 {
		authority, rest = after[:i], after[i:]
	}
	u, err := url.Parse("https://" + authority)
	if err != nil || u.User != nil || u.Hostname() == "" || u.Path != "" || strings.HasSuffix(authority, ":") {
		return place{}, "", errors.New("no host, or not only a host and a port")
	}
	if rest != "" && rest[0] != '/' {
		return place{}, "", errors.New("a query or a fragment")
	}
	at = place{scheme: scheme, host: strings.ToLower(u.Hostname()), port: u.Port()}
	if at.port == "" {
		at.port = map[string]string{"https": "443", "http": "80"}[scheme]
	}
	if n, err := strconv.ParseUint(at.port, 10, 16); err != nil || n == 0 {
		return place{}, "", errors.New("no such port")
	}
	return at, rest, nil
}

// uri is the address of an object: what messages carry.
func (c *container) uri(target string) string { return c.text + "/" + target }

// url is where requests for an object go.
func (c *container) url(target string) (*url.URL, error) {
	u, err := url.Parse(c.uri(target))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrName, err)
	}
	if u.EscapedPath() != c.path+"/"+target {
		return nil, fmt.Errorf("%w: %q", ErrName, target) // net/http would ask for another path
	}
	return u, nil
}

// find reads which object of the container a URI names. It fails with
// [ErrForeign] if none.
func (c *container) find(uri string) (target, name string, err error) {
	at, rest, err := splitURI(uri)
	if err != nil {
		return "", "", fmt.Errorf("%w: %q: %w", ErrForeign, clip(uri), err)
	}
	inside, ok := strings.CutPrefix(rest, c.path+"/")
	if at != c.place || !ok {
		return "", "", fmt.Errorf("%w: %q", ErrForeign, clip(uri))
	}
	if target, name, err = readName(inside); err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return target, name, nil
}
