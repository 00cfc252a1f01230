package content_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// over reports whether the wait is over.
func over(h *content.Hold) bool {
	select {
	case <-h.Done():
		return true
	default:
		return false
	}
}

func hold(t *testing.T, c *content.Store, objects ...*content.Object) *content.Hold {
	t.Helper()
	h, err := c.Hold(objects...)
	must(t, err)
	return h
}

func TestHoldWaitsForAllUploads(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g1, g2 := make(gate), make(gate)
		s.fail("PUT", g1.fault)
		a := newObject(t, c, "a", content.FromBytes([]byte("1")))
		b := newObject(t, c, "b", content.FromBytes([]byte("2")))
		must(t, a.SyncAsync(nil)) // by the application, before
		synctest.Wait()
		s.fail("PUT", g2.fault)
		var log callLog
		both := hold(t, c, a, b, a)
		both.Notify(func(err error) { log.add("both %v", err) })
		onlyB := hold(t, c, b)
		onlyB.Notify(func(err error) { log.add("b %v", err) })
		synctest.Wait()
		close(g1)
		synctest.Wait()
		if over(both) || over(onlyB) || both.Err() != nil || a.State() != content.InSync {
			t.Errorf("over with one of two; a is %v", a.State())
		}
		close(g2)
		synctest.Wait()
		if !over(both) || !over(onlyB) || both.Err() != nil {
			t.Errorf("not over; %v", both.Err())
		}
		both.Notify(func(err error) { log.add("late %v", err) })
		if diff := cmp.Diff([]string{"both <nil>", "b <nil>", "late <nil>"}, log.take()); diff != "" {
			t.Error(diff)
		}
		if s.methods() != "PUT PUT" {
			t.Errorf("requests %s", s.methods())
		}
		both.Withdraw()
		if both.Err() != nil {
			t.Errorf("withdrawn when it was over: %v", both.Err())
		}
	})
}

func TestHoldFails(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		a := newObject(t, c, "a", content.FromBytes([]byte("1")))
		b := newObject(t, c, "b", content.FromBytes([]byte("2")))
		s.fail("PUT", g.fault)
		must(t, b.SyncAsync(nil))
		synctest.Wait()
		s.fail("PUT", status(413))
		both, onlyB := hold(t, c, a, b), hold(t, c, b)
		var log callLog
		both.Notify(func(err error) { log.add("%v", errors.Is(err, content.ErrQuota)) })
		synctest.Wait()
		var failure *content.TransferError
		if !over(both) || !errors.As(both.Err(), &failure) || failure.Name != "a" || over(onlyB) {
			t.Errorf("over %v, error %v; the other %v", over(both), both.Err(), over(onlyB))
		}
		close(g)
		synctest.Wait()
		if !over(onlyB) || onlyB.Err() != nil || b.State() != content.InSync {
			t.Errorf("the other message: %v", onlyB.Err())
		}
		if diff := cmp.Diff([]string{"true"}, log.take()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHoldOfWhatNeedsNone: the message leaves at once.
func TestHoldOfWhatNeedsNone(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		if !over(hold(t, c)) {
			t.Error("nothing is waited for")
		}
		inSync := newObject(t, c, "a", content.FromBytes([]byte("1")))
		must(t, inSync.Sync(t.Context()))
		incoming, err := c.Existing(s.put("0-X/in.txt", []byte("x")))
		must(t, err)
		g := make(gate)
		s.fail("GET", g.fault)
		downloading := existing(t, c, s.put("0-X/in.txt", []byte("x")), content.ToWriter(io.Discard))
		must(t, downloading.SyncAsync(nil))
		synctest.Wait()
		h := hold(t, c, inSync, incoming, downloading)
		if !over(h) || h.Err() != nil {
			t.Errorf("over %v, %v", over(h), h.Err())
		}
		h.Notify(func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
		close(g)
		synctest.Wait()
		must(t, inSync.SetSink(content.ToWriter(io.Discard)))
		if !over(hold(t, c, inSync)) {
			t.Error("an object that was uploaded before is waited for")
		}
	})
}

func TestHoldIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		good := newObject(t, c, "good", content.FromBytes([]byte("1")))
		failed := newObject(t, c, "failed", content.FromBytes([]byte("1")))
		s.fail("PUT", status(404))
		if failed.Sync(t.Context()) == nil {
			t.Error("no failure")
		}
		other := newFakeStore(t).open(t)
		for name, tc := range map[string]struct {
			object *content.Object
			want   error
		}{
			"failed":           {failed, content.ErrNotFound},
			"without source":   {newObject(t, c, "empty", nil), content.ErrNoContent},
			"of another store": {newObject(t, other, "x", content.FromBytes(nil)), content.ErrForeign},
		} {
			if _, err := c.Hold(good, tc.object); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		g := make(gate)
		s.fail("PUT", g.fault)
		running := newObject(t, c, "running", content.FromBytes([]byte("1")))
		must(t, running.SyncAsync(nil))
		synctest.Wait()
		if _, err := c.Hold(running, good, newObject(t, c, "third", content.FromBytes(nil))); !errors.Is(err, content.ErrQueueFull) {
			t.Errorf("queue full: %v", err)
		}
		if good.State() != content.NotInSync {
			t.Errorf("an upload was begun: %v", good.State())
		}
		h := hold(t, c, running, good)
		close(g)
		<-h.Done()
		must(t, h.Err())
	}, func(config *content.Config) { config.Transfers, config.QueueSize = 1, 1 })
}

// TestWithdraw cancels what nobody wants any more.
func TestWithdraw(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		g := make(gate)
		s.fail("PUT", g.fault)
		a := newObject(t, c, "a", content.FromBytes([]byte("1")))
		b := newObject(t, c, "b", content.FromBytes([]byte("1")))
		first, second := hold(t, c, a, b), hold(t, c, a)
		first.Notify(func(err error) { t.Errorf("called with %v", err) })
		synctest.Wait()
		first.Withdraw()
		first.Withdraw()
		synctest.Wait()
		if !over(first) || !errors.Is(first.Err(), context.Canceled) {
			t.Errorf("%v", first.Err())
		}
		if a.State() != content.Pending || b.State() != content.Failed {
			t.Errorf("a %v, b %v", a.State(), b.State())
		}
		close(g)
		<-second.Done()
		must(t, second.Err())
	}, func(config *content.Config) { config.Transfers = 1 })
}

// TestHoldAtClose: uploads that messages wait for are finished, or the messages
// hear of it.
func TestHoldAtClose(t *testing.T) {
	for _, inTime := range []bool{true, false} {
		bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
			g := make(gate)
			s.fail("PUT", g.fault)
			h := hold(t, c, newObject(t, c, "a", content.FromBytes([]byte("1"))))
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if inTime {
				close(g)
			} else {
				defer close(g)
				cancel()
			}
			if err := c.Close(ctx); (err == nil) != inTime {
				t.Errorf("error %v", err)
			}
			if !over(h) || inTime != (h.Err() == nil) || !inTime && !errors.Is(h.Err(), content.ErrClosed) {
				t.Errorf("over %v, %v", over(h), h.Err())
			}
		})
	}
}

// TestRecord: an upload survives the end of the process.
func TestRecord(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		path := filepath.Join(t.TempDir(), "in")
		must(t, os.WriteFile(path, []byte("content"), 0o600))
		for _, located := range []bool{false, true} {
			o, err := c.NewObject("dir/snap é.jpg", "image/jpeg", content.FromFile(path))
			must(t, err)
			must(t, o.SetEncoding("gzip"))
			must(t, o.SetMetadata("a", "b"))
			r, err := o.Record()
			must(t, err)
			if strings.HasPrefix(r.Reference, "https://") != located {
				t.Errorf("reference %s", r.Reference)
			}
			later := s.open(t)
			back, err := later.Restore(r)
			must(t, err)
			must(t, back.Sync(t.Context()))
			if uri := containerURL + "/0-AB/dir/snap%20%C3%A9.jpg"; back.URI() != uri || back.Name() != o.Name() {
				t.Errorf("%q at %q", back.Name(), back.URI())
			}
			got := s.object(t, "0-AB/dir/snap%20%C3%A9.jpg")
			if string(got.data) != "content" || got.header.Get("Content-Type") != "image/jpeg" || got.header.Get("Content-Encoding") != "gzip" || got.header.Get("X-Object-Meta-A") != "b" {
				t.Errorf("stored %q %v", got.data, got.header)
			}
			must(t, c.Locate(t.Context()))
			s.mu.Lock()
			s.valid = map[string]bool{"token1": true, "token2": true, "token3": true}
			s.mu.Unlock()
		}
		if _, err := newObject(t, c, "x", content.FromBytes(nil)).Record(); err == nil {
			t.Error("a source in memory has a record")
		}
	})
}

// TestRecordOfARelativePath: the next process may run in another folder.
func TestRecordOfARelativePath(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "in"), []byte("content"), 0o600))
	t.Chdir(dir)
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		r, err := newObject(t, c, "a", content.FromFile("in")).Record()
		must(t, err)
		t.Chdir(t.TempDir())
		back, err := s.open(t).Restore(r)
		must(t, err)
		must(t, back.Sync(t.Context()))
	})
}

func TestDamagedRecords(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		path := filepath.Join(t.TempDir(), "in")
		must(t, os.WriteFile(path, nil, 0o600))
		good := content.Record{Name: "a", Reference: "storage-object:0-AB/a", File: path, ContentType: "a/b"}
		_, err := c.Restore(good)
		must(t, err)
		for name, tc := range map[string]struct {
			damage func(r *content.Record)
			want   error
		}{
			"traversal":       {func(r *content.Record) { r.Reference = "storage-object:../a" }, content.ErrName},
			"escaped":         {func(r *content.Record) { r.Reference = "storage-object:%2e%2e/a" }, content.ErrName},
			"foreign":         {func(r *content.Record) { r.Reference = "https://evil.example/a" }, content.ErrForeign},
			"no name":         {func(r *content.Record) { r.Name = "" }, content.ErrName},
			"header break":    {func(r *content.Record) { r.ContentType = "a/b\r\nX: y" }, content.ErrHeader},
			"encoding":        {func(r *content.Record) { r.Encoding = "\x00" }, content.ErrHeader},
			"metadata":        {func(r *content.Record) { r.Metadata = map[string]string{"a b": "c"} }, content.ErrHeader},
			"file is missing": {func(r *content.Record) { r.File += "x" }, os.ErrNotExist},
		} {
			r := good
			tc.damage(&r)
			if _, err := c.Restore(r); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestNeeds: a message that was stored while it waited, with the reference in it or
// the URI, can wait again in another process, and has the URI in the end.
func TestNeeds(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		// The uploads of both processes run beside each other, each with its token.
		s.valid = map[string]bool{"token1": true, "token2": true, "token3": true, "token4": true}
		path := filepath.Join(t.TempDir(), "in")
		must(t, os.WriteFile(path, []byte("content"), 0o600))
		before := newObject(t, c, "a b", content.FromFile(path))
		message := []byte(`{"x":"` + before.Reference() + `","y":"storage-object:0-AB/other"}`)
		for _, located := range []bool{false, true} {
			if located {
				must(t, c.Locate(t.Context()))
			}
			needs := hold(t, c, newObject(t, c, "a b", content.FromFile(path)), newObject(t, c, "c", content.FromFile(path))).Needs()
			if strings.Contains(string(needs), "https://") != located {
				t.Errorf("needs %s", needs)
			}
			later := s.open(t)
			h, err := later.Renew(needs)
			must(t, err)
			<-h.Done()
			must(t, h.Err())
			if got, want := string(h.Complete(message)), `{"x":"`+containerURL+`/0-AB/a%20b","y":"storage-object:0-AB/other"}`; got != want {
				t.Errorf("message %s, want %s", got, want)
			}
		}
		synced := newObject(t, c, "d", content.FromBytes(nil))
		must(t, synced.Sync(t.Context()))
		if needs := hold(t, c, synced).Needs(); needs != nil {
			t.Errorf("needs %s", needs)
		}
		for name, needs := range map[string][]byte{
			"content in memory": hold(t, c, newObject(t, c, "e", content.FromBytes([]byte("1")))).Needs(),
			"damaged":           []byte("{"),
		} {
			if _, err := c.Renew(needs); err == nil {
				t.Errorf("%s: begun again", name)
			}
		}
	})
}

func TestSendable(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.fail("PUT", status(500))
		bad := newObject(t, c, "bad", content.FromBytes(nil))
		if err := bad.Sendable(); err != nil {
			t.Errorf("before: %v", err)
		}
		failure := bad.Sync(t.Context())
		if err := bad.Sendable(); err == nil || !errors.Is(err, failure) {
			t.Errorf("after a failure: %v", err)
		}
		if err := newObject(t, c, "none", nil).Sendable(); !errors.Is(err, content.ErrNoContent) {
			t.Errorf("without content: %v", err)
		}
		came, err := c.Existing(containerURL + "/0-AB/came")
		must(t, err)
		must(t, came.Sendable())
	})
}
