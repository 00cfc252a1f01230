package emulatortest

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

// PutObject puts a storage object into the container, as an application of the cloud does, and gives its URI, which can be written to an
// attribute of a device. name is a path without anything that would have to be escaped in a URI.
func (s *Server) PutObject(name, contentType string, content []byte) (uri string) {
	s.t.Helper()
	if _, err := s.emulator.PutObject(emulator.Object{Name: name, Type: contentType}, bytes.NewReader(content)); err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
	return s.ContainerURL() + "/" + name
}

// ContainerURL is where the storage objects are, without a slash at its end; the URI of an object is this, a slash and its name.
func (s *Server) ContainerURL() string { return s.URL() + emulator.ContainerPath }

// Object gives a storage object and its content. The names of a device's own objects begin with its endpoint id and a slash.
func (s *Server) Object(name string) (emulator.Object, []byte) {
	s.t.Helper()
	file, o, err := s.emulator.OpenObject(name)
	if err != nil {
		s.t.Fatalf("emulatortest: object %s: %v", name, err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		s.t.Fatalf("emulatortest: object %s: %v", name, err)
	}
	return o, content
}

const lookAgain = 10 * time.Millisecond // whether an object has come

// WaitObject waits for a storage object, at most 10 s unless ctx has a deadline, and gives it like [Server.Object].
func (s *Server) WaitObject(ctx context.Context, name string) (emulator.Object, []byte) {
	s.t.Helper()
	ctx, cancel := patient(ctx)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		if file, _, err := s.emulator.OpenObject(name); err == nil {
			file.Close()
			return s.Object(name)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("emulatortest: no object %s: %v", name, context.Cause(ctx))
		}
	}
}
