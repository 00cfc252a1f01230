package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// TestAgainstModel does random things to a registry that is killed and opened again and again, and wants it to know exactly what was done.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runAgainstModel(t, rand.New(rand.NewPCG(seed, 3))) })
	}
}

func runAgainstModel(t *testing.T, random *rand.Rand) {
	path := filepath.Join(t.TempDir(), "state")
	open := func() *registry.Registry {
		r, lost, err := registry.Open(path)
		if err != nil || lost != 0 {
			t.Fatal(lost, err)
		}
		t.Cleanup(func() { r.Close() })
		return r
	}
	r := open()
	devices := make(map[string]string) // JSON by id
	tokens := make(map[string]string)  // device by text
	models := make(map[string]bool)    // draft by URN
	pick := func() string {
		ids := slices.Sorted(maps.Keys(devices))
		return ids[random.IntN(len(ids))]
	}
	keep := func(d *registry.Device) {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		devices[d.ID] = string(text)
	}
	for step := range 300 {
		switch action := random.IntN(12); {
		case action < 3 || len(devices) == 0:
			d := &registry.Device{HardwareID: fmt.Sprint("hw-", random.IntN(60)), Secret: []byte("s"), Details: registry.Details{Name: fmt.Sprint(step)}}
			if len(devices) > 0 && random.IntN(2) == 0 {
				d.Owner, d.Kind = pick(), registry.Indirect
				if r.Device(d.Owner).Kind == registry.Indirect {
					d.Owner, d.Kind = "", registry.Direct
				}
			}
			added, err := r.AddDevice(d)
			if errors.Is(err, registry.ErrExists) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			keep(added)
		case action < 6:
			changed, err := r.UpdateDevice(pick(), func(d *registry.Device) error {
				d.State, d.Models, d.Activated = registry.Activated, []string{fmt.Sprint("urn:", step)}, int64(step)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			keep(changed)
		case action < 7:
			removed, err := r.DeleteDevice(pick())
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range removed {
				delete(devices, id)
			}
			maps.DeleteFunc(tokens, func(_, device string) bool { return slices.Contains(removed, device) })
		case action < 9:
			token, err := r.Issue(pick(), registry.ScopeDevice, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			tokens[token.Text] = token.Device
		case action < 10:
			urn := fmt.Sprint("urn:test:", random.IntN(20))
			m, err := registry.NewDraft(urn, 1, "x")
			if err != nil {
				t.Fatal(err)
			}
			if m.Draft = random.IntN(2) == 0; r.AddModel(m) == nil {
				models[urn] = m.Draft
			}
		default:
			r = open() // the former one was killed
		}
		compareRegistry(t, step, r, devices, tokens, models)
	}
}

func compareRegistry(t *testing.T, step int, r *registry.Registry, devices, tokens map[string]string, models map[string]bool) {
	t.Helper()
	all := r.Devices()
	if len(all) != len(devices) || len(r.Models()) != len(models) {
		t.Fatalf("step %d: %d devices, want %d; %d models, want %d", step, len(all), len(devices), len(r.Models()), len(models))
	}
	for _, d := range all {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != devices[d.ID] || r.DeviceByHardwareID(d.HardwareID) != d {
			t.Fatalf("step %d: device %s, want %s", step, text, devices[d.ID])
		}
	}
	for text, device := range tokens {
		if _, d, ok := r.Token(text); !ok || d.ID != device {
			t.Fatalf("step %d: token of %s: %v", step, device, ok)
		}
	}
	for urn, draft := range models {
		if m := r.Model(urn); m == nil || m.Draft != draft {
			t.Fatalf("step %d: model %s: %+v", step, urn, m)
		}
	}
}
