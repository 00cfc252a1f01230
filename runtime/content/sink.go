package content

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Sink is where the content of a download goes: [ToFile] or [ToWriter].
type Sink interface {
	// check refuses a sink that cannot be written, as early as that can be known.
	check() error
	// open begins to write.
	open(d disk) (output, error)
}

// output is a sink that is being written.
type output interface {
	io.Writer
	// restart forgets what was written.
	restart() error
	// commit ends a download that is complete and checked, abort any other.
	commit() error
	abort()
}

// ToFile puts the content into a file. It gathers in another file of the same
// folder, which takes the name when the content is complete and checked, with
// the mode of the file that it replaces; the name never stands for a part, and a
// failed download leaves the old file. Missing folders are made. A name that is a
// symbolic link is followed; one that is no regular file is refused.
func ToFile(path string) Sink { return fileSink(path) }

// ToWriter writes the content to w as it comes, before it is checked: only a
// transfer that ended well has written all of it. A download that has to start
// again after bytes were written fails with [ErrNotRewindable].
func ToWriter(w io.Writer) Sink { return &writerSink{w: w} }

type fileSink string

func (s fileSink) check() error {
	if s == "" {
		return fmt.Errorf("%w: the path is empty", ErrNoContent)
	}
	_, err := replaced(string(s))
	return err
}

// replaced tells about the file that a download will replace; nil if there is none.
func replaced(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return info, nil
}

func (s fileSink) open(d disk) (output, error) {
	path := string(s)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	old, err := replaced(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	sweep(path)
	f, err := d.create(path)
	if err != nil {
		return nil, err
	}
	o := &fileOutput{disk: d, f: f, path: path}
	if old != nil {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			o.abort()
			return nil, err
		}
	}
	return o, nil
}

type fileOutput struct {
	disk disk
	f    *os.File
	path string
}

func (o *fileOutput) Write(p []byte) (int, error) { return o.disk.write(o.f, p) }

func (o *fileOutput) restart() error {
	if err := o.f.Truncate(0); err != nil {
		return err
	}
	_, err := o.f.Seek(0, io.SeekStart)
	return err
}

func (o *fileOutput) commit() error {
	part := o.f.Name()
	err := o.disk.commit(o.f, o.path)
	if err != nil {
		os.Remove(part) // or else the next download sweeps it
	}
	return err
}

func (o *fileOutput) abort() {
	o.f.Close()
	os.Remove(o.f.Name()) // or else a later download sweeps it
}

// writerSink is a writer of the application.
type writerSink struct {
	w io.Writer

	mu      sync.Mutex
	written bool
}

func (s *writerSink) check() error {
	if s.w == nil {
		return fmt.Errorf("%w: the writer is nil", ErrNoContent)
	}
	return nil
}

func (s *writerSink) open(disk) (output, error) { return s, s.restart() }

// Write implements [io.Writer].
func (s *writerSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.written = s.written || len(p) > 0
	s.mu.Unlock()
	return s.w.Write(p)
}

func (s *writerSink) restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written {
		return ErrNotRewindable
	}
	return nil
}

func (s *writerSink) commit() error { return nil }

func (s *writerSink) abort() {}
