package emulator_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/emulator"
)

// holder uses the object store with a token.
type holder struct {
	*site
	container string // path
	token     string
}

// storage asks for the container and a token, as the official clients do.
func (d *rawDevice) storage() *holder {
	d.t.Helper()
	return d.holder(d.call("GET", "/iot/api/v2/provisioner/storage", nil, "Accept", "application/json", "X-EndpointId", d.id))
}

func (s *site) holder(a answer) *holder {
	s.t.Helper()
	var body struct{ StorageContainerURL, AuthToken string }
	a.want(s.t, 200).into(s.t, &body)
	path, ok := strings.CutPrefix(body.StorageContainerURL, s.url)
	if !ok || path != emulator.ContainerPath || body.AuthToken == "" {
		s.t.Fatalf("%v", a)
	}
	return &holder{s, path, body.AuthToken}
}

// ask makes a call about an object.
func (h *holder) ask(method, name string, body []byte, header ...string) answer {
	h.t.Helper()
	return h.do(method, h.container+"/"+name, body, append([]string{"X-Auth-Token", h.token}, header...)...)
}

func sumOf(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

// headers gives some lines of an answer.
func (a answer) headers(names ...string) map[string]string {
	found := make(map[string]string)
	for _, name := range names {
		if values, ok := a.header[http.CanonicalHeaderKey(name)]; ok {
			found[name] = strings.Join(values, "|")
		}
	}
	return found
}

func wantHeaders(t testing.TB, a answer, want map[string]string, names ...string) {
	t.Helper()
	if diff := cmp.Diff(want, a.headers(names...)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestObject(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	h := d.storage()
	content := []byte("a picture")
	name := d.id + "/snap.jpg"
	begin := time.Now().Truncate(time.Second)
	put := h.ask("PUT", name, content, "Content-Type", "image/jpeg", "X-Object-Meta-Place", "K\xf6ln").want(t, 201)
	date, err := http.ParseTime(put.header.Get("Last-Modified"))
	if err != nil || date.Before(begin) || date.After(time.Now()) {
		t.Errorf("Last-Modified %q, %v", put.header.Get("Last-Modified"), err)
	}
	state := map[string]string{"Etag": sumOf(content), "Last-Modified": put.header.Get("Last-Modified"), "Content-Length": "0"}
	wantHeaders(t, put, state, "Etag", "Last-Modified", "Content-Length")
	want := map[string]string{
		"Etag": sumOf(content), "Last-Modified": put.header.Get("Last-Modified"), "Content-Length": "9", "Content-Type": "image/jpeg",
		"X-Object-Meta-Place": "K\xf6ln", "X-Content-Type-Options": "nosniff",
	}
	names := []string{"Etag", "Last-Modified", "Content-Length", "Content-Type", "Content-Encoding", "X-Object-Meta-Place", "X-Content-Type-Options", "Content-Range"}
	head := h.ask("HEAD", name, nil).want(t, 200)
	wantHeaders(t, head, want, names...)
	got := h.ask("GET", name, nil).want(t, 200)
	wantHeaders(t, got, want, names...)
	if len(head.body) != 0 || !bytes.Equal(got.body, content) {
		t.Errorf("HEAD %q, GET %q", head.body, got.body)
	}
	h.ask("PUT", name, []byte("another"), "Content-Type", "text/plain").want(t, 201)
	wantHeaders(t, h.ask("GET", name, nil).want(t, 200), map[string]string{"Content-Length": "7", "Content-Type": "text/plain"}, "Content-Length", "Content-Type", "X-Object-Meta-Place")
	h.ask("DELETE", name, nil).want(t, 204)
	for _, method := range []string{"GET", "HEAD", "DELETE"} {
		h.ask(method, name, nil).want(t, 404)
	}
	h.ask("POST", name, content).wantProblem(t, 405)
}

// The lengths of docs/protocol/storage.md §10, sized and in chunks.
func TestObjectLengths(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	for _, n := range []int{0, 1, 1024, 1025, 65536, 65537, 5 << 20} {
		content := bytes.Repeat([]byte("0123456789abcdefg"), n/17+1)[:n]
		for _, chunked := range []bool{false, true} {
			request, err := http.NewRequestWithContext(t.Context(), "PUT", h.url+h.container+"/lengths", struct{ io.Reader }{bytes.NewReader(content)})
			if err != nil {
				t.Fatal(err)
			}
			if !chunked {
				request.ContentLength = int64(n)
			}
			request.Header.Set("X-Auth-Token", h.token)
			response, err := h.client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != 201 || response.Header.Get("ETag") != sumOf(content) {
				t.Errorf("%d bytes, chunked %v: %s, ETag %s", n, chunked, response.Status, response.Header.Get("ETag"))
			}
			if got := h.ask("GET", "lengths", nil).want(t, 200); !bytes.Equal(got.body, content) {
				t.Errorf("%d bytes, chunked %v: %d came back", n, chunked, len(got.body))
			}
		}
	}
}

func TestObjectRange(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	content := []byte("0123456789")
	etag := sumOf(content)
	date := h.ask("PUT", "digits", content).want(t, 201).header.Get("Last-Modified")
	h.ask("PUT", "nothing", nil).want(t, 201)
	tests := []struct {
		name, object, wanted, ifRange string
		status                        int
		contentRange, body            string
	}{
		{"from a byte on", "digits", "bytes=4-", "", 206, "bytes 4-9/10", "456789"},
		{"from the first on", "digits", "bytes=0-", "", 206, "bytes 0-9/10", "0123456789"},
		{"both ends", "digits", "bytes=2-3", "", 206, "bytes 2-3/10", "23"},
		{"one byte", "digits", "bytes=9-9", "", 206, "bytes 9-9/10", "9"},
		{"beyond the end", "digits", "bytes=8-99", "", 206, "bytes 8-9/10", "89"},
		{"the last bytes", "digits", "bytes=-3", "", 206, "bytes 7-9/10", "789"},
		{"more than all of the last bytes", "digits", "bytes=-99", "", 206, "bytes 0-9/10", "0123456789"},
		{"same state", "digits", "bytes=4-", etag, 206, "bytes 4-9/10", "456789"},
		{"same state, quoted", "digits", "bytes=4-", `"` + etag + `"`, 206, "bytes 4-9/10", "456789"},
		{"same date", "digits", "bytes=4-", date, 206, "bytes 4-9/10", "456789"},
		{"another state", "digits", "bytes=4-", sumOf(nil), 200, "", "0123456789"},
		{"nothing there", "digits", "bytes=10-", "", 416, "bytes */10", ""},
		{"nothing there, far", "digits", "bytes=99999999999-", "", 416, "bytes */10", ""},
		{"no last bytes", "digits", "bytes=-0", "", 416, "bytes */10", ""},
		{"of nothing", "nothing", "bytes=0-", "", 416, "bytes */0", ""},
		{"several", "digits", "bytes=0-1,4-5", "", 200, "", "0123456789"},
		{"backwards", "digits", "bytes=5-2", "", 200, "", "0123456789"},
		{"another unit", "digits", "lines=1-2", "", 200, "", "0123456789"},
		{"no numbers", "digits", "bytes=a-b", "", 200, "", "0123456789"},
		{"no range", "digits", "bytes=7", "", 200, "", "0123456789"},
		{"a number without end", "digits", "bytes=99999999999999999999999-", "", 200, "", "0123456789"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			header := []string{"Range", tc.wanted}
			if tc.ifRange != "" {
				header = append(header, "If-Range", tc.ifRange)
			}
			got := h.ask("GET", tc.object, nil, header...).want(t, tc.status)
			if got.header.Get("Content-Range") != tc.contentRange || tc.status != 416 && string(got.body) != tc.body {
				t.Errorf("%s, %q", got.header.Get("Content-Range"), got.body)
			}
			if sum := got.header.Get("ETag"); (sum == etag) != (tc.status == 200) {
				t.Errorf("ETag %q", sum) // the official Java client takes it for the sum of the part
			}
		})
	}
}

// What names an object cannot have, as they come in a path.
func TestObjectNames(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	tests := []struct {
		name, path, key string // "" for a name that is refused
	}{
		{"folders", "a/b/c.txt", "a/b/c.txt"},
		{"blank", "blank%20in%20name", "blank in name"},
		{"percent", "pct%2520x", "pct%20x"},
		{"plus", "plus+x", "plus+x"},
		{"letters", "caf%C3%A9", "café"},
		{"letters as they are", "cafè", "cafè"},
		{"query", "q?x=1", "q"},
		{"question mark", "q%3Fx=1", "q?x=1"},
		{"number sign", "h%23frag", "h#frag"},
		{"escaped slash", "d%2Fe", "d/e"},
		{"dots in it", "..a/b..", "..a/b.."},
		{"longest", strings.Repeat("n", 1024), strings.Repeat("n", 1024)},
		{"name of a file of the store", "1.json", "1.json"},
		{"too long", strings.Repeat("n", 1025), ""},
		{"up", "../up", ""},
		{"up, escaped", "%2e%2E/up", ""},
		{"up, escaped slash", "..%2Fup", ""},
		{"up in the middle", "a/../../up", ""},
		{"up, backslash", `a%5C..%5Cup`, ""},
		{"up at the end", "a/..", ""},
		{"here", "./a", ""},
		{"empty folder", "a//b", ""},
		{"slash at the beginning", "/a", ""},
		{"slash at the end", "a/", ""},
		{"NUL", "a%00b", ""},
		{"line break", "a%0D%0Ab", ""},
		{"delete", "a%7Fb", ""},
		{"C1 control", "a%C2%85b", ""},
		{"not UTF-8", "caf%E9", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			put := h.ask("PUT", tc.path, []byte(tc.name))
			if tc.key == "" {
				put.wantProblem(t, 400)
				h.ask("GET", tc.path, nil).wantProblem(t, 400)
				h.ask("DELETE", tc.path, nil).wantProblem(t, 400)
				return
			}
			put.want(t, 201)
			if got := h.ask("GET", tc.path, nil).want(t, 200); string(got.body) != tc.name {
				t.Errorf("%q", got.body)
			}
			if found := s.server.Objects(tc.key); len(found) != 1 || found[0].Name != tc.key {
				t.Errorf("%+v", found)
			}
		})
	}
}

func TestObjectProperties(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	long := func(n int) string { return strings.Repeat("v", n) }
	tests := []struct {
		name   string
		header []string
		status int
	}{
		{"none", nil, 201},
		{"encoding", []string{"Content-Encoding", "gzip"}, 201},
		{"type with parameters", []string{"Content-Type", "text/plain; charset=UTF-8"}, 201},
		{"longest metadata", []string{"X-Object-Meta-" + long(128), long(256)}, 201},
		{"empty metadata", []string{"X-Object-Meta-A", ""}, 201},
		{"long key", []string{"X-Object-Meta-" + long(129), "a"}, 400},
		{"no key", []string{"X-Object-Meta-", "a"}, 400},
		{"long value", []string{"X-Object-Meta-A", long(257)}, 400},
		{"tab", []string{"X-Object-Meta-A", "a\tb"}, 400},
		{"long type", []string{"Content-Type", long(1025)}, 400},
		{"type that is not ASCII", []string{"Content-Type", "caf\xe9"}, 400},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			h.ask("PUT", "a", []byte("content"), tc.header...).want(t, tc.status)
			if tc.status != 201 {
				return
			}
			got := h.ask("GET", "a", nil, "Accept-Encoding", "identity").want(t, 200)
			if string(got.body) != "content" {
				t.Errorf("%q", got.body)
			}
			for i := 0; i < len(tc.header); i += 2 {
				if got.header.Get(tc.header[i]) != tc.header[i+1] {
					t.Errorf("%s: %q", tc.header[i], got.header.Get(tc.header[i]))
				}
			}
		})
	}
	if got := h.ask("GET", "a", nil).header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("type %q of an object without one", got)
	}
	var many []string
	for i := range 91 {
		many = append(many, "X-Object-Meta-"+string(rune('a'+i%26))+string(rune('a'+i/26)), "v")
	}
	h.ask("PUT", "many", nil, many...).want(t, 400)
	h.ask("PUT", "many", nil, many[2:]...).want(t, 201)
	var large []string
	for i := range 17 {
		large = append(large, "X-Object-Meta-"+string(rune('a'+i)), long(256))
	}
	h.ask("PUT", "large", nil, large...).want(t, 400)
}

func TestStorageTokens(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		first := &holder{s, emulator.ContainerPath, s.token(d)}
		time.Sleep(4 * time.Second)
		second := &holder{s, emulator.ContainerPath, s.token(d)}
		first.ask("PUT", "a", []byte("content")).want(t, 201) // both are good
		second.ask("GET", "a", nil).want(t, 200)
		time.Sleep(6 * time.Second)
		for _, method := range []string{"PUT", "GET", "HEAD", "DELETE"} {
			first.ask(method, "a", nil).want(t, 401)
		}
		first.ask("GET", "a", nil).wantProblem(t, 401)
		second.ask("GET", "a", nil).want(t, 200)
		if _, err := s.server.PutObject(emulator.Object{Name: "b"}, strings.NewReader("b")); err != nil {
			t.Error(err)
		}
		if err := s.server.RemoveDevice(d.id); err != nil {
			t.Fatal(err)
		}
		second.ask("GET", "a", nil).want(t, 401)
	}, emulator.WithStorageTokenLife(10*time.Second))
}

// token asks for a token inside a bubble, where the host of the server has another form.
func (s *site) token(d *rawDevice) string {
	s.t.Helper()
	var body struct{ StorageContainerURL, AuthToken string }
	d.call("GET", "/iot/api/v2/provisioner/storage", nil).want(s.t, 200).into(s.t, &body)
	if want := "https://localhost:443" + emulator.ContainerPath; body.StorageContainerURL != want {
		s.t.Errorf("container %s, want %s", body.StorageContainerURL, want) // with the port
	}
	return body.AuthToken
}

func TestForeignStorageTokens(t *testing.T) {
	s, other := start(t), start(t)
	d := s.activated("dev", false)
	good := d.storage()
	good.ask("PUT", "a", []byte("content")).want(t, 201)
	tests := []struct{ name, token string }{
		{"none", ""},
		{"of another emulator", other.activated("dev", false).storage().token},
		{"of the IoT API", d.token},
		{"cut", good.token[:len(good.token)-1]},
		{"longer", good.token + "A"},
		{"changed", good.token[:len(good.token)-4] + "AAAA"},
		{"without prefix", strings.TrimPrefix(good.token, "AUTH_tk")},
		{"prefix only", "AUTH_tk"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			h := &holder{s, emulator.ContainerPath, tc.token}
			h.ask("GET", "a", nil).wantProblem(t, 401)
			h.ask("PUT", "a", []byte("other")).wantProblem(t, 401)
			h.ask("GET", "../a", nil).wantProblem(t, 401) // before anything else is told
			h.do("GET", "/v1/", nil).wantProblem(t, 401)
		})
	}
	if got := good.ask("GET", "a", nil).want(t, 200); string(got.body) != "content" {
		t.Errorf("%q", got.body)
	}
	d.call("GET", emulator.ContainerPath+"/a", nil).wantProblem(t, 401)
	s.do("GET", "/iot/api/v2/deviceModels/"+pumpURN, nil, "Authorization", "Bearer "+good.token).wantProblem(t, 401)
	s.register("new").call("GET", "/iot/api/v2/provisioner/storage", nil).wantProblem(t, 401)
	s.do("GET", "/iot/api/v2/provisioner/storage", nil).wantProblem(t, 401)
	good.do("GET", "/v1/Storage-dev/other/a", nil, "X-Auth-Token", good.token).wantProblem(t, 404)
	good.do("GET", emulator.ContainerPath+"s/a", nil, "X-Auth-Token", good.token).wantProblem(t, 404)
}

func TestObjectQuota(t *testing.T) {
	s := start(t, emulator.WithStorageQuota(1000))
	h := s.activated("dev", false).storage()
	h.ask("PUT", "a", make([]byte, 600)).want(t, 201)
	h.ask("PUT", "b", make([]byte, 401)).wantProblem(t, 413)
	request := newRequest(t, h.url+h.container+"/b", struct{ io.Reader }{bytes.NewReader(make([]byte, 401))}, "")
	request.Method = "PUT"
	request.Header = http.Header{"X-Auth-Token": {h.token}}
	response, err := h.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 413 {
		t.Errorf("in chunks: %s", response.Status)
	}
	h.ask("GET", "b", nil).want(t, 404)
	h.ask("PUT", "b", make([]byte, 400)).want(t, 201)
	h.ask("PUT", "c", make([]byte, 1)).wantProblem(t, 413)
	h.ask("DELETE", "a", nil).want(t, 204)
	h.ask("PUT", "b", make([]byte, 600)).want(t, 201) // the old one counts until the new one is there
	h.ask("PUT", "c", make([]byte, 400)).want(t, 201)
	if _, err := s.server.PutObject(emulator.Object{Name: "d"}, strings.NewReader("1")); err == nil || !strings.Contains(err.Error(), "413") {
		t.Errorf("%v", err)
	}
}

func TestObjectsAsPeopleSeeThem(t *testing.T) {
	s := start(t)
	h := s.activated("dev", false).storage()
	h.ask("PUT", "pages/ev%22il%20%C3%A9.html", []byte("<script>alert(1)</script>"), "Content-Type", "text/html", "X-Object-Meta-A", "b").want(t, 201)
	h.ask("PUT", "z", []byte("z")).want(t, 201)
	var page struct {
		Count int
		Items []struct {
			Name, URI, ContentType, MD5 string
			Length                      int64
			Metadata                    map[string]string
			LastModifiedAsString        string
			Links                       []struct{ Rel, Href string }
		}
	}
	s.asUser("GET", "/emulator/objects", "").want(t, 200).into(t, &page)
	if page.Count != 2 || page.Items[0].Name != `pages/ev"il é.html` || page.Items[0].Length != 25 || page.Items[0].Metadata["A"] != "b" ||
		page.Items[0].MD5 != sumOf([]byte("<script>alert(1)</script>")) || page.Items[0].URI != s.url+emulator.ContainerPath+"/pages/ev%22il%20%C3%A9.html" {
		t.Fatalf("%+v", page)
	}
	s.asUser("GET", "/emulator/objects?q="+`{"name":"z"}`, "").want(t, 200).into(t, &page)
	if page.Count != 1 {
		t.Errorf("%+v", page)
	}
	got := s.asUser("GET", "/emulator/objects/pages/ev%22il%20%C3%A9.html", "").want(t, 200)
	wantHeaders(t, got, map[string]string{
		"Content-Disposition": "attachment; filename*=utf-8''ev%22il%20%C3%A9.html", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
	}, "Content-Disposition", "X-Content-Type-Options", "Content-Type", "Content-Security-Policy")
	if string(got.body) != "<script>alert(1)</script>" {
		t.Errorf("%q", got.body)
	}
	s.asUser("GET", "/emulator/objects/z", "", "Range", "bytes=0-0").want(t, 206)
	s.asUser("GET", "/emulator/objects/none", "").wantProblem(t, 404)
	s.asUser("DELETE", "/emulator/objects/z", "").want(t, 204)
	s.asUser("DELETE", "/emulator/objects/z", "").wantProblem(t, 404)
	h.do("GET", "/iot/api/v2/emulator/objects", nil, "X-Auth-Token", h.token).wantProblem(t, 401)
	person := s.holder(s.asUser("GET", "/provisioner/storage", "")) // as an application of the cloud
	person.ask("PUT", "up", []byte("content")).want(t, 201)
	listing := person.do("GET", person.container+"?format=json&prefix=u", nil, "X-Auth-Token", person.token).want(t, 200)
	var listed []map[string]any
	if err := json.Unmarshal(listing.body, &listed); err != nil || len(listed) != 1 || listed[0]["name"] != "up" || listed[0]["bytes"] != 7.0 {
		t.Errorf("%v, %v", listing, err)
	}
	names := person.do("GET", person.container+"/?marker=p&limit=1", nil, "X-Auth-Token", person.token).want(t, 200)
	if string(names.body) != "pages/ev\"il é.html\n" {
		t.Errorf("%q", names.body)
	}
}

// A restart keeps objects and tokens; nothing else is in the folder.
func TestObjectsAreKept(t *testing.T) {
	dir := t.TempDir()
	s := start(t, emulator.WithDataDir(dir))
	d := s.activated("dev", false)
	h := d.storage()
	h.ask("PUT", "../up", []byte("content")).want(t, 400)
	h.ask("PUT", "a/b", []byte("content"), "X-Object-Meta-Place", "K\xf6ln").want(t, 201)
	date := h.ask("HEAD", "a/b", nil).header.Get("Last-Modified")
	closeServer(t, s.server)
	again := start(t, emulator.WithDataDir(dir))
	after := &holder{again, h.container, h.token}
	got := after.ask("GET", "a/b", nil).want(t, 200)
	if string(got.body) != "content" || got.header.Get("X-Object-Meta-Place") != "K\xf6ln" || got.header.Get("Last-Modified") != date {
		t.Errorf("%v %v", got, got.header)
	}
	var files []string
	entries, err := os.ReadDir(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if diff := cmp.Diff([]string{"1", "1.json", "key"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestOpenObject(t *testing.T) {
	s := start(t)
	stored, err := s.server.PutObject(emulator.Object{Name: "0-X/in.txt", Type: "text/plain", Metadata: map[string]string{"Color": "red"}}, strings.NewReader("hello"))
	if err != nil || stored.MD5 != sumOf([]byte("hello")) || stored.Length != 5 {
		t.Fatalf("%+v, %v", stored, err)
	}
	content, o, err := s.server.OpenObject("0-X/in.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if diff := cmp.Diff(stored, o); diff != "" {
		t.Error(diff)
	}
	if _, err := s.server.PutObject(emulator.Object{Name: "0-X/in.txt"}, strings.NewReader("changed")); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(content); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v: the state that was opened is read", text, err)
	}
	if err := s.server.RemoveObject("0-X/in.txt"); err != nil {
		t.Error(err)
	}
	if _, _, err := s.server.OpenObject("0-X/in.txt"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v", err)
	}
}
