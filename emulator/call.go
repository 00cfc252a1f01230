package emulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// call is one exchange on its way through a handler.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	root   string // of the path that was asked for
	params map[string]string
	query  query.Values

	device *registry.Device // who asks; nil for a person
	user   string           // the person who asks
	token  registry.Token
	early  bool // a refusal does not wait for the rest of the body
}

// Sizes of request bodies in bytes.
const (
	maxSmallBody    = 64 << 10
	maxBody         = 1 << 20
	maxMessagesBody = 16 << 20
)

// body reads the body of the request, at most limit bytes in a bounded time.
func (c *call) body(limit int64) ([]byte, error) {
	control := http.NewResponseController(c.w)
	if err := control.SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil {
		return nil, err
	}
	reader := http.MaxBytesReader(c.w, c.r.Body, limit)
	text, err := readAll(reader, c.r.ContentLength, limit)
	if err != nil {
		return nil, err
	}
	_ = control.SetReadDeadline(time.Time{}) // a held poll has none; fails when the client is gone, which a poll notices
	return text, nil
}

// readAll is io.ReadAll with room for the length that the client announced.
func readAll(reader io.Reader, length, limit int64) ([]byte, error) {
	const plausible = 1 << 20 // more is allocated only when it really comes
	text := make([]byte, 0, min(max(length, 0), limit, plausible)+512)
	for {
		n, err := reader.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if err == io.EOF {
			return text, nil
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
	}
}

// bodyError makes a refusal of a failure to read: it is the client's, who must get an answer if it still listens.
func bodyError(err error) error {
	if p := problemOf(err); p.Status != http.StatusInternalServerError {
		return p
	}
	return problem(http.StatusBadRequest, "the body could not be read: %w", err)
}

// vendorType is what some callers want to read in place of application/json (docs/protocol/management-api.md §1.2).
const vendorType = "application/vnd.oracle.resource+json"

// contentType gives the type of an answer: kind is singular, collection or error.
func (c *call) contentType(kind string) string {
	if strings.Contains(c.r.Header.Get("Accept"), vendorType) {
		return vendorType + ";type=" + kind
	}
	return "application/json"
}

// send writes an answer and returns when the operating system has it.
func (c *call) send(status int, contentType string, body []byte) error {
	control := http.NewResponseController(c.w)
	if err := control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	header := c.w.Header()
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	if status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.w.WriteHeader(status)
	if len(body) > 0 && c.r.Method != http.MethodHead {
		if _, err := c.w.Write(body); err != nil {
			return err
		}
	}
	if err := control.Flush(); err != nil {
		return err
	}
	_ = control.SetWriteDeadline(time.Time{}) // fails when the client has its answer and closed the connection
	return nil
}

// json answers with a resource.
func (c *call) json(status int, resource any) error {
	return c.jsonAs(status, "singular", resource)
}

func (c *call) jsonAs(status int, kind string, resource any) error {
	text, err := json.Marshal(resource)
	if err != nil {
		return err
	}
	return c.send(status, c.contentType(kind), text)
}

// noContent answers with status 204.
func (c *call) noContent() error { return c.send(http.StatusNoContent, "", nil) }

// site is the beginning of absolute links: scheme and host as the caller knows them.
func (c *call) site() string { return "https://" + c.r.Host }

// link makes an absolute link to a path below the root that was asked for.
func (c *call) link(path string) string { return c.site() + c.root + path }

// link is a relation of a resource to another.
type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// unmarshal reads a body that must be one JSON object.
func unmarshal(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return problem(http.StatusBadRequest, "the body cannot be read: %w", err)
	}
	return nil
}
