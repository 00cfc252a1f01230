package content_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// target is where a download goes: a file that exists before, or a writer.
type target struct {
	sink   content.Sink
	path   string
	old    []byte
	writer *bytes.Buffer
}

func newTarget(t testing.TB, toFile bool) *target {
	t.Helper()
	if !toFile {
		b := new(bytes.Buffer)
		return &target{sink: content.ToWriter(b), writer: b}
	}
	path := filepath.Join(t.TempDir(), "out.bin")
	old := []byte("the old file")
	must(t, os.WriteFile(path, old, 0o640))
	return &target{sink: content.ToFile(path), path: path, old: old}
}

// check wants these bytes, and no parts of downloads beside the file.
func (f *target) check(t testing.TB, want []byte) {
	t.Helper()
	if f.writer != nil {
		if !bytes.Equal(f.writer.Bytes(), want) {
			t.Errorf("%d bytes written, want %d", f.writer.Len(), len(want))
		}
		return
	}
	got, err := os.ReadFile(f.path)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes in the file, want %d", len(got), len(want))
	}
	if names := list(t, filepath.Dir(f.path)); names != "out.bin" {
		t.Errorf("the folder holds %s", names)
	}
}

func list(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestDiskFailures lets each step of keeping a download fail: the old file stays.
func TestDiskFailures(t *testing.T) {
	data := noise(200_000)
	for _, op := range []string{"create", "write", "sync", "rename"} {
		for _, cause := range []error{syscall.ENOSPC, syscall.EIO} {
			t.Run(op+" "+cause.Error(), func(t *testing.T) {
				bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
					target := newTarget(t, true)
					o := existing(t, c, s.put("0-X/in.bin", data), target.sink)
					err := o.Sync(t.Context())
					checkOutcome(t, o, err, cause, 0)
					if errors.Is(err, content.ErrDiskFull) != (cause == syscall.ENOSPC) {
						t.Errorf("error %v", err)
					}
					target.check(t, target.old)
					if n := strings.Count(s.methods(), "GET"); n != 1 {
						t.Errorf("%d GETs", n)
					}
				}, func(config *content.Config) {
					writes := 0
					config.WithDisk(func(step, path string) error {
						if step == "write" {
							writes++
						}
						if step == op && (op != "write" || writes == 3) {
							return &fs.PathError{Op: step, Path: path, Err: cause}
						}
						return nil
					})
				})
			})
		}
	}
}

// TestFolderCannotBeSynced: the new file is in place, but nobody knows whether it
// outlives a power failure; that is an error.
func TestFolderCannotBeSynced(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		target := newTarget(t, true)
		o := existing(t, c, s.put("0-X/in.bin", []byte("new")), target.sink)
		checkOutcome(t, o, o.Sync(t.Context()), syscall.EIO, 0)
		target.check(t, []byte("new"))
	}, func(config *content.Config) {
		config.WithDisk(func(step, _ string) error {
			if step == "sync folder" {
				return syscall.EIO
			}
			return nil
		})
	})
}

// TestStepsOfADownload: the bytes are on the disk before the name leads to them.
func TestStepsOfADownload(t *testing.T) {
	var steps []string
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		target := newTarget(t, true)
		must(t, existing(t, c, s.put("0-X/in.bin", []byte("new")), target.sink).Sync(t.Context()))
		if got := strings.Join(steps, ", "); got != "create, write, sync, rename, sync folder" {
			t.Errorf("steps %s", got)
		}
	}, func(config *content.Config) {
		config.WithDisk(func(step, _ string) error {
			steps = append(steps, step)
			return nil
		})
	})
}

type failingWriter struct {
	room int
	err  error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		n := w.room
		w.room = 0
		return n, w.err
	}
	w.room -= len(p)
	return len(p), nil
}

func TestWriterThatFails(t *testing.T) {
	for _, tc := range []struct {
		cause, want error
	}{{syscall.ENOSPC, content.ErrDiskFull}, {fs.ErrClosed, fs.ErrClosed}, {nil, nil}} {
		bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
			o := existing(t, c, s.put("0-X/in.bin", noise(200_000)), content.ToWriter(&failingWriter{100_000, tc.cause}))
			err := o.Sync(t.Context())
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if err := o.Retry(t.Context()); !errors.Is(err, content.ErrNotRewindable) {
				t.Errorf("again: %v", err)
			}
		})
	}
}

func TestNewFile(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a", "b", "out.bin")
		o := existing(t, c, s.put("0-X/in.bin", []byte("new")), content.ToFile(path))
		must(t, o.Sync(t.Context()))
		if got, err := os.ReadFile(path); string(got) != "new" {
			t.Errorf("%q, %v", got, err)
		}
		gone := existing(t, c, containerURL+"/0-X/gone", content.ToFile(filepath.Join(dir, "c", "gone.bin")))
		if err := gone.Sync(t.Context()); !errors.Is(err, content.ErrNotFound) {
			t.Errorf("error %v", err)
		}
		if names := list(t, dir); names != "a" {
			t.Errorf("a download of nothing leaves %s", names)
		}
	})
}

func TestModeAndLinksAreKept(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes, and links need a privilege")
	}
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		target := newTarget(t, true)
		must(t, os.Chmod(target.path, 0o604))
		link := filepath.Join(t.TempDir(), "link")
		must(t, os.Symlink(target.path, link))
		must(t, existing(t, c, s.put("0-X/in.bin", []byte("new")), content.ToFile(link)).Sync(t.Context()))
		target.check(t, []byte("new"))
		if info, err := os.Stat(target.path); err != nil || info.Mode().Perm() != 0o604 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if to, err := os.Readlink(link); err != nil || to != target.path {
			t.Errorf("the link leads to %s, %v", to, err)
		}
	})
}

func TestSinksThatCannotBe(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o, err := c.Existing(s.put("0-X/in.bin", nil))
		must(t, err)
		dir := t.TempDir()
		file := filepath.Join(dir, "file")
		must(t, os.WriteFile(file, nil, 0o600))
		for name, sink := range map[string]content.Sink{
			"nil": nil, "no path": content.ToFile(""), "no writer": content.ToWriter(nil), "a folder": content.ToFile(dir),
		} {
			if err := o.SetSink(sink); err == nil {
				t.Errorf("%s is taken", name)
			}
		}
		for name, source := range map[string]content.Source{"nil": nil, "no reader": content.FromReader(nil, 1)} {
			if err := o.SetSource(source); !errors.Is(err, content.ErrNoContent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := o.Sync(t.Context()); !errors.Is(err, content.ErrNoContent) {
			t.Errorf("error %v", err)
		}
		if err := o.SetSink(content.ToFile(filepath.Join(file, "below"))); err == nil {
			if err := o.Sync(t.Context()); err == nil {
				t.Error("a file below a file is written")
			}
		}
	})
}

// TestLeftovers: parts that a dead process left are removed with the next
// download to the same name, and nothing else is.
func TestLeftovers(t *testing.T) {
	s := newFakeStore(t)
	c := s.open(t)
	target := newTarget(t, true)
	dir := filepath.Dir(target.path)
	old := time.Now().Add(-25 * time.Hour)
	for name, age := range map[string]time.Time{
		".out.bin.AAAA.iotcs-part":     old,
		".out.bin.BBBB.iotcs-part":     time.Now(),
		".out.bin.x.CCCC.iotcs-part":   old, // of out.bin.x
		".out.bin.DDDD.iotcs-part.bak": old,
		".other.bin.EEEE.iotcs-part":   old,
	} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Chtimes(path, age, age))
	}
	must(t, existing(t, c, s.put("0-X/in.bin", []byte("new")), target.sink).Sync(t.Context()))
	want := ".other.bin.EEEE.iotcs-part .out.bin.BBBB.iotcs-part .out.bin.DDDD.iotcs-part.bak .out.bin.x.CCCC.iotcs-part out.bin"
	if got := list(t, dir); got != want {
		t.Errorf("left %s", got)
	}
}

func TestLongNamesOfFiles(t *testing.T) {
	s := newFakeStore(t)
	c := s.open(t)
	path := filepath.Join(t.TempDir(), strings.Repeat("ö", 125)+".bin") // 254 bytes
	must(t, existing(t, c, s.put("0-X/in.bin", []byte("new")), content.ToFile(path)).Sync(t.Context()))
	if got, err := os.ReadFile(path); string(got) != "new" {
		t.Errorf("%q, %v", got, err)
	}
}
