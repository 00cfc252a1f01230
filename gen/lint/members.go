package lint

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// most bounds the remarks about one file, of either kind: nobody reads more, and a hostile file could hold millions.
const most = 1000

// mostStrange bounds the strange names that are compared with the known ones.
const mostStrange = 100_000

// memberReader looks at the members that no loader reads: those whose names are nearly right, where the mistake would stay silent
// everywhere else, and those that only servers write, where the JSON Schema has an opinion and clients have none.
type memberReader struct {
	*json.Decoder
	text      []byte
	start     int64 // offset of text in the file
	strange   int   // names so far that no shape has
	suspects  []suspect
	malformed []malformed
}

// suspect is a member whose name is nearly right.
type suspect struct {
	offset  int64  // of the name
	parent  string // pointer of the object
	pointer string
	what    string // what kind of object
	name    string
	meant   string
}

// malformed is a member that has not the form the schema demands.
type malformed struct {
	offset  int64 // of the value
	pointer string
	name    string
	want    string
}

// document walks through one model.
func (r *memberReader) document(d devicemodel.Document, model *shape) {
	r.Decoder, r.text, r.start = json.NewDecoder(bytes.NewReader(d.Raw)), d.Raw, d.Offset
	r.UseNumber()
	if t, err := r.Token(); err == nil && t == json.Delim('{') {
		r.object(d.Pointer, model)
	}
}

// unknown is a member that the shape does not have.
type unknown struct {
	name   string
	offset int64
}

// object reads the members of the object that is open.
func (r *memberReader) object(pointer string, s *shape) {
	var strange []unknown
	var present []string
	for r.More() {
		offset := r.next()
		t, err := r.Token()
		name, ok := t.(string)
		if !ok || err != nil {
			return
		}
		below := pointer + "/" + escape(name)
		if slices.Contains(s.keys, name) {
			present = append(present, name)
		} else if r.strange < mostStrange && len(r.suspects) < most {
			r.strange++
			strange = append(strange, unknown{name, offset})
		}
		r.value(below, name, s)
	}
	r.Token()
	for _, u := range strange {
		r.judge(pointer, s, u, present)
	}
}

// judge reports a strange member if it was probably meant to be a known one that is absent.
func (r *memberReader) judge(pointer string, s *shape, u unknown, present []string) {
	meant := s.alias[strings.ToLower(u.name)]
	if meant == "" {
		meant = Nearest(u.name, s.keys)
	}
	if meant == "" || slices.Contains(present, meant) {
		return
	}
	r.suspects = append(r.suspects, suspect{u.offset, pointer, pointer + "/" + escape(u.name), s.what, u.name, meant})
}

// next is the offset of the next token.
func (r *memberReader) next() int64 {
	at := int(r.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return r.start + int64(at)
}

// value reads a member's value: into it when there is a shape for it, over it otherwise.
func (r *memberReader) value(pointer, name string, s *shape) {
	offset := r.next()
	t, err := r.Token()
	if err != nil {
		return
	}
	if f, ok := s.form[name]; ok && !f.fits(t) {
		r.bad(malformed{offset, pointer, name, f.String()})
	}
	switch below := s.below[name]; {
	case t != json.Delim('{') && t != json.Delim('['):
	case below == nil:
		r.skip()
	case t == json.Delim('{'):
		r.object(pointer, below)
	default:
		r.list(pointer, below)
	}
}

// list reads the elements of the list that is open. Lists within it have no shape, so the depth is bounded.
func (r *memberReader) list(pointer string, s *shape) {
	for i := 0; r.More(); i++ {
		offset := r.next()
		t, err := r.Token()
		switch {
		case err != nil:
			return
		case t == json.Delim('{'):
			r.object(pointer+"/"+itoa(i), s)
			continue
		case t == json.Delim('['):
			r.skip()
		}
		if s.form != nil {
			r.bad(malformed{offset, pointer + "/" + itoa(i), s.what + " " + itoa(i+1), "an object"})
		}
	}
	r.Token()
}

func (r *memberReader) bad(m malformed) {
	if len(r.malformed) < most {
		r.malformed = append(r.malformed, m)
	}
}

// skip reads to the end of the object or list that is open. It counts instead of recursing: hostile text nests deeply.
func (r *memberReader) skip() {
	for depth := 1; depth > 0; {
		t, err := r.Token()
		if err != nil {
			return
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}
