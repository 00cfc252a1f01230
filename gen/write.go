package gen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/iotcs-go/iotcs/gen/lint"
)

// WriteOptions says what [Result.Write] may do beside writing stale and missing files.
type WriteOptions struct {
	Force bool // overwrite generated files that were edited by hand
	Prune bool // delete orphaned files; edited ones only together with Force
}

// Summary says what [Result.Write] did. Paths are as messages show them, sorted within each folder.
type Summary struct {
	Written []string
	Deleted []string
	Current int          // files that were as they should be
	Left    []Diagnostic // warnings about orphans that were not deleted
}

// BlockedError says why [Result.Write] failed: what stands in the way, with remedies.
type BlockedError struct{ Diagnostics []Diagnostic }

// Error gives the first reason and how many more there are.
func (e *BlockedError) Error() string {
	text := e.Diagnostics[0].String()
	if n := len(e.Diagnostics) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// Write puts what [Run] generated on disk. Only files that differ are written.
//
// Everything goes to temporary files beside the final ones first; when all of that has worked, they are moved into place, the lock of each
// folder last. So an error leaves either everything as it was, or, if moving itself fails half way, whole old and whole new files,
// which the next run completes. The same holds for a process that is killed. File systems that do not order a rename after the data
// before it may lose both in a power failure.
//
// Files that were edited by hand stop it, unless Force is set; files that were never generated always do. Orphans are deleted with Prune
// only. Errors: [*BlockedError], or that of ctx.
func (r *Result) Write(ctx context.Context, o WriteOptions) (Summary, error) {
	var s Summary
	if blocked := r.blocked(o); len(blocked) > 0 {
		return s, &BlockedError{blocked}
	}
	var all []*staging
	defer func() {
		for _, st := range all {
			st.discard()
		}
	}()
	for _, f := range r.Folders {
		st := &staging{folder: f}
		all = append(all, st)
		if err := st.stage(ctx, f.planned(o)); err != nil {
			return s, err
		}
	}
	for _, st := range all {
		if err := st.commit(&s); err != nil {
			return s, err
		}
	}
	for _, f := range r.Folders {
		s.Current += f.count(Current)
		s.Left = append(s.Left, f.left(o)...)
	}
	return s, nil
}

// blocked lists what must not be overwritten.
func (r *Result) blocked(o WriteOptions) []Diagnostic {
	if r.Failed() {
		return r.Diagnostics
	}
	var all []Diagnostic
	if o.Prune && !r.config.Whole() {
		all = append(all, Diagnostic{
			File: r.Folders[0].Dir, Level: lint.Error, Rule: RuleOrphan, Text: "nothing is pruned by a run over a part of the configuration",
			Remedy: "prune without --urn and without other models than the configuration names",
		})
	}
	for _, f := range r.Folders {
		for i := range f.Files {
			file := &f.Files[i]
			if file.State == Foreign || file.State == Edited && file.Content != nil && !o.Force {
				all = append(all, f.drift(file).Diagnostic)
			}
		}
	}
	return all
}

// work is what is to be done in a folder.
type work struct {
	write  []*File // the lock last
	remove []*File
}

// planned works out what is to be done, and the lock that results from it.
func (f *Folder) planned(o WriteOptions) work {
	var w work
	for i := range f.Files {
		switch file := &f.Files[i]; {
		case file.Content == nil:
			if o.Prune && (file.State == Orphan || o.Force) {
				w.remove = append(w.remove, file)
			}
		case file.State != Current && file.URN != "":
			w.write = append(w.write, file)
		}
	}
	lock := &f.Files[len(f.Files)-1]
	if o.Prune {
		f.pruneLock(w)
		f.judgeLock(lock)
	}
	if lock.State != Current {
		w.write = append(w.write, lock)
	}
	return w
}

func (f *Folder) count(s State) int {
	n := 0
	for i := range f.Files {
		if f.Files[i].State == s {
			n++
		}
	}
	return n
}

// left warns of orphans that stay.
func (f *Folder) left(o WriteOptions) []Diagnostic {
	var all []Diagnostic
	for i := range f.Files {
		file := &f.Files[i]
		if file.Content != nil || o.Prune && (file.State == Orphan || o.Force) {
			continue
		}
		d := f.drift(file).Diagnostic
		d.Level = lint.Warning
		if file.State == Edited {
			d.Text, d.Remedy = "was generated for something that is gone, and edited by hand since", "delete it with --prune --force"
		}
		all = append(all, d)
	}
	return all
}

// staging is the change of one folder on its way to disk.
type staging struct {
	folder *Folder
	work   work
	temps  []string // temporary files by index of work.write; "" once moved
	made   []string // folders that were made, outer ones first
	done   bool
}

// stage makes folders and writes temporary files.
func (st *staging) stage(ctx context.Context, w work) error {
	st.work = w
	for _, file := range w.write {
		if err := ctx.Err(); err != nil {
			return err
		}
		dir := filepath.Dir(st.folder.place(file.Path))
		if err := st.mkdir(dir); err != nil {
			return st.fail(path.Dir(file.Path), err, "choose an output folder that can be written, with --out")
		}
		temp, err := writeTemp(dir, file.Content)
		if temp != "" {
			st.temps = append(st.temps, temp)
		}
		if err != nil {
			return st.fail(file.Path, err, "make room and make the output folder writable, or choose another with --out")
		}
	}
	return nil
}

func (st *staging) fail(path string, err error, remedy string) error {
	return &BlockedError{[]Diagnostic{st.folder.problem(path, err, remedy)}}
}

// mkdir makes a folder and those around it, and remembers which ones it made.
func (st *staging) mkdir(dir string) error {
	var absent []string
	for at := dir; !exists(at) && at != filepath.Dir(at); at = filepath.Dir(at) {
		absent = append(absent, at)
	}
	for i := len(absent) - 1; i >= 0; i-- {
		if err := os.Mkdir(absent[i], 0o777); err != nil {
			return err
		}
		st.made = append(st.made, absent[i])
	}
	return nil
}

// Temporary files are called so, with 16 hexadecimal digits between.
const tempPrefix, tempSuffix = ".iotcs-gen-", ".tmp"

// isTemp tells whether a file has the name of a temporary one.
func isTemp(name string) bool {
	digits, ok := strings.CutPrefix(name, tempPrefix)
	digits, ok2 := strings.CutSuffix(digits, tempSuffix)
	return ok && ok2 && len(digits) == 16 && strings.Trim(digits, "0123456789abcdef") == ""
}

// writeTemp writes a temporary file beside the final ones, so that moving it into place is one step of one file system. Its name begins
// with a dot, so that the go command does not see it. The name is given even if writing failed.
func writeTemp(dir string, content []byte) (name string, err error) {
	name = filepath.Join(dir, fmt.Sprintf("%s%016x%s", tempPrefix, rand.Uint64(), tempSuffix))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	return name, errors.Join(err, f.Close())
}

// commit moves the temporary files into place and deletes what is to go.
func (st *staging) commit(s *Summary) error {
	f := st.folder
	for _, file := range st.work.remove {
		if err := os.Remove(f.place(file.Path)); err != nil {
			return st.fail(file.Path, err, "make the output folder writable")
		}
		s.Deleted = append(s.Deleted, f.shown(file.Path))
		os.Remove(filepath.Dir(f.place(file.Path))) // fails, as it should, while anything is left in it
	}
	for i, file := range st.work.write {
		if err := os.Rename(st.temps[i], f.place(file.Path)); err != nil {
			return st.fail(file.Path, err, "clear the way and generate again")
		}
		st.temps[i] = ""
		s.Written = append(s.Written, f.shown(file.Path))
	}
	st.done = true
	return nil
}

// discard removes temporary files, and the folders that were made for nothing.
func (st *staging) discard() {
	for _, temp := range st.temps {
		if temp != "" {
			os.Remove(temp)
		}
	}
	if st.done {
		return
	}
	for i := len(st.made) - 1; i >= 0; i-- {
		os.Remove(st.made[i]) // fails, as it should, for one that holds something
	}
}
