package emulator

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/objects"
)

const metadataPrefix = "X-Object-Meta-"

// putObject stores an object, replacing the one that has the name. The answer has the type that Swift-like stores give to it, and no body.
func (s *Server) putObject(c *call) error {
	upload, err := s.objects.Create(c.params["name"], propertiesOf(c.r.Header), c.r.ContentLength)
	if err != nil {
		return err
	}
	defer s.end(upload)
	if err := c.receive(upload); err != nil {
		return err
	}
	o, err := upload.Commit()
	if err != nil {
		return err
	}
	setValidators(c.w.Header(), o)
	return c.send(http.StatusCreated, "text/html; charset=UTF-8", nil)
}

// end gives an upload up unless it was committed.
func (s *Server) end(upload *objects.Upload) {
	if err := upload.Close(); err != nil {
		s.log.Warn("an upload could not be tidied up", "error", err)
	}
}

// propertiesOf takes what the header of an upload says of the object.
func propertiesOf(header http.Header) objects.Properties {
	p := objects.Properties{Type: header.Get("Content-Type"), Encoding: header.Get("Content-Encoding")}
	for name, values := range header {
		if key, ok := strings.CutPrefix(name, metadataPrefix); ok {
			if p.Metadata == nil {
				p.Metadata = make(map[string]string)
			}
			p.Metadata[key] = values[0]
		}
	}
	return p
}

// setValidators sets what tells one state of an object from another: the sum is written as the official Java client compares it, without
// quotes (docs/protocol/storage.md §5.3).
func setValidators(header http.Header, o objects.Object) {
	header.Set("Etag", o.MD5)
	header.Set("Last-Modified", o.Modified.Format(http.TimeFormat))
}

// setProperties sets what was said of the object when it came. The content is given as it came, with the encoding that it has.
func setProperties(header http.Header, p objects.Properties) {
	header.Set("Content-Type", p.Type)
	if p.Encoding != "" {
		header.Set("Content-Encoding", p.Encoding)
	}
	for key, value := range p.Metadata {
		header.Set(metadataPrefix+key, value)
	}
}

// getObject gives an object or one range of it. A part goes without the sum of the whole, which the official Java client would take for
// that of the part (docs/protocol/storage.md §9).
func (s *Server) getObject(c *call) error {
	file, o, err := s.objects.Read(c.params["name"])
	if err != nil {
		return err
	}
	defer file.Close()
	header := c.w.Header()
	setProperties(header, o.Properties)
	setValidators(header, o)
	header.Set("Accept-Ranges", "bytes")
	part, partial, ok := wantedRange(c.r.Header, o)
	if !ok {
		header.Set("Content-Range", "bytes */"+strconv.FormatInt(o.Length, 10))
		for _, name := range []string{"Etag", "Content-Encoding"} {
			header.Del(name)
		}
		return problem(http.StatusRequestedRangeNotSatisfiable, "the object has %d bytes", o.Length)
	}
	status := http.StatusOK
	if partial {
		status = http.StatusPartialContent
		header.Del("Etag")
		header.Set("Content-Range", part.of(o.Length))
	}
	return c.give(status, part.length, io.NewSectionReader(file, part.first, part.length))
}

// deleteObject removes an object.
func (s *Server) deleteObject(c *call) error {
	if err := s.objects.Remove(c.params["name"]); err != nil {
		return err
	}
	return c.noContent()
}
