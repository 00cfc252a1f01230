package rest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

func TestMessageCalls(t *testing.T) {
	tests := []struct {
		name string
		call func(*rest.Client, context.Context) (transport.Received, error)
		uri  string
		body string
	}{
		{"send", func(c *rest.Client, ctx context.Context) (transport.Received, error) {
			return c.Send(ctx, []byte(`[{"a":1}]`), 0)
		}, "acceptBytes=0", `[{"a":1}]`},
		{"send that takes requests", func(c *rest.Client, ctx context.Context) (transport.Received, error) {
			return c.Send(ctx, []byte(`[1]`), 4190)
		}, "acceptBytes=4190", `[1]`},
		{"poll", func(c *rest.Client, ctx context.Context) (transport.Received, error) { return c.Receive(ctx, 4190, 0) }, "acceptBytes=4190", ""},
		{"long poll", func(c *rest.Client, ctx context.Context) (transport.Received, error) {
			return c.Receive(ctx, 100, time.Minute)
		}, "acceptBytes=100&iot.sync&iot.timeout=60", ""},
		{"short long poll", func(c *rest.Client, ctx context.Context) (transport.Received, error) {
			return c.Receive(ctx, 100, time.Millisecond)
		}, "acceptBytes=100&iot.sync&iot.timeout=1", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, c *rest.Client) {
				s.on("messages", text(202, `[{"id":"1"},{"id":"2"}]`))
				got, err := tc.call(c, t.Context())
				must(t, err)
				if len(got.Requests) != 2 || string(got.Requests[1]) != `{"id":"2"}` || got.MinAcceptBytes != 0 {
					t.Errorf("%+v", got)
				}
				r := s.calls()[1]
				if r.method != "POST" || r.uri != "/iot/api/v2/messages?"+tc.uri || r.body != tc.body {
					t.Errorf("%s %s %s", r.method, r.uri, r.body)
				}
			})
		})
	}
}

func TestAnswersToMessages(t *testing.T) {
	tests := []struct {
		name   string
		h      http.HandlerFunc
		want   int // requests
		min    int
		err    error
		status int // of a StatusError
	}{
		{"200", text(200, `[]`), 0, 0, nil, 0},
		{"empty body", text(202, ``), 0, 0, nil, 0},
		{"white space", text(202, "[ {} ,\n{} ]\n"), 2, 0, nil, 0},
		{"not JSON", text(202, `<html>`), 0, 0, transport.ErrMalformed, 0},
		{"half an array", text(202, `[{},{`), 0, 0, transport.ErrMalformed, 0},
		{"blocked request", header(202, "X-min-acceptBytes", "5000", `[]`), 0, 5000, nil, 0},
		{"nonsense header", header(202, "X-min-acceptBytes", "many", `[{}]`), 1, 0, nil, 0},
		{"zero header", header(202, "X-min-acceptBytes", "0", `[{}]`), 1, 0, nil, 0},
		{"201", text(201, `[]`), 0, 0, nil, 201},
		{"400", text(400, `{"title":"Bad Request"}`), 0, 0, nil, 400},
		{"503", text(503, ``), 0, 0, nil, 503},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(202)
			w.Write([]byte("["))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, 0, 0, transport.ErrMalformed, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, c *rest.Client) {
				s.on("messages", tc.h)
				got, err := c.Receive(t.Context(), 4190, 0)
				var status *transport.StatusError
				switch {
				case tc.status != 0:
					if !errors.As(err, &status) || status.Status != tc.status || status.Path != "/iot/api/v2/messages" || status.Method != "POST" {
						t.Errorf("error %v", err)
					}
				case tc.err != nil:
					if !errors.Is(err, tc.err) {
						t.Errorf("error %v", err)
					}
				case err != nil:
					t.Error(err)
				default:
					if len(got.Requests) != tc.want || got.MinAcceptBytes != tc.min {
						t.Errorf("%+v", got)
					}
				}
			})
		})
	}
}

func header(status int, name, value, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		text(status, body)(w, r)
	}
}

func TestResources(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.handle["/iot/privateapi/v2/deviceModels/urn:x/devicePolicies"] = text(200, `{"items":[]}`)
		body, err := c.Get(t.Context(), transport.Resource{Root: transport.PrivateRoot, Path: "deviceModels/urn%3Ax/devicePolicies", Query: "q=1", Limit: 100})
		must(t, err)
		if string(body) != `{"items":[]}` {
			t.Errorf("body %s", body)
		}
		if r := s.calls()[1]; r.uri != "/iot/privateapi/v2/deviceModels/urn%3Ax/devicePolicies?q=1" {
			t.Errorf("uri %s", r.uri)
		}
		s.on("activation/indirect/device", text(200, `{"ok":1}`))
		body, err = c.Post(t.Context(), transport.Resource{Path: "activation/indirect/device", Limit: 100}, []byte(`{}`))
		must(t, err)
		if string(body) != `{"ok":1}` {
			t.Errorf("body %s", body)
		}
		if _, err := c.Post(t.Context(), transport.Resource{Path: "nothing", Limit: 100}, nil); err == nil || !strings.Contains(err.Error(), "404 Not Found") {
			t.Errorf("error %v", err)
		}
	})
}

func TestDeviceModel(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		s.on("deviceModels/urn:com:acme:pump", text(200, `{"urn":"x"}`))
		body, err := c.DeviceModel(t.Context(), "urn:com:acme:pump")
		must(t, err)
		if string(body) != `{"urn":"x"}` || s.calls()[1].uri != "/iot/api/v2/deviceModels/urn:com:acme:pump?expand=formats" {
			t.Errorf("body %s of %s", body, s.calls()[1].uri)
		}
		if _, err := c.DeviceModel(t.Context(), "urn:nothing"); !errors.Is(err, rest.ErrModelNotFound) {
			t.Errorf("error %v", err)
		}
		s.on("deviceModels/urn:broken", text(500, ``))
		if _, err := c.DeviceModel(t.Context(), "urn:broken"); err == nil || errors.Is(err, rest.ErrModelNotFound) {
			t.Errorf("error %v", err)
		}
	})
}

func TestEscapeURN(t *testing.T) {
	for urn, want := range map[string]string{
		"urn:com:acme:pump-2_A.b": "urn:com:acme:pump-2_A.b",
		"urn:acme:a b":            "urn:acme:a%20b",
		"urn:acme:a/b":            "urn:acme:a/b",
		"urn:acme:a%20?#":         "urn:acme:a%2520%3F%23",
		"urn:acme:é\n":            "urn:acme:%C3%A9%0A",
	} {
		if got := rest.EscapeURN(urn); got != want {
			t.Errorf("%q: %s, want %s", urn, got, want)
		}
	}
}

func TestDeadKeptConnectionIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, c *rest.Client) {
		must(t, send(t, c))
		cut := true
		s.on("messages", func(w http.ResponseWriter, r *http.Request) {
			if cut {
				cut = false
				panic(http.ErrAbortHandler) // the answer of a kept connection never comes
			}
			text(202, "[]")(w, r)
		})
		must(t, send(t, c))
		if n := strings.Count(s.paths(), "messages"); n != 3 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.connect(t, true)
		stop := make(chan struct{})
		s.on("messages", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-stop:
			}
		})
		done := make(chan error)
		go func() {
			_, err := c.Receive(context.Background(), 100, time.Hour)
			done <- err
		}()
		synctest.Wait()
		must(t, c.Close())
		if err := <-done; !errors.Is(err, transport.ErrClosed) {
			t.Errorf("call under way: %v", err)
		}
		if err := send(t, c); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("call after Close: %v", err)
		}
		close(stop)
	})
}

func TestCallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.connect(t, true)
		stop := make(chan struct{})
		defer close(stop)
		s.on("messages", func(http.ResponseWriter, *http.Request) { <-stop })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Receive(ctx, 100, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
