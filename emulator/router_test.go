package emulator

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestSplitPath(t *testing.T) {
	for _, test := range []struct {
		path, root string
		segments   []string
		ok         bool
	}{
		{"/iot/api/v2/devices", rootAPI, []string{"devices"}, true},
		{"/iot/api/v2/devices/", rootAPI, []string{"devices"}, true},
		{"/iot/webapi/v2/devices/0-A", rootWeb, []string{"devices", "0-A"}, true},
		{"/iot/privateapi/v2/deviceModels/urn%3Aa/devicePolicies", rootPrivate, []string{"deviceModels", "urn:a", "devicePolicies"}, true},
		{"/iot/privatewebapi/v2/x", rootPrivWeb, []string{"x"}, true},
		{"/iot/api/v2", rootAPI, []string{""}, true},
		{"/iot/api/v2/a%2Fb/c", rootAPI, []string{"a/b", "c"}, true},
		{"/iot/api/v2/a//b", rootAPI, []string{"a", "", "b"}, true},
		{"/iot/api/v2/50%", rootAPI, []string{"50%"}, true},
		{"/iot/api/v2x/devices", "", nil, false},
		{"/iot/api/v1/devices", "", nil, false},
		{"", "", nil, false},
	} {
		root, segments, ok := splitPath(test.path)
		if root != test.root || !slices.Equal(segments, test.segments) || ok != test.ok {
			t.Errorf("%q: %q %q %v", test.path, root, segments, ok)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          string // the parameters, or "no"
	}{
		{"devices", "devices", ""},
		{"devices", "device", "no"},
		{"devices/{id}", "devices/0-A", "id=0-A"},
		{"devices/{id}", "devices/", "no"},
		{"devices/{id}", "devices", "no"},
		{"devices/{id}/x/{urn}", "devices/a/x/b", "id=a urn=b"},
		{"devices/{id}/x/{urn}", "devices/a/y/b", "no"},
		{"r/{id}/{path...}", "r/a/b", "id=a path=b"},
		{"r/{id}/{path...}", "r/a/b/c/d", "id=a path=b/c/d"},
		{"r/{id}/{path...}", "r/a", "no"},
	} {
		r := route{parts: strings.Split(test.pattern, "/")}
		params, ok := r.match(strings.Split(test.path, "/"))
		var text []string
		for name, value := range params {
			text = append(text, name+"="+value)
		}
		slices.Sort(text)
		if got := strings.Join(text, " "); ok == (test.want == "no") || ok && got != test.want {
			t.Errorf("%s on %s: %q %v", test.pattern, test.path, got, ok)
		}
	}
}

func FuzzFind(f *testing.F) {
	routes := newRoutes()
	for _, path := range []string{"/iot/api/v2/devices/0-A/deviceModels/urn%253Aa/attributes/x", "/iot/api", "//", "/iot/api/v2/devices/a/resources/b/c?d"} {
		f.Add("GET", path)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		r, _, params, p := find(routes, method, path)
		if (r == nil) == (p == nil) {
			t.Fatalf("%s %q: route %v, problem %v", method, path, r, p)
		}
		if r == nil {
			return
		}
		for name, value := range params {
			if value == "" || name == "" {
				t.Errorf("%s %q: %q", method, path, params)
			}
		}
	})
}

// plain serves a server's handler without TLS.
func plain(t *testing.T, s *Server) *httptest.Server {
	t.Helper()
	web := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		web.Close()
		s.Close(t.Context())
	})
	return web
}

func TestHandlerThatPanics(t *testing.T) {
	s, err := New(WithUser("u", "p"))
	if err != nil {
		t.Fatal(err)
	}
	s.routes = []route{{method: "GET", parts: []string{"panic"}, access: anyone, handle: func(*Server, *call) error { panic("on purpose") }}}
	web := plain(t, s)
	for range 2 {
		response, err := http.Get(web.URL + "/iot/api/v2/panic")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusInternalServerError || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("answer %v", response)
		}
	}
}

// A disk that fails makes calls fail, and nothing of them is left.
func TestStateThatCannotBeKept(t *testing.T) {
	s, err := New(WithDataDir(t.TempDir()), WithUser("u", "p"))
	if err != nil {
		t.Fatal(err)
	}
	web := plain(t, s)
	device, err := s.Register(Registration{HardwareID: "dev", Secret: []byte("s")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddModel([]byte(`{"urn":"urn:a","name":"A"}`)); err != nil {
		t.Fatal(err)
	}
	if err := s.registry.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.history.Close(); err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, web.URL+"/iot/api/v2"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("u", "p")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	for _, call := range [][3]string{
		{"POST", "/devices", `{"hardwareId":"new"}`}, {"PATCH", "/devices/" + device.EndpointID, `{"name":"new"}`},
		{"DELETE", "/devices/" + device.EndpointID, ""}, {"POST", "/deviceModels", `{"urn":"urn:b","name":"B"}`},
	} {
		if status := do(call[0], call[1], call[2]); status != http.StatusInternalServerError {
			t.Errorf("%s %s: %d, want 500", call[0], call[1], status)
		}
	}
	if known, ok := s.Device(device.EndpointID); !ok || known.State != "REGISTERED" {
		t.Errorf("device %+v", known)
	}
	if _, ok := s.DeviceByHardwareID("new"); ok || s.registry.Model("urn:b") != nil || s.registry.Device(device.EndpointID).Name != "" {
		t.Error("something of a failed call is left")
	}
	if _, err := s.Register(Registration{HardwareID: "x", Secret: []byte("s")}); err == nil {
		t.Error("registered without keeping it")
	}
}
