package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
)

// Record is what has to be kept of an object so that its upload, and a message
// that waits for it, survive the end of the process.
type Record struct {
	Name        string            `json:"name"`
	Reference   string            `json:"reference"` // as a message carries it
	File        string            `json:"file"`      // path of the source, absolute
	ContentType string            `json:"contentType"`
	Encoding    string            `json:"encoding,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// errNotDurable says that a source ends with the process.
var errNotDurable = errors.New("the source is not a file")

// Record returns what [Store.Restore] needs. It fails if the source is not
// [FromFile]: the content would be lost with the process.
func (o *Object) Record() (Record, error) {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	r := o.record()
	if r.File == "" {
		return Record{}, errNotDurable
	}
	return r, nil
}

// record is Record; without a file if the source is none. store.mu is held.
func (o *Object) record() Record {
	source, _ := o.source.(fileSource)
	path := string(source)
	if abs, err := filepath.Abs(path); err == nil && path != "" {
		path = abs // the next process may run in another folder
	}
	reference := o.uri()
	if reference == "" {
		reference = referenceScheme + o.target
	}
	return Record{
		Name:        o.name,
		Reference:   reference,
		File:        path,
		ContentType: o.props.contentType,
		Encoding:    o.props.encoding,
		Metadata:    maps.Clone(o.props.metadata),
	}
}

// needsOf encodes what has to be kept of objects. store.mu is held.
func needsOf(objects []*Object) []byte {
	if len(objects) == 0 {
		return nil
	}
	records := make([]Record, len(objects))
	for i, o := range objects {
		records[i] = o.record()
	}
	needs, err := json.Marshal(records)
	if err != nil {
		panic(err) // texts can always be encoded
	}
	return needs
}

// Needs returns what [Store.Renew] makes another Hold of after the end of the
// process; nil if nothing had to be uploaded when h was made.
func (h *Hold) Needs() []byte { return h.needs }

// Renew begins again the uploads that a Hold of an earlier process waited for. The
// content is read from the files anew.
//
// Errors: those of [Store.Restore] and [Store.Hold]; an error for content that was
// not in a file.
func (s *Store) Renew(needs []byte) (*Hold, error) {
	var records []Record
	if err := json.Unmarshal(needs, &records); err != nil {
		return nil, fmt.Errorf("records of objects: %w", err)
	}
	objects := make([]*Object, len(records))
	for i, r := range records {
		var err error
		if objects[i], err = s.Restore(r); err != nil {
			return nil, err
		}
	}
	return s.Hold(objects...)
}

// Restore returns the object of a record, not in sync. It checks everything, as
// the record may have been damaged.
//
// Errors: [ErrName], [ErrForeign], [ErrHeader], that of opening the file,
// [ErrClosed].
func (s *Store) Restore(r Record) (*Object, error) {
	if r.File == "" {
		return nil, fmt.Errorf("restore %q: %w", clip(r.Name), errNotDurable)
	}
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
