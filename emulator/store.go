package emulator

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/objects"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// ContainerPath is where the container of storage objects is on the server: the URI of an object is https://, host, port, this path, a
// slash and the name of the object.
const ContainerPath = "/v1/Storage-dev/iot-container"

const (
	storeRoot   = "/v1/" // of everything that belongs to the object store
	tokenHeader = "X-Auth-Token"
)

// storageBody says where objects go (docs/protocol/storage.md §2).
type storageBody struct {
	ContainerURL string `json:"storageContainerUrl"`
	Token        string `json:"authToken"`
}

// getStorage gives the container and a token for it. An earlier token stays good.
func (s *Server) getStorage(c *call) error {
	owner := ""
	if c.device != nil {
		owner = c.device.ID
	}
	return c.json(http.StatusOK, storageBody{c.container(), s.permits.Issue(owner, s.config.storageLife)})
}

// container is the address of the container as the caller knows the server. The port is always there: the official JavaScript client
// takes one of its settings otherwise.
func (c *call) container() string {
	host := c.r.Host
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "443")
	}
	return "https://" + host + ContainerPath
}

// serveStore answers a call of the object store.
func (s *Server) serveStore(c *call) {
	err := s.carryOutStore(c)
	if err == nil {
		return
	}
	s.refuseUpload(c, problemOf(err))
}

// refuseUpload refuses a call that may have a large body. A client usually listens only when it has sent everything; on an answer that
// comes before, the official JavaScript client goes on to lose what it had read of the object (docs/protocol/storage.md §5.4). So the
// answer waits for the rest of the body. Where that would be too much it goes first, and the connection lives on until the client had
// time to see it.
func (s *Server) refuseUpload(c *call, p *Problem) {
	if !c.early && c.r.ContentLength <= maxDiscard && c.discard() {
		s.refuse(c, p)
		return
	}
	c.w.Header().Set("Connection", "close")
	if err := http.NewResponseController(c.w).EnableFullDuplex(); err != nil {
		s.log.Debug("an answer may be lost", "error", err)
	}
	s.refuse(c, p)
	c.discard()
}

// carryOutStore finds out who asks, then what for. Whoever has no token learns nothing of what there is.
func (s *Server) carryOutStore(c *call) error {
	if err := s.identifyHolder(c); err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(c.r.URL.Path, ContainerPath)
	if !ok || rest != "" && rest[0] != '/' {
		return problem(http.StatusNotFound, "there is no such container; there is %s", ContainerPath)
	}
	name := strings.TrimPrefix(rest, "/")
	handle, allowed := containerCalls(c.r.Method)
	if name != "" {
		if err := objects.CheckName(name); err != nil {
			return err
		}
		c.params = map[string]string{"name": name}
		handle, allowed = objectCalls(c.r.Method)
	}
	if handle == nil {
		c.w.Header().Set("Allow", allowed)
		return problem(http.StatusMethodNotAllowed, "there is no %.20s for this path", c.r.Method)
	}
	return s.meetFaults(c, faultPlace{object: name}, handle)
}

// containerCalls gives what a method does with the container.
func containerCalls(method string) (h handler, allowed string) {
	switch method {
	case http.MethodGet, http.MethodHead:
		h = (*Server).listContainer
	}
	return h, "GET, HEAD"
}

// objectCalls gives what a method does with an object.
func objectCalls(method string) (h handler, allowed string) {
	switch method {
	case http.MethodPut:
		h = (*Server).putObject
	case http.MethodGet, http.MethodHead:
		h = (*Server).getObject
	case http.MethodDelete:
		h = (*Server).deleteObject
	}
	return h, "DELETE, GET, HEAD, PUT"
}

// identifyHolder finds out whose token a call has: that of a device that still may do something, or that of a person.
func (s *Server) identifyHolder(c *call) error {
	text := c.r.Header.Get(tokenHeader)
	if text == "" {
		return problem(http.StatusUnauthorized, "a token of the object store is needed")
	}
	owner, ok := s.permits.Owner(text)
	if !ok {
		return problem(http.StatusUnauthorized, "the token is not one of this object store, or has expired")
	}
	if owner == "" {
		c.user = s.config.user
		return nil
	}
	device := s.registry.Device(owner)
	if device == nil || device.State != registry.Activated {
		return problem(http.StatusUnauthorized, "the device of the token does not count any more")
	}
	c.device, c.token = device, registry.Token{Text: text, Device: owner}
	return nil
}

// listContainer gives names, or with format=json what there is to say of the objects (docs/protocol/storage.md §9).
func (s *Server) listContainer(c *call) error {
	const page = 10_000
	limit := page
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > page {
			return problem(http.StatusPreconditionFailed, "limit is not between 0 and %d", page)
		}
		limit = n
	}
	count, used := s.objects.Used()
	c.w.Header().Set("X-Container-Object-Count", strconv.Itoa(count))
	c.w.Header().Set("X-Container-Bytes-Used", strconv.FormatInt(used, 10))
	listed := []listedObject{}
	var names strings.Builder
	for _, o := range s.objects.List(c.query.Get("prefix")) {
		if o.Name <= c.query.Get("marker") || len(listed) == limit {
			continue
		}
		listed = append(listed, listedObject{o.Name, o.Length, o.Type, o.MD5, o.Modified.Format("2006-01-02T15:04:05.000000")})
		names.WriteString(o.Name + "\n")
	}
	if c.query.Get("format") == "json" {
		return c.json(http.StatusOK, listed)
	}
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(names.String()))
}

type listedObject struct {
	Name         string `json:"name"`
	Bytes        int64  `json:"bytes"`
	ContentType  string `json:"content_type"`
	Hash         string `json:"hash"`
	LastModified string `json:"last_modified"`
}
