package content_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// cloud is an emulator and a device of it.
type cloud struct {
	*emulatortest.Server
	device *emulatortest.Device
	conn   *rest.Client
	assets trust.Assets

	mu       sync.Mutex
	requests []noted // that the store had, by their begin: a refused one may end after the next
}

// noted is a request with its status.
type noted struct {
	start time.Time
	text  string
}

func newCloud(t testing.TB, opts ...emulator.Option) *cloud {
	t.Helper()
	c := new(cloud)
	c.Server = emulatortest.New(t, emulatortest.Emulator(append(opts, emulator.WithObserver(c.note))...))
	c.device = c.AddDevice("camera-1", emulatortest.Activated("urn:com:example:iot:device:camera"))
	file, err := trust.Open(c.device.Path, []byte(c.device.Passphrase))
	must(t, err)
	c.assets = file
	c.conn, err = rest.New(rest.Config{Assets: file, Dial: c.Dial})
	must(t, err)
	t.Cleanup(func() { must(t, c.conn.Close()) })
	return c
}

// note notes a request to the store.
func (c *cloud) note(e emulator.Exchange) {
	if !strings.HasPrefix(e.URL, emulator.ContainerPath) {
		return
	}
	text := fmt.Sprint(e.Method, " ", e.Status)
	if from, ok := strings.CutPrefix(e.RequestHeader.Get("Range"), "bytes="); ok {
		text += " from " + strings.TrimSuffix(from, "-")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, noted{e.Start, text})
	slices.SortStableFunc(c.requests, func(a, b noted) int { return a.start.Compare(b.start) })
}

// wantRequests waits until the store is done with as many requests as are wanted:
// the last may have been answered a moment ago.
func (c *cloud) wantRequests(t testing.TB, want []string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		var got []string
		for _, r := range c.requests {
			got = append(got, r.text)
		}
		c.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
		if len(got) > len(want) || time.Now().After(deadline) {
			t.Errorf("requests %q, want %q", got, want)
			return
		}
	}
}

// open makes the device's end of the object store.
func (c *cloud) open(t testing.TB, change ...func(*content.Config)) *content.Store {
	t.Helper()
	config := content.Config{Conn: c.conn, Assets: c.assets, Dial: c.Dial, Host: "127.0.0.1"}
	for _, f := range change {
		f(&config)
	}
	s, err := content.New(config)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close(t.Context())) })
	return s
}

// TestEmulator moves content of the lengths of docs/protocol/storage.md §10 to the
// emulator and back, over its own TLS listener.
func TestEmulator(t *testing.T) {
	c := newCloud(t)
	s := c.open(t)
	for _, n := range []int{0, 1, 1024, 1025, 65537, 5 << 20} {
		data := noise(n)
		for name, source := range map[string]content.Source{
			"known length": content.FromBytes(data), "unknown length": content.FromReader(reader(data), -1),
		} {
			t.Run(fmt.Sprint(n, " bytes, ", name), func(t *testing.T) {
				up, err := s.NewObject("folder/snap 1 é.jpg", "image/jpeg", source)
				must(t, err)
				must(t, up.SetEncoding("x-none"))
				must(t, up.SetMetadata("shot-by", "camera 1"))
				begun := time.Now().Truncate(time.Second)
				must(t, up.Sync(t.Context()))
				stored, got := c.Object(c.device.EndpointID + "/folder/snap 1 é.jpg")
				if !bytes.Equal(got, data) || stored.Type != "image/jpeg" || stored.Encoding != "x-none" || stored.Metadata["Shot-By"] != "camera 1" {
					t.Errorf("stored %+v, %d bytes", stored, len(got))
				}
				if want := c.ContainerURL() + "/" + c.device.EndpointID + "/folder/snap%201%20%C3%A9.jpg"; up.URI() != want {
					t.Errorf("URI %s, want %s", up.URI(), want)
				}
				if up.Length() != int64(n) || up.Date().Before(begun) || !up.Date().Equal(stored.Modified) {
					t.Errorf("%d bytes of %v", up.Length(), up.Date())
				}
				path := filepath.Join(t.TempDir(), "back")
				down := existing(t, s, up.URI(), content.ToFile(path))
				must(t, down.Stat(t.Context()))
				if down.Length() != int64(n) || down.ContentType() != "image/jpeg" || down.Encoding() != "x-none" || down.Metadata()["Shot-By"] != "camera 1" {
					t.Errorf("looked up: %d bytes of %s, %s, %v", down.Length(), down.ContentType(), down.Encoding(), down.Metadata())
				}
				must(t, down.Sync(t.Context()))
				if back, err := os.ReadFile(path); err != nil || !bytes.Equal(back, data) {
					t.Errorf("%d bytes back, %v", len(back), err)
				}
			})
		}
	}
}

// TestEmulatorFaults is the outcome of each failure of a transfer, as
// docs/reliability.md tells it.
func TestEmulatorFaults(t *testing.T) {
	const length = 300_000
	data := noise(length)
	tests := []struct {
		name     string
		rules    []string
		upload   bool
		look     bool // before the download
		want     error
		requests []string // to the store, with their statuses
	}{
		{"upload cut", []string{"reset,after=100000,method=PUT,nth=1"}, true, false, nil, []string{"PUT 0", "PUT 201"}},
		{"upload cut always", []string{"reset,after=100000,method=PUT"}, true, false, content.ErrCut, []string{"PUT 0", "PUT 0"}},
		{"upload, answer lost", []string{"lost-answer,method=PUT,nth=1"}, true, false, nil, []string{"PUT 0", "PUT 201"}},
		{"upload, token expired, told late", []string{"expired-token,method=PUT,nth=1"}, true, false, nil, []string{"PUT 401", "PUT 201"}},
		{"upload, token expired, told early", []string{"expired-token,method=PUT,nth=1,after=1"}, true, false, nil, []string{"PUT 401", "PUT 201"}},
		{"upload, tokens always expire", []string{"expired-token,method=PUT"}, true, false, content.ErrUnauthorized, []string{"PUT 401", "PUT 401"}},
		{"upload, 404", []string{"status=404,method=PUT"}, true, false, content.ErrNotFound, []string{"PUT 404"}},
		{"upload, 500 then fine", []string{"status=500,method=PUT,nth=1"}, true, false, nil, []string{"PUT 500", "PUT 201"}},
		{"upload, wrong ETag", []string{"etag=wrong,method=PUT,nth=1"}, true, false, nil, []string{"PUT 201", "PUT 201"}},
		{"upload, wrong ETag always", []string{"etag=wrong,method=PUT"}, true, false, content.ErrChecksum, []string{"PUT 201", "PUT 201"}},
		{"upload, quoted ETag", []string{"etag=quoted,method=PUT"}, true, false, nil, []string{"PUT 201"}},
		{"upload, web page", []string{"page,method=PUT"}, true, false, errAny, []string{"PUT 200"}},
		{"no container", []string{"status=412,route=provisioner/storage"}, true, false, content.ErrUnavailable, nil},
		{"download cut", []string{"reset,after=100000,method=GET,route=v1/*,nth=1"}, false, false, nil, []string{"GET 200", "GET 206 from 100000"}},
		{"download cut, looked up before", []string{"reset,after=100000,method=GET,route=v1/*,nth=1"}, false, true, nil, []string{"HEAD 200", "GET 200", "GET 206 from 100000"}},
		{"download cut at its first bytes, always", []string{"reset,after=1,method=GET,route=v1/*"}, false, false, content.ErrCut, []string{"GET 200", "GET 206 from 1"}},
		{"download ends in the middle", []string{"truncate,method=GET,route=v1/*,nth=1"}, false, false, nil, []string{"GET 200", "GET 206 from 150000"}},
		{"download cut without length", []string{"short,method=GET,route=v1/*,nth=1"}, false, false, nil, []string{"GET 0", "GET 200"}},
		{"download cut without length, looked up before", []string{"short,method=GET,route=v1/*,nth=1"}, false, true, nil, []string{"HEAD 200", "GET 0", "GET 206 from 150000"}},
		{"download, token expired", []string{"expired-token,method=GET,route=v1/*,nth=1"}, false, false, nil, []string{"GET 401", "GET 200"}},
		{"download, 404", []string{"status=404,method=GET,route=v1/*"}, false, false, content.ErrNotFound, []string{"GET 404"}},
		{"download, 500 then fine", []string{"status=500,method=GET,route=v1/*,nth=1"}, false, false, nil, []string{"GET 500", "GET 200"}},
		{"download, wrong ETag", []string{"etag=wrong,method=GET,nth=1"}, false, false, nil, []string{"GET 200", "GET 200"}},
		{"download, wrong ETag always", []string{"etag=wrong,method=GET"}, false, false, content.ErrChecksum, []string{"GET 200", "GET 200"}},
		{"download, quoted ETag", []string{"etag=quoted,method=GET"}, false, false, nil, []string{"GET 200"}},
		{"download, no ETag", []string{"etag=absent,method=GET"}, false, false, nil, []string{"GET 200"}},
		{"download, web page, looked up before", []string{"page,method=GET,route=v1/*"}, false, true, content.ErrChanged, []string{"HEAD 200", "GET 200"}},
		{"download, changed since it was looked up", []string{"changed,method=HEAD"}, false, true, content.ErrChanged, []string{"HEAD 200", "GET 200"}},
		{"download, changed between two parts", []string{"changed,method=GET,nth=1", "reset,after=100000,method=GET,route=v1/*,nth=1"}, false, false, nil,
			[]string{"GET 200", "GET 200 from 100000"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := newCloud(t)
			s := c.open(t, func(config *content.Config) {
				if strings.Contains(tc.name, "500") {
					config.Patience = 20 * time.Second // without it 500 is the end
				}
			})
			path := filepath.Join(t.TempDir(), "back")
			must(t, os.WriteFile(path, []byte("old"), 0o600))
			name := c.device.EndpointID + "/object"
			o := newObject(t, s, "object", content.FromBytes(data))
			if !tc.upload {
				o = existing(t, s, c.PutObject(name, "image/jpeg", data), content.ToFile(path))
			}
			c.Fault(tc.rules...)
			if tc.look {
				must(t, o.Stat(t.Context()))
			}
			err := o.Sync(t.Context())
			if !errors.Is(err, tc.want) && (tc.want != errAny || err == nil) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			c.wantRequests(t, tc.requests)
			if tc.upload {
				if tc.want == nil {
					if _, got := c.Object(name); !bytes.Equal(got, data) {
						t.Errorf("%d bytes stored", len(got))
					}
				}
				return
			}
			want := []byte("old") // a failed download leaves the old file
			if tc.want == nil {
				_, want = c.Object(name)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes in the file, want %d; %v", len(got), len(want), err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// errAny is any error.
var errAny = errors.New("any error")

// TestEmulatorQuota: 413 is the end of an upload, whatever the length that was
// announced.
func TestEmulatorQuota(t *testing.T) {
	c := newCloud(t, emulator.WithStorageQuota(100_000))
	s := c.open(t, func(config *content.Config) { config.Patience = time.Minute })
	for name, source := range map[string]content.Source{
		"known":        content.FromBytes(noise(100_001)),
		"known, large": content.FromReader(io.LimitReader(zeros{}, 1<<30), 1<<30),
		"unknown":      content.FromReader(reader(noise(100_001)), -1),
	} {
		if err := newObject(t, s, name, source).Sync(t.Context()); !errors.Is(err, content.ErrQuota) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := c.Emulator().Objects(""); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	must(t, newObject(t, s, "fits", content.FromBytes(noise(100_000))).Sync(t.Context()))
}

// TestEmulatorManyAtOnce has 16 transfers at once while connections break, tokens
// expire and the store is busy: what arrives is whole, on both ends.
func TestEmulatorManyAtOnce(t *testing.T) {
	c := newCloud(t)
	s := c.open(t, func(config *content.Config) {
		config.Transfers, config.Attempts, config.Patience = 16, 10, time.Minute
	})
	data := noise(300_000)
	uri := c.PutObject("shared", "", data)
	c.Fault("reset,after=70000,every=5,route=v1/*", "expired-token,nth=9,route=v1/*", "expired-token,nth=20,route=v1/*,after=1",
		"truncate,every=7,route=v1/*,method=GET", "status=503,every=6,route=v1/*", "latency=2ms,every=2")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if i%2 == 0 {
				o := newObject(t, s, fmt.Sprintf("up/%d", i), content.FromBytes(data))
				if err := o.Sync(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			path := filepath.Join(t.TempDir(), "out")
			if err := existing(t, s, uri, content.ToFile(path)).Sync(t.Context()); err != nil {
				t.Error(err)
			} else if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes in the file, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	for i := 0; i < 16; i += 2 {
		if _, got := c.Object(fmt.Sprintf("%s/up/%d", c.device.EndpointID, i)); !bytes.Equal(got, data) {
			t.Errorf("up/%d: %d bytes stored", i, len(got))
		}
	}
}

// TestEmulatorMemory moves 1 GiB up and down when IOTCS_LONG is set, else 16 MiB:
// device and emulator together need no more than 2 MiB for it.
func TestEmulatorMemory(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	c := newCloud(t)
	s := c.open(t)
	up := func(n int64) hash.Hash {
		sum := md5.New()
		source := content.FromReader(io.TeeReader(io.LimitReader(zeros{}, n), sum), n)
		must(t, newObject(t, s, "large", source).Sync(t.Context()))
		return sum
	}
	down := func() hash.Hash {
		sum := md5.New()
		uri := c.ContainerURL() + "/" + c.device.EndpointID + "/large"
		must(t, existing(t, s, uri, content.ToWriter(sum)).Sync(t.Context()))
		return sum
	}
	up(1 << 20) // connections and their buffers
	down()
	before := peak()()
	stop := peak()
	begun := time.Now()
	sent, got := up(memoryLength()), down()
	used := int64(stop()) - int64(before)
	t.Logf("%d MiB up and down in %v, %d KiB of memory", memoryLength()>>20, time.Since(begun).Round(time.Millisecond), used>>10)
	if used > 2<<20 {
		t.Errorf("%d KiB of memory", used>>10)
	}
	if a, b := hex.EncodeToString(sent.Sum(nil)), hex.EncodeToString(got.Sum(nil)); a != b || c.Emulator().Objects("")[0].MD5 != a {
		t.Errorf("sent %s, got %s", a, b)
	}
}
