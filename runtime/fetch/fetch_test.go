package fetch_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/fetch"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a source in memory.
type memory map[string]string

func (m memory) Model(_ context.Context, urn string) ([]byte, error) {
	text, ok := m[urn]
	if !ok {
		return nil, rest.ErrModelNotFound
	}
	return []byte(text), nil
}

func (m memory) List(context.Context) ([]string, error) { return nil, nil }
func (m memory) Close() error                           { return nil }

const pump = `{"urn":"urn:pump","name":"Pump","lastModified":1,"attributes":[{"name":"a","type":"NUMBER"},{"name":"b","type":"STRING"}],
 "formats":[{"urn":"urn:pump:x","name":"X","type":"DATA","value":{"fields":[{"name":"p","type":"STRING","optional":true},{"name":"q","type":"STRING","optional":true}]}}]}`

// pumpAgain is pump as another server writes it: other order, other times.
const pumpAgain = `{"name":"Pump","urn":"urn:pump","lastModified":99,"links":[],"attributes":[{"type":"STRING","name":"b"},{"name":"a","type":"NUMBER","alias":""}],
 "formats":[{"urn":"urn:pump:x","name":"X","type":"DATA","value":{"fields":[{"name":"q","type":"STRING","optional":true},{"name":"p","type":"STRING","optional":true}]}}]}`

func TestInto(t *testing.T) {
	described := strings.Replace(pump, `"name":"Pump"`, `"name":"Pump","description":"pumps"`, 1)
	tests := []struct {
		name   string
		stored string // "" for none
		server string
		want   fetch.Status
		file   string // content afterwards
	}{
		{"new", "", pump, fetch.New, pump},
		{"unchanged to the byte", pump, pump, fetch.Unchanged, pump},
		{"unchanged but for order and times", pump, pumpAgain, fetch.Unchanged, pump},
		{"changed description", pump, described, fetch.Changed, described},
		{"changed type", pump, strings.Replace(pump, "NUMBER", "INTEGER", 1), fetch.Changed, strings.Replace(pump, "NUMBER", "INTEGER", 1)},
		{"stored file is broken", pump[:40], pump, fetch.Changed, pump},
		{"draft", pump, `{"urn":"urn:pump","name":"urn:pump","draft":true}`, fetch.Draft, pump},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			store := devicemodel.Store{Dir: t.TempDir()}
			path, err := store.Path("urn:pump")
			must(t, err)
			if tc.stored != "" {
				must(t, os.WriteFile(path, []byte(tc.stored), 0o600))
			}
			var progress []string
			got, err := fetch.Into(t.Context(), store.Dir, memory{"urn:pump": tc.server}, []string{"urn:pump"}, func(done, all int, urn string) {
				progress = append(progress, fmt.Sprint(done, all, urn))
			})
			must(t, err)
			if diff := cmp.Diff([]fetch.Result{{URN: "urn:pump", Status: tc.want, Path: path}}, got); diff != "" {
				t.Error(diff)
			}
			file, err := os.ReadFile(path)
			must(t, err)
			if string(file) != tc.file {
				t.Errorf("the file holds %s", file)
			}
			if diff := cmp.Diff([]string{"0 1urn:pump"}, progress); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingIsWrittenUnlessAllCanBeRead(t *testing.T) {
	for name, second := range map[string]string{
		"not found":     "",
		"not JSON":      "<html>",
		"another model": strings.ReplaceAll(pump, "urn:pump", "urn:other"),
		"not expanded?": `{"urn":"urn:second","name":"x","attributes":[{"name":"a","type":"WHAT"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			store := devicemodel.Store{Dir: t.TempDir()}
			source := memory{"urn:pump": pump}
			if second != "" {
				source["urn:second"] = second
			}
			_, err := fetch.Into(t.Context(), store.Dir, source, []string{"urn:pump", "urn:second"}, nil)
			if err == nil || !strings.Contains(err.Error(), "urn:second") {
				t.Errorf("error %v", err)
			}
			files, err := os.ReadDir(store.Dir)
			must(t, err)
			if len(files) != 0 {
				t.Errorf("%d files were written", len(files))
			}
		})
	}
}

func TestUnwritableStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := fetch.Into(t.Context(), file, memory{"urn:pump": pump}, []string{"urn:pump"}, nil); err == nil {
		t.Error("a file was taken for a folder")
	}
	if _, err := fetch.Into(t.Context(), t.TempDir(), memory{}, []string{strings.Repeat("x", 300)}, nil); !errors.Is(err, devicemodel.ErrNameTooLong) {
		t.Errorf("error %v", err)
	}
}

// site is a management API over TLS whose pages the test decides.
func site(t *testing.T, h http.HandlerFunc) fetch.Source {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	u, err := fetch.AsUser(fetch.UserConfig{URL: s.URL, User: "iotcs", Password: "pass word", Roots: roots})
	must(t, err)
	t.Cleanup(func() { u.Close() })
	return u
}

func TestListReadsAllPages(t *testing.T) {
	u := site(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "iotcs" || password != "pass word" {
			w.WriteHeader(401)
			return
		}
		switch r.URL.RawQuery {
		case "offset=0&limit=200":
			io.WriteString(w, `{"items":[{"urn":"urn:c"},{"urn":"urn:a"}],"hasMore":true}`)
		case "offset=2&limit=200":
			io.WriteString(w, `{"items":[{"urn":"urn:b"},{"urn":"urn:a"}],"hasMore":false}`)
		default:
			t.Errorf("query %s", r.URL.RawQuery)
		}
	})
	got, err := u.List(t.Context())
	must(t, err)
	if diff := cmp.Diff([]string{"urn:a", "urn:b", "urn:c"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserModel(t *testing.T) {
	u := site(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() != "/iot/api/v2/deviceModels/urn:a%2Fb" || r.URL.RawQuery != "expand=formats" {
			t.Errorf("%s", r.URL)
		}
		io.WriteString(w, pump)
	})
	body, err := u.Model(t.Context(), "urn:a/b")
	must(t, err)
	if string(body) != pump {
		t.Errorf("body %s", body)
	}
}

func TestHostileServer(t *testing.T) {
	tests := []struct {
		name string
		h    http.HandlerFunc
		want error
	}{
		{"unauthorized", status(401), transport.ErrUnauthorized},
		{"forbidden", status(403), transport.ErrUnauthorized},
		{"not found", status(404), rest.ErrModelNotFound},
		{"redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://127.0.0.1:1/")
			w.WriteHeader(302)
		}, nil},
		{"server error", status(500), nil},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, transport.ErrTooLarge},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			panic(http.ErrAbortHandler)
		}, transport.ErrUnreachable},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := site(t, tc.h).Model(t.Context(), "urn:pump")
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "pass word") {
				t.Error("the password is in the error")
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestHostileList(t *testing.T) {
	for name, page := range map[string]string{
		"not JSON":     `<html>`,
		"without end":  `{"items":[],"hasMore":true}`,
		"always more":  `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"urn":"urn:x"},`, 60_000), ",") + `],"hasMore":true}`,
		"not an array": `{"items":{},"hasMore":false}`,
	} {
		t.Run(name, func(t *testing.T) {
			u := site(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page) })
			if got, err := u.List(t.Context()); err == nil {
				t.Errorf("%d URNs", len(got))
			}
		})
	}
}

func TestForeignServer(t *testing.T) {
	s := httptest.NewUnstartedServer(status(200))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	u, err := fetch.AsUser(fetch.UserConfig{URL: s.URL})
	must(t, err)
	defer u.Close()
	if _, err := u.Model(t.Context(), "urn:x"); !errors.Is(err, transport.ErrCertificate) {
		t.Errorf("error %v", err)
	}
}

func TestAsUserRefuses(t *testing.T) {
	for _, u := range []string{"", "localhost", "http://localhost", "https://", "https://a/path", "https://user:secret@a", "https://a b"} {
		if _, err := fetch.AsUser(fetch.UserConfig{URL: u}); err == nil {
			t.Errorf("%q was accepted", u)
		}
	}
}

func TestAsDeviceRefuses(t *testing.T) {
	m, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{ServerURI: "https://localhost", ClientID: "D", Secret: trust.Secret("s")}})
	must(t, err)
	if _, err := fetch.AsDevice(m, nil); !errors.Is(err, fetch.ErrNotActivated) {
		t.Errorf("error %v", err)
	}
}

func TestStatusNames(t *testing.T) {
	var names []string
	for s := fetch.New; s <= fetch.Draft+1; s++ {
		names = append(names, s.String())
	}
	if diff := cmp.Diff([]string{"new", "changed", "unchanged", "draft", "Status(5)"}, names); diff != "" {
		t.Error(diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
