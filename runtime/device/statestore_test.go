package device_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// keeper is a device that is started again and again with one state folder.
type keeper struct {
	*cloud
	t      *testing.T
	assets trust.Assets
	dir    string
	log    *lockedBuffer
	device *device.Device
}

func newKeeper(t *testing.T) *keeper {
	c := newCloud(t)
	c.addPlant()
	return &keeper{cloud: c, t: t, assets: c.assets("D-1", true, plantURN), dir: filepath.Join(t.TempDir(), "state"), log: new(lockedBuffer)}
}

// start ends the running device and starts another.
func (k *keeper) start(m *device.Model) device.Binding {
	k.t.Helper()
	k.stop()
	log := slog.New(slog.NewTextHandler(k.log, nil))
	k.device = k.open(k.assets, device.WithState(k.dir), device.WithLogger(log))
	b, err := device.Bind(k.device, k.device.EndpointID(), m)
	must(k.t, err)
	return b
}

func (k *keeper) stop() {
	k.t.Helper()
	if k.device != nil {
		must(k.t, k.device.Close(k.t.Context()))
	}
}

// accept takes all writes.
func accept(b device.Binding) {
	b.OnChange(func(context.Context, device.ChangeSet) error { return nil })
}

func (k *keeper) write(attributes map[string]any) emulator.Request {
	k.t.Helper()
	return k.await(k.WriteAttributes(k.device.EndpointID(), plantURN, attributes))
}

// file is the path of the only state file.
func (k *keeper) file() string {
	k.t.Helper()
	found, err := filepath.Glob(filepath.Join(k.dir, "*", "dm-*.json"))
	must(k.t, err)
	if len(found) != 1 {
		k.t.Fatalf("files %v, want one", found)
	}
	return found[0]
}

func TestAcceptedWritesSurviveARestart(t *testing.T) {
	k := newKeeper(t)
	b := k.start(&plant)
	if got := b.Virtual().Restored(); len(got) != 0 {
		t.Errorf("a first start restored %v", got)
	}
	accept(b)
	noon := time.Date(2026, 3, 1, 12, 0, 0, int(5*time.Millisecond), time.UTC)
	if r := k.write(map[string]any{"level": 21.25, "mode": "dü\"\n", "on": true, "picture": "https://a/b", "since": noon.UnixMilli(), "target": 55}); r.Response.StatusCode != 202 {
		t.Fatalf("write: %+v", r.Response)
	}
	if r := k.write(map[string]any{"target": 56}); r.Response.StatusCode != 202 {
		t.Fatalf("write: %+v", r.Response)
	}

	b = k.start(&plant)
	want := []device.NamedValue{
		{Name: "level", Value: 21.25}, {Name: "mode", Value: "dü\"\n"}, {Name: "on", Value: true},
		{Name: "picture", Value: uri(t, "https://a/b")}, {Name: "since", Value: noon}, {Name: "target", Value: int64(56)},
	}
	if diff := cmp.Diff(want, b.Virtual().Restored(), cmp.AllowUnexported(device.URI{})); diff != "" {
		t.Error(diff)
	}
	if v, ok := b.Integer(attrTarget); v != 56 || !ok {
		t.Errorf("target is %d %v", v, ok)
	}
	if name := k.file(); !strings.HasSuffix(name, "dm-urn%3Acom%3Aexample%3Aiot%3Aplant.json") {
		t.Errorf("the file is %s", name)
	}
	if left, _ := filepath.Glob(filepath.Join(k.dir, "*", ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestRefusedWritesAreNotRestored(t *testing.T) {
	k := newKeeper(t)
	b := k.start(&plant)
	b.OnIntegerChange(attrTarget, func(_ context.Context, c device.Change[int64]) error {
		if c.New > 50 {
			return errors.New("too hot")
		}
		return nil
	})
	k.write(map[string]any{"target": 50})
	if r := k.write(map[string]any{"target": 51}); r.Response.StatusCode < 400 {
		t.Errorf("write: %+v", r.Response)
	}
	if v, _ := k.start(&plant).Integer(attrTarget); v != 50 {
		t.Errorf("target is %d", v)
	}
}

// TestOwnValuesAreNotStored: what the program sets is its own business, and a
// write of the value that it has set is stored all the same.
func TestOwnValuesAreNotStored(t *testing.T) {
	k := newKeeper(t)
	b := k.start(&plant)
	accept(b)
	k.write(map[string]any{"target": 50})
	must(t, b.SetInteger(attrTarget, 60))
	b = k.start(&plant)
	if v, _ := b.Integer(attrTarget); v != 50 {
		t.Errorf("target is %d, the cloud wrote 50", v)
	}
	accept(b)
	must(t, b.SetInteger(attrTarget, 70))
	k.write(map[string]any{"target": 70})
	if v, _ := k.start(&plant).Integer(attrTarget); v != 70 {
		t.Errorf("target is %d, the cloud wrote 70", v)
	}
}

func TestStateThatCannotBeStored(t *testing.T) {
	k := newKeeper(t)
	b := k.start(&plant)
	accept(b)
	k.write(map[string]any{"target": 50})
	must(t, os.Rename(k.dir, k.dir+".away"))
	must(t, os.WriteFile(k.dir, nil, 0o600))
	if r := k.write(map[string]any{"target": 51}); r.Response.StatusCode != 500 {
		t.Errorf("write: %+v", r.Response)
	}
	if v, _ := b.Integer(attrTarget); v != 50 {
		t.Errorf("target is %d though the write was refused", v)
	}
	if !strings.Contains(k.log.String(), "component=state") {
		t.Errorf("log:\n%s", k.log)
	}
	must(t, os.Remove(k.dir))
	must(t, os.Rename(k.dir+".away", k.dir))
	if r := k.write(map[string]any{"target": 51}); r.Response.StatusCode != 202 {
		t.Errorf("the repeated write: %+v", r.Response)
	}
	if v, _ := k.start(&plant).Integer(attrTarget); v != 51 {
		t.Errorf("target is %d", v)
	}
}

func TestStateThatCannotBeRead(t *testing.T) {
	k := newKeeper(t)
	accept(k.start(&plant))
	k.write(map[string]any{"target": 50})
	k.stop()
	name := k.file()
	must(t, os.Remove(name))
	must(t, os.Mkdir(name, 0o700))
	d := k.open(k.assets, device.WithState(k.dir))
	if _, err := device.Bind(d, d.EndpointID(), &plant); err == nil {
		t.Error("the device goes on with defaults")
	}
	blocked := filepath.Join(t.TempDir(), "none", "state")
	d = k.open(k.assets, device.WithState(blocked))
	if _, err := device.Bind(d, d.EndpointID(), &plant); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without parents: %v", err)
	}
}

func TestStateThatFitsNoLonger(t *testing.T) {
	tests := []struct {
		name   string
		change func([]device.Attribute) []device.Attribute
		text   string
		want   []string // names of what is restored
	}{
		{"range", func(a []device.Attribute) []device.Attribute {
			a[attrTarget].Range = &device.Range{Low: 0, High: 40}
			return a
		}, "outside 0 to 40", []string{"mode"}},
		{"type", func(a []device.Attribute) []device.Attribute {
			a[attrTarget].Type = device.TypeNumber
			return a
		}, "another type", []string{"mode"}},
		{"gone", func(a []device.Attribute) []device.Attribute { return a[:attrTarget] }, "no such attribute", []string{"mode"}},
		{"moved", func(a []device.Attribute) []device.Attribute { slices.Reverse(a); return a }, "", []string{"target", "mode"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			k := newKeeper(t)
			accept(k.start(&plant))
			k.write(map[string]any{"target": 50, "mode": "auto"})
			other := plant
			other.Attributes = tc.change(slices.Clone(plant.Attributes))
			b := k.start(&other)
			var got []string
			for _, v := range b.Virtual().Restored() {
				got = append(got, v.Name)
			}
			if !slices.Equal(got, tc.want) || !strings.Contains(k.log.String(), tc.text) {
				t.Errorf("restored %v, want %v; log:\n%s", got, tc.want, k.log)
			}
		})
	}
}

func TestDamagedStateIsPutAside(t *testing.T) {
	endpoint := func(k *keeper) string { return k.device.EndpointID() }
	tests := []struct {
		name string
		text func(k *keeper) string
	}{
		{"nothing", func(*keeper) string { return "" }},
		{"no JSON", func(*keeper) string { return "\x00\x00" }},
		{"a later version", func(k *keeper) string {
			return `{"version":2,"endpoint":"` + endpoint(k) + `","model":"` + plantURN + `"}`
		}},
		{"another endpoint", func(*keeper) string { return `{"version":1,"endpoint":"0-ZZ","model":"` + plantURN + `"}` }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			k := newKeeper(t)
			accept(k.start(&plant))
			k.write(map[string]any{"target": 50})
			name := k.file()
			must(t, os.WriteFile(name, []byte(tc.text(k)), 0o600))
			b := k.start(&plant)
			if got := b.Virtual().Restored(); len(got) != 0 {
				t.Errorf("restored %v", got)
			}
			if kept, err := os.ReadFile(name + ".damaged"); err != nil || string(kept) != tc.text(k) {
				t.Errorf("the file was not kept: %q, %v", kept, err)
			}
			if !strings.Contains(k.log.String(), "put aside") {
				t.Errorf("log:\n%s", k.log)
			}
		})
	}
}

func TestWithStateWantsAFolder(t *testing.T) {
	c := newCloud(t)
	if _, err := device.OpenAssets(t.Context(), c.assets("D-1", true), device.WithState("")); err == nil {
		t.Error("an empty name was taken")
	}
}
