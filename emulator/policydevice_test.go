package emulator_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const tankURN = "urn:test:tank"

var tank = device.Model{
	URN: tankURN, Name: "Tank",
	Attributes: []device.Attribute{
		{Name: "fahrenheit", Type: device.TypeNumber},
		{Name: "level", Type: device.TypeInteger},
		{Name: "pressure", Type: device.TypeNumber},
		{Name: "temp", Type: device.TypeNumber},
	},
	Formats: []device.Format{{URN: tankURN + ":burst", Type: device.FormatAlert, Fields: []device.Field{{Name: "pressure", Type: device.TypeNumber}}}},
}

const tankModel = `{"urn":"urn:test:tank","name":"Tank","attributes":[{"name":"fahrenheit","type":"NUMBER"},{"name":"level","type":"INTEGER"},
 {"name":"pressure","type":"NUMBER"},{"name":"temp","type":"NUMBER"}],
 "formats":[{"urn":"urn:test:tank:burst","name":"burst","type":"ALERT","value":{"fields":[{"name":"pressure","type":"NUMBER","optional":false}]}}]}`

// tankPolicy has a window for temp, a metric computed from it, a filter for level, and an alert about pressure.
func tankPolicy(window string, seconds int) []byte {
	return fmt.Appendf(nil, `{"pipelines":[
 {"attributeName":"temp","pipeline":[{"id":%q,"parameters":{"window":%d}}]},
 {"attributeName":"fahrenheit","pipeline":[{"id":"computedMetric","parameters":{"formula":"$$(temp) * 1.8 + 32 + 0 * $(temp)"}}]},
 {"attributeName":"level","pipeline":[{"id":"filterCondition","parameters":{"condition":"$(level) < 50"}}]},
 {"attributeName":"pressure","pipeline":[{"id":"alertCondition","parameters":{"condition":"$(pressure) > 9","filter":false,
  "alert":{"urn":"urn:test:tank:burst","severity":"SIGNIFICANT","fields":{"pressure":"$(pressure)"}}}}]}]}`, window, seconds*1000)
}

// plant is an emulator that can be restarted under a device that runs.
type plant struct {
	*emulatortest.Server
	t    testing.TB
	dir  string
	mu   sync.Mutex
	seen int // messages of the server that runs now
}

func newPlant(t testing.TB, opts ...emulatortest.Option) *plant {
	p := &plant{t: t, dir: t.TempDir()}
	p.Server = p.begin(opts...)
	p.AddModel(tankModel)
	return p
}

func (p *plant) begin(opts ...emulatortest.Option) *emulatortest.Server {
	return emulatortest.New(p.t, append(opts, emulatortest.InMemory(), emulatortest.Emulator(emulator.WithDataDir(p.dir)))...)
}

// restart ends the server and begins another one with its data.
func (p *plant) restart() {
	p.t.Helper()
	before := p.current()
	before.Down()
	closeServer(p.t, before.Emulator())
	p.mu.Lock()
	p.Server = p.begin()
	p.mu.Unlock()
	p.seen = len(p.Messages())
}

func (p *plant) current() *emulatortest.Server {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Server
}

func (p *plant) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return p.current().Dial(ctx, network, address)
}

// tank opens a device with its virtual device.
func (p *plant) tank(d *emulatortest.Device, opts ...device.Option) (*device.Device, *device.Virtual) {
	p.t.Helper()
	noProxy := device.WithProxy(func(*http.Request) (*url.URL, error) { return nil, nil })
	opened, err := device.Open(p.t.Context(), d.Path, d.Passphrase, append(opts, device.WithDialer(p.dial), noProxy)...)
	if err != nil {
		p.t.Fatal(err)
	}
	v, err := device.NewVirtual(opened, opened.EndpointID(), &tank)
	if err != nil {
		p.t.Fatal(err)
	}
	return opened, v
}

// came spells the values and alerts that came since the last call, sorted, as "temp=15 fahrenheit=59; ALERT pressure=10".
func (p *plant) came() string {
	p.t.Helper()
	time.Sleep(10 * time.Second)
	messages := p.Messages()
	var all []string
	for _, m := range messages[p.seen:] {
		var text string
		var items []wire.Item
		switch {
		case m.Data != nil:
			items = m.Data.Items
		case m.Alert != nil:
			text, items = "ALERT", m.Alert.Items
		default:
			continue
		}
		for _, item := range items {
			n, _ := item.Value.AsNumber()
			text = strings.TrimSpace(fmt.Sprintf("%s %s=%v", text, item.Name, n))
		}
		all = append(all, text)
	}
	p.seen = len(messages)
	slices.Sort(all) // an alert overtakes what was queued before it, or not
	return strings.Join(all, "; ")
}

func offer(t testing.TB, v *device.Virtual, name string, values ...any) {
	t.Helper()
	for _, value := range values {
		if err := v.Offer(name, value); err != nil {
			t.Error(err)
		}
	}
}

// A device offers values while a policy is assigned, changed and taken away, and while its server and it itself are restarted.
func TestDeviceUnderPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, emulatortest.Strict())
		file := p.AddDevice("TANK-1", emulatortest.Activated(tankURN))
		d, v := p.tank(file)
		step := func(what, want string, values map[string][]any) {
			t.Helper()
			for _, name := range []string{"level", "pressure", "temp"} {
				offer(t, v, name, values[name]...)
			}
			if got := p.came(); got != want {
				t.Errorf("%s: came %q, want %q", what, got, want)
			}
		}
		noErr := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		values := map[string][]any{"level": {60, 40}, "pressure": {10}, "temp": {10.0, 30.0}}
		step("no policy", "level=40; level=60; pressure=10; temp=10; temp=30", values)

		id, err := p.Emulator().AddPolicy(tankURN, tankPolicy("mean", 5))
		noErr(err)
		step("not assigned", "temp=20", map[string][]any{"temp": {20.0}})
		noErr(p.Emulator().AssignPolicy(id, file.EndpointID))
		time.Sleep(5 * time.Second) // the device learns it
		step("mean", "ALERT pressure=10; level=60; pressure=10; temp=20 fahrenheit=68", values)

		offer(t, v, "temp", 50.0) // is in a window when the policy changes
		noErr(p.Emulator().UpdatePolicy(id, tankPolicy("max", 5)))
		if got := p.came(); got != "temp=50" {
			t.Errorf("the window that was open: came %q", got)
		}
		step("max", "ALERT pressure=10; level=60; pressure=10; temp=30 fahrenheit=86", values)

		p.restart()
		step("after a restart of the server", "ALERT pressure=10; level=60; pressure=10; temp=30 fahrenheit=86", values)
		noErr(p.Emulator().UpdatePolicy(id, tankPolicy("min", 5)))
		time.Sleep(5 * time.Second)
		step("min", "ALERT pressure=10; level=60; pressure=10; temp=10 fahrenheit=50", values)

		noErr(d.Close(t.Context()))
		d, v = p.tank(file)
		time.Sleep(5 * time.Second)
		p.seen = len(p.Messages())
		step("after a restart of the device", "ALERT pressure=10; level=60; pressure=10; temp=10 fahrenheit=50", values)

		noErr(p.Emulator().UnassignPolicy(id, file.EndpointID))
		time.Sleep(5 * time.Second)
		step("unassigned", "level=40; level=60; pressure=10; temp=10; temp=30", values)
		noErr(p.Emulator().AssignPolicy(id, file.EndpointID))
		time.Sleep(5 * time.Second)
		noErr(p.Emulator().DeletePolicy(id))
		time.Sleep(5 * time.Second)
		step("removed", "level=40; level=60; pressure=10; temp=10; temp=30", values)
		noErr(d.Close(t.Context()))
		if n := p.Duplicates(); n != 0 {
			t.Errorf("%d duplicates", n)
		}
	})
}

// A device that was away for longer than a request lives still learns of its policy.
func TestDeviceThatWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t)
		file := p.AddDevice("TANK-1", emulatortest.Activated(tankURN))
		d, v := p.tank(file)
		offer(t, v, "temp", 1.0)
		if got := p.came(); got != "temp=1" {
			t.Errorf("came %q", got)
		}
		p.Down()
		id, err := p.Emulator().AddPolicy(tankURN, tankPolicy("max", 5))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Emulator().AssignPolicy(id, file.EndpointID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		p.Up()
		time.Sleep(5 * time.Minute)
		offer(t, v, "temp", 3.0, 2.0)
		if got := p.came(); got != "temp=3 fahrenheit=37.4" {
			t.Errorf("came %q", got)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Two devices behind a gateway: a policy is given to one of them, changed, given to the other as well, and taken from the first, while both
// offer values. The gateway is restarted in between, once without the server.
func TestGatewayUnderPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, emulatortest.Strict())
		file := p.AddDevice("GATEWAY-1", emulatortest.Activated(tankURN), emulatortest.Gateway())
		store := t.TempDir()
		var ids [2]string
		var tanks [2]*device.Virtual
		open := func(register bool) *device.Gateway {
			t.Helper()
			noProxy := device.WithProxy(func(*http.Request) (*url.URL, error) { return nil, nil })
			g, err := device.OpenGateway(t.Context(), file.Path, file.Passphrase, device.WithPolicyStore(store), device.WithDialer(p.dial), noProxy)
			if err != nil {
				t.Fatal(err)
			}
			for i := range ids {
				if register {
					if ids[i], err = g.RegisterDevice(t.Context(), device.Registration{HardwareID: fmt.Sprint("TANK-", i), Models: []string{tankURN}}); err != nil {
						t.Fatal(err)
					}
				}
				if tanks[i], err = device.NewVirtual(g, ids[i], &tank); err != nil {
					t.Fatal(err)
				}
			}
			return g
		}
		step := func(what, want string) {
			t.Helper()
			time.Sleep(5 * time.Second) // the gateway learns what happened
			offer(t, tanks[0], "temp", 10.0, 30.0)
			offer(t, tanks[1], "temp", 11.0, 31.0)
			if got := p.came(); got != want {
				t.Errorf("%s: came %q, want %q", what, got, want)
			}
		}
		noErr := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		g := open(true)
		step("no policy", "temp=10; temp=11; temp=30; temp=31")
		id, err := p.Emulator().AddPolicy(tankURN, tankPolicy("mean", 5))
		noErr(err)
		noErr(p.Emulator().AssignPolicy(id, ids[0]))
		step("the first has it", "temp=11; temp=20 fahrenheit=68; temp=31")
		noErr(p.Emulator().UpdatePolicy(id, tankPolicy("max", 5)))
		step("changed", "temp=11; temp=30 fahrenheit=86; temp=31")
		noErr(p.Emulator().AssignPolicy(id, ids[1]))
		step("both have it", "temp=30 fahrenheit=86; temp=31 fahrenheit=87.80000000000001")

		noErr(g.Close(t.Context()))
		p.Down()
		g = open(false)
		step("without the server", "") // policies of the store apply
		noErr(p.Emulator().UpdatePolicy(id, tankPolicy("min", 5)))
		p.Up()
		time.Sleep(10 * time.Minute)
		if got := p.came(); got != "temp=30 fahrenheit=86; temp=31 fahrenheit=87.80000000000001" {
			t.Errorf("values from the time without the server: came %q", got)
		}
		step("changed meanwhile", "temp=10 fahrenheit=50; temp=11 fahrenheit=51.8")
		noErr(p.Emulator().UnassignPolicy(id, ids[0]))
		step("taken from the first", "temp=10; temp=11 fahrenheit=51.8; temp=30")
		noErr(g.Close(t.Context()))
	})
}
