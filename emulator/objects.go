package emulator

import (
	"io"
	"maps"
	"mime"
	"path"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/objects"
)

// Object is a storage object without its content.
type Object struct {
	Name     string            // in the container; an object of a device usually begins with its endpoint id and a slash
	Type     string            // media type
	Encoding string            // content encoding, "" for none
	Metadata map[string]string // by key; bytes as they came, Latin-1 from the official JavaScript client
	Length   int64             // bytes
	MD5      string            // of the content, lower-case hex
	Modified time.Time         // whole seconds
}

func storedObject(o objects.Object) Object {
	return Object{o.Name, o.Type, o.Encoding, maps.Clone(o.Metadata), o.Length, o.MD5, o.Modified}
}

// Objects gives the storage objects whose names begin with the prefix, by name.
func (s *Server) Objects(prefix string) []Object {
	found := s.objects.List(prefix)
	all := make([]Object, len(found))
	for i, o := range found {
		all[i] = storedObject(o)
	}
	return all
}

// OpenObject opens the content of a storage object for reading. What is read is the state of the object that is returned, whatever
// becomes of it meanwhile. The caller closes it. It fails with a [*Problem] of status 404.
func (s *Server) OpenObject(name string) (io.ReadSeekCloser, Object, error) {
	file, o, err := s.objects.Read(name)
	if err != nil {
		return nil, Object{}, problemOf(err)
	}
	return file, storedObject(o), nil
}

// PutObject stores a storage object, as an application of the cloud does. Of o it takes name, type, encoding and metadata; an object with
// the name is replaced. It fails with a [*Problem]: of status 400 when the name or a property cannot be, 413 when there is no room, or
// 500 with the error of content.
func (s *Server) PutObject(o Object, content io.Reader) (Object, error) {
	upload, err := s.objects.Create(o.Name, objects.Properties{Type: o.Type, Encoding: o.Encoding, Metadata: o.Metadata}, -1)
	if err != nil {
		return Object{}, problemOf(err)
	}
	defer s.end(upload)
	if _, err := io.Copy(upload, content); err != nil {
		return Object{}, problemOf(err)
	}
	stored, err := upload.Commit()
	if err != nil {
		return Object{}, problemOf(err)
	}
	return storedObject(stored), nil
}

// RemoveObject removes a storage object. It fails with a [*Problem] of status 404.
func (s *Server) RemoveObject(name string) error {
	if err := s.objects.Remove(name); err != nil {
		return problemOf(err)
	}
	return nil
}

// objectRoutes are the calls with which people look at storage objects (docs/cli.md). The service has none for that.
func objectRoutes() []route {
	return []route{
		{method: "GET", pattern: "emulator/objects", access: people, handle: (*Server).getObjects},
		{method: "GET", pattern: "emulator/objects/{name...}", access: people, handle: (*Server).downloadObject},
		{method: "DELETE", pattern: "emulator/objects/{name...}", access: people, handle: (*Server).deleteObject},
	}
}

// objectBody is a storage object as people see it.
type objectBody struct {
	Name             string            `json:"name"`
	URI              string            `json:"uri"`
	Type             string            `json:"contentType"`
	Encoding         string            `json:"contentEncoding,omitempty"`
	Length           int64             `json:"length"`
	MD5              string            `json:"md5"`
	Metadata         map[string]string `json:"metadata,omitempty"`
	Modified         int64             `json:"lastModified"`
	ModifiedAsString string            `json:"lastModifiedAsString"`
	Links            []link            `json:"links"`
}

func (s *Server) getObjects(c *call) error {
	return list(c, s.objects.List(""), func(o objects.Object) any {
		escaped := escapeName(o.Name)
		ms := o.Modified.UnixMilli()
		return objectBody{
			Name: o.Name, URI: c.container() + "/" + escaped, Type: o.Type, Encoding: o.Encoding, Length: o.Length, MD5: o.MD5, Metadata: o.Metadata,
			Modified: ms, ModifiedAsString: timeText(ms), Links: []link{{"self", c.link("/emulator/objects/" + escaped)}},
		}
	})
}

// escapeName writes the name of an object into a path.
func escapeName(name string) string {
	folders := strings.Split(name, "/")
	for i, folder := range folders {
		folders[i] = pathEscape(folder)
	}
	return strings.Join(folders, "/")
}

// downloadObject gives an object as a file to save: what a device sent is never shown as a page of this server.
func (s *Server) downloadObject(c *call) error {
	file := path.Base(c.params["name"])
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": file})
	if disposition == "" {
		disposition = "attachment"
	}
	c.w.Header().Set("Content-Disposition", disposition)
	return s.getObject(c)
}
