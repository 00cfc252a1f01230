package content_test

import (
	"bytes"
	"crypto/md5"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// plainStore takes what is put and gives noise, as much as the name says, over
// TLS on a real socket. It hashes both, and keeps nothing.
func plainStore(t testing.TB) (s *httptest.Server, access *fakeStore) {
	t.Helper()
	sums := make(map[int64]string) // filled before the server starts
	for _, n := range []int64{1 << 20, benchLength, memoryLength(), 16 << 20} {
		sums[n] = sumOfZeros(n)
	}
	s = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := md5.New()
		if r.Method == http.MethodPut {
			io.CopyBuffer(struct{ io.Writer }{h}, r.Body, make([]byte, 32<<10))
			w.Header().Set("Etag", hex.EncodeToString(h.Sum(nil)))
			w.WriteHeader(201)
			return
		}
		n, _ := strconv.ParseInt(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], 10, 64)
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		w.Header().Set("Etag", sums[n])
		io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(w, h)}, io.LimitReader(zeros{}, n), make([]byte, 32<<10))
	}))
	t.Cleanup(s.Close)
	return s, &fakeStore{Server: s, url: s.URL + containerPath}
}

// zeros is content without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func sumOfZeros(n int64) string {
	h := md5.New()
	io.CopyN(h, zeros{}, n)
	return hex.EncodeToString(h.Sum(nil))
}

// connectTo makes a device's view of a store on a real socket.
func connectTo(t testing.TB, s *fakeStore, change ...func(*content.Config)) *content.Store {
	t.Helper()
	config := content.Config{Conn: conn{fakeStore: s}, Assets: s.assets(t), Host: "127.0.0.1"}
	for _, f := range change {
		f(&config)
	}
	c, err := content.New(config)
	must(t, err)
	t.Cleanup(func() { c.Close(t.Context()) })
	return c
}

const benchLength = 64 << 20

// BenchmarkTransfer moves a file over TLS on the loopback interface, ours and
// with net/http alone, which hashes too. The bare copy is not flushed to the disk.
// Both take turns, so that they meet the same machine; ratio is bare time by ours.
func BenchmarkTransfer(b *testing.B) {
	server, access := plainStore(b)
	c := connectTo(b, access)
	dir := b.TempDir()
	in := filepath.Join(dir, "in")
	must(b, os.WriteFile(in, make([]byte, benchLength), 0o600))
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	bare := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer bare.CloseIdleConnections()
	up, err := c.NewObject("up", "", content.FromFile(in))
	must(b, err)
	must(b, c.Locate(b.Context()))
	down := existing(b, c, access.url+"/"+strconv.Itoa(benchLength), content.ToFile(filepath.Join(dir, "out")))
	for _, bc := range []struct {
		name       string
		ours, bare func() error
	}{
		{"up", func() error { return up.Retry(b.Context()) }, func() error { return bareUpload(bare, access.url+"/bare", in) }},
		{"down", func() error { return down.Retry(b.Context()) }, func() error {
			return bareDownload(bare, access.url+"/"+strconv.Itoa(benchLength), filepath.Join(dir, "bare"))
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(benchLength)
			var ours, theirs time.Duration
			for b.Loop() {
				begun := time.Now()
				must(b, bc.ours())
				ours += time.Since(begun)
				b.StopTimer()
				begun = time.Now()
				must(b, bc.bare())
				theirs += time.Since(begun)
				b.StartTimer()
			}
			b.ReportMetric(float64(theirs)/float64(ours), "ratio")
		})
	}
}

func bareUpload(client *http.Client, url, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := md5.New()
	req, err := http.NewRequest(http.MethodPut, url, io.TeeReader(f, h))
	if err != nil {
		return err
	}
	req.ContentLength = benchLength
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.Header.Get("Etag") != hex.EncodeToString(h.Sum(nil)) {
		return fmt.Errorf("status %d, sums differ", resp.StatusCode)
	}
	return nil
}

func bareDownload(client *http.Client, url, path string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(io.MultiWriter(f, h), resp.Body); err != nil {
		return err
	}
	if resp.Header.Get("Etag") != hex.EncodeToString(h.Sum(nil)) {
		return fmt.Errorf("status %d, sums differ", resp.StatusCode)
	}
	return nil
}

// BenchmarkSmall is an upload of a small object: what is spent beside the bytes.
func BenchmarkSmall(b *testing.B) {
	_, access := plainStore(b)
	c := connectTo(b, access)
	o, err := c.NewObject("up", "", content.FromBytes(bytes.Repeat([]byte("x"), 10_000)))
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		must(b, o.Retry(b.Context()))
	}
}
