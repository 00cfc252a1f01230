package emulator_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

// longVariable makes the transfers of TestObjectMemory 1 GiB long.
const longVariable = "IOTCS_LONG"

// TestObjectMemory: a transfer of whatever length needs no more than 1 MiB, the client's share included, and what an upload leaves behind
// does not grow with it either.
func TestObjectMemory(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	length := int64(64 << 20)
	if os.Getenv(longVariable) != "" {
		length = 1 << 30
	}
	s := start(t)
	h := s.activated("dev", false).storage()
	up := func(name string, n int64) {
		sum := md5.New()
		got := h.attempt("PUT", name, io.TeeReader(zeros(n), sum))
		if got.err != nil || got.status != 201 || got.header.Get("Etag") != hex.EncodeToString(sum.Sum(nil)) {
			t.Errorf("%v %v", got.answer, got.err)
		}
	}
	down := func(name string, n int64) {
		request, err := http.NewRequestWithContext(t.Context(), "GET", h.url+h.container+"/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Auth-Token", h.token)
		response, err := h.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		sum := md5.New()
		got, err := io.Copy(sum, response.Body)
		if err != nil || got != n || response.Header.Get("Etag") != hex.EncodeToString(sum.Sum(nil)) {
			t.Errorf("%d of %d bytes, %v", got, n, err)
		}
	}
	up("small", 1<<20) // connections and their buffers
	down("small", 1<<20)
	for _, tc := range []struct {
		name string
		move func(string, int64)
	}{{"up", up}, {"down", down}} {
		begun := time.Now()
		used := mostInUse(func() { tc.move("large", length) })
		t.Logf("%s: %d MiB in %v, %d KiB of memory", tc.name, length>>20, time.Since(begun).Round(time.Millisecond), used>>10)
		if used > 1<<20 {
			t.Errorf("%s: %d KiB of memory", tc.name, used>>10)
		}
	}
}

// mostInUse runs a function and tells how much more than before was in use at any time, of heap and stacks.
func mostInUse(run func()) int64 {
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc + m.StackInuse)
	}
	before := inUse()
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		peak := int64(0)
		for {
			peak = max(peak, inUse())
			select {
			case <-done:
				most <- peak - before
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	run()
	close(done)
	return <-most
}

// Sixteen transfers at once, up and down, while connections break and tokens expire.
func TestManyTransfersAtOnce(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	first := d.storage()
	content := bytes.Repeat([]byte("0123456789abcdef"), 16_000)
	first.ask("PUT", "shared", content).want(t, 201)
	s.addFault("reset,after=70000,every=5,route=v1/*")
	s.addFault("expired-token,every=7,route=v1/*")
	s.addFault("truncate,every=9,route=v1/*,method=GET")
	s.addFault("status=503,every=6,route=v1/*,after=1000")
	var wg sync.WaitGroup
	for i := range 16 {
		h := d.storage()
		wg.Go(func() {
			for round := range 6 {
				method, name, body := "GET", "shared", io.Reader(nil)
				if (i+round)%2 == 0 {
					method, name, body = "PUT", fmt.Sprintf("%d/up", i%4), bytes.NewReader(content)
				}
				got := h.attempt(method, name, body)
				if got.err == nil && method == "GET" && got.status == 200 && !bytes.Equal(got.body, content) {
					t.Errorf("%d bytes came as the whole", len(got.body))
				}
				if got.err == nil && method == "PUT" && got.status == 201 && got.header.Get("Etag") != sumOf(content) {
					t.Errorf("ETag %s", got.header.Get("Etag"))
				}
			}
		})
	}
	wg.Wait()
	s.server.ClearFaults()
	last := d.storage()
	for i := range 4 {
		name := fmt.Sprintf("%d/up", i)
		last.ask("PUT", name, content).want(t, 201)
		if got := last.ask("GET", name, nil).want(t, 200); !bytes.Equal(got.body, content) {
			t.Errorf("%s: %d bytes", name, len(got.body))
		}
	}
	if all := s.server.Objects(""); len(all) != 5 {
		t.Errorf("%d objects", len(all))
	}
}
