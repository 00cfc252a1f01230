package content_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
)

func TestUploads(t *testing.T) {
	sources := []struct {
		name    string
		source  func(t *testing.T, data []byte) content.Source
		chunked bool
	}{
		{"file", func(t *testing.T, data []byte) content.Source {
			path := filepath.Join(t.TempDir(), "in")
			must(t, os.WriteFile(path, data, 0o600))
			return content.FromFile(path)
		}, false},
		{"bytes", func(_ *testing.T, data []byte) content.Source { return content.FromBytes(data) }, false},
		{"reader of known length", func(_ *testing.T, data []byte) content.Source {
			return content.FromReader(reader(data), int64(len(data)))
		}, false},
		{"reader of unknown length", func(_ *testing.T, data []byte) content.Source {
			return content.FromReader(reader(data), -1)
		}, true},
		{"seeker in the middle", func(t *testing.T, data []byte) content.Source {
			r := bytes.NewReader(append([]byte("before"), data...))
			_, err := r.Seek(6, io.SeekStart)
			must(t, err)
			return content.FromReader(r, int64(len(data)))
		}, false},
	}
	for _, tc := range sources {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				for _, n := range []int{0, 1, 1024, 1025, 65537, 5 << 20} {
					data := noise(n)
					o := newObject(t, c, fmt.Sprintf("dir/%d.bin", n), tc.source(t, data))
					must(t, o.Sync(t.Context()))
					checkUpload(t, s, o, data)
					if last := s.calls()[len(s.calls())-1]; (last.length < 0) != tc.chunked {
						t.Errorf("%d bytes: announced length %d", n, last.length)
					}
				}
				if n := s.tokenCount(); n != 1 {
					t.Errorf("%d storage authentications", n)
				}
			})
		})
	}
}

func checkUpload(t *testing.T, s *fakeStore, o *content.Object, data []byte) {
	t.Helper()
	got := s.object(t, endpointID+"/"+o.Name())
	if !bytes.Equal(got.data, data) {
		t.Errorf("%s: %d bytes stored, %d sent", o.Name(), len(got.data), len(data))
	}
	want := time.Date(2017, 11, 27, 18, 5, 27, 0, time.UTC)
	if o.State() != content.InSync || o.Err() != nil || o.Length() != int64(len(data)) || !o.Date().Equal(want) || o.DateText() != lastModified {
		t.Errorf("%s: %v %v, length %d, date %v", o.Name(), o.State(), o.Err(), o.Length(), o.Date())
	}
	if uri := containerURL + "/" + endpointID + "/" + o.Name(); o.URI() != uri || o.Reference() != uri {
		t.Errorf("URI %s, reference %s, want %s", o.URI(), o.Reference(), uri)
	}
}

func TestUploadRequest(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o, err := c.NewObject("snap.jpg", "image/jpeg", content.FromBytes([]byte("hello")))
		must(t, err)
		must(t, o.SetEncoding("gzip"))
		must(t, o.SetMetadata("shot-by", "cam 1"))
		must(t, o.SetMetadata("gone", "x"))
		must(t, o.SetMetadata("gone", ""))
		must(t, o.Sync(t.Context()))
		got := s.calls()[0]
		want := http.Header{
			"Content-Type":          {"image/jpeg"},
			"Content-Encoding":      {"gzip"},
			"Content-Length":        {"5"},
			"X-Auth-Token":          {"token1"},
			"X-Object-Meta-Shot-By": {"cam 1"},
			"User-Agent":            {"iotcs-go"},
		}
		if diff := cmp.Diff(want, got.header); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if got.target != containerPath+"/0-AB/snap.jpg" || got.host != "127.0.0.1" {
			t.Errorf("target %s at %s", got.target, got.host)
		}
	})
}

func TestNewObjectStartsEmpty(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o := newObject(t, c, "a.bin", nil)
		if o.ContentType() != "application/octet-stream" || o.Encoding() != "" || o.Length() != -1 || !o.Date().IsZero() ||
			o.State() != content.NotInSync || o.URI() != "" || o.Reference() != "storage-object:0-AB/a.bin" || o.Metadata() != nil {
			t.Errorf("%q %q %d %v %v %q %q", o.ContentType(), o.Encoding(), o.Length(), o.Date(), o.State(), o.URI(), o.Reference())
		}
		if s.tokenCount() != 0 {
			t.Error("asked for access")
		}
		must(t, c.Locate(t.Context()))
		must(t, c.Locate(t.Context()))
		if o.URI() != "" {
			t.Error("the URI of an object appears without a transfer")
		}
		if o := newObject(t, c, "b.bin", nil); o.URI() != containerURL+"/0-AB/b.bin" {
			t.Errorf("URI %q", o.URI())
		}
		if s.tokenCount() != 1 || len(s.calls()) != 0 {
			t.Errorf("%d authentications, requests %s", s.tokenCount(), s.methods())
		}
	})
}

func TestWithoutPrefix(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o := newObject(t, c, "snap.jpg", content.FromBytes(nil))
		must(t, o.Sync(t.Context()))
		if o.URI() != containerURL+"/snap.jpg" {
			t.Errorf("URI %s", o.URI())
		}
	}, func(config *content.Config) { config.NoPrefix = true })
}

// TestUploadAnswers: what becomes of an upload by the answers of the store.
func TestUploadAnswers(t *testing.T) {
	etag := func(tag string) func(http.ResponseWriter, *http.Request) bool { return status(201, "Etag", tag) }
	good := md5Of([]byte("content"))
	for _, tc := range []struct {
		name    string
		answers []func(http.ResponseWriter, *http.Request) bool
		want    error // nil: in sync
		puts    int
		status  int
	}{
		{name: "401 once", answers: faults(status(401)), puts: 2},
		{name: "401 twice", answers: faults(status(401), status(401)), want: content.ErrUnauthorized, puts: 2, status: 401},
		{name: "403", answers: faults(status(403)), want: content.ErrUnauthorized, puts: 1, status: 403},
		{name: "404", answers: faults(status(404)), want: content.ErrNotFound, puts: 1, status: 404},
		{name: "413", answers: faults(status(413)), want: content.ErrQuota, puts: 1, status: 413},
		{name: "507", answers: faults(status(507)), want: content.ErrQuota, puts: 1, status: 507},
		{name: "500", answers: faults(status(500)), want: &transport.StatusError{}, puts: 1, status: 500},
		{name: "422", answers: faults(status(422)), want: &transport.StatusError{}, puts: 1, status: 422},
		{name: "200 is not 201", answers: faults(status(200)), want: &transport.StatusError{}, puts: 1, status: 200},
		{name: "302", answers: faults(status(302, "Location", "https://127.0.0.1/x")), want: content.ErrRedirect, puts: 1, status: 302},
		{name: "308", answers: faults(status(308, "Location", "https://evil.example/x")), want: content.ErrRedirect, puts: 1, status: 308},
		{name: "wrong ETag once", answers: faults(etag(md5Of(nil))), puts: 2},
		{name: "wrong ETag twice", answers: faults(etag(md5Of(nil)), etag(md5Of(nil))), want: content.ErrChecksum, puts: 2},
		{name: "wrong quoted ETag twice", answers: faults(etag(`"`+md5Of(nil)+`"`), etag(`W/"`+strings.ToUpper(md5Of(nil))+`"`)), want: content.ErrChecksum, puts: 2},
		{name: "quoted ETag", answers: faults(etag(`"` + good + `"`)), puts: 1},
		{name: "upper-case ETag", answers: faults(etag(strings.ToUpper(good))), puts: 1},
		{name: "weak ETag", answers: faults(etag(`W/"` + good + `"`)), puts: 1},
		{name: "no ETag", answers: faults(status(201)), puts: 1},
		{name: "ETag that is no MD5 sum", answers: faults(etag("abc")), puts: 1},
		{name: "connection cut", answers: faults(hijack("")), puts: 2},
		{name: "connection cut twice", answers: faults(hijack(""), hijack("")), want: content.ErrCut, puts: 2},
		{name: "half an answer", answers: faults(hijack("HTTP/1.1 201 Cre")), puts: 2},
		{name: "no HTTP", answers: faults(hijack("SSH-2.0-x\r\n"), hijack("SSH-2.0-x\r\n")), want: content.ErrCut, puts: 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, late := range []bool{false, true} {
				bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
					for _, f := range tc.answers {
						if late {
							s.failLate("PUT", f)
						} else {
							s.fail("PUT", afterBody(f, tc.want == nil || tc.puts == 1))
						}
					}
					o := newObject(t, c, "up.bin", content.FromBytes([]byte("content")))
					err := o.Sync(t.Context())
					checkOutcome(t, o, err, tc.want, tc.status)
					if n := strings.Count(s.methods(), "PUT"); n != tc.puts {
						t.Errorf("late %v: %d PUTs, want %d", late, n, tc.puts)
					}
					if tc.want == nil && o.Length() != 7 {
						t.Errorf("length %d", o.Length())
					}
				})
			}
		})
	}
}

// afterBody reads nothing, or a little, of a request before it is answered.
func afterBody(f func(http.ResponseWriter, *http.Request) bool, little bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if little {
			io.CopyN(io.Discard, r.Body, 7)
		}
		return f(w, r)
	}
}

func faults(f ...func(http.ResponseWriter, *http.Request) bool) []func(http.ResponseWriter, *http.Request) bool {
	return f
}

// checkOutcome checks error and state of a transfer; want nil stands for success,
// a *transport.StatusError for any of them.
func checkOutcome(t *testing.T, o *content.Object, err, want error, status int) {
	t.Helper()
	if want == nil {
		if err != nil || o.State() != content.InSync || o.Err() != nil {
			t.Errorf("error %v, state %v (%v)", err, o.State(), o.Err())
		}
		return
	}
	var answer *transport.StatusError
	if _, any := want.(*transport.StatusError); !any && !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if status != 0 && (!errors.As(err, &answer) || answer.Status != status) {
		t.Errorf("error %v, want status %d", err, status)
	}
	var failure *content.TransferError
	if !errors.As(err, &failure) || o.State() != content.Failed || !errors.Is(err, o.Err()) {
		t.Errorf("error %v, state %v (%v)", err, o.State(), o.Err())
	}
	if strings.Contains(err.Error(), "token1") {
		t.Errorf("the token is in the error: %v", err)
	}
}

// TestEarlyRefusal: an answer that comes while a large body is under way.
func TestEarlyRefusal(t *testing.T) {
	data := noise(5 << 20)
	for _, tc := range []struct {
		name   string
		source content.Source
		want   error
	}{
		{"bytes", content.FromBytes(data), nil},
		{"reader", content.FromReader(reader(data), -1), content.ErrNotRewindable},
		{"reader that can seek", content.FromReader(bytes.NewReader(data), -1), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			outside(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				s.fail("PUT", status(401))
				o := newObject(t, c, "up.bin", tc.source)
				err := o.Sync(t.Context())
				checkOutcome(t, o, err, tc.want, 0)
				if tc.want != nil {
					if !errors.Is(err, content.ErrUnauthorized) && !errors.Is(err, content.ErrCut) {
						t.Errorf("the reason is missing: %v", err)
					}
					return
				}
				if got := s.object(t, "0-AB/up.bin"); !bytes.Equal(got.data, data) {
					t.Errorf("%d bytes stored", len(got.data))
				}
			})
		})
	}
}

// TestEarlySuccess is none: the store cannot have what was not sent.
func TestEarlySuccess(t *testing.T) {
	outside(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		data := noise(5 << 20)
		s.fail("PUT", status(201))
		o := newObject(t, c, "up.bin", content.FromBytes(data))
		must(t, o.Sync(t.Context()))
		if got := s.object(t, "0-AB/up.bin"); !bytes.Equal(got.data, data) || s.methods() != "PUT PUT" {
			t.Errorf("%d bytes stored, requests %s", len(got.data), s.methods())
		}
	})
}

func TestCutsDuringUploads(t *testing.T) {
	data := noise(300_000)
	for _, offset := range []int64{1, 1000, 65536, 200_000, 299_999} {
		t.Run(fmt.Sprint(offset), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				cut := func(w http.ResponseWriter, r *http.Request) bool {
					io.CopyN(io.Discard, r.Body, offset)
					return hijack("")(w, r)
				}
				s.fail("PUT", cut)
				o := newObject(t, c, "up.bin", content.FromBytes(data))
				must(t, o.Sync(t.Context()))
				if got := s.object(t, "0-AB/up.bin"); !bytes.Equal(got.data, data) {
					t.Errorf("%d bytes stored", len(got.data))
				}
				o = newObject(t, c, "up2.bin", content.FromReader(reader(data), -1))
				s.fail("PUT", cut)
				err := o.Sync(t.Context())
				if !errors.Is(err, content.ErrNotRewindable) || !errors.Is(err, content.ErrCut) {
					t.Errorf("of a reader: %v", err)
				}
			})
		})
	}
}

func TestSourcesThatLie(t *testing.T) {
	broken := errors.New("lens cap on")
	for _, tc := range []struct {
		name   string
		source content.Source
		want   error
	}{
		{"too short", content.FromReader(reader(noise(99)), 100), content.ErrLength},
		{"too long", content.FromReader(reader(noise(101)), 100), content.ErrLength},
		{"not empty", content.FromReader(reader(noise(1)), 0), content.ErrLength},
		{"broken", content.FromReader(io.MultiReader(reader(noise(70_000)), brokenReader{broken}), -1), broken},
		{"broken at the announced end", content.FromReader(io.MultiReader(reader(noise(10)), brokenReader{broken}), 10), broken},
		{"idle", content.FromReader(idleReader{}, -1), io.ErrNoProgress},
		{"larger than allowed", content.FromReader(reader(noise(2001)), -1), content.ErrTooLarge},
		{"announced larger than allowed", content.FromBytes(noise(2001)), content.ErrTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				o := newObject(t, c, "up.bin", tc.source)
				checkOutcome(t, o, o.Sync(t.Context()), tc.want, 0)
				if n := strings.Count(s.methods(), "PUT"); n > 1 {
					t.Errorf("%d PUTs", n)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				if len(s.objects) != 0 {
					t.Error("something was stored")
				}
			}, func(config *content.Config) {
				if errors.Is(tc.want, content.ErrTooLarge) {
					config.MaxLength = 2000
				}
			})
		})
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

func TestFilesAsSources(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		dir := t.TempDir()
		if _, err := c.NewObject("x", "", content.FromFile(filepath.Join(dir, "absent"))); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("missing file: %v", err)
		}
		if _, err := c.NewObject("x", "", content.FromFile(dir)); err == nil {
			t.Error("a folder is taken")
		}
		path := filepath.Join(dir, "in")
		must(t, os.WriteFile(path, noise(100), 0o600))
		o := newObject(t, c, "x", content.FromFile(path))
		must(t, os.Remove(path))
		if err := o.Sync(t.Context()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("file removed meanwhile: %v", err)
		}
		must(t, os.WriteFile(path, noise(200), 0o600))
		must(t, o.Retry(t.Context()))
		if got := s.object(t, "0-AB/x"); !bytes.Equal(got.data, noise(200)) {
			t.Errorf("%d bytes", len(got.data))
		}
	})
}

// mortalConn is a connection that a router on the way forgets.
type mortalConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c mortalConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, syscall.ECONNRESET
	}
	return c.Conn.Write(p)
}

// TestStaleConnections: connections that died while they were idle cost no
// attempt, and no reader its only one.
func TestStaleConnections(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		var mu sync.Mutex
		var alive []*atomic.Bool
		s.pipe.wrap = func(nc net.Conn) net.Conn {
			mu.Lock()
			defer mu.Unlock()
			dead := new(atomic.Bool)
			alive = append(alive, dead)
			return mortalConn{nc, dead}
		}
		idle := func() { // leaves three connections, which then die
			g := make(gate)
			for i := range 3 {
				s.fail("PUT", g.fault)
				must(t, newObject(t, c, fmt.Sprint(i), content.FromBytes(noise(10))).SyncAsync(nil))
			}
			synctest.Wait()
			close(g)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			for _, dead := range alive {
				dead.Store(true)
			}
		}
		idle()
		must(t, newObject(t, c, "bytes", content.FromBytes(noise(10))).Sync(t.Context()))
		idle()
		must(t, newObject(t, c, "reader", content.FromReader(reader(noise(10)), -1)).Sync(t.Context()))
		idle()
		must(t, existing(t, c, s.put("0-X/a", noise(10)), content.ToWriter(io.Discard)).Sync(t.Context()))
	}, func(config *content.Config) { config.Attempts = 1 })
}
