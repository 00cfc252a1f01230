package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]outbox.Options{
		"negative count":    {MaxMessages: -1},
		"negative bytes":    {MaxBytes: -1},
		"small segments":    {SegmentSize: 1000},
		"large segments":    {SegmentSize: 17 << 20},
		"unknown sync mode": {Sync: 2},
	} {
		if _, err := outbox.Open(t.TempDir(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := outbox.NewMemory(o); err == nil {
			t.Errorf("%s: accepted by Memory", name)
		}
	}
}

// TestFilesArePrivate: nobody else reads the messages.
func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // access is inherited from the folder there
	}
	folder := filepath.Join(t.TempDir(), "a", "outbox")
	l, err := outbox.Open(folder, outbox.Options{})
	must(t, err)
	outboxtest.Put(t, l, padded(1, wire.Low, wire.BestEffort))
	err = filepath.WalkDir(filepath.Dir(folder), func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	must(t, err)
	must(t, l.Close())
	entries, err := os.ReadDir(folder)
	must(t, err)
	if len(entries) != 1 {
		t.Errorf("left are %v", entries)
	}
}

// TestForeignFilesStay: what is not ours is not touched, a half-made segment goes.
func TestForeignFilesStay(t *testing.T) {
	disk := outboxtest.NewDisk()
	disk.Write(filepath.Join(folder, "notes.txt"), []byte("mine"))
	disk.Write(filepath.Join(folder, "1.segment"), []byte("mine"))
	disk.Write(filepath.Join(folder, "next"), []byte("half"))
	l := openOn(t, disk)
	must(t, l.Close())
	files := disk.Files(folder)
	if len(files) != 2 || string(files["notes.txt"]) != "mine" || string(files["1.segment"]) != "mine" {
		t.Errorf("files %v", files)
	}
}

func TestOpenFails(t *testing.T) {
	for _, op := range []string{"open", "read", "remove"} {
		disk := damagedOutbox(t, 5)
		if op == "remove" {
			disk.Write(filepath.Join(folder, "next"), nil)
		}
		broken := errors.New("broken")
		disk.FailWhen(func(o, _ string) error {
			if o == op {
				return broken
			}
			return nil
		})
		if _, err := outbox.Open(folder, outbox.Options{Disk: disk}); !errors.Is(err, broken) {
			t.Errorf("%s fails: %v", op, err)
		}
		disk.FailWhen(nil)
		l := openOn(t, disk) // the lock was given up
		must(t, l.Close())
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := outbox.Open(file, outbox.Options{}); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// TestDamageThatCannotBeRepaired: a full disk keeps the damage where it is, and
// what is whole can be used nevertheless.
func TestDamageThatCannotBeRepaired(t *testing.T) {
	for _, op := range []string{"create", "rename", "truncate"} {
		disk := damagedOutbox(t, 10)
		for name, data := range disk.Files(folder) {
			if op == "truncate" {
				data = data[:len(data)-3] // of the mark: those it speaks of come again
			} else {
				data[outbox.Places(data)[1].Start+40] ^= 1
			}
			disk.Write(filepath.Join(folder, name), data)
		}
		disk.FailWhen(func(o, path string) error {
			if o == op {
				return outboxtest.ErrFull
			}
			return nil
		})
		var log bytes.Buffer
		l, err := outbox.Open(folder, outbox.Options{Disk: disk, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		must(t, err)
		if n := len(takeAll(t, l)); n < 8 {
			t.Errorf("%s fails: %d messages", op, n)
		}
		if !strings.Contains(log.String(), "cannot be") {
			t.Errorf("%s fails: log %s", op, log.String())
		}
		disk.FailWhen(nil)
		outboxtest.Put(t, l, padded(11, wire.Low, wire.BestEffort))
		must(t, l.Close())
		l = openOn(t, disk)
		if there := takeAll(t, l); len(there) < 9 || !there[11] {
			t.Errorf("%s failed: %d messages after the next opening", op, len(there))
		}
		must(t, l.Close())
	}
}

func TestCommitWaits(t *testing.T) {
	var none *outbox.Commit
	if decided, err := none.Decided(); !decided || err != nil {
		t.Error("nil is not decided")
	}
	must(t, none.Wait(t.Context()))
	c := outbox.NewCommit()
	if decided, _ := c.Decided(); decided {
		t.Error("a new commit is decided")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait: %v", err)
	}
	failed := errors.New("failed")
	c.Decide(failed)
	if err := c.Wait(ctx); !errors.Is(err, failed) {
		t.Errorf("wait: %v", err)
	}
	if decided, err := c.Decided(); !decided || !errors.Is(err, failed) {
		t.Errorf("decided %v, %v", decided, err)
	}
}

func TestTexts(t *testing.T) {
	for want, got := range map[string]string{
		"group": outbox.Group.String(), "off": outbox.Off.String(), "Sync(7)": outbox.Sync(7).String(), "Reason(9)": outbox.Reason(9).String(),
		"dropped from the outbox: its record is damaged: bad":                    (&outbox.DropError{Reason: outbox.Damaged, Err: errors.New("bad")}).Error(),
		"dropped from the outbox: it could not be stored":                        (&outbox.DropError{Reason: outbox.NotStored}).Error(),
		"outbox is full: 1 of 2 messages, 3 of 4 bytes, 5 more messages refused": (&outbox.FullError{Messages: 1, MaxMessages: 2, Bytes: 3, MaxBytes: 4, Offered: 5}).Error(),
		"message of 17 bytes is larger than the 16 that the outbox can hold":     (&outbox.TooLargeError{Size: 17, Limit: 16}).Error(),
		"dropped from the outbox: too many bytes waited":                         (&outbox.DropError{Reason: outbox.TooMuch}).Error(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestFewFlushes: writers that wait for each other's flush share the next one.
func TestFewFlushes(t *testing.T) {
	disk := outboxtest.NewDisk()
	disk.FailWhen(func(op, _ string) error {
		if op == "sync" {
			time.Sleep(2 * time.Millisecond) // a flash card
		}
		return nil
	})
	l := openOn(t, disk)
	const writers, each = 16, 20
	next := make(chan uint64)
	done := make(chan error, writers)
	go func() {
		defer close(next)
		for n := range uint64(writers * each) {
			next <- n + 1
		}
	}()
	order := make(chan struct{}, 1)
	for range writers {
		go func() {
			for {
				order <- struct{}{}
				n, ok := <-next
				if !ok {
					<-order
					done <- nil
					return
				}
				c, err := l.Put([]outbox.Message{padded(n, wire.Low, wire.BestEffort)})
				<-order
				if err == nil {
					err = c.Wait(context.Background())
				}
				if err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range writers {
		must(t, <-done)
	}
	must(t, l.Close())
	if n := disk.Calls("sync"); n > 3*each {
		t.Errorf("%d flushes for %d messages of %d writers", n, writers*each, writers)
	}
	t.Logf("%d flushes for %d messages of %d writers", disk.Calls("sync"), writers*each, writers)
}
