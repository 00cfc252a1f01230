package device_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// plantJSON is the model plant as a server has it.
func plantJSON(t testing.TB) []byte {
	t.Helper()
	text := `{"urn":"` + plantURN + `","name":"Plant","attributes":[
	 {"name":"level","type":"NUMBER","range":"-1.5,99.5","defaultValue":2.5,"writable":true},
	 {"name":"mode","type":"STRING","writable":true},{"name":"on","type":"BOOLEAN","writable":true},
	 {"name":"picture","type":"URI","writable":true},{"name":"since","type":"DATETIME","writable":true},
	 {"name":"speed","alias":"rpm","type":"INTEGER","range":"0,3000"},
	 {"name":"target","alias":"goal","type":"INTEGER","range":"0,100","defaultValue":7,"writable":true}],
	 "actions":[{"name":"book","arguments":[{"name":"at","type":"DATETIME"},{"name":"by","type":"STRING","defaultValue":"nobody"},{"name":"seats","type":"INTEGER","range":"1,4","defaultValue":2}]},
	 {"name":"dim","arguments":[{"name":"percent","type":"NUMBER","range":"0,100"}]},
	 {"name":"ramp","alias":"slope","argType":"INTEGER","range":"0,100"},{"name":"stop"}],
	 "formats":[
	 {"urn":"` + plantURN + `:hot","name":"hot","description":"Too hot","type":"ALERT","value":{"fields":[{"name":"note","type":"STRING","optional":true},{"name":"temperature","type":"NUMBER","optional":false}]}},
	 {"urn":"urn:elsewhere:report","name":"report","type":"DATA","value":{"fields":[{"name":"count","type":"INTEGER","optional":true},{"name":"when","type":"DATETIME","optional":true},{"name":"where","type":"URI","optional":true},{"name":"whole","type":"BOOLEAN","optional":true}]}},
	 {"urn":"` + plantURN + `:bare","name":"bare","type":"ALERT","value":{"fields":[]}}]}`
	if !json.Valid([]byte(text)) {
		t.Fatal("plantJSON is no JSON")
	}
	return []byte(text)
}

func (c *cloud) addPlant() {
	c.t.Helper()
	_, err := c.AddModel(plantJSON(c.t))
	must(c.t, err)
}

func carries(name string, want float64) func(emulator.Message) bool {
	return func(m emulator.Message) bool {
		if m.Data == nil {
			return false
		}
		for _, item := range m.Data.Items {
			if n, ok := item.Value.AsNumber(); item.Name == name && ok && n == want {
				return true
			}
		}
		return false
	}
}

// TestLifeOfADevice: activation with a provisioning file, readings, an alert,
// custom data, cloud writes and actions, a second start.
func TestLifeOfADevice(t *testing.T) {
	c := newCloud(t)
	c.addPlant()
	path := c.file("PLANT-1")
	pass := []byte("pass")
	d, err := device.Open(t.Context(), path, pass, c.options(nil)...)
	must(t, err)
	if strings.Trim(string(pass), "\x00") != "" {
		t.Error("the passphrase was not wiped")
	}
	if d.IsActivated() || d.ActivationID() != "PLANT-1" || d.Status().State != device.StateConnecting {
		t.Errorf("a new device: %v %s %v", d.IsActivated(), d.ActivationID(), d.Status())
	}
	if _, err := device.NewVirtual(d, "0-AB", &plant); !errors.Is(err, device.ErrNotActivated) {
		t.Errorf("a virtual device before the activation: %v", err)
	}
	must(t, d.Activate(t.Context(), plantURN))
	if err := d.Activate(t.Context(), plantURN); !errors.Is(err, device.ErrActivated) {
		t.Errorf("second activation: %v", err)
	}
	useDevice(t, c, d)
	must(t, d.Close(t.Context()))
	must(t, d.Close(t.Context()))
	if err := d.Flush(t.Context()); !errors.Is(err, device.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if c.Violating() != 0 || c.Duplicates() != 0 {
		t.Errorf("%d violations, %d duplicates", c.Violating(), c.Duplicates())
	}

	again, err := device.Open(t.Context(), path, "pass", c.options(nil)...)
	must(t, err)
	if !again.IsActivated() || again.EndpointID() != d.EndpointID() {
		t.Error("the second start does not know the activation")
	}
	v, err := device.NewVirtual(again, again.EndpointID(), &plant)
	must(t, err)
	must(t, v.Set("speed", 77))
	must(t, again.Close(t.Context()))
	c.wait(carries("speed", 77))
}

func useDevice(t *testing.T, c *cloud, d *device.Device) {
	t.Helper()
	id := d.EndpointID()
	b, err := device.Bind(d, id, &plant)
	must(t, err)
	b.OnIntegerChange(attrTarget, device.Accept)
	called := make(chan string, 2)
	b.HandleActions(func(_ context.Context, call *device.ActionCall) error {
		called <- spell(call)
		return nil
	})
	must(t, b.SetInteger(attrSpeed, 1200))
	alert := new(device.Fields)
	alert.Begin(b, formatHot)
	alert.Number(1, 81)
	must(t, alert.Raise(nil))
	report := new(device.Fields)
	report.Begin(b, formatReport)
	report.Boolean(3, true)
	must(t, report.Submit(nil))
	must(t, d.Flush(t.Context()))
	c.wait(carries("speed", 1200))
	c.wait(func(m emulator.Message) bool { return m.Alert != nil && m.Alert.Severity == wire.SeveritySignificant })
	c.wait(func(m emulator.Message) bool { return m.Data != nil && m.Data.Format == "urn:elsewhere:report" })

	if r := c.await(c.WriteAttribute(id, plantURN, "target", 55)); r.Response.StatusCode != 202 {
		t.Errorf("write: %+v", r.Response)
	}
	c.wait(carries("target", 55))
	if r := c.await(c.CallAction(id, plantURN, "ramp", map[string]any{"value": 12})); r.Response.StatusCode != 202 || <-called != "ramp value=12" {
		t.Errorf("action: %+v", r.Response)
	}
	if r := c.await(c.CallAction(id, plantURN, "stop", nil)); r.Response.StatusCode != 202 || <-called != "stop" {
		t.Errorf("action: %+v", r.Response)
	}
	must(t, d.Wait(t.Context(), device.StateOnline))
}

func TestErrorsOfOpening(t *testing.T) {
	c := newCloud(t)
	path := c.file("D-1")
	if _, err := device.Open(t.Context(), path, "wrong"); !errors.Is(err, device.ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, err := device.Open(t.Context(), path+".not", "pass"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	mqtt, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{ServerURI: "mqtts://localhost", ClientID: "D", Secret: trust.Secret("s")}})
	must(t, err)
	if _, err := device.OpenAssets(t.Context(), mqtt); !errors.Is(err, device.ErrTransportUnsupported) {
		t.Errorf("mqtts: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := device.OpenAssets(ended, mqtt); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestErrorsOfActivation(t *testing.T) {
	tests := []struct {
		name string
		open func(c *cloud) *device.Device
		want error
	}{
		{"unknown device", func(c *cloud) *device.Device {
			m, err := trust.NewMemory(trust.MemoryConfig{Config: c.trust("NOBODY")})
			must(c.t, err)
			return c.open(m)
		}, device.ErrRefused},
		{"wrong secret", func(c *cloud) *device.Device {
			c.assets("D-1", false)
			config := c.trust("D-1")
			config.Secret = trust.Secret("another")
			m, err := trust.NewMemory(trust.MemoryConfig{Config: config})
			must(c.t, err)
			return c.open(m)
		}, device.ErrRefused},
		{"unknown model", func(c *cloud) *device.Device { return c.open(c.assets("D-1", false)) }, device.ErrActivationRefused},
		{"server down", func(c *cloud) *device.Device {
			d := c.open(c.assets("D-1", false))
			c.cut(true)
			return d
		}, device.ErrUnreachable},
		{"foreign certificate", func(c *cloud) *device.Device {
			other, err := emulator.NewAuthority()
			must(c.t, err)
			s, err := emulator.New(emulator.WithAuthority(other))
			must(c.t, err)
			defer s.Close(context.Background())
			config := c.trust("D-1")
			config.TrustAnchors[0] = s.Root()
			m, err := trust.NewMemory(trust.MemoryConfig{Config: config})
			must(c.t, err)
			return c.open(m)
		}, device.ErrCertificate},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			d := tc.open(newCloud(t))
			err := d.Activate(t.Context(), "urn:nothing")
			if !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			for _, other := range []error{device.ErrRefused, device.ErrActivationRefused, device.ErrUnreachable, device.ErrCertificate, device.ErrActivationUnknown} {
				if other != tc.want && errors.Is(err, other) {
					t.Errorf("error %v is %v too", err, other)
				}
			}
			if d.IsActivated() {
				t.Error("the device takes itself for activated")
			}
		})
	}
}

// TestWorksWithoutTheServer: rule 2 of docs/architecture.md.
func TestWorksWithoutTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		assets := c.assets("D-1", true, plantURN)
		c.cut(true)
		d := c.open(assets)
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		b.OnIntegerChange(attrTarget, device.Accept)
		for i := range 100 {
			must(t, b.SetInteger(attrSpeed, int64(i)))
		}
		time.Sleep(time.Hour)
		if s := d.Status(); s.State != device.StateBackoff || !errors.Is(s.Err, device.ErrUnreachable) || s.Next.IsZero() {
			t.Errorf("status %+v", s)
		}
		c.cut(false)
		must(t, d.Flush(t.Context()))
		for i := range 100 {
			c.wait(carries("speed", float64(i)))
		}
		if r := c.await(c.WriteAttribute(d.EndpointID(), plantURN, "target", 3)); r.Response.StatusCode != 202 {
			t.Errorf("write: %+v", r.Response)
		}
	})
}

func TestPollingInsteadOfLongPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		d := c.open(c.assets("D-1", true, plantURN), device.WithLongPolling(false), device.WithPollingInterval(time.Second))
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		b.OnIntegerChange(attrTarget, device.Accept)
		time.Sleep(10 * time.Second)
		before := time.Now()
		if r := c.await(c.WriteAttribute(d.EndpointID(), plantURN, "target", 3)); r.Response.StatusCode != 202 {
			t.Errorf("write: %+v", r.Response)
		}
		if took := time.Since(before); took > 1100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestUndeliveredValuesReachTheirHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		assets := c.assets("D-1", true, plantURN)
		d := c.open(assets)
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		must(t, d.Flush(t.Context()))
		var heard []string
		b.OnAttributeError(attrSpeed, func(e device.DeliveryError) { heard = append(heard, fmt.Sprint("attribute ", e.Values)) })
		b.Virtual().OnError(func(e device.DeliveryError) { heard = append(heard, "virtual "+e.EndpointID) })
		d.OnError(func(m device.Delivery, err error) { heard = append(heard, "device "+m.Format) })
		c.cut(true)
		must(t, b.SetInteger(attrSpeed, 5))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var left *device.LeftError
		if err := d.Close(ctx); !errors.As(err, &left) || left.Messages != 1 {
			t.Errorf("close: %v", err)
		}
		want := "attribute [{speed 5}]|virtual " + assets.EndpointID() + "|device " + plantURN + ":attributes"
		if got := strings.Join(heard, "|"); got != want {
			t.Errorf("heard %s\nwant  %s", got, want)
		}
	})
}

func TestTwoModelsOnOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		_, err := c.AddModel([]byte(`{"urn":"` + plantURN + `2","name":"Other","attributes":[{"name":"target","type":"INTEGER","writable":true}]}`))
		must(t, err)
		d := c.open(c.assets("D-1", true, plantURN, plantURN+"2"))
		first, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		other := device.Model{URN: plantURN + "2", Attributes: []device.Attribute{{Name: "target", Type: device.TypeInteger, Writable: true}}}
		second, err := device.Bind(d, d.EndpointID(), &other)
		must(t, err)
		if _, err := device.Bind(d, d.EndpointID(), &other); !errors.Is(err, device.ErrDuplicate) {
			t.Errorf("third binding: %v", err)
		}
		first.OnIntegerChange(attrTarget, device.Accept)
		second.OnIntegerChange(0, device.Accept)
		c.await(c.WriteAttribute(d.EndpointID(), plantURN, "target", 3))
		c.await(c.WriteAttribute(d.EndpointID(), plantURN+"2", "target", 4))
		one, _ := first.Integer(attrTarget)
		two, _ := second.Integer(0)
		if one != 3 || two != 4 {
			t.Errorf("values %d and %d", one, two)
		}
		must(t, second.Virtual().Close())
		third, err := device.Bind(d, d.EndpointID(), &other)
		must(t, err)
		third.OnIntegerChange(0, device.Accept)
		if r := c.await(c.WriteAttribute(d.EndpointID(), plantURN+"2", "target", 9)); r.Response.StatusCode != 202 {
			t.Errorf("write after binding again: %+v", r.Response)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	c := newCloud(t)
	assets := c.assets("D-1", true, plantURN)
	for name, o := range map[string]device.Option{
		"logger":            device.WithLogger(nil),
		"response timeout":  device.WithResponseTimeout(0),
		"queue size":        device.WithQueueSize(-1),
		"messages per post": device.WithMaxMessagesPerPost(0),
		"polling interval":  device.WithPollingInterval(-1),
		"hold time":         device.WithHoldTime(time.Millisecond),
		"long-poll offset":  device.WithLongPollOffset(-time.Second),
		"request buffer":    device.WithRequestBuffer(100),
		"request workers":   device.WithRequestWorkers(0),
		"request timeout":   device.WithRequestTimeout(0),
		"settle time":       device.WithSettleTime(-1),
		"backoff":           device.WithBackoff(time.Millisecond),
		"retries":           device.WithBaseRetries(1),
		"model store":       device.WithModelStore(""),
		"model refresh":     device.WithModelRefresh(0),
		"drift":             device.OnDrift(9),
	} {
		if d, err := device.OpenAssets(t.Context(), assets, o); err == nil {
			t.Errorf("%s: accepted", name)
			d.Close(t.Context())
		}
	}
}

// TestTLSConfig: root certificates of the program go before the provisioned ones,
// and certificate checks cannot be switched off.
func TestTLSConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		strange := c.open(c.assets("D-1", true, plantURN), device.WithTLSConfig(&tls.Config{RootCAs: x509.NewCertPool()}))
		if _, err := strange.Model(t.Context(), plantURN); !errors.Is(err, device.ErrCertificate) {
			t.Errorf("with no root: %v", err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(c.Root())
		known := c.open(c.assets("D-2", true, plantURN), device.WithTLSConfig(&tls.Config{RootCAs: roots}))
		if _, err := known.Model(t.Context(), plantURN); err != nil {
			t.Errorf("with the server's root: %v", err)
		}
		if _, err := device.OpenAssets(t.Context(), c.assets("D-3", true, plantURN), device.WithTLSConfig(&tls.Config{InsecureSkipVerify: true})); err == nil {
			t.Error("certificate checks were switched off")
		}
	})
}
