package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiled does what a worker does and keeps a profile of its processor time in a
// file; with no file it only does it. A later worker of the role replaces the
// profile of an earlier one.
func profiled(file string, do func() error) (err error) {
	if file == "" {
		return do()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return do()
}

// profileOf is the file of a role's profile; none without a folder.
func profileOf(folder, role string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, role+".prof")
}
