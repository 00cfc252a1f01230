package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// MaxSize is the size in bytes above which a file is not read: the loader's limit for one document, 16 MB.
const MaxSize = 16 << 20

// File is one file, read whole.
type File struct {
	Path string // as a message shows it: relative to the working directory unless an absolute path was asked for
	Data []byte
}

// Problem is a path that could not be read.
type Problem struct {
	Path   string // as a message shows it
	Err    error  // never nil; wraps fs.ErrNotExist, fs.ErrPermission, [ErrTooLarge], [ErrNotRegular], [ErrNoModels]
	Remedy string // what to do about it
}

// Error names the path and the cause.
func (p *Problem) Error() string { return p.Path + ": " + p.Err.Error() }

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Skipped is a file or folder that was found below a path and is deliberately left out.
type Skipped struct {
	Path   string
	Reason string // lower case, without a full stop
}

// Set is what [Read] found. Each list is sorted by path.
type Set struct {
	Files    []File
	Problems []*Problem
	Skipped  []Skipped
}

// Read reads the files that paths name. Relative paths start at dir. Reading goes on after a problem, so that one run reports them
// all. A file that is reached twice, by two paths or through a symbolic link, is read once.
//
// Folders are not searched recursively; a sub-folder that holds JSON files is reported in Skipped. So is a *.json file that is valid
// JSON and clearly no device model. A file that is named directly, or whose name begins with dm-, is never skipped. Hidden files,
// whose names begin with a dot, are passed over.
//
// The error is that of ctx; everything else is in the set.
func Read(ctx context.Context, dir string, paths []string) (*Set, error) {
	w := walk{dir: dir, folders: make(map[string]bool), files: make(map[string]int)}
	for _, p := range paths {
		w.path(p)
	}
	w.load(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.set(), nil
}

// load reads the candidates. Two readers are enough to hide the latency of a disk and keep little in memory at a time.
func (w *walk) load(ctx context.Context) {
	next := make(chan *candidate)
	var readers sync.WaitGroup
	for range min(2, len(w.candidates)) {
		readers.Go(func() {
			for c := range next {
				if ctx.Err() == nil {
					c.read()
				}
			}
		})
	}
	for i := range w.candidates {
		next <- &w.candidates[i]
	}
	close(next)
	readers.Wait()
}

// set sorts what was read into a Set.
func (w *walk) set() *Set {
	s := &Set{Problems: w.problems, Skipped: w.skipped}
	for i := range w.candidates {
		switch c := &w.candidates[i]; {
		case c.problem != nil:
			s.Problems = append(s.Problems, c.problem)
		case c.skip != "":
			s.Skipped = append(s.Skipped, Skipped{c.path, c.skip})
		default:
			s.Files = append(s.Files, File{c.path, c.data})
		}
	}
	slices.SortFunc(s.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(s.Problems, func(a, b *Problem) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(s.Skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) })
	return s
}

// candidate is a file that may be a device model.
type candidate struct {
	path    string // shown
	open    string // what to open
	certain bool   // named directly or dm-*.json: never skipped
	data    []byte
	skip    string
	problem *Problem
}

func (c *candidate) read() {
	data, err := readFile(c.open)
	if err != nil {
		c.problem = &Problem{Path: c.path, Err: err, Remedy: remedy(err)}
		return
	}
	if !c.certain && clearlyNoModel(data) {
		c.skip = "is JSON but no device model: it has no urn, attributes, actions or formats"
		return
	}
	c.data = data
}

// readFile reads a regular file of at most MaxSize bytes. The kind is checked before opening: opening a pipe would wait for its writer.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w but a %s", ErrNotRegular, kind(info.Mode()))
	}
	if info.Size() > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, info.Size(), MaxSize)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, cause(err)
	}
	if len(data) > MaxSize { // it grew meanwhile
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(data), MaxSize)
	}
	return data, nil
}

// isModelName tells whether a name in a folder is worth reading, and whether it claims to be a model.
func isModelName(name string) (candidate, certain bool) {
	if strings.HasPrefix(name, ".") || !strings.EqualFold(filepath.Ext(name), ".json") {
		return false, false
	}
	return true, strings.HasPrefix(name, "dm-")
}
