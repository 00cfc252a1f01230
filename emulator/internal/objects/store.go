package objects

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// MaxObjects is how many objects a store holds at most.
const MaxObjects = 100_000

// Store is a container with its objects. Make one with [New] or [Open]. All methods are safe for concurrent use.
type Store struct {
	quota int64

	changing sync.Mutex // held while files are made, renamed and removed
	files    *folder    // nil until the first upload to a store of New
	last     uint64     // number

	mu        sync.RWMutex
	objects   map[string]Object // by name
	used      int64             // bytes of all content, half-written content included
	temporary string            // folder that goes with the store
	closed    bool
}

// New makes an empty store of at most quota bytes, whose objects end with it. They are in a temporary folder, which is made with the first.
func New(quota int64) *Store {
	return &Store{quota: quota, objects: make(map[string]Object)}
}

// Open opens the store that is kept in the folder, or begins one there, of at most quota bytes: when it holds more already, nothing is
// added. damaged is the number of objects that are not there because their files are not whole. One store at a time may use a folder.
func Open(dir string, quota int64) (s *Store, damaged int, err error) {
	s = New(quota)
	if s.files, err = openFolder(dir, true); err != nil {
		return nil, 0, fmt.Errorf("objects: %w", err)
	}
	all, last, damaged, err := s.files.load()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("objects: %w", err), s.files.root.Close())
	}
	s.last = last
	slices.SortFunc(all, func(a, b Object) int { return cmp.Compare(a.number, b.number) })
	for _, o := range all {
		if old, ok := s.objects[o.Name]; ok { // a crash came between
			if err := s.files.remove(old); err != nil {
				return nil, 0, errors.Join(fmt.Errorf("objects: %w", err), s.files.root.Close())
			}
			s.used -= old.Length
		}
		s.objects[o.Name] = o
		s.used += o.Length
	}
	return s, damaged, nil
}

// folder gives the folder for a change. It is for the holder of changing.
func (s *Store) folder() (*folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if s.files == nil {
		dir, err := os.MkdirTemp("", "iotcs-objects-")
		if err != nil {
			return nil, err
		}
		s.temporary = dir
		if s.files, err = openFolder(dir, false); err != nil {
			return nil, err
		}
	}
	return s.files, nil
}

// Find gives an object.
func (s *Store) Find(name string) (Object, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[name]
	return o, ok
}

// Read opens the content of an object. What is read is the state of the object that is returned, whatever becomes of it meanwhile. The
// caller closes the file. It fails with [ErrNotFound].
func (s *Store) Read(name string) (*os.File, Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[name]
	if !ok {
		return nil, Object{}, ErrNotFound
	}
	if s.closed {
		return nil, Object{}, ErrClosed
	}
	file, err := s.files.content(o)
	if err != nil {
		return nil, Object{}, fmt.Errorf("objects: %w", err)
	}
	return file, o, nil
}

// List gives the objects whose names begin with the prefix, by name.
func (s *Store) List(prefix string) []Object {
	s.mu.RLock()
	var all []Object
	for name, o := range s.objects {
		if strings.HasPrefix(name, prefix) {
			all = append(all, o)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b Object) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Used gives the number of objects, and the bytes of all content, half-written content included.
func (s *Store) Used() (objects int, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.objects), s.used
}

// Remove removes an object. It fails with [ErrNotFound].
func (s *Store) Remove(name string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	o, ok := s.Find(name)
	if !ok {
		return ErrNotFound
	}
	files, err := s.folder()
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.objects, name)
	s.mu.Unlock()
	err = files.remove(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.objects[name] = o
		return fmt.Errorf("objects: %w", err)
	}
	s.used -= o.Length
	return nil
}

// Close ends the store: uploads under way fail from now on, and the temporary folder of a store of New is removed.
func (s *Store) Close() error {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.files == nil {
		return nil
	}
	err := s.files.root.Close()
	if s.temporary != "" {
		err = errors.Join(err, os.RemoveAll(s.temporary))
	}
	if err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	return nil
}
