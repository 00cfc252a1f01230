package lock

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Lock holds the facts of one output folder. The zero Lock is empty and ready to use; so is a nil *Lock for reading. It is not safe for
// use by several goroutines while one of them changes it.
type Lock struct {
	models map[string]*facts // by URN
}

type facts struct {
	names map[Fact]string // name by fact without name
	files map[string]bool
}

func (l *Lock) of(urn string) *facts {
	if l.models == nil {
		l.models = make(map[string]*facts)
	}
	m := l.models[urn]
	if m == nil {
		m = &facts{names: make(map[Fact]string), files: make(map[string]bool)}
		l.models[urn] = m
	}
	return m
}

func (l *Lock) peek(urn string) *facts {
	if l == nil || l.models[urn] == nil {
		return &facts{}
	}
	return l.models[urn]
}

// Package returns the package name of a model; ok is false when the lock does not know the model.
func (l *Lock) Package(urn string) (name string, ok bool) { return l.Name(urn, Package, "", "") }

// Name returns the Go name on record. In and wire are those of [Fact], empty where the kind has none.
func (l *Lock) Name(urn string, kind Kind, in, wire string) (name string, ok bool) {
	name, ok = l.peek(urn).names[Fact{URN: urn, Kind: kind, In: in, Wire: wire}]
	return name, ok
}

// Files returns the files on record for a model, sorted, as paths from the lock's folder.
func (l *Lock) Files(urn string) []string { return slices.Sorted(maps.Keys(l.peek(urn).files)) }

// URNs returns the models on record, in byte order.
func (l *Lock) URNs() []string {
	if l == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(l.models))
}

// Facts returns everything on record about a model, sorted by kind, wire names and name. Members that the model no longer has are among
// them.
func (l *Lock) Facts(urn string) []Fact {
	all := slices.Collect(l.peek(urn).all(urn))
	slices.SortFunc(all, func(a, b Fact) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.In, b.In), strings.Compare(a.Wire, b.Wire),
			strings.Compare(a.Name, b.Name))
	})
	return all
}

// all yields the facts of a model in any order.
func (m *facts) all(urn string) iter.Seq[Fact] {
	return func(yield func(Fact) bool) {
		for f, name := range m.names {
			f.Name = name
			if !yield(f) {
				return
			}
		}
		for file := range m.files {
			if !yield(Fact{URN: urn, Kind: File, Name: file}) {
				return
			}
		}
	}
}

// Add records facts. A fact about a member that has a name already replaces it; files are added to those on record. Recording twice changes
// nothing.
func (l *Lock) Add(all ...Fact) {
	for _, f := range all {
		m := l.of(f.URN)
		if f.Kind == File {
			m.files[f.Name] = true
			continue
		}
		m.names[f.key()] = f.Name
	}
}

// merge records a fact of a file: of two names for one thing the shorter one stays, else the first in byte order.
func (l *Lock) merge(f Fact) {
	if old, ok := l.of(f.URN).names[f.key()]; ok {
		if len(old) < len(f.Name) || len(old) == len(f.Name) && old < f.Name {
			return
		}
	}
	l.Add(f)
}

// RemoveFile takes a file off the record, for instance because it was deleted.
func (l *Lock) RemoveFile(urn, file string) {
	delete(l.peek(urn).files, file)
	l.drop(urn)
}

// Remove takes a model off the record with all its names and files. Its names may go to others afterwards.
func (l *Lock) Remove(urn string) {
	if l != nil {
		delete(l.models, urn)
	}
}

// drop forgets a model without facts, so that [Lock.URNs] names only models that stand in the file.
func (l *Lock) drop(urn string) {
	if m := l.peek(urn); len(m.names) == 0 && len(m.files) == 0 {
		l.Remove(urn)
	}
}

// Clone returns a copy that can be changed on its own. The clone of a nil Lock is empty.
func (l *Lock) Clone() *Lock {
	c := new(Lock)
	for _, urn := range l.URNs() {
		c.Add(slices.Collect(l.peek(urn).all(urn))...)
	}
	return c
}

const header = "# Written by iotcs-gen. Keep this file in version control: it keeps the names in generated code. After a merge keep the lines of both sides.\n"

// Bytes returns the text of the lock: a comment, then the facts, one a line, in byte order of the lines, each ended by a line feed. Equal
// locks give equal bytes, and [Parse] gives the lock back.
func (l *Lock) Bytes() []byte {
	var lines []string
	for _, urn := range l.URNs() {
		for f := range l.peek(urn).all(urn) {
			lines = append(lines, f.line())
		}
	}
	slices.Sort(lines)
	b := []byte(header)
	for _, line := range lines {
		b = append(append(b, line...), '\n')
	}
	return b
}
