package emulatortest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// both runs a test against a server on a port and against one in memory, the latter on the clock of a bubble.
func both(t *testing.T, test func(t *testing.T, opts ...emulatortest.Option)) {
	t.Run("port", func(t *testing.T) { t.Parallel(); test(t) })
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, emulatortest.InMemory()) })
	})
}

func TestActivatedDevice(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, opts...)
		cloud.AddModel(pumpModel)
		d := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
		c := open(t, cloud, d)
		if c.id != d.EndpointID || c.assets.ClientID() != "pump-7" {
			t.Errorf("file of %s, %s", c.id, c.assets.ClientID())
		}
		c.login()
		c.send(c.data(5), c.data(6))
		m := cloud.WaitMessage(t.Context(), emulatortest.Attribute(pumpURN, "speed"))
		if v, ok := emulatortest.Value(m, "speed"); !ok || !v.Same(wire.IntegerValue(5)) || m.Source != d.EndpointID {
			t.Errorf("message %s", m.JSON)
		}
		cloud.WaitMessage(t.Context(), emulatortest.All(emulatortest.Data(pumpURN+":attributes"), emulatortest.From(d.EndpointID)))
		cloud.ExpectNone(50*time.Millisecond, emulatortest.Any)
		if known := cloud.Device("pump-7"); known.State != "ACTIVATED" || cloud.Device(d.EndpointID).HardwareID != "pump-7" {
			t.Errorf("device %+v", known)
		}
	})
}

func TestRequests(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, opts...)
		cloud.AddModel(pumpModel)
		d := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
		c := open(t, cloud, d)
		c.login()
		for _, send := range []func() *emulatortest.Request{
			func() *emulatortest.Request { return cloud.WriteAttribute(d.EndpointID, pumpURN, "speed", 5) },
			func() *emulatortest.Request {
				return cloud.WriteAttributes(d.EndpointID, pumpURN, map[string]any{"speed": 5})
			},
			func() *emulatortest.Request { return cloud.CallAction(d.EndpointID, pumpURN, "stop", nil) },
			func() *emulatortest.Request { return cloud.Send(d.EndpointID, &wire.Request{Method: "GET", URL: "x"}) },
		} {
			request := send()
			if got := c.serve(202); len(got) != 1 || got[0].ID != request.ID {
				t.Errorf("delivered %+v", got)
			}
			if answer := request.Answer(t.Context()); answer.StatusCode != 202 {
				t.Errorf("answer %+v", answer)
			}
		}
		if got := len(cloud.Messages()); got != 4 {
			t.Errorf("%d messages of devices", got)
		}
	})
}

// A device that is not activated, and one behind a gateway: the files hold the secrets that the server knows.
func TestSecrets(t *testing.T) {
	cloud := emulatortest.New(t)
	cloud.AddModel(pumpModel)
	d := cloud.AddDevice("pump-7", emulatortest.ICD("icd-1", "icd-2"))
	c := open(t, cloud, d)
	c.login()
	if d.EndpointID == "" || c.id != "" || d.Secret != "secret of pump-7" {
		t.Errorf("device %+v", d)
	}
	if _, err := c.assets.Signer(); !errors.Is(err, trust.ErrNoKey) {
		t.Errorf("key before the activation: %v", err)
	}

	gateway := cloud.AddDevice("gw", emulatortest.Activated(pumpURN), emulatortest.Gateway(), emulatortest.ICD("icd-3"))
	g := open(t, cloud, gateway)
	g.login()
	signature, err := g.assets.SignWithSecret("icd-3", []byte(gateway.EndpointID))
	if err != nil {
		t.Fatal(err)
	}
	g.must("/iot/api/v2/activation/indirect/device", fmt.Appendf(nil, `{"hardwareId":"icd-3","deviceModels":[%q],"signature":%q}`, pumpURN, encodeBase64(signature)))
	if icd := cloud.Device("icd-3"); icd.Owner != gateway.EndpointID || icd.State != "ACTIVATED" {
		t.Errorf("device %+v", icd)
	}
}

func TestDuplicatesAndViolations(t *testing.T) {
	cloud := emulatortest.New(t)
	cloud.AddModel(pumpModel)
	c := open(t, cloud, cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN)))
	c.login()
	twice := c.data(1)
	c.send(twice, c.data(5000), twice)
	if n := cloud.Duplicates(); n != 1 {
		t.Errorf("%d duplicates", n)
	}
	if v := cloud.Violations(); len(v) != 1 || !strings.Contains(v[0].Violations[0], "5000") {
		t.Errorf("violations %v", v)
	}
}

func TestDown(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, opts...)
		cloud.AddModel(pumpModel)
		c := open(t, cloud, cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN)))
		c.login()
		held := make(chan error, 1)
		go func() {
			_, _, err := c.post("/iot/api/v2/messages?acceptBytes=4190&iot.sync", nil, "application/json")
			held <- err
		}()
		time.Sleep(100 * time.Millisecond)
		cloud.Down()
		if err := <-held; err == nil {
			t.Error("the poll was answered by a server that is down")
		}
		if _, _, err := c.post("/iot/api/v2/messages", nil, "application/json"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v, want a refused connection", err)
		}
		cloud.Up()
		c.send(c.data(1))
	})
}

func TestManagementCalls(t *testing.T) {
	cloud := emulatortest.New(t)
	request, err := http.NewRequestWithContext(t.Context(), "GET", cloud.URL()+"/iot/api/v2/devices", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(cloud.User())
	response, err := cloud.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 || !strings.Contains(string(cloud.CA()), "CERTIFICATE") || cloud.Emulator() == nil {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestModelFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(path, []byte(pumpModel), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud := emulatortest.New(t)
	cloud.AddModelFile(path)
	if _, failed := record(t, func(tb testing.TB) { emulatortest.New(tb).AddModelFile("none.json") }); !failed {
		t.Error("a missing file does not fail the test")
	}
	if text, failed := record(t, func(tb testing.TB) { emulatortest.New(tb).AddModel("{}") }); !failed || !strings.Contains(text, "400") {
		t.Errorf("a bad model: %s", text)
	}
}

// What goes wrong fails the test and says what happened.
func TestFailures(t *testing.T) {
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, test := range []struct {
		name string
		run  func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client)
		says []string
	}{
		{"no message", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			c.send(c.data(77))
			cloud.WaitMessage(short, emulatortest.Alert("urn:test:pump:hot"))
		}, []string{"no such message", `"speed":77`, "traffic, ", "POST /iot/api/v2/messages?acceptBytes=0 -> 202"}},
		{"unexpected message", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			c.send(c.data(78))
			cloud.ExpectNone(time.Millisecond, emulatortest.Type(wire.TypeData))
		}, []string{"unexpected message", `"speed":78`}},
		{"no answer", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			cloud.CallAction(d.EndpointID, pumpURN, "stop", nil).Answer(short)
		}, []string{"no answer to POST deviceModels/urn:test:pump/actions/stop", "RECEIVED"}},
		{"device gone", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			request := cloud.CallAction(d.EndpointID, pumpURN, "stop", nil)
			if err := cloud.Emulator().RemoveDevice(d.EndpointID); err != nil {
				tb.Fatal(err)
			}
			request.Answer(context.Background())
		}, []string{"FAILED", "404"}},
		{"refused write", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			cloud.WriteAttribute(d.EndpointID, pumpURN, "speed", "fast")
		}, []string{"400"}},
		{"unknown device", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			cloud.Device("nobody")
		}, []string{"nobody"}},
		{"device twice", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			cloud.AddDevice(d.HardwareID)
		}, []string{"409"}},
		{"violation in a strict test", func(tb testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, c *client) {
			c.send(c.data(5000))
		}, []string{"breaks its device model", "5000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, failed := record(t, func(tb testing.TB) {
				cloud := emulatortest.New(tb, emulatortest.Strict(), emulatortest.Emulator(emulator.WithPollLimit(time.Second)))
				cloud.AddModel(pumpModel)
				d := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
				c := open(tb, cloud, d)
				c.login()
				test.run(tb, cloud, d, c)
			})
			if !failed {
				t.Fatal("the test did not fail")
			}
			for _, want := range test.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			if strings.Contains(text, "access_token") {
				t.Errorf("the log tells a token:\n%s", text)
			}
		})
	}
}

func TestPassingTestLogsNothing(t *testing.T) {
	text, failed := record(t, func(tb testing.TB) {
		cloud := emulatortest.New(tb, emulatortest.Strict())
		cloud.AddModel(pumpModel)
		c := open(tb, cloud, cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN)))
		c.login()
		c.send(c.data(1))
	})
	if failed || text != "" {
		t.Errorf("failed %v, said %s", failed, text)
	}
}

func TestLongTraffic(t *testing.T) {
	text, _ := record(t, func(tb testing.TB) {
		cloud := emulatortest.New(tb)
		c := open(tb, cloud, cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN)))
		c.login()
		for range 210 {
			c.send()
		}
		for range 30 {
			c.send(c.data(1))
		}
		c.post("/iot/api/v2/messages", []byte("["+strings.Repeat(" ", 5000)), "application/json")
		tb.Fatal("on purpose")
	})
	if !strings.Contains(text, "242 exchanges, the last 200") || !strings.Contains(text, "… of 5001 bytes") || strings.Contains(text, "oauth2") {
		t.Errorf("log:\n%.3000s", text)
	}
}

// Once the test binary has its authority, a server with an activated device takes at most 50 ms.
func TestServersAreQuick(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	emulatortest.New(t).AddDevice("first", emulatortest.Activated(pumpURN))
	fastest := time.Hour // the others tell how busy the machine is
	for range 20 {
		begin := time.Now()
		cloud := emulatortest.New(t)
		cloud.AddModel(pumpModel)
		cloud.AddDevice("pump", emulatortest.Activated(pumpURN))
		fastest = min(fastest, time.Since(begin))
	}
	if fastest > 50*time.Millisecond {
		t.Errorf("%v for a server", fastest)
	}
}

func TestManyServers(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			cloud := emulatortest.New(t)
			cloud.AddModel(pumpModel)
			c := open(t, cloud, cloud.AddDevice("pump", emulatortest.Activated(pumpURN)))
			c.login()
			c.send(c.data(int64(i)))
			if m := cloud.WaitMessage(t.Context(), emulatortest.Any); len(cloud.Messages()) != 1 {
				t.Errorf("messages of another server: %s", m.JSON)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for _, memory := range []bool{false, true} {
		name, opts := "port", []emulatortest.Option(nil)
		if memory {
			name, opts = "memory", append(opts, emulatortest.InMemory())
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cloud := emulatortest.New(b, opts...)
				cloud.AddModel(pumpModel)
				cloud.AddDevice("pump", emulatortest.Activated(pumpURN))
			}
		})
	}
}
