package content_test

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// difference is one between requests of the official clients in the captures and
// ours. "—": the client did not come to make the request.
type difference struct {
	what, where      string
	java, javascript string
	ours, reason     string
}

// headerDifferences are all that there are in the requests to the store.
func headerDifferences() []difference {
	return []difference{
		{"framing", "upload of a file or of bytes", "chunked", "chunked", "`Content-Length`",
			"The length is known, so that a store can refuse a large object before it is sent. Readers of unknown length are sent in chunks."},
		{"header `User-Agent`", "every request", "`Java/17.0.15`", "absent", "`iotcs-go`", "As in calls to the IoT server."},
		{"header `Accept`", "every request", "`text/html, image/gif, image/jpeg, */*; q=0.2`", "absent", "absent",
			"A default of Java's HTTP client; content is wanted as it is stored."},
		{"connection", "every request", "kept", "closed after the request", "kept", "As Java."},
		{"metadata `Place: Köln`", "upload", "—", "one Latin-1 byte", "refused with `ErrHeader`",
			"Headers are ASCII: what a store makes of other bytes is not known (docs/protocol/storage.md §5.6)."},
		{"metadata", "upload to an object that came in", "absent, and so lost", "—", "as the object had it",
			"A PUT replaces type, encoding and metadata: all three are kept, where Java keeps the first two."},
	}
}

// sequenceDifferences are all that there are in which requests are made; where
// names the run.
func sequenceDifferences() []difference {
	return []difference{
		{"PUT of `slow.bin`, `fast.bin`", "two objects in one attribute message", "only the last one", "both", "both",
			"Java sends the URI of an object that it never uploads (docs/protocol/storage.md §7.1)."},
		{"PUT of `slow.bin`, `fast.bin`", "two objects in one alert", "only the last one", "both", "both", "As above."},
		{"storage authentication", "two or more objects at once", "one", "one for each", "one", "As Java: one call, which all share."},
		{"GET after 401", "401 once on GET", "fails", "again with a new token", "again with a new token",
			"As JavaScript, without the page of the 401 at the beginning of the file."},
		{"PUT after 401", "401 after the body", "again with a new token", "new token, no PUT", "again with a new token", "As Java: all bytes again."},
		{"PUT after 401", "401 before the body is read", "again with a new token", "the rest of the bytes only", "again with a new token", "As Java: all bytes again."},
		{"storage authentication", "storage authentication answers 404", "asked again silently", "—", "asked once for each try", "The error goes to the caller, who knows whether to try again."},
		{"request target", "name `blank in name`", "malformed", "`blank%20in%20name`", "`blank%20in%20name`", "As JavaScript; also in the URI that messages carry."},
		{"request target", "name `q?x=1`", "`q?x=1`", "`q?x=1`", "`q%3Fx=1`", "A name is a path, never a query."},
		{"request target", "name `h#frag`", "`h`", "`h`", "`h%23frag`", "The object is stored under the name that the URI tells."},
		{"request target", "name `pct%20x`", "`pct%20x`", "`pct%20x`", "`pct%2520x`", "The name has a percent sign in it, not a blank."},
		{"request target", "name `../up`", "`../up`", "`../up`", "refused with `ErrName`", "A name never leads out of the folder of the device."},
	}
}

// line is one captured exchange.
type line struct {
	Run, Server, Method, Path string
	Headers                   map[string]string
	RequestBody               json.RawMessage
	Status                    int
	ResponseHeaders           map[string]any
	ResponseBody              json.RawMessage
}

func (l line) access() bool { return strings.HasSuffix(l.Path, "/provisioner/storage") }

// sum reads the length and MD5 sum that stand for a body.
func sum(raw json.RawMessage) (length int, md5 string) {
	var b struct {
		Length int
		MD5    string
	}
	json.Unmarshal(raw, &b)
	return b.Length, b.MD5
}

// readRuns returns the exchanges with the store and those that lead to it, by run.
func readRuns(t *testing.T, client string) map[string][]line {
	t.Helper()
	file, err := os.Open("../../testdata/captures/" + client + ".jsonl")
	must(t, err)
	defer file.Close()
	runs := make(map[string][]line)
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l line
		must(t, json.Unmarshal(scanner.Bytes(), &l))
		if l.Server != "iot" || l.access() {
			runs[l.Run] = append(runs[l.Run], l)
		} else if runs[l.Run] == nil {
			runs[l.Run] = []line{}
		}
	}
	must(t, scanner.Err())
	return runs
}

// recordedStore answers as the recorded one did: for each method and path in the
// order of the run. It records what it is asked, in one line each.
type recordedStore struct {
	*fakeStore
	t        *testing.T
	lines    []line
	sequence []string
	headers  []map[string]string // beside the line that they belong to
	theirs   []map[string]string
	looked   http.Header // answer to the last HEAD
}

// take removes the next recorded exchange of a request; nil if there is none.
func (s *recordedStore) take(method, path string) *line {
	for i, l := range s.lines {
		if l.Method == method && l.Path == path {
			s.lines = slices.Delete(slices.Clone(s.lines), i, i+1)
			return &l
		}
	}
	return nil
}

func (s *recordedStore) authenticate(int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.take("GET", "/iot/api/v2/provisioner/storage")
	if l == nil {
		s.sequence = append(s.sequence, "token")
		return fmt.Appendf(nil, `{"storageContainerUrl":%q,"authToken":"AUTH_tk-more"}`, s.url), nil
	}
	if l.Status != 200 {
		s.sequence = append(s.sequence, fmt.Sprintf("token %d", l.Status))
		return nil, &transport.StatusError{Status: l.Status}
	}
	s.sequence = append(s.sequence, "token")
	return l.ResponseBody, nil
}

const recordedPath = "/v1/Storage-acme/iot-container/"

func (s *recordedStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	headers := make(map[string]string)
	for k, v := range r.Header {
		headers[k] = v[0]
	}
	if len(r.TransferEncoding) > 0 {
		headers["Transfer-Encoding"] = r.TransferEncoding[0]
	}
	l := s.take(r.Method, r.RequestURI)
	text := r.Method + " " + strings.TrimPrefix(r.RequestURI, recordedPath)
	if l == nil { // what only we ask
		status := map[string]int{"PUT": 201, "GET": 200}[r.Method]
		s.sequence = append(s.sequence, fmt.Sprintf("%s %d", text, status))
		for k, v := range s.looked {
			w.Header().Set(k, v[0])
		}
		w.WriteHeader(status)
		if r.Method == "GET" {
			n, _ := strconv.Atoi(s.looked.Get("Content-Length"))
			w.Write(noise(n))
		}
		return
	}
	if want, _ := sum(l.RequestBody); l.Status == 201 && r.Method == "PUT" && len(body) != want && !strings.Contains(l.Run, "before the body") {
		s.t.Errorf("%s: %d bytes, recorded %d", text, len(body), want)
	}
	s.sequence = append(s.sequence, fmt.Sprintf("%s %d", text, l.Status))
	s.headers, s.theirs = append(s.headers, headers), append(s.theirs, l.Headers)
	s.answer(w, l, body)
}

// answer writes the recorded answer. Contents are ours, as only their sums were
// recorded; so are the ETags of those, unless a wrong one was recorded.
func (s *recordedStore) answer(w http.ResponseWriter, l *line, body []byte) {
	length, _ := sum(l.ResponseBody)
	data := noise(length)
	if l.Method == "HEAD" {
		announced, _ := l.ResponseHeaders["Content-Length"].(float64)
		data = noise(int(announced))
	}
	if l.Method == "PUT" {
		data = body
	}
	for k, v := range l.ResponseHeaders {
		if strings.EqualFold(k, "ETag") && !strings.HasPrefix(fmt.Sprint(v), "0000") {
			v = md5Of(data)
		}
		w.Header().Set(k, fmt.Sprint(v))
	}
	if l.Method == "HEAD" {
		s.looked = w.Header().Clone()
	}
	w.WriteHeader(l.Status)
	if l.Method == "GET" || l.Status >= 300 && l.Method == "PUT" {
		w.Write(noise(length))
	}
}

// recorded has connection settings of Node's client among the headers of the
// official clients.
func recorded(client string) string {
	if strings.HasPrefix(client, "java-") {
		return "java"
	}
	return "javascript"
}

// scenario lives a recorded run with our client.
type scenario struct {
	runs []string // names in the captures, of both clients
	live func(p *player)
	// ours is what we ask where that is not as recorded, by client.
	ours map[string]string
}

// player is our client in a recorded run.
type player struct {
	*testing.T
	*content.Store
}

func (p *player) upload(name, contentType string, length int, chunked bool) *content.Object {
	p.Helper()
	source := content.FromBytes(noise(length))
	if chunked {
		source = content.FromReader(reader(noise(length)), -1)
	}
	o, err := p.NewObject(name, contentType, source)
	must(p, err)
	return o
}

// send uploads objects of a message one after the other, as one worker does.
func (p *player) send(objects ...*content.Object) {
	p.Helper()
	for _, o := range objects {
		h, err := p.Hold(o)
		must(p, err)
		<-h.Done()
	}
}

func (p *player) incoming(uri string) *content.Object {
	p.Helper()
	o, err := p.Existing(uri)
	must(p, err)
	return o
}

func (p *player) download(name string) {
	p.Helper()
	o := p.incoming(recordedHost + recordedPath + name)
	must(p, o.Stat(p.Context()))
	must(p, o.SetSink(content.ToFile(p.TempDir()+"/out")))
	must(p, o.Sync(p.Context()))
}

// again uploads 30 bytes after a failure.
func (p *player) again(o *content.Object) {
	p.Helper()
	if o.State() != content.Failed {
		p.Errorf("state %v", o.State())
	}
	must(p, o.SetSource(content.FromBytes(noise(30))))
	must(p, o.Sync(p.Context()))
}

const recordedHost = "http://store.example.com"

func scenarios() []scenario {
	two := "token\nPUT 0-DCD-A001/slow.bin 201\nPUT 0-DCD-A001/fast.bin 201"
	names := "token"
	for _, target := range []string{"a/b/c.txt", "blank%20in%20name", "caf%C3%A9", "q%3Fx=1", "h%23frag", "pct%2520x", "plus+x"} {
		names += "\nPUT 0-DCD-A001/" + target + " 201"
	}
	fails := func(name string, length int, more bool) func(p *player) {
		return func(p *player) {
			o := p.upload(name, "application/x-test", length, false)
			p.send(o)
			if more {
				p.again(o)
			}
		}
	}
	pair := func(p *player) { p.send(p.upload("slow.bin", "", 100, false), p.upload("fast.bin", "", 200, false)) }
	return []scenario{
		{runs: []string{"activation, then upload of 10 bytes; a message queued behind, another 2.5 s after the upload", "activation, then upload of 10 bytes; a message queued behind, another later"},
			live: func(p *player) { p.send(p.upload("snap.jpg", "image/jpeg", 10, false)) }},
		{runs: []string{"upload of 5 MiB, a server request meanwhile, another message 1.5 s after the upload", "upload of 5 MiB, a server request meanwhile"},
			live: func(p *player) { p.send(p.upload("big.bin", "", 5<<20, true)) }},
		{runs: []string{"upload, the store answers 401 once", "upload of 2000 bytes, the store answers 401 once after the body"},
			live: fails("up.bin", 2000, false),
			ours: map[string]string{"javascript": "token\nPUT 0-DCD-A001/up.bin 401\ntoken\nPUT 0-DCD-A001/up.bin 201"}},
		{runs: []string{"upload of 5 MiB, the store answers 401 once before the body is read"}, live: fails("up.bin", 5<<20, false)},
		{runs: []string{"upload, the store answers 401 always; then new input path"}, live: fails("up.bin", 2000, true)},
		{runs: []string{"upload, the store answers 404; then new input path", "upload, the store answers 500; then new input path"}, live: fails("up.bin", 2000, true)},
		{runs: []string{"upload, the store answers 404", "upload, the store answers 500"}, live: fails("up.bin", 2000, false)},
		{runs: []string{"upload, first answer with a wrong ETag"}, live: fails("up.bin", 2000, false)},
		{runs: []string{"one object in four messages", "one object in several messages"},
			live: func(p *player) {
				o := p.upload("shared.bin", "", 100, false)
				p.send(o, o, o, o)
			}},
		{runs: []string{"two objects in one attribute message", "two objects in one alert", "two objects in one data message"}, live: pair,
			ours: map[string]string{"java": two, "javascript": two}},
		{runs: []string{"custom metadata; then the server writes the URI of that object"},
			live: func(p *player) {
				o := p.upload("m2.bin", "text/plain", 100, false)
				for _, kv := range [][2]string{{"Color", "red"}, {"n", "7"}, {"num", "7"}} {
					must(p, o.SetMetadata(kv[0], kv[1]))
				}
				if err := o.SetMetadata("Place", "Köln"); !errors.Is(err, content.ErrHeader) {
					p.Errorf("Köln: %v", err)
				}
				p.send(o)
				p.download("0-DCD-A001/m2.bin")
			}},
		{runs: []string{"server writes a URI attribute; download started in onChange", "server writes a URI attribute; download awaited in onChange",
			"server writes a URI attribute; object with Content-Encoding", "server writes a URI attribute; 401 once on HEAD"},
			live: func(p *player) { p.download("0-X/in.txt") }},
		{runs: []string{"server writes a URI attribute; 401 once on GET"}, live: func(p *player) { p.download("0-X/in.txt") },
			ours: map[string]string{"java": "token\nHEAD 0-X/in.txt 200\nGET 0-X/in.txt 401\ntoken\nGET 0-X/in.txt 200"}},
		{runs: []string{"server writes a URI attribute; the object does not exist"},
			live: func(p *player) {
				if err := p.incoming(recordedHost + recordedPath + "0-X/in.txt").Stat(p.Context()); !errors.Is(err, content.ErrNotFound) {
					p.Errorf("error %v", err)
				}
			}},
		{runs: []string{"server writes a URI attribute with another host"},
			live: func(p *player) {
				if _, err := p.Existing("https://elsewhere.example/v1/Storage-acme/x.txt"); !errors.Is(err, content.ErrForeign) {
					p.Errorf("error %v", err)
				}
			}},
		{runs: []string{"server writes a URI attribute (object with Content-Encoding); upload to it in onChange"},
			live: func(p *player) {
				o := p.incoming(recordedHost + recordedPath + "0-X/in.txt")
				must(p, o.Stat(p.Context()))
				must(p, o.SetSource(content.FromBytes(noise(50))))
				must(p, o.Sync(p.Context()))
			}},
		{runs: []string{"actions with a URI argument: object, missing object, other host, no URI"},
			live: func(p *player) {
				must(p, p.incoming(recordedHost+recordedPath+"0-X/in.txt").Stat(p.Context()))
				if err := p.incoming(recordedHost + recordedPath + "0-X/gone.txt").Stat(p.Context()); !errors.Is(err, content.ErrNotFound) {
					p.Errorf("error %v", err)
				}
				for _, text := range []string{"https://elsewhere.example/x", "no URI"} {
					if _, err := p.Existing(text); !errors.Is(err, content.ErrForeign) {
						p.Errorf("%s: %v", text, err)
					}
				}
			}},
		{runs: []string{"object names with special characters"}, ours: map[string]string{"java": names, "javascript": names},
			live: func(p *player) {
				for _, name := range []string{"a/b/c.txt", "blank in name", "café", "q?x=1", "h#frag", "pct%20x", "plus+x"} {
					p.send(p.upload(name, "", 20, false))
				}
				if _, err := p.NewObject("../up", "", nil); !errors.Is(err, content.ErrName) {
					p.Errorf("../up: %v", err)
				}
			}},
		{runs: []string{"storage authentication answers 404"},
			live: func(p *player) {
				o := p.upload("a.bin", "", 100, false)
				for range 3 {
					if err := o.Retry(p.Context()); !errors.Is(err, content.ErrUnavailable) {
						p.Errorf("error %v", err)
					}
				}
				must(p, o.Retry(p.Context()))
			}},
		{runs: []string{"object name prefix disabled", "gateway, object on an attribute of an indirectly connected device"},
			live: func(p *player) { p.send(p.upload("snap.jpg", "image/jpeg", 10, false)) }},
		{runs: []string{"storage dispatcher of the messaging API"}, live: liveDispatcher,
			ours: map[string]string{"javascript": "token\nPUT 0-DCD-A001/disp.bin 201\nPUT 0-DCD-A001/fail.bin 500\nHEAD 0-DCD-A001/disp.bin 200\nGET 0-DCD-A001/disp.bin 200\nHEAD nope 404"}},
	}
}

func liveDispatcher(p *player) {
	p.send(p.upload("disp.bin", "text/plain", 200_000, false))
	p.send(p.upload("fail.bin", "", 100, false)) // the upload that was cancelled in mid-body is in TestCancel
	p.download("0-DCD-A001/disp.bin")
	if err := p.incoming(recordedHost + recordedPath + "nope").Stat(p.Context()); !errors.Is(err, content.ErrNotFound) {
		p.Errorf("error %v", err)
	}
}

// TestCaptures lives every recorded run, with a store that answers as the
// recorded one did, and compares our requests with those of the official clients.
func TestCaptures(t *testing.T) {
	found := make(map[string]bool)
	for _, client := range []string{"java-storage-18.3.5", "javascript-storage-19.1.5"} {
		runs := readRuns(t, client)
		for _, sc := range scenarios() {
			for _, run := range sc.runs {
				lines, ok := runs[run]
				if !ok {
					continue
				}
				delete(runs, run)
				t.Run(client+"/"+run, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { liveRun(t, recorded(client), sc, lines, found) })
				})
			}
		}
		for run := range runs {
			t.Errorf("%s: no scenario for %q", client, run)
		}
	}
	want := []string{
		"java framing",
		"java header Accept",
		"java header User-Agent",
		"java metadata of an object that came in",
		"java requests: object names with special characters",
		"java requests: server writes a URI attribute; 401 once on GET",
		"java requests: two objects in one alert",
		"java requests: two objects in one attribute message",
		"javascript connection",
		"javascript framing",
		"javascript header User-Agent",
		"javascript metadata Place",
		"javascript requests: object names with special characters",
		"javascript requests: storage dispatcher of the messaging API",
		"javascript requests: two objects in one alert",
		"javascript requests: two objects in one attribute message",
		"javascript requests: two objects in one data message",
		"javascript requests: upload of 2000 bytes, the store answers 401 once after the body",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("differences (-listed +found):\n%s", diff)
	}
	for _, d := range append(headerDifferences(), sequenceDifferences()...) {
		if d.what == "" || d.where == "" || d.java == "" || d.javascript == "" || d.ours == "" || d.reason == "" {
			t.Errorf("incomplete: %+v", d)
		}
		t.Logf("| %s | %s | %s | %s | %s | %s |", d.what, d.where, d.java, d.javascript, d.ours, d.reason)
	}
}

func liveRun(t *testing.T, client string, sc scenario, lines []line, found map[string]bool) {
	s := &recordedStore{fakeStore: &fakeStore{pipe: newPipeListener(), url: recordedHost + strings.TrimSuffix(recordedPath, "/")}, t: t}
	endpoint := "0-DCD-A001"
	var theirs []string
	for _, l := range lines {
		text := l.Method + " " + strings.TrimPrefix(l.Path, recordedPath)
		if l.access() {
			text = "token"
			l.ResponseBody = json.RawMessage(readdress(string(l.ResponseBody)))
			if l.Status == 200 {
				theirs = append(theirs, text)
			} else {
				theirs = append(theirs, fmt.Sprint(text, " ", l.Status))
			}
		} else {
			theirs = append(theirs, fmt.Sprint(text, " ", l.Status))
			if prefix, _, ok := strings.Cut(strings.TrimPrefix(l.Path, recordedPath), "/"); ok && strings.HasPrefix(prefix, "0-DCD") {
				endpoint = prefix
			}
		}
		s.lines = append(s.lines, l)
	}
	s.access = s.authenticate
	server := &http.Server{Handler: s}
	go server.Serve(s.pipe)
	defer server.Close()
	c, err := content.New(content.Config{
		Conn: conn{fakeStore: s.fakeStore}, Assets: endpointAssets{endpointID: endpoint}, Dial: s.pipe.dial,
		Host: "store.example.com", Insecure: true, NoPrefix: strings.Contains(runName(lines), "prefix disabled"), Transfers: 1,
	})
	must(t, err)
	sc.live(&player{t, c})
	must(t, c.Close(t.Context()))

	want := strings.Join(theirs, "\n")
	if ours, ok := sc.ours[client]; ok && ours != want {
		found[client+" requests: "+runName(lines)] = true
		want = ours
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), s.sequence); diff != "" && !(want == "" && s.sequence == nil) {
		t.Errorf("requests (-recorded +ours):\n%s", diff)
	}
	for i := range s.headers {
		compareHeaders(client, s.theirs[i], s.headers[i], found, t)
	}
}

func runName(lines []line) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0].Run
}

// readdress moves the recorded container to the host of the test.
func readdress(text string) string {
	for _, port := range []string{"28781", "28881"} {
		text = strings.ReplaceAll(text, "http://iot.example.com:"+port, recordedHost)
	}
	return text
}

// compareHeaders notes differences in what the clients send.
func compareHeaders(client string, theirs, ours map[string]string, found map[string]bool, t *testing.T) {
	t.Helper()
	canonical := make(map[string]string)
	for k, v := range theirs {
		canonical[http.CanonicalHeaderKey(k)] = v
	}
	if canonical["Connection"] == "close" {
		found[client+" connection"] = true
	}
	delete(canonical, "Connection")
	delete(canonical, "Host")
	if canonical["Transfer-Encoding"] == "chunked" && ours["Content-Length"] != "" {
		found[client+" framing"] = true
		delete(canonical, "Transfer-Encoding")
		delete(ours, "Content-Length")
	}
	if v := canonical["X-Object-Meta-Place"]; v != "" {
		found[client+" metadata Place"] = true
		delete(canonical, "X-Object-Meta-Place")
	}
	for _, name := range []string{"Accept", "User-Agent"} {
		if canonical[name] != ours[name] {
			found[client+" header "+name] = true
		}
		delete(canonical, name)
		delete(ours, name)
	}
	if canonical["X-Object-Meta-Color"] == "" && ours["X-Object-Meta-Color"] != "" {
		found[client+" metadata of an object that came in"] = true
		delete(ours, "X-Object-Meta-Color")
	}
	// Which token it is depends on how many were asked for, which is compared.
	if strings.HasPrefix(ours["X-Auth-Token"], "AUTH_tk-") {
		ours["X-Auth-Token"] = canonical["X-Auth-Token"]
	}
	if diff := cmp.Diff(canonical, ours); diff != "" {
		t.Errorf("headers (-recorded +ours):\n%s", diff)
	}
}

// endpointAssets are the credentials of a recorded device.
type endpointAssets struct {
	trust.Assets
	endpointID string
	anchors    []*x509.Certificate
}

func (a endpointAssets) EndpointID() string { return a.endpointID }
func (a endpointAssets) Host() string       { return "iot.example.com" }

func (a endpointAssets) TrustAnchors() []*x509.Certificate { return a.anchors }
