package content_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
)

func TestDownload(t *testing.T) {
	for _, n := range []int{0, 1, 1025, 65536, 65537, 5 << 20} {
		bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
			data := noise(n)
			uri := s.put("0-X/dir/in.txt", data, "Content-Type", "text/plain; charset=UTF-8", "Content-Encoding", "gzip", "X-Object-Meta-Color", "red")
			var got bytes.Buffer
			o := existing(t, c, uri, content.ToWriter(&got))
			if o.URI() != uri || o.Length() != -1 || o.ContentType() != "" {
				t.Errorf("before: %s, %d, %q", o.URI(), o.Length(), o.ContentType())
			}
			must(t, o.Sync(t.Context()))
			if !bytes.Equal(got.Bytes(), data) {
				t.Errorf("%d bytes of %d", got.Len(), n)
			}
			if o.Name() != "0-X/dir/in.txt" || o.Length() != int64(n) || o.ContentType() != "text/plain; charset=UTF-8" || o.Encoding() != "gzip" || o.DateText() != lastModified {
				t.Errorf("%q, %d bytes, %q, %q, %q", o.Name(), o.Length(), o.ContentType(), o.Encoding(), o.DateText())
			}
			if diff := cmp.Diff(map[string]string{"Color": "red"}, o.Metadata()); diff != "" {
				t.Error(diff)
			}
			want := http.Header{"X-Auth-Token": {"token1"}, "User-Agent": {"iotcs-go"}}
			if diff := cmp.Diff(want, s.calls()[0].header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDownloadOfOwnObject(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		must(t, c.Locate(t.Context()))
		o, err := c.Existing(s.put("0-AB/a/b.txt", []byte("x")))
		must(t, err)
		if o.Name() != "a/b.txt" {
			t.Errorf("name %q", o.Name())
		}
	})
}

// TestDownloadAnswers: what becomes of a download by the answers of the store.
func TestDownloadAnswers(t *testing.T) {
	data := []byte("hello world")
	whole := func(header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			if w.Header().Get("Content-Range") != "" {
				w.WriteHeader(206)
			}
			w.Write(data)
			return true
		}
	}
	sum := md5Of(data)
	page := status(200, "Content-Type", "text/html", "Etag", sum)
	for _, tc := range []struct {
		name    string
		answers []func(http.ResponseWriter, *http.Request) bool
		want    error
		gets    int
		status  int
		writer  bool // fails with a writer, that cannot start again
	}{
		{name: "401 once", answers: faults(status(401)), gets: 2},
		{name: "401 twice", answers: faults(status(401), status(401)), want: content.ErrUnauthorized, gets: 2, status: 401},
		{name: "404", answers: faults(status(404)), want: content.ErrNotFound, gets: 1, status: 404},
		{name: "410", answers: faults(status(410)), want: content.ErrNotFound, gets: 1, status: 410},
		{name: "500", answers: faults(status(500)), want: &transport.StatusError{}, gets: 1, status: 500},
		{name: "204", answers: faults(status(204)), want: &transport.StatusError{}, gets: 1, status: 204},
		{name: "201", answers: faults(status(201)), want: &transport.StatusError{}, gets: 1, status: 201},
		{name: "redirect", answers: faults(status(307, "Location", "/elsewhere")), want: content.ErrRedirect, gets: 1, status: 307},
		{name: "wrong ETag once", answers: faults(whole("Etag", md5Of(nil))), gets: 2, writer: true},
		{name: "wrong ETag twice", answers: faults(whole("Etag", md5Of(nil)), whole("Etag", md5Of(nil))), want: content.ErrChecksum, gets: 2, writer: true},
		{name: "error page in place of content", answers: faults(page, page), want: content.ErrChecksum, gets: 2, writer: true},
		{name: "quoted ETag", answers: faults(whole("Etag", `"`+strings.ToUpper(sum)+`"`)), gets: 1},
		{name: "no ETag", answers: faults(whole()), gets: 1},
		{name: "206 with everything", answers: faults(whole("Content-Range", "bytes 0-10/11")), gets: 1},
		{name: "206 with a part", answers: faults(whole("Content-Range", "bytes 0-10/12")), gets: 2},
		{name: "206 with nonsense", answers: faults(whole("Content-Range", "bytes nonsense"), whole("Content-Range", "items 0-10/11")), want: content.ErrCut, gets: 2},
		{name: "cut with length", answers: faults(hijack("HTTP/1.1 200 OK\r\nContent-Length: 11\r\nEtag: " + sum + "\r\n\r\nhello")), gets: 2},
		{name: "cut in a chunk", answers: faults(hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello")), gets: 2, writer: true},
		{name: "cut without length", answers: faults(hijack("HTTP/1.1 200 OK\r\n\r\nhello")), gets: 2, writer: true},
		{name: "cut without length, MD5 sum told", answers: faults(hijack("HTTP/1.1 200 OK\r\nEtag: " + sum + "\r\n\r\nhello")), gets: 2, writer: true},
		{name: "cut without length always", answers: faults(hijack("HTTP/1.1 200 OK\r\n\r\nhello"), hijack("HTTP/1.1 200 OK\r\n\r\nhello")), want: content.ErrCut, gets: 2, writer: true},
		{name: "without length, MD5 sum told", answers: faults(hijack("HTTP/1.1 200 OK\r\nEtag: " + sum + "\r\n\r\nhello world")), gets: 1},
		{name: "cut in the header", answers: faults(hijack("HTTP/1.1 200 OK\r\nConte")), gets: 2},
		{name: "larger than allowed", answers: faults(hijack("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nhello")), want: content.ErrTooLarge, gets: 1},
		{name: "negative length", answers: faults(hijack("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"), hijack("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx")), want: content.ErrCut, gets: 2},
		{name: "two lengths", answers: faults(hijack("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), hijack("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")), want: content.ErrCut, gets: 2},
		{name: "chunk of a petabyte", answers: faults(hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nhello"), hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nhello")), want: content.ErrCut, gets: 2, writer: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, toFile := range []bool{true, false} {
				bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
					uri := s.put("0-X/in.txt", data)
					for _, f := range tc.answers {
						s.fail("GET", f)
					}
					want, gets := tc.want, tc.gets
					if tc.writer && !toFile {
						want = content.ErrNotRewindable
					}
					target := newTarget(t, toFile)
					o := existing(t, c, uri, target.sink)
					err := o.Sync(t.Context())
					checkOutcome(t, o, err, want, tc.status)
					if n := strings.Count(s.methods(), "GET"); n != gets {
						t.Errorf("to file %v: %d GETs, want %d", toFile, n, gets)
					}
					if want == nil {
						target.check(t, data)
					} else if toFile {
						target.check(t, target.old)
					}
				})
			}
		})
	}
}

// TestWithoutLengthAfterStat: the length that Stat saw tells a cut.
func TestWithoutLengthAfterStat(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       error
	}{
		{"whole", "hello world", nil},
		{"cut", "hello", content.ErrCut},
		{"longer", "hello world!", content.ErrChanged},
	} {
		bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
			uri := s.put("0-X/in.txt", []byte("hello world"))
			target := newTarget(t, true)
			o := existing(t, c, uri, target.sink)
			must(t, o.Stat(t.Context()))
			s.fail("GET", hijack("HTTP/1.1 200 OK\r\n\r\n"+tc.body))
			s.fail("GET", hijack("HTTP/1.1 200 OK\r\n\r\n"+tc.body))
			checkOutcome(t, o, o.Sync(t.Context()), tc.want, 0)
			if tc.want != nil {
				target.check(t, target.old)
			}
		})
	}
}

// TestEndlessContent ends at the limit.
func TestEndlessContent(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.fail("GET", func(w http.ResponseWriter, _ *http.Request) bool {
			for {
				if _, err := w.Write(noise(32 << 10)); err != nil {
					return true
				}
			}
		})
		target := newTarget(t, true)
		o := existing(t, c, containerURL+"/x", target.sink)
		checkOutcome(t, o, o.Sync(t.Context()), content.ErrTooLarge, 0)
		target.check(t, target.old)
		var failure *content.TransferError
		if !errors.As(o.Err(), &failure) || failure.Bytes > 1<<20 {
			t.Errorf("%+v", failure)
		}
	}, func(config *content.Config) { config.MaxLength = 1 << 20 })
}

func TestStat(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o, err := c.Existing(s.put("0-X/in.txt", []byte("hello"), "Content-Encoding", "br", "X-Object-Meta-A", "b"))
		must(t, err)
		s.fail("HEAD", status(401))
		must(t, o.Stat(t.Context()))
		if o.Length() != 5 || o.ContentType() != "text/plain" || o.Encoding() != "br" || o.Metadata()["A"] != "b" || o.State() != content.NotInSync {
			t.Errorf("%d %q %q %v %v", o.Length(), o.ContentType(), o.Encoding(), o.Metadata(), o.State())
		}
		gone, err := c.Existing(containerURL + "/0-X/gone.txt")
		must(t, err)
		if err := gone.Stat(t.Context()); !errors.Is(err, content.ErrNotFound) || gone.State() != content.NotInSync {
			t.Errorf("error %v, state %v", err, gone.State())
		}
		mine, err := c.NewObject("up.bin", "image/png", content.FromBytes([]byte("abc")))
		must(t, err)
		must(t, mine.Sync(t.Context()))
		must(t, mine.Stat(t.Context()))
		if mine.ContentType() != "image/png" || mine.Length() != 3 {
			t.Errorf("%q, %d bytes", mine.ContentType(), mine.Length())
		}
		if got := s.methods(); got != "HEAD HEAD HEAD PUT HEAD" {
			t.Errorf("requests %s", got)
		}
		s.fail("HEAD", hijack(""))
		if err := mine.Stat(t.Context()); err != nil && !errors.Is(err, content.ErrCut) {
			t.Errorf("connection cut: %v", err)
		}
	})
}

// TestChangedBetweenHeadAndGet: a download after Stat is of what Stat saw.
func TestChangedBetweenHeadAndGet(t *testing.T) {
	for _, tc := range []struct {
		name string
		now  string
		date string
	}{
		{"longer", "hello, world", lastModified},
		{"as long", "HELLO", lastModified},
		{"same again later", "hello", "Tue, 28 Nov 2017 18:05:27 GMT"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				uri := s.put("0-X/in.txt", []byte("hello"))
				target := newTarget(t, true)
				o := existing(t, c, uri, target.sink)
				must(t, o.Stat(t.Context()))
				s.put("0-X/in.txt", []byte(tc.now), "Content-Type", "text/html")
				s.object(t, "0-X/in.txt").date = tc.date
				checkOutcome(t, o, o.Sync(t.Context()), content.ErrChanged, 0)
				target.check(t, target.old)
				if o.Length() != int64(len(tc.now)) || o.ContentType() != "text/html" {
					t.Errorf("the new state is not told: %d bytes, %q", o.Length(), o.ContentType())
				}
				must(t, o.Retry(t.Context()))
				target.check(t, []byte(tc.now))
				s.put("0-X/in.txt", []byte("third"))
				must(t, o.Retry(t.Context())) // nothing was looked up before
				target.check(t, []byte("third"))
			})
		})
	}
}

// TestUploadToExisting repeats what the object has.
func TestUploadToExisting(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		o, err := c.Existing(s.put("0-X/in.txt", []byte("old"), "Content-Type", "text/css", "Content-Encoding", "gzip", "X-Object-Meta-A", "b"))
		must(t, err)
		must(t, o.Stat(t.Context()))
		must(t, o.SetSource(content.FromBytes([]byte("newer"))))
		must(t, o.Sync(t.Context()))
		got := s.object(t, "0-X/in.txt")
		if string(got.data) != "newer" || got.header.Get("Content-Type") != "text/css" || got.header.Get("Content-Encoding") != "gzip" || got.header.Get("X-Object-Meta-A") != "b" {
			t.Errorf("stored %q %v", got.data, got.header)
		}
		if o.Length() != 5 {
			t.Errorf("length %d", o.Length())
		}
		var back bytes.Buffer
		must(t, o.SetSink(content.ToWriter(&back)))
		must(t, o.Sync(t.Context()))
		if back.String() != "newer" {
			t.Errorf("read back %q", &back)
		}
		// Without a look-up nothing of the old object is known.
		other, err := c.Existing(s.put("0-X/other.txt", []byte("old"), "Content-Type", "text/css"))
		must(t, err)
		must(t, other.SetSource(content.FromBytes(nil)))
		must(t, other.Sync(t.Context()))
		if got := s.object(t, "0-X/other.txt").header.Get("Content-Type"); got != "application/octet-stream" {
			t.Errorf("content type %q", got)
		}
	})
}

// TestResume cuts a download again and again at random offsets.
func TestResume(t *testing.T) {
	const size = 3 << 20
	data := noise(size)
	for seed := range 8 {
		bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
			uri := s.put("0-X/in.bin", data)
			pieces := []int{70_000 + 13*seed, 500_000, 65_536, 900_001, 1 << 20}
			for _, n := range pieces {
				s.fail("GET", s.cutAfter(n))
			}
			target := newTarget(t, seed%2 == 0)
			o := existing(t, c, uri, target.sink)
			must(t, o.Sync(t.Context()))
			target.check(t, data)
			offset := 0
			for i, r := range s.calls() {
				want := ""
				if offset > 0 {
					want = fmt.Sprintf("bytes=%d-", offset)
				}
				if r.header.Get("Range") != want || (want != "") != (r.header.Get("If-Range") == md5Of(data)) {
					t.Errorf("request %d: Range %q, If-Range %q, want %q", i, r.header.Get("Range"), r.header.Get("If-Range"), want)
				}
				if i < len(pieces) {
					offset += pieces[i]
				}
			}
		})
	}
}

func TestResumeOutcomes(t *testing.T) {
	data, other := noise(300_000), noise(300_001)
	part := func(body []byte, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(206)
			w.Write(body)
			return true
		}
	}
	rest := "bytes 100000-299999/300000"
	for _, tc := range []struct {
		name   string
		answer func(*fakeStore) func(http.ResponseWriter, *http.Request) bool
		want   []byte // what the file holds
		writer error  // of a download to a writer; nil: as a file
		gets   int
	}{
		{name: "the rest", answer: nil, want: data, gets: 2},
		{name: "replaced meanwhile", answer: func(s *fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return func(http.ResponseWriter, *http.Request) bool { s.put("0-X/in.bin", other); return false }
		}, want: other, writer: content.ErrNotRewindable, gets: 2},
		{name: "part of another ETag", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return part(data[100_000:], "Content-Range", rest, "Etag", md5Of(other))
		}, want: data, writer: content.ErrChanged, gets: 3},
		{name: "part of another date", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return part(data[100_000:], "Content-Range", rest, "Last-Modified", "Tue, 28 Nov 2017 18:05:27 GMT")
		}, want: data, writer: content.ErrChanged, gets: 3},
		{name: "part of another length", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return part(data[100_000:], "Content-Range", "bytes 100000-299999/300001")
		}, want: data, writer: content.ErrCut, gets: 3},
		{name: "another part", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return part(data[99_999:], "Content-Range", "bytes 99999-299999/300000")
		}, want: data, writer: content.ErrCut, gets: 3},
		{name: "the wrong bytes", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return part(other[100_001:], "Content-Range", rest)
		}, want: data, writer: content.ErrChecksum, gets: 3},
		{name: "shorter meanwhile", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool {
			return status(416, "Content-Range", "bytes */5")
		}, want: data, writer: content.ErrChanged, gets: 3},
		{name: "401 in the middle", answer: func(*fakeStore) func(http.ResponseWriter, *http.Request) bool { return status(401) }, want: data, gets: 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, toFile := range []bool{true, false} {
				bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
					uri := s.put("0-X/in.bin", data)
					s.fail("GET", s.cutAfter(100_000))
					if tc.answer != nil {
						s.fail("GET", tc.answer(s))
					}
					target := newTarget(t, toFile)
					o := existing(t, c, uri, target.sink)
					err := o.Sync(t.Context())
					if !toFile && tc.writer != nil {
						checkOutcome(t, o, err, content.ErrNotRewindable, 0)
						if !errors.Is(err, tc.writer) {
							t.Errorf("error %v, want %v as the reason", err, tc.writer)
						}
						return
					}
					must(t, err)
					target.check(t, tc.want)
					if o.Length() != int64(len(tc.want)) {
						t.Errorf("length %d", o.Length())
					}
					if n := strings.Count(s.methods(), "GET"); n != tc.gets {
						t.Errorf("%d GETs, want %d", n, tc.gets)
					}
				}, func(config *content.Config) { config.Attempts = 3 })
			}
		})
	}
}

// TestResumeWithoutValidator starts again: nobody knows whether the rest is of
// the same content.
func TestResumeWithoutValidator(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		data := noise(1000)
		uri := s.put("0-X/in.bin", data)
		s.fail("GET", hijack("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"+string(data[:500])))
		target := newTarget(t, true)
		must(t, existing(t, c, uri, target.sink).Sync(t.Context()))
		target.check(t, data)
		if r := s.calls()[1]; r.header.Get("Range") != "" {
			t.Errorf("Range %q", r.header.Get("Range"))
		}
	})
}

// TestCutsWithoutProgress are attempts.
func TestCutsWithoutProgress(t *testing.T) {
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		uri := s.put("0-X/in.bin", noise(300_000))
		for range 5 {
			s.fail("GET", s.cutAfter(1000))
		}
		target := newTarget(t, true)
		o := existing(t, c, uri, target.sink)
		checkOutcome(t, o, o.Sync(t.Context()), content.ErrCut, 0)
		var failure *content.TransferError
		if !errors.As(o.Err(), &failure) || failure.Attempts != 3 || failure.Bytes != 3000 || failure.Upload || failure.URI != uri {
			t.Errorf("%+v", failure)
		}
	}, func(config *content.Config) { config.Attempts = 3 })
}

// TestPatience: a store that is away is tried for as long as was asked for.
func TestPatience(t *testing.T) {
	patient := func(config *content.Config) { config.Patience = 5 * time.Minute }
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		for _, f := range faults(status(500), status(503, "Retry-After", "100"), status(429), hijack(""), hijack(""), status(401)) {
			s.failLate("PUT", f)
		}
		begun := time.Now()
		o := newObject(t, c, "up.bin", content.FromBytes(noise(10)))
		must(t, o.Sync(t.Context()))
		if took := time.Since(begun); took < 100*time.Second || took > 3*time.Minute {
			t.Errorf("took %v", took)
		}
		if s.object(t, "0-AB/up.bin") == nil {
			t.Error("nothing stored")
		}
	}, patient)
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		for range 100 {
			s.failLate("PUT", status(502))
		}
		begun := time.Now()
		o := newObject(t, c, "up.bin", content.FromBytes(noise(10)))
		checkOutcome(t, o, o.Sync(t.Context()), &transport.StatusError{}, 502)
		if took := time.Since(begun); took < 3*time.Minute || took > 5*time.Minute {
			t.Errorf("gave up after %v", took)
		}
	}, patient)
	bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
		s.pipe.Close() // nobody listens
		o := newObject(t, c, "up.bin", content.FromBytes(noise(10)))
		begun := time.Now()
		checkOutcome(t, o, o.Sync(t.Context()), content.ErrUnreachable, 0)
		if time.Since(begun) != 0 {
			t.Errorf("without patience it took %v", time.Since(begun))
		}
	})
}
