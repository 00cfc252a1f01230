package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestLocked(t *testing.T) {
	path := newFile(t, testConfig())
	f := open(t, path)
	a := begin(t, f)
	for what, err := range map[string]error{
		"the same File":   second(f.BeginActivation(t.Context())),
		"another File":    second(open(t, path).BeginActivation(t.Context())),
		"Reset":           open(t, path).Reset(),
		"CompletePending": CompletePending(path, []byte(testPassphrase), "0-EP"),
	} {
		if !errors.Is(err, ErrLocked) {
			t.Errorf("%s while an activation runs: %v", what, err)
		}
		checkError(t, err, "let it finish or stop it")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	begin(t, f).Close()
}

// TestLockedThroughCompletion: the new file is locked as the old one was, until
// Close.
func TestLockedThroughCompletion(t *testing.T) {
	path := newFile(t, testConfig())
	f := open(t, path)
	a := begin(t, f)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Reset(); !errors.Is(err, ErrLocked) {
		t.Errorf("Reset before Close: %v", err)
	}
	a.Close()
	if err := open(t, path).Reset(); err != nil {
		t.Errorf("Reset after Close: %v", err)
	}
}

func TestActivatedByAnotherProcess(t *testing.T) {
	path := newFile(t, testConfig())
	late, other := open(t, path), open(t, path)
	activate(t, other, "0-EP")
	_, err := late.BeginActivation(t.Context())
	if !errors.Is(err, ErrActivated) {
		t.Errorf("error %v, want ErrActivated", err)
	}
	equal(t, "endpoint id", late.EndpointID(), "0-EP")
	if _, err := late.Signer(); err != nil {
		t.Errorf("the key: %v", err)
	}
	if _, err := late.SignWithSecret("ICD-1", nil); err != nil {
		t.Errorf("the secrets: %v", err)
	}
}

func TestChanged(t *testing.T) {
	other := testConfig()
	other.ClientID = "GW-2"
	t.Run("before Begin", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		if err := os.Rename(newFile(t, other), path); err != nil {
			t.Fatal(err)
		}
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrChanged) {
			t.Errorf("BeginActivation: %v", err)
		}
		if err := f.Reset(); !errors.Is(err, ErrChanged) {
			t.Errorf("Reset: %v", err)
		}
		equal(t, "client id", f.ClientID(), "GW-1")
		begin(t, open(t, path)) // nothing is left locked
	})
	t.Run("during the activation", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		a := begin(t, f)
		if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(newFile(t, other), path); err != nil {
			t.Fatal(err)
		}
		if err := a.Complete(t.Context(), "0-EP"); !errors.Is(err, ErrChanged) {
			t.Errorf("Complete: %v", err)
		}
		equal(t, "client id in the file", open(t, path).ClientID(), "GW-2")
		equal(t, "files", names(t, path), []string{"dev.conf", "dev.conf.pending"})
	})
	t.Run("removed during the activation", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		a := begin(t, f)
		if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Skip("an open file cannot be removed here")
		}
		if err := a.Complete(t.Context(), "0-EP"); err != nil {
			t.Fatal(err)
		}
		equal(t, "endpoint id", open(t, path).EndpointID(), "0-EP")
	})
}

func TestBeginErrors(t *testing.T) {
	t.Run("missing", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a folder by now", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrNotProvisioning) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("damaged by now", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		if err := os.WriteFile(path, []byte("!AAAA\n#"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrCorrupt) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("from memory", func(t *testing.T) {
		data, err := Encode([]byte(testPassphrase), testConfig())
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(data, []byte(testPassphrase))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrReadOnly) {
			t.Errorf("BeginActivation: %v", err)
		}
		if err := f.Reset(); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Reset: %v", err)
		}
		if _, err := f.PendingPath(); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("PendingPath: %v", err)
		}
	})
	t.Run("wiped", func(t *testing.T) {
		f := open(t, newFile(t, testConfig()))
		f.Wipe()
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrWiped) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("wiped during the activation", func(t *testing.T) {
		path := newFile(t, testConfig())
		f := open(t, path)
		a := begin(t, f)
		f.Wipe()
		if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
			t.Fatal(err)
		}
		if err := a.Complete(t.Context(), "0-EP"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Signer(); !errors.Is(err, ErrWiped) {
			t.Errorf("Signer: %v", err)
		}
		if !open(t, path).HasSecret("ICD-1") {
			t.Error("the wiped secrets went into the file")
		}
	})
}

func TestSymbolicLink(t *testing.T) {
	path := newFile(t, testConfig())
	link := filepath.Join(t.TempDir(), "link.conf")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	f := open(t, link)
	a := begin(t, f)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path).BeginActivation(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("the target is not locked: %v", err)
	}
	pending, err := f.PendingPath()
	if err != nil {
		t.Fatal(err)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "pending file", pending, target+".pending")
	equal(t, "files beside the target", names(t, path), []string{"dev.conf", "dev.conf.pending"})
	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Fatal(err)
	}
	equal(t, "files beside the link", names(t, link), []string{"link.conf"})
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	equal(t, "endpoint id", open(t, path).EndpointID(), "0-EP")
}

func TestMarkedReadOnly(t *testing.T) {
	path := newFile(t, testConfig())
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, path)
	_, err := open(t, path).BeginActivation(t.Context())
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("error %v, want ErrReadOnly", err)
	}
	equal(t, "file", readAll(t, path), before)
	checkError(t, err, "(")
}

func TestModeNeverWidens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes here")
	}
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o666, 0o777} {
		path := newFile(t, testConfig())
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		activate(t, open(t, path), "0-EP")
		checkMode(t, path, 0o600)
	}
}

// TestBeginProvesDiskSpace: what fails later fails before anything is sent.
func TestBeginProvesDiskSpace(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "sync folder", "remove"} {
		t.Run(op, func(t *testing.T) {
			path := newFile(t, testConfig())
			f := open(t, path)
			f.disk.before = func(s step) error {
				if s.op == op {
					return &fs.PathError{Op: op, Path: s.path, Err: syscall.ENOSPC}
				}
				return nil
			}
			_, err := f.BeginActivation(t.Context())
			if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrReadOnly) {
				t.Errorf("error %v, want ENOSPC", err)
			}
			f.disk.before = nil
			begin(t, f) // nothing is left locked
			if op != "remove" {
				return
			}
			equal(t, "files", names(t, path), []string{"dev.conf"})
		})
	}
}

// TestBeginCleansUp: what a crash left is cleared away.
func TestBeginCleansUp(t *testing.T) {
	path := newFile(t, testConfig())
	if err := os.WriteFile(newName(path), []byte("cut off"), 0o400); err != nil {
		t.Fatal(err)
	}
	activate(t, open(t, path), "0-EP")
	equal(t, "files", names(t, path), []string{"dev.conf"})
}

// TestLockExcludes: the lock holds although every holder puts a new file in the
// place of the locked one.
func TestLockExcludes(t *testing.T) {
	path := newFile(t, testConfig())
	var inside, writes atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		f := open(t, path)
		wg.Go(func() {
			for writes.Load() < 30 && !t.Failed() {
				c, err := f.claim()
				if errors.Is(err, ErrLocked) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				if err := c.write(c.base); err != nil {
					t.Error(err)
				}
				inside.Add(-1)
				writes.Add(1)
				c.release()
			}
		})
	}
	wg.Wait()
	equal(t, "files", names(t, path), []string{"dev.conf"})
}
