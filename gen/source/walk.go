package source

import (
	"os"
	"path/filepath"
)

// walk collects the candidates of all paths.
type walk struct {
	dir        string
	folders    map[string]bool // by resolved path
	files      map[string]int  // by resolved path: index of the candidate
	candidates []candidate
	problems   []*Problem
	skipped    []Skipped
}

func (w *walk) fail(path string, err error) {
	w.problems = append(w.problems, &Problem{Path: path, Err: err, Remedy: remedy(err)})
}

// path adds what one path of the caller names.
func (w *walk) path(p string) {
	shown := filepath.Clean(p)
	open := shown
	if !filepath.IsAbs(open) {
		open = filepath.Join(w.dir, open)
	}
	resolved, err := filepath.EvalSymlinks(open)
	if err != nil {
		w.fail(shown, cause(err))
		return
	}
	info, err := os.Stat(resolved)
	switch {
	case err != nil:
		w.fail(shown, cause(err))
	case info.IsDir():
		w.folder(shown, resolved)
	default:
		w.add(candidate{path: shown, open: resolved, certain: true})
	}
}

// folder adds the files of one folder; resolved has no symbolic links.
func (w *walk) folder(shown, resolved string) {
	if w.folders[resolved] {
		return
	}
	w.folders[resolved] = true
	entries, err := os.ReadDir(resolved)
	if err != nil {
		w.fail(shown, cause(err))
		return
	}
	found := false
	for _, e := range entries {
		if w.entry(shown, resolved, e) {
			found = true
		}
	}
	if !found {
		w.fail(shown, ErrNoModels)
	}
}

// entry looks at one entry of a folder and tells whether it is a file to read.
func (w *walk) entry(shown, resolved string, e os.DirEntry) bool {
	path, open := filepath.Join(shown, e.Name()), filepath.Join(resolved, e.Name())
	if e.IsDir() {
		w.subfolder(path, open)
		return false
	}
	ok, certain := isModelName(e.Name())
	if !ok {
		return false
	}
	if e.Type()&os.ModeSymlink != 0 {
		target, err := filepath.EvalSymlinks(open)
		if err != nil {
			w.fail(path, cause(err))
			return true
		}
		open = target
	}
	w.add(candidate{path: path, open: open, certain: certain})
	return true
}

// subfolder reports a folder below a path whose JSON files are not read, so that nobody misses them silently.
func (w *walk) subfolder(shown, resolved string) {
	entries, err := os.ReadDir(resolved)
	if err != nil {
		return // not searched anyway
	}
	for _, e := range entries {
		if ok, _ := isModelName(e.Name()); ok && !e.IsDir() {
			w.skipped = append(w.skipped, Skipped{shown, "folders are not searched recursively: name it as a path of its own to read it"})
			return
		}
	}
}

// add notes a file to read. Of several ways to one file the smallest path is shown, whatever the order they came in.
func (w *walk) add(c candidate) {
	i, known := w.files[c.open]
	if !known {
		w.files[c.open] = len(w.candidates)
		w.candidates = append(w.candidates, c)
		return
	}
	old := &w.candidates[i]
	old.path = min(old.path, c.path)
	old.certain = old.certain || c.certain
}
