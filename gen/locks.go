package gen

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/gen/plan"
)

// readLock reads the lock of an output folder; nil when there is none.
func (r *Result) readLock(f *Folder) *lock.Lock {
	shown := filepath.Join(f.Dir, lock.FileName)
	data, err := readRegular(filepath.Join(f.abs, lock.FileName), maxGenerated)
	switch {
	case missing(err):
		return nil
	case err != nil:
		r.Diagnostics = append(r.Diagnostics, Diagnostic{
			File: shown, Level: lint.Error, Rule: RuleLock, Text: err.Error(), Remedy: "the lock must be a readable file; choose another output folder with --out",
		})
		return nil
	}
	f.lock = data
	l, err := lock.Parse(data)
	if err != nil {
		d := Diagnostic{
			File: shown, Line: 1, Col: 1, Level: lint.Error, Rule: RuleLock, Text: err.Error(),
			Remedy: "restore the line from version control, or delete it: then its name is chosen anew",
		}
		if se, ok := errors.AsType[*lock.SyntaxError](err); ok {
			d.Line, d.Text = se.Line, se.Text
		}
		r.Diagnostics = append(r.Diagnostics, d)
	}
	return l
}

// addLock works out the lock as it should be: what was on record, and the packages of this run. Members and models that are gone keep
// their names. So do files that are gone from the plan but not from disk. Of packages that are planned but left out of this run the lock
// records the name, since it took part in choosing the others.
func (f *Folder) addLock(all []plan.Package, old *lock.Lock) {
	f.newLock = old.Clone()
	for _, p := range all {
		f.newLock.Add(lock.Fact{URN: p.URN, Kind: lock.Package, Name: p.Name})
	}
	for _, p := range f.packages {
		f.newLock.Add(p.Facts...)
		for _, file := range f.newLock.Files(p.URN) {
			if !slices.ContainsFunc(p.Facts, func(fact lock.Fact) bool { return fact.Kind == lock.File && fact.Name == file }) && !f.has(file) {
				f.newLock.RemoveFile(p.URN, file)
			}
		}
	}
	file := File{Path: lock.FileName, Disk: f.lock}
	f.judgeLock(&file)
	f.Files = append(f.Files, file)
}

func (f *Folder) has(path string) bool {
	_, err := os.Lstat(f.place(path))
	return !missing(err)
}

// judgeLock compares the lock with what it should hold.
func (f *Folder) judgeLock(file *File) {
	file.Content = f.newLock.Bytes()
	switch {
	case f.lock == nil:
		file.State = Missing
	case bytes.Equal(plainEnds(f.lock), file.Content):
		file.State = Current
	default:
		file.State = Stale
	}
}

// pruneLock takes files that are gone, or will be after w, off the record, and models of which nothing is left.
func (f *Folder) pruneLock(w work) {
	keep := make(map[string]bool)
	for i := range f.Files {
		keep[f.Files[i].Path] = true // generated now, or an orphan
	}
	for _, file := range w.remove {
		keep[file.Path] = false
	}
	for _, urn := range f.newLock.URNs() {
		for _, file := range f.newLock.Files(urn) {
			if !keep[file] {
				f.newLock.RemoveFile(urn, file)
			}
		}
		if len(f.newLock.Files(urn)) == 0 {
			f.newLock.Remove(urn)
		}
	}
}
