package device_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// TestPlantIsTheServersPlant keeps the two forms of the model in step.
func TestPlantIsTheServersPlant(t *testing.T) {
	m, _, err := devicemodel.Load(plantJSON(t))
	must(t, err)
	if devicemodel.Fingerprint(m) != devicemodel.Fingerprint(&plant) {
		t.Errorf("the models differ:\n%s\n%s", devicemodel.Canonical(m), devicemodel.Canonical(&plant))
	}
}

func TestModelFromTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		d := c.open(c.assets("D-1", true, plantURN))
		m, err := d.Model(t.Context(), plantURN)
		must(t, err)
		if m.URN != plantURN || len(m.Attributes) != 7 {
			t.Errorf("%+v", m)
		}
		c.cut(true)
		if again, err := d.Model(t.Context(), plantURN); err != nil || again != m {
			t.Errorf("the second time: %v", err)
		}
		c.cut(false)
		if _, err := d.Model(t.Context(), "urn:nothing"); !errors.Is(err, device.ErrModelNotFound) {
			t.Errorf("unknown model: %v", err)
		}
		fresh := c.open(c.assets("D-2", false))
		if _, err := fresh.Model(t.Context(), plantURN); !errors.Is(err, device.ErrNotActivated) {
			t.Errorf("before activation: %v", err)
		}
	})
}

func TestModelStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		store := devicemodel.Store{Dir: t.TempDir()}
		path, err := store.Path(plantURN)
		must(t, err)
		first := c.open(c.assets("D-1", true, plantURN), device.WithModelStore(store.Dir))
		_, err = first.Model(t.Context(), plantURN)
		must(t, err)
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("the model was not stored: %v", err)
		}
		c.cut(true)
		second := c.open(c.assets("D-2", true, plantURN), device.WithModelStore(store.Dir))
		_, err = second.Model(t.Context(), plantURN)
		must(t, err)
		c.cut(false)

		must(t, os.WriteFile(path, []byte(`{"urn":`), 0o600))
		third := c.open(c.assets("D-3", true, plantURN), device.WithModelStore(store.Dir))
		if _, err := third.Model(t.Context(), plantURN); err != nil {
			t.Errorf("a broken file is no reason not to ask the server: %v", err)
		}
	})
}

func TestModelRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		store := devicemodel.Store{Dir: t.TempDir()}
		path, err := store.Path(plantURN)
		must(t, err)
		stale := bytes.Replace(plantJSON(t), []byte(`"name":"Plant"`), []byte(`"name":"Old plant"`), 1)
		must(t, os.WriteFile(path, stale, 0o600))
		old := time.Now().Add(-2 * time.Hour)
		must(t, os.Chtimes(path, old, old))
		open := func(id string, opts ...device.Option) string {
			d := c.open(c.assets(id, true, plantURN), append(opts, device.WithModelStore(store.Dir))...)
			m, err := d.Model(t.Context(), plantURN)
			must(t, err)
			return m.Name
		}
		if name := open("D-1"); name != "Old plant" {
			t.Errorf("without refresh: %s", name)
		}
		if name := open("D-2", device.WithModelRefresh(3*time.Hour)); name != "Old plant" {
			t.Errorf("young enough: %s", name)
		}
		c.cut(true)
		if name := open("D-3", device.WithModelRefresh(time.Hour)); name != "Old plant" {
			t.Errorf("server away: %s", name)
		}
		c.cut(false)
		if name := open("D-4", device.WithModelRefresh(time.Hour)); name != "Plant" {
			t.Errorf("too old: %s", name)
		}
	})
}

func TestDraftModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d := c.open(c.assets("D-1", false), device.WithDraftModels(true))
		must(t, d.Activate(t.Context(), "urn:later"))
		m, err := d.Model(t.Context(), "urn:later")
		must(t, err)
		if !m.Draft {
			t.Errorf("%+v", m)
		}
		strict := c.open(c.assets("D-2", true, "urn:later"))
		if _, err := strict.Model(t.Context(), "urn:later"); !errors.Is(err, device.ErrDraft) {
			t.Errorf("error %v", err)
		}
	})
}

// TestDrift: the server's model has another range than the program's.
func TestDrift(t *testing.T) {
	drifted := bytes.Replace(plantJSON(t), []byte("0,3000"), []byte("0,4000"), 1)
	tests := []struct {
		name   string
		model  []byte
		mode   device.Drift
		warned bool
		failed bool
	}{
		{"same model", plantJSON(t), device.Warn, false, false},
		{"warn", drifted, device.Warn, true, false},
		{"ignore", drifted, device.Ignore, false, false},
		{"error", drifted, device.Error, true, true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fetches := 0
				c := newCloud(t, emulator.WithObserver(func(e emulator.Exchange) {
					if strings.Contains(e.URL, "/deviceModels/") && !strings.Contains(e.URL, "devicePolicies") {
						fetches++
					}
				}))
				_, err := c.AddModel(tc.model)
				must(t, err)
				var log lockedBuffer
				d := c.open(c.assets("D-1", true, plantURN), device.OnDrift(tc.mode), device.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
				b, err := device.Bind(d, d.EndpointID(), &plant)
				must(t, err)
				icd, err := device.Bind(d, "0-ICD", &plant)
				must(t, err)
				must(t, d.Wait(t.Context(), device.StateOnline))
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := strings.Contains(log.String(), "differs from the server's"); got != tc.warned {
					t.Errorf("warned: %v, want %v\n%s", got, tc.warned, log.String())
				}
				var drift *device.DriftError
				if err := b.SetInteger(attrSpeed, 5); errors.As(err, &drift) != tc.failed {
					t.Errorf("setter: %v", err)
				}
				if err := icd.SetInteger(attrSpeed, 5); errors.As(err, &drift) != tc.failed {
					t.Errorf("setter of the other endpoint: %v", err)
				}
				if want := map[bool]int{true: 0, false: 1}[tc.mode == device.Ignore]; fetches != want {
					t.Errorf("%d fetches, want %d", fetches, want)
				}
			})
		})
	}
}

// TestDriftWaitsForContact: nothing is lost when the server is away at first.
func TestDriftWaitsForContact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		_, err := c.AddModel(bytes.Replace(plantJSON(t), []byte("0,3000"), []byte("0,4000"), 1))
		must(t, err)
		assets := c.assets("D-1", true, plantURN)
		c.cut(true)
		d := c.open(assets, device.OnDrift(device.Error))
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		must(t, b.SetInteger(attrSpeed, 5))
		time.Sleep(time.Hour)
		must(t, b.SetInteger(attrSpeed, 5))
		c.cut(false)
		time.Sleep(10 * time.Minute)
		if err := b.SetInteger(attrSpeed, 5); !errors.As(err, new(*device.DriftError)) {
			t.Errorf("error %v", err)
		}
	})
}
