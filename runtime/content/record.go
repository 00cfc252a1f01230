package content

import (
	"errors"
	"fmt"
	"strings"
)

// Record is what has to be kept of an object so that its upload, and a message
// that waits for it, survive the end of the process.
type Record struct {
	Name        string            `json:"name"`
	Reference   string            `json:"reference"` // as the message carries it
	File        string            `json:"file"`      // path of the source
	ContentType string            `json:"contentType"`
	Encoding    string            `json:"encoding,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// errNotDurable says that a source ends with the process.
var errNotDurable = errors.New("the source is not a file")

// Record returns what [Store.Restore] needs. It fails if the source is not
// [FromFile]: the content would be lost with the process.
func (o *Object) Record() (Record, error) {
	reference, metadata := o.Reference(), o.Metadata()
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	path, ok := o.source.(fileSource)
	if !ok {
		return Record{}, errNotDurable
	}
	return Record{
		Name:        o.name,
		Reference:   reference,
		File:        string(path),
		ContentType: o.props.contentType,
		Encoding:    o.props.encoding,
		Metadata:    metadata,
	}, nil
}

// Restore returns the object of a record, not in sync. It checks everything, as
// the record may have been damaged.
//
// Errors: [ErrName], [ErrForeign], [ErrHeader], that of opening the file,
// [ErrClosed].
func (s *Store) Restore(r Record) (*Object, error) {
	o, err := s.restored(r)
	if err != nil {
		return nil, fmt.Errorf("restore %q: %w", clip(r.Name), err)
	}
	if err := o.SetSource(FromFile(r.File)); err != nil {
		return nil, err
	}
	if err := o.SetEncoding(r.Encoding); err != nil {
		return nil, err
	}
	for key, value := range r.Metadata {
		if err := o.SetMetadata(key, value); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (s *Store) restored(r Record) (*Object, error) {
	if err := checkHeader("content type", r.ContentType, maxHeaderValue); err != nil {
		return nil, err
	}
	escaped, isReference := strings.CutPrefix(r.Reference, referenceScheme)
	if !isReference {
		o, err := s.Existing(r.Reference)
		if err != nil {
			return nil, err
		}
		o.incoming, o.name = false, r.Name
		o.props.contentType = r.ContentType
		return o, nil
	}
	target, _, err := readName(escaped)
	if err != nil {
		return nil, err
	}
	if err := checkName(r.Name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	return &Object{
		store:     s,
		name:      r.Name,
		target:    target,
		container: s.access.container(),
		props:     properties{length: -1, contentType: r.ContentType},
	}, nil
}
