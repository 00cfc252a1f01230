package lint

import (
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
	scanner
	start     int64 // offset of the text in the file
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
	r.scanner, r.start = scanner{text: d.Raw}, d.Offset
	if r.peek() == '{' {
		r.object(path{root: d.Pointer}, model)
	}
}

// path is the way to a value. It turns into a pointer only where there is something to report.
type path struct {
	up    *path
	root  string // of the outermost path: the pointer of the model
	name  []byte // quoted; nil for an element of a list
	index int
}

func (p *path) pointer() string {
	switch {
	case p.up == nil:
		return p.root
	case p.name != nil:
		return p.up.pointer() + "/" + escape(unquote(p.name))
	}
	return p.up.pointer() + "/" + itoa(p.index)
}

// unknown is a member that the shape does not have.
type unknown struct {
	name   []byte // quoted
	offset int64
}

// object reads the members of the object at the position.
func (r *memberReader) object(at path, s *shape) {
	var strange []unknown
	var present uint64 // bits by index of s.keys
	for r.pos++; r.more(); {
		u := unknown{offset: r.start + int64(r.pos)}
		u.name = r.value()
		i := s.index(u.name)
		switch {
		case i >= 0:
			present |= 1 << i
			r.known(path{up: &at, name: u.name}, &s.keys[i])
			continue
		case r.strange < mostStrange && len(r.suspects) < most:
			r.strange++
			strange = append(strange, u)
		}
		r.value()
	}
	for _, u := range strange {
		r.judge(at, s, u, present)
	}
}

// judge reports a strange member if it was probably meant to be a known one that is absent.
func (r *memberReader) judge(at path, s *shape, u unknown, present uint64) {
	name, names := unquote(u.name), s.names()
	if strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "$") {
		return // somebody's own, by a widespread habit
	}
	meant := s.alias[strings.ToLower(name)]
	if meant == "" {
		meant = Nearest(name, names)
	}
	if meant == "" || present&(1<<slices.Index(names, meant)) != 0 || len(r.suspects) == most {
		return
	}
	below := path{up: &at, name: u.name}
	r.suspects = append(r.suspects, suspect{u.offset, at.pointer(), below.pointer(), s.what, name, meant})
}

// known reads the value of a known member: into it when there is a shape for it, over it otherwise.
func (r *memberReader) known(at path, k *key) {
	first := r.peek()
	before := r.pos
	if k.form != 0 && !k.form.fits(r.value()) {
		r.bad(before, at, k.name, k.form.String())
		return
	}
	r.pos = before
	switch {
	case k.below != nil && first == '{':
		r.object(at, k.below)
	case k.below != nil && first == '[':
		r.list(at, k.below)
	default:
		r.value()
	}
}

// list reads the elements of the list at the position. Lists within it have no shape, so the depth is bounded.
func (r *memberReader) list(at path, s *shape) {
	r.pos++
	for i := 0; r.more(); i++ {
		if r.peek() == '{' {
			r.object(path{up: &at, index: i}, s)
			continue
		}
		before := r.pos
		r.value()
		if s.what == "link" { // of the others the loader says so
			r.bad(before, path{up: &at, index: i}, "link "+itoa(i+1), "an object")
		}
	}
}

func (r *memberReader) bad(pos int, at path, name, want string) {
	if len(r.malformed) < most {
		r.malformed = append(r.malformed, malformed{r.start + int64(pos), at.pointer(), name, want})
	}
}
