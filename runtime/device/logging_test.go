package device_test

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// records is a handler that keeps the components of all records.
type records struct {
	least slog.Level
	attrs []slog.Attr
	kept  *keptRecords
}

type keptRecords struct {
	mu         sync.Mutex
	components map[string][]slog.Level
	twice      []string // records with more or less than one component
}

func newRecords(least slog.Level) *records {
	return &records{least: least, kept: &keptRecords{components: make(map[string][]slog.Level)}}
}

func (r *records) Enabled(_ context.Context, level slog.Level) bool { return level >= r.least }
func (r *records) WithGroup(string) slog.Handler                    { return r }

func (r *records) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &records{r.least, append(slices.Clone(r.attrs), attrs...), r.kept}
}

func (r *records) Handle(_ context.Context, record slog.Record) error {
	attrs := slices.Clone(r.attrs)
	record.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	attrs = slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Key != "component" })
	r.kept.mu.Lock()
	defer r.kept.mu.Unlock()
	if len(attrs) != 1 {
		r.kept.twice = append(r.kept.twice, record.Message)
		return nil
	}
	name := attrs[0].Value.String()
	r.kept.components[name] = append(r.kept.components[name], record.Level)
	return nil
}

func (k *keptRecords) has(component string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.components[component]) > 0
}

// TestEachComponentLogs brings every part of a device to speak.
func TestEachComponentLogs(t *testing.T) {
	provoke := map[string]func(*testing.T, *cloud, device.Option){
		"activation": func(t *testing.T, c *cloud, logged device.Option) {
			must(t, c.open(c.assets("D-1", false), logged).Activate(t.Context(), plantURN))
		},
		"connectivity": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged, device.WithQueueSize(1))
			must(t, d.Flush(t.Context()))
			c.ask(d.EndpointID(), "PUT", capabilities+"diagnostics/testConnectivity", `{"active":true,"count":9,"interval":1,"size":1}`)
			c.cut(true)
			time.Sleep(time.Second)
		},
		"delivery": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged)
			c.cut(true)
			closeAtOnce(d)
		},
		"device": func(t *testing.T, c *cloud, logged device.Option) {
			must(t, c.open(c.assets("D-1", true), logged).Wait(t.Context(), device.StateOnline))
		},
		"diagnostics": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged, device.WithDiagnosticsPath("/there/is/no/such/folder"))
			c.ask(d.EndpointID(), "GET", capabilities+"diagnostics/info", "")
		},
		"dispatcher": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged)
			c.cut(true)
			closeAtOnce(d) // messages are given up
		},
		"model": func(t *testing.T, c *cloud, logged device.Option) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "dm-urn%3Ax.json"), []byte("no JSON"), 0o600))
			if _, err := c.open(c.assets("D-1", true), logged, device.WithModelStore(dir)).Model(t.Context(), "urn:x"); err == nil {
				t.Error("there is such a model")
			}
		},
		"outbox": func(t *testing.T, c *cloud, logged device.Option) { c.open(c.assets("D-1", true), logged) },
		"receiver": func(t *testing.T, c *cloud, logged device.Option) {
			c.cut(true)
			c.open(c.assets("D-1", true), logged)
			time.Sleep(time.Minute)
		},
		"request-buffer": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged)
			must(t, d.Wait(t.Context(), device.StateOnline))
			_, err := c.Send(d.EndpointID(), &wire.Request{Method: "PUT", URL: "x", Body: bytes.Repeat([]byte("x"), 5000)})
			must(t, err)
			time.Sleep(time.Minute)
		},
		"requests": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged)
			must(t, d.Handle(d.EndpointID(), "x", []string{"PUT"}, func(context.Context, *wire.Message) *wire.Response { panic("on purpose") }))
			c.await(c.Send(d.EndpointID(), &wire.Request{Method: "PUT", URL: "x"}))
		},
		"transmitter": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged)
			c.cut(true)
			must(t, d.Queue(device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(1)})))
			time.Sleep(time.Minute)
		},
		"policy": func(t *testing.T, c *cloud, logged device.Option) {
			c.policed(t, logged, `{"pipelines":7}`, emulator.Unchecked())
		},
		"policy-device": func(t *testing.T, c *cloud, logged device.Option) {
			b := c.policed(t, logged, `{"pipelines":[{"attributeName":"speed","pipeline":[{"id":"actionCondition","parameters":{"condition":"$(speed) > 1","filter":false,"action":{"name":"stop","arguments":[]}}}]}]}`)
			must(t, b.OfferInteger(attrSpeed, 5))
		},
		"state": func(t *testing.T, c *cloud, logged device.Option) {
			dir := t.TempDir()
			d := c.open(c.assets("D-1", true, plantURN), logged, device.WithState(dir))
			b, err := device.Bind(d, d.EndpointID(), &plant)
			must(t, err)
			accept(b)
			must(t, os.Remove(dir))
			must(t, os.WriteFile(dir, nil, 0o600))
			c.await(c.WriteAttribute(d.EndpointID(), plantURN, "target", 5))
		},
		"storage": func(t *testing.T, c *cloud, logged device.Option) {
			d := c.open(c.assets("D-1", true), logged)
			o, err := d.NewStorageObject("a", "", device.FromReader(strings.NewReader("short"), 9))
			must(t, err)
			if o.Sync(t.Context()) == nil {
				t.Error("content that is not there was uploaded")
			}
		},
		"transport": func(t *testing.T, c *cloud, logged device.Option) {
			must(t, c.open(c.assets("D-1", true), logged).Wait(t.Context(), device.StateOnline))
		},
		"virtual": func(t *testing.T, c *cloud, logged device.Option) {
			c.cut(true)
			d := c.open(c.assets("D-1", true, plantURN), logged)
			b, err := device.Bind(d, d.EndpointID(), &plant)
			must(t, err)
			must(t, b.OfferInteger(attrSpeed, 5))
			time.Sleep(11 * time.Second) // the wait for a policy ends
		},
	}
	skewed, err := emulator.ParseFault("skew=3h")
	must(t, err)
	for _, component := range device.LogComponents() {
		t.Run(component, func(t *testing.T) {
			call := provoke[component]
			if call == nil {
				t.Fatal("no test makes this component speak")
			}
			synctest.Test(t, func(t *testing.T) {
				var opts []emulator.Option
				if component == "transport" {
					opts = append(opts, emulator.WithFaults(skewed))
				}
				c := newCloud(t, opts...)
				c.addPlant()
				kept := newRecords(slog.LevelDebug)
				call(t, c, device.WithLogger(slog.New(kept)))
				synctest.Wait()
				if !kept.kept.has(component) {
					t.Errorf("no record; there are %v", kept.kept.components)
				}
				if len(kept.kept.twice) > 0 {
					t.Errorf("records without exactly one component: %q", kept.kept.twice)
				}
				for name := range kept.kept.components {
					if !slices.Contains(device.LogComponents(), name) {
						t.Errorf("component %q is not listed", name)
					}
				}
			})
		})
	}
}

// policed opens a device with a policy for plant and waits until it knows it.
func (c *cloud) policed(t *testing.T, logged device.Option, policy string, opts ...emulator.PolicyOption) device.Binding {
	t.Helper()
	assets := c.assets("D-1", true, plantURN)
	id, err := c.AddPolicy(plantURN, []byte(policy), opts...)
	must(t, err)
	must(t, c.AssignPolicy(id, assets.EndpointID()))
	d := c.open(assets, logged)
	b, err := device.Bind(d, d.EndpointID(), &plant)
	must(t, err)
	must(t, d.Wait(t.Context(), device.StateOnline))
	time.Sleep(time.Minute)
	return b
}

// closeAtOnce closes a device without waiting for what is left.
func closeAtOnce(d *device.Device) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = d.Close(ctx) // messages are left, on purpose
}

// TestComponentsInTheSource: whatever names a component names a listed one, and
// each is named somewhere.
func TestComponentsInTheSource(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	files = append(files, "../dispatch/logging.go")
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		must(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, method := call.Fun.(*ast.SelectorExpr)
			local, function := call.Fun.(*ast.Ident)
			if !(method && f.Sel.Name == "component" || function && local.Name == "component") {
				return true
			}
			name, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: a component that is no constant", file)
				return true
			}
			text, err := strconv.Unquote(name.Value)
			must(t, err)
			found = append(found, text)
			return true
		})
	}
	slices.Sort(found)
	if found = slices.Compact(found); !slices.Equal(found, device.LogComponents()) {
		t.Errorf("components %q, listed %q", found, device.LogComponents())
	}
}

func TestLogLevels(t *testing.T) {
	tests := []struct {
		name   string
		own    slog.Level // of the logger
		levels map[string]slog.Level
		want   bool // is the Info record of component device there?
	}{
		{"as the logger", slog.LevelInfo, nil, true},
		{"above the logger's", slog.LevelWarn, nil, false},
		{"below the logger's", slog.LevelWarn, map[string]slog.Level{"device": slog.LevelInfo}, true},
		{"raised", slog.LevelDebug, map[string]slog.Level{"device": slog.LevelWarn}, false},
		{"of another", slog.LevelWarn, map[string]slog.Level{"transport": slog.LevelDebug}, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud(t)
				kept := newRecords(tc.own)
				d := c.open(c.assets("D-1", true), device.WithLogger(slog.New(kept)), device.WithLogLevels(tc.levels))
				must(t, d.Wait(t.Context(), device.StateOnline))
				synctest.Wait()
				if got := kept.kept.has("device"); got != tc.want {
					t.Errorf("record there: %v, want %v", got, tc.want)
				}
			})
		})
	}
}

func TestLogOptionsAreChecked(t *testing.T) {
	c := newCloud(t)
	assets := c.assets("D-1", true)
	for name, o := range map[string]device.Option{
		"no logger":         device.WithLogger(nil),
		"unknown component": device.WithLogLevels(map[string]slog.Level{"transprot": slog.LevelInfo}),
	} {
		if d, err := device.OpenAssets(t.Context(), assets, o); err == nil {
			t.Errorf("%s: taken", name)
			err = errors.Join(err, d.Close(t.Context()))
			must(t, err)
		}
	}
}
