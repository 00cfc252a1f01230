package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
)

func open(t testing.TB, path string) (j *journal.Journal, records []string, lost int64) {
	t.Helper()
	j, lost, err := journal.Open(path, func(record []byte) error {
		records = append(records, string(record))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, records, lost
}

func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state")
	for range 2 {
		j, lost, err := journal.Open(path, func(record []byte) error {
			fmt.Printf("found %s\n", record)
			return nil
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		err = j.Append([]byte("one"), []byte("two"))
		fmt.Println(lost, err, j.Close())
	}
	// Output:
	// 0 <nil> <nil>
	// found one
	// found two
	// 0 <nil> <nil>
}

func TestAppendAndReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	var want []string
	for round := range 3 {
		j, records, lost := open(t, path)
		if !slices.Equal(records, want) || lost != 0 {
			t.Fatalf("round %d: records %q, %d bytes lost; want %q", round, records, lost, want)
		}
		for _, record := range []string{"", fmt.Sprint("record ", round), strings.Repeat("x", 2<<20)} {
			if err := j.Append([]byte(record)); err != nil {
				t.Fatal(err)
			}
			want = append(want, record)
		}
		if err := j.Sync(); err != nil {
			t.Fatal(err)
		}
		if info, _ := os.Stat(path); info.Size() != j.Size() {
			t.Errorf("size %d, the file has %d", j.Size(), info.Size())
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

// Whatever a crash leaves of the last record, the records before it are read and writing goes on behind them.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "j")
	j, _, _ := open(t, path)
	if err := j.Append([]byte("first"), []byte("second"), []byte("the third")); err != nil {
		t.Fatal(err)
	}
	j.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	third := bytes.Index(whole, []byte("the third")) - 8
	for length := third; length < len(whole); length++ {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		j, records, lost := open(t, path)
		if !slices.Equal(records, []string{"first", "second"}) || lost != int64(length-third) {
			t.Fatalf("length %d: %q, %d lost", length, records, lost)
		}
		if err := j.Append([]byte("new")); err != nil {
			t.Fatal(err)
		}
		j.Close()
		j, records, lost = open(t, path)
		if !slices.Equal(records, []string{"first", "second", "new"}) || lost != 0 {
			t.Fatalf("length %d, after writing: %q, %d lost", length, records, lost)
		}
		j.Close()
	}
}

func TestFlippedBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _, _ := open(t, path)
	if err := j.Append([]byte("first"), []byte("second"), []byte("third")); err != nil {
		t.Fatal(err)
	}
	j.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Index(whole, []byte("second")) - 8
	for i := second; i < second+14; i++ {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x40
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		j, records, lost := open(t, path)
		if !slices.Equal(records, []string{"first"}) || lost == 0 {
			t.Errorf("byte %d: %q, %d lost", i, records, lost)
		}
		j.Close()
	}
}

func TestForeignFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	for _, text := range []string{"iotcs-journal 2\nxxxxxxxx", strings.Repeat("something else ", 10)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := journal.Open(path, nil); !errors.Is(err, journal.ErrForeign) {
			t.Errorf("%.20q: %v, want ErrForeign", text, err)
		}
		if after, _ := os.ReadFile(path); string(after) != text {
			t.Errorf("%.20q: the file was changed", text)
		}
	}
	if _, _, err := journal.Open(filepath.Join(path, "below"), nil); err == nil {
		t.Error("no error for a path below a file")
	}
}

func TestReplayError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _, _ := open(t, path)
	if err := j.Append([]byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	j.Close()
	stop := errors.New("stop")
	if _, _, err := journal.Open(path, func([]byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the error of replay", err)
	}
	if _, records, lost := open(t, path); len(records) != 2 || lost != 0 {
		t.Errorf("after the error: %q, %d lost", records, lost)
	}
}

func TestClosed(t *testing.T) {
	j, _, _ := open(t, filepath.Join(t.TempDir(), "j"))
	for range 2 {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := j.Append([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

func TestOversizeRecord(t *testing.T) {
	j, _, _ := open(t, filepath.Join(t.TempDir(), "j"))
	if err := j.Append(make([]byte, journal.MaxRecord+1)); err == nil {
		t.Error("no error")
	}
	if err := j.Append([]byte("small")); err != nil {
		t.Errorf("after the refusal: %v", err)
	}
}

func TestConcurrentAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _, _ := open(t, path)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for k := range 50 {
				if err := j.Append(fmt.Appendf(nil, "%d-%d", i, k), []byte("second half")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	j.Close()
	_, records, _ := open(t, path)
	if len(records) != 800 {
		t.Fatalf("%d records, want 800", len(records))
	}
	for i := 1; i < len(records); i += 2 {
		if records[i] != "second half" {
			t.Fatalf("records of one call torn apart at %d", i)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "j")
	j, _, _ := open(t, path)
	if err := j.Append([]byte("old")); err != nil {
		t.Fatal(err)
	}
	j.Close()
	stop := errors.New("stop")
	err := journal.Write(path, func(add func([]byte) error) error { return errors.Join(add([]byte("half")), stop) })
	if !errors.Is(err, stop) {
		t.Errorf("%v, want the error of fill", err)
	}
	if err := journal.Write(path, func(add func([]byte) error) error { return add(make([]byte, journal.MaxRecord+1)) }); err == nil {
		t.Error("no error for an oversize record")
	}
	if j, records, _ := open(t, path); !slices.Equal(records, []string{"old"}) {
		t.Errorf("after failures: %q", records)
	} else {
		j.Close()
	}
	err = journal.Write(path, func(add func([]byte) error) error { return errors.Join(add([]byte("new 1")), add([]byte("new 2"))) })
	if err != nil {
		t.Fatal(err)
	}
	if _, records, lost := open(t, path); !slices.Equal(records, []string{"new 1", "new 2"}) || lost != 0 {
		t.Errorf("%q, %d lost", records, lost)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("temporary files left: %v", entries)
	}
	if err := journal.Write(filepath.Join(dir, "missing", "j"), func(func([]byte) error) error { return nil }); err == nil {
		t.Error("no error for a missing folder")
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	lock, err := journal.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Lock(dir); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
	again, err := journal.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if _, err := journal.Lock(filepath.Join(dir, "missing")); err == nil || errors.Is(err, journal.ErrLocked) {
		t.Errorf("missing folder: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	j, _, err := journal.Open(path, nil)
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(j.Append([]byte("one"), []byte("two")), j.Close()); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)-2])
	f.Add([]byte("iotcs-journal 1\n\xff\xff\xff\xff"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "j")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		first := 0
		j, _, err := journal.Open(path, func([]byte) error { first++; return nil })
		if err != nil {
			return
		}
		if err := errors.Join(j.Append([]byte("more")), j.Close()); err != nil {
			t.Fatal(err)
		}
		second := 0
		j, lost, err := journal.Open(path, func([]byte) error { second++; return nil })
		if err != nil || lost != 0 || second != first+1 {
			t.Fatalf("%d records, then %d, %d lost, %v", first, second, lost, err)
		}
		j.Close()
	})
}

func BenchmarkAppend(b *testing.B) {
	j, _, _ := open(b, filepath.Join(b.TempDir(), "j"))
	batch := make([][]byte, 100)
	for i := range batch {
		batch[i] = bytes.Repeat([]byte("x"), 400)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Append(batch...); err != nil {
			b.Fatal(err)
		}
	}
}
