package content_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// folderVariable makes the test binary a device program that downloads into a
// folder until it is killed.
const folderVariable = "CONTENT_TEST_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(folderVariable); folder != "" {
		fmt.Println(downloadForEver(folder))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

const (
	endpointID    = "0-AB"
	containerPath = "/v1/Storage-acme/iot-container"
	containerURL  = "https://127.0.0.1" + containerPath
	lastModified  = "Mon, 27 Nov 2017 18:05:27 GMT"
)

// stored is an object in the fake store.
type stored struct {
	data   []byte
	header http.Header // as of the PUT
	date   string
}

// seen is one request as the store saw it.
type seen struct {
	method, target string
	header         http.Header
	length         int64 // announced; -1 for chunked
	body           []byte
	host           string
	early          bool // answered before the body was read
}

// fakeStore is an object store over TLS (docs/protocol/storage.md §9) and the
// call of the IoT server that leads to it. It listens in memory, so that it runs
// in bubbles of testing/synctest too.
type fakeStore struct {
	*httptest.Server
	pipe *pipeListener

	mu       sync.Mutex
	objects  map[string]*stored // by path
	requests []seen
	faults   []fault
	tokens   int             // handed out
	valid    map[string]bool // tokens that are accepted; nil: the last one
	url      string          // of the container
	access   func(n int) ([]byte, error)
	keep     bool // remember bodies
}

// fault answers a request in place of the store; it returns false to let the
// store do it. The body of a PUT was read before if late is set.
type fault struct {
	method string
	late   bool
	answer func(w http.ResponseWriter, r *http.Request) bool
}

func newFakeStore(t testing.TB) *fakeStore {
	t.Helper()
	s := startFakeStore()
	t.Cleanup(s.Server.Close)
	return s
}

func startFakeStore() *fakeStore {
	s := &fakeStore{pipe: newPipeListener(), objects: make(map[string]*stored), url: containerURL, keep: true}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Listener.Close()
	s.Listener = s.pipe
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes
	s.StartTLS()
	return s
}

// fail has the next request of a method answered by f, before its body is read.
func (s *fakeStore) fail(method string, f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fault{method: method, answer: f})
}

// failLate is fail after the body was read.
func (s *fakeStore) failLate(method string, f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fault{method: method, late: true, answer: f})
}

func (s *fakeStore) nextFault(method string) *fault {
	for i, f := range s.faults {
		if f.method == method {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			return &f
		}
	}
	return nil
}

func (s *fakeStore) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	i := len(s.requests)
	s.requests = append(s.requests, seen{r.Method, r.RequestURI, r.Header.Clone(), r.ContentLength, nil, r.Host, false})
	f := s.nextFault(r.Method)
	s.mu.Unlock()
	if f != nil && !f.late && f.answer(w, r) {
		s.mu.Lock()
		s.requests[i].early = true
		s.mu.Unlock()
		return
	}
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	if s.keep {
		s.requests[i].body = body
	}
	s.mu.Unlock()
	if err != nil || f != nil && f.late && f.answer(w, r) {
		return
	}
	if !s.accepts(r.Header.Get("X-Auth-Token")) {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	s.standard(w, r, body)
}

// accepts takes the token that was handed out last, and those in valid.
func (s *fakeStore) accepts(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return token == fmt.Sprintf("token%d", s.tokens) || s.valid[token]
}

// standard answers by the book.
func (s *fakeStore) standard(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := r.URL.EscapedPath()
	switch o := s.objects[path]; {
	case r.Method == http.MethodPut:
		header := make(http.Header)
		for k, v := range r.Header {
			if k == "Content-Type" || k == "Content-Encoding" || strings.HasPrefix(k, "X-Object-Meta-") {
				header[k] = v
			}
		}
		s.objects[path] = &stored{body, header, lastModified}
		w.Header().Set("Etag", md5Of(body))
		w.Header().Set("Last-Modified", lastModified)
		w.WriteHeader(201)
	case o == nil:
		http.Error(w, "Not Found", http.StatusNotFound)
	default:
		serveObject(w, r, o)
	}
}

func serveObject(w http.ResponseWriter, r *http.Request, o *stored) {
	h := w.Header()
	for k, v := range o.header {
		h[k] = v
	}
	h.Set("Etag", md5Of(o.data))
	h.Set("Last-Modified", o.date)
	data, status := o.data, 200
	var from int
	if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); n == 1 && r.Header.Get("If-Range") == h.Get("Etag") {
		if from >= len(data) {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", len(data)))
			w.WriteHeader(416)
			return
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
		h.Del("Etag") // as the object store of the emulator
		data, status = data[from:], 206
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		w.Write(data)
	}
}

func md5Of(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// put places an object of the test in the store and returns its URI.
func (s *fakeStore) put(name string, data []byte, header ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := http.Header{"Content-Type": {"text/plain"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	s.objects[containerPath+"/"+name] = &stored{data, h, lastModified}
	return s.url + "/" + name
}

// object is what the store holds under a path in the container.
func (s *fakeStore) object(t testing.TB, path string) *stored {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[containerPath+"/"+path]
	if o == nil {
		t.Fatalf("no object %s", path)
	}
	return o
}

func (s *fakeStore) calls() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

// methods lists the methods of what the store saw.
func (s *fakeStore) methods() string {
	var b []string
	for _, r := range s.calls() {
		b = append(b, r.method)
	}
	return strings.Join(b, " ")
}

func (s *fakeStore) tokenCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// Get makes fakeStore the connection that the device asks for access.
func (s *fakeStore) Get(ctx context.Context, r transport.Resource) ([]byte, error) {
	if r.Path != "provisioner/storage" || r.Limit <= 0 || r.Root != transport.PublicRoot || r.Query != "" {
		return nil, fmt.Errorf("unexpected resource %+v", r)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.tokens++
	n, access, url := s.tokens, s.access, s.url
	s.mu.Unlock()
	if access != nil {
		if body, err := access(n); body != nil || err != nil {
			return body, err
		}
	}
	return fmt.Appendf(nil, `{"storageContainerUrl":%q,"authToken":"token%d"}`, url, n), nil
}

// resourceOfAccess is what the device asks the server for.
var resourceOfAccess = transport.Resource{Path: "provisioner/storage", Limit: 1}

// conn has the other methods of a connection, which nothing here may call.
type conn struct {
	transport.Conn
	*fakeStore
}

func (c conn) Get(ctx context.Context, r transport.Resource) ([]byte, error) {
	return c.fakeStore.Get(ctx, r)
}

func (c conn) Close() error { return nil }

// open makes a device's view of s.
func (s *fakeStore) open(t testing.TB, change ...func(*content.Config)) *content.Store {
	t.Helper()
	config := content.Config{Conn: conn{fakeStore: s}, Assets: s.assets(t), Dial: s.pipe.dial, Host: "127.0.0.1"}
	for _, f := range change {
		f(&config)
	}
	c, err := content.New(config)
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

func (s *fakeStore) assets(t testing.TB) trust.Assets {
	t.Helper()
	m, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{
		ServerURI:    "https://iot.example.com:443",
		ClientID:     "DEV-1",
		Secret:       trust.Secret("s3cret"),
		TrustAnchors: []*x509.Certificate{s.Certificate()},
	}})
	must(t, err)
	return activated{m}
}

// activated are assets with an endpoint id, without the time for a key.
type activated struct{ trust.Assets }

func (activated) EndpointID() string { return endpointID }

// bubble runs f in a bubble of its own.
func bubble(t *testing.T, f func(t *testing.T, s *fakeStore, c *content.Store), change ...func(*content.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		f(t, s, s.open(t, change...))
		time.Sleep(10 * time.Second) // ends of TLS connections that wait for each other
	})
}

// outside runs f on the real clock: when both ends of a TLS connection over a
// pipe say good-bye at once, each waits for the other's deadline, and a goroutine
// that waits for a mutex meanwhile keeps a bubble's clock from reaching it.
func outside(t *testing.T, f func(t *testing.T, s *fakeStore, c *content.Store), change ...func(*content.Config)) {
	t.Helper()
	s := newFakeStore(t)
	f(t, s, s.open(t, change...))
}

// pipeListener accepts connections in memory.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	mu     sync.Mutex
	wrap   func(net.Conn) net.Conn // of the device's end
	dials  []string
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (l *pipeListener) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	client, server := net.Pipe()
	l.mu.Lock()
	l.dials = append(l.dials, addr)
	wrap := l.wrap
	l.mu.Unlock()
	select {
	case l.conns <- server:
		if wrap != nil {
			return wrap(client), nil
		}
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Faults.

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, "<html>why</html>")
		return true
	}
}

// hijack writes raw text and cuts the connection.
func hijack(raw string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(c, raw)
		c.Close()
		return true
	}
}

// cutAfter serves the object and cuts the connection after n bytes of content.
func (s *fakeStore) cutAfter(n int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		o := s.objects[r.URL.EscapedPath()]
		s.mu.Unlock()
		rec := httptest.NewRecorder()
		serveObject(rec, r, o)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "HTTP/1.1 %d X\r\n", rec.Code)
		rec.Header().Write(c)
		io.WriteString(c, "\r\n")
		c.Write(rec.Body.Bytes()[:min(n, rec.Body.Len())])
		c.Close()
		return true
	}
}

// Small things.

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newObject(t testing.TB, c *content.Store, name string, source content.Source) *content.Object {
	t.Helper()
	o, err := c.NewObject(name, "", source)
	must(t, err)
	return o
}

func existing(t testing.TB, c *content.Store, uri string, sink content.Sink) *content.Object {
	t.Helper()
	o, err := c.Existing(uri)
	must(t, err)
	must(t, o.SetSink(sink))
	return o
}

// noise is content of n bytes, always the same.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// onlyReader hides everything but Read.
type onlyReader struct{ io.Reader }

func reader(b []byte) io.Reader { return onlyReader{bytes.NewReader(b)} }
