package content_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/content"
)

// longVariable makes the transfers of TestMemory 1 GiB long.
const longVariable = "IOTCS_LONG"

func memoryLength() int64 {
	if os.Getenv(longVariable) != "" {
		return 1 << 30
	}
	return 16 << 20
}

// TestMemory: whatever its length, a transfer needs no more than 1 MiB at any time,
// and allocates less than that in all for 16 MiB. The share of the test's store
// is in the figures.
func TestMemory(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	_, access := plainStore(t)
	const atOnce = 4
	c := connectTo(t, access, func(config *content.Config) { config.Transfers = atOnce })
	n := memoryLength()
	uri := func(n int64) string { return access.url + "/" + strconv.FormatInt(n, 10) }
	dir := t.TempDir()
	for _, tc := range []struct {
		name string
		make func(i int, n int64) *content.Object
	}{
		{"upload of known length", func(i int, n int64) *content.Object {
			return newObject(t, c, fmt.Sprint(i), content.FromReader(io.LimitReader(zeros{}, n), n))
		}},
		{"upload of unknown length", func(i int, n int64) *content.Object {
			return newObject(t, c, fmt.Sprint(i), content.FromReader(io.LimitReader(zeros{}, n), -1))
		}},
		{"download to a writer", func(_ int, n int64) *content.Object { return existing(t, c, uri(n), content.ToWriter(io.Discard)) }},
		{"download to a file", func(i int, n int64) *content.Object {
			return existing(t, c, uri(n), content.ToFile(filepath.Join(dir, fmt.Sprint(i))))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			round := func(n int64) {
				var wg sync.WaitGroup
				for i := range atOnce {
					o := tc.make(i, n)
					wg.Go(func() {
						if err := o.Sync(t.Context()); err != nil || o.Length() != n {
							t.Errorf("%d bytes: %v", o.Length(), err)
						}
					})
				}
				wg.Wait()
			}
			round(1 << 20) // connections and their buffers
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			stop := peak()
			round(n)
			live := stop()
			runtime.ReadMemStats(&after)
			used := (int64(live) - int64(before.HeapAlloc+before.StackInuse)) / atOnce
			allocated := (after.TotalAlloc - before.TotalAlloc) / atOnce
			t.Logf("per transfer of %d MiB: %d KiB at once, %d KiB allocated in all", n>>20, used>>10, allocated>>10)
			if used > 1<<20 || allocated > 1<<20 && n < 1<<30 {
				t.Errorf("more than 1 MiB per transfer: %d KiB at once, %d KiB allocated in all", used>>10, allocated>>10)
			}
		})
	}
}

// peak watches heap and stacks until the returned function is called, which tells
// the most that was live.
func peak() func() uint64 {
	stop, result := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc+m.StackInuse)
			select {
			case <-stop:
				result <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-result
	}
}

// TestManyAtOnce has 16 transfers at once, up and down, while the store loses
// connections, tokens and its temper.
func TestManyAtOnce(t *testing.T) {
	s := newFakeStore(t)
	s.keep = false
	c := s.open(t, func(config *content.Config) { config.Transfers, config.Attempts, config.Patience = 16, 5, time.Minute })
	data := noise(200_000)
	var uris []string
	for i := range 8 {
		uris = append(uris, s.put(fmt.Sprintf("0-X/%d", i), data))
	}
	for i := range 4 {
		s.fail("GET", s.cutAfter(70_000+i))
		s.fail("PUT", hijack(""))
		s.failLate("PUT", status(201, "Etag", md5Of(nil)))
	}
	s.fail("GET", status(401))
	s.fail("PUT", func(w http.ResponseWriter, r *http.Request) bool {
		io.CopyN(io.Discard, r.Body, 1000)
		return status(401)(w, r)
	})
	s.fail("GET", status(503))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if i%2 == 0 {
				o := newObject(t, c, fmt.Sprintf("up/%d", i), content.FromReader(bytes.NewReader(data), -1))
				h, err := c.Hold(o)
				if err != nil {
					t.Error(err)
					return
				}
				<-h.Done()
				if err := h.Err(); err != nil {
					t.Error(err)
				} else if got := s.object(t, "0-AB/"+o.Name()); !bytes.Equal(got.data, data) {
					t.Errorf("%d bytes stored", len(got.data))
				}
				return
			}
			path := filepath.Join(t.TempDir(), "out")
			o := existing(t, c, uris[i/2], content.ToFile(path))
			o.OnProgress(func(content.Progress) { o.State() })
			if err := o.Sync(t.Context()); err != nil {
				t.Error(err)
				return
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes in the file, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}
