package device_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// TestMemoryOfPolicies: what a mean over a minute costs each of 10,000 virtual
// devices of a gateway above one without a policy, in bytes and goroutines. The
// policy comes from the store; the server is away.
func TestMemoryOfPolicies(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	const devices = 10_000
	without := memoryOfVirtuals(t, devices, false, `{"id":"P","lastModified":1,"enabled":false,"pipelines":[]}`)
	with := memoryOfVirtuals(t, devices, true, `{"id":"P","lastModified":1,"pipelines":[{"attributeName":"speed","pipeline":[{"id":"mean","parameters":{"window":60000}}]}]}`)
	t.Logf("%d bytes without a policy, %d with", without, with)
	if with-without > 1024 {
		t.Errorf("a policy costs %d bytes for each device, want at most 1024", with-without)
	}
}

// memoryOfVirtuals gives the bytes of each of so many virtual devices that have a
// policy and offered a value.
func memoryOfVirtuals(t *testing.T, devices int, offers bool, policy string) (each int64) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		c.cut(true)
		dir := t.TempDir()
		ids := make([]string, devices)
		for i := range ids {
			ids[i] = fmt.Sprintf("ICD-%d", i)
		}
		associations, err := json.Marshal(map[string]any{
			"devicePolicyIdsToEndpointIds":    map[string]any{"P": ids},
			"deviceModelUrnsToDevicePolicies": map[string]any{plantURN: []string{"P"}},
		})
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "device-associations.json"), associations, 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "P"), []byte(policy), 0o600))
		g, err := device.OpenGatewayAssets(t.Context(), c.assets("G-1", true, plantURN), append(c.options(nil), device.WithPolicyStore(dir), device.WithQueueSize(100_000),
			device.WithLogger(slog.New(slog.DiscardHandler)))...)
		must(t, err)
		synctest.Wait()
		goroutines := runtime.NumGoroutine()
		before := heapInUse()
		all := make([]device.Binding, devices)
		for i, id := range ids {
			all[i], err = device.Bind(g, id, &plant)
			must(t, err)
			if offers {
				must(t, all[i].OfferInteger(attrSpeed, int64(i%100)))
			}
		}
		synctest.Wait()
		each = (heapInUse() - before) / int64(devices)
		if n := runtime.NumGoroutine() - goroutines; n > 0 {
			t.Errorf("%d goroutines more", n)
		}
		runtime.KeepAlive(all)
		_ = g.Close(t.Context())
	})
	return each
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // pools are emptied in two steps
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
