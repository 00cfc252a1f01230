package content

// WithDisk has tests see, and fail, each change of a file.
func (c *Config) WithDisk(before func(op, path string) error) { c.disk.before = before }

// Parsers of outside bytes, for fuzzing.
var (
	CheckName         = checkName
	EscapeName        = escapeName
	ReadName          = readName
	ParseRetryAfter   = parseRetryAfter
	Detail            = detail
	MetadataKey       = metadataKey
	ReadProperties    = readProperties
	ParseContainerFor = func(text string, insecure bool) (*Container, error) { return parseContainer(text, insecure) }
)

// ParsePermit returns what an answer of the server leads to.
func ParsePermit(body []byte, insecure bool) (container, token string, err error) {
	p, err := parsePermit(body, insecure)
	if err != nil {
		return "", "", err
	}
	return p.container.text, p.token, nil
}

// ParseContentRange reads the header of that name.
func ParseContentRange(text string) (first, last, total int64, ok bool) {
	r, ok := parseContentRange(text)
	return r.first, r.last, r.total, ok
}

// Container is a parsed address.
type Container = container

// Find looks up a URI.
func (c *container) Find(uri string) (target, name string, err error) { return c.find(uri) }

// Address is where requests for target go.
func (c *container) Address(target string) (string, error) {
	u, err := c.url(target)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host + u.RequestURI(), nil
}

// Checks tells the properties that a download is checked by.
func (p properties) Checks() (sum string, ok bool, validator string) {
	sum, ok = p.md5()
	return sum, ok, p.validator()
}
