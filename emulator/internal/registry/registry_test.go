package registry_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

const pump = `{"urn":"urn:test:pump","name":"Pump","attributes":[
 {"name":"speed","alias":"rpm","type":"INTEGER","range":"0,3000","writable":true},{"name":"rpm2","alias":"speed","type":"NUMBER"}],
 "actions":[{"name":"stop","alias":"halt"}],
 "formats":[{"urn":"urn:test:pump:hot","name":"Hot","type":"ALERT","value":{"fields":[]}}]}`

var testKey = sync.OnceValues(func() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(&key.PublicKey)
})

func newModel(t testing.TB, text string) *registry.Model {
	t.Helper()
	m, err := registry.NewModel([]byte(text), 1, "tester")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func add(t testing.TB, r *registry.Registry, d *registry.Device) *registry.Device {
	t.Helper()
	added, err := r.AddDevice(d)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func Example() {
	r := registry.New()
	device, err := r.AddDevice(&registry.Device{ID: "0-AB", HardwareID: "pump-7", Secret: []byte("secret")})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := r.Issue(device.ID, registry.ScopeDevice, time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, owner, ok := r.Token(token.Text)
	fmt.Println(len(token.Text), owner.HardwareID, owner.State, ok)
	// Output: 32 pump-7 REGISTERED true
}

func TestModels(t *testing.T) {
	r := registry.New()
	draft, err := registry.NewDraft("urn:test:pump", 1, "emulator")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddModel(draft); err != nil || !r.Model("urn:test:pump").Draft {
		t.Fatalf("draft: %v", err)
	}
	if err := r.AddModel(draft); !errors.Is(err, registry.ErrExists) {
		t.Errorf("draft twice: %v", err)
	}
	if err := r.AddModel(newModel(t, pump)); err != nil {
		t.Fatalf("a model in the place of a draft: %v", err)
	}
	for _, m := range []*registry.Model{newModel(t, pump), draft} {
		if err := r.AddModel(m); !errors.Is(err, registry.ErrExists) {
			t.Errorf("over a model: %v, want ErrExists", err)
		}
	}
	m := r.Model("urn:test:pump")
	if m.Draft || m.User != "tester" || m.Parsed().Name != "Pump" {
		t.Errorf("model %+v", m)
	}
	if a := m.Attribute("rpm"); a == nil || a.Name != "speed" {
		t.Errorf("alias rpm gives %v", a)
	}
	if a := m.Attribute("speed"); a == nil || a.Name != "speed" {
		t.Errorf("the alias of another attribute wins over a name: %v", a)
	}
	if m.Action("halt") == nil || m.Action("stop") == nil || m.Action("start") != nil || m.Format("urn:test:pump:hot") == nil || m.Format("urn:x") != nil {
		t.Error("actions or formats not found")
	}
	if r.Model("urn:test:fan") != nil || len(r.Models()) != 1 {
		t.Error("wrong models")
	}
	if _, err := registry.NewModel([]byte(`{"name":"no urn"}`), 1, ""); err == nil {
		t.Error("a model without a URN")
	}
}

func TestDevices(t *testing.T) {
	r := registry.New()
	gateway := add(t, r, &registry.Device{HardwareID: "gw", Kind: registry.Gateway})
	if !regexp.MustCompile(`^0-[0-9A-Z]{6}$`).MatchString(gateway.ID) || gateway.Owner != gateway.ID || gateway.Created == 0 {
		t.Errorf("gateway %+v", gateway)
	}
	if _, err := r.AddDevice(&registry.Device{HardwareID: "gw"}); !errors.Is(err, registry.ErrExists) {
		t.Errorf("same hardware id: %v", err)
	}
	if _, err := r.AddDevice(&registry.Device{ID: gateway.ID, HardwareID: "other"}); !errors.Is(err, registry.ErrExists) {
		t.Errorf("same id: %v", err)
	}
	sensor := add(t, r, &registry.Device{ID: "0-ICD", HardwareID: "icd", Kind: registry.Indirect, Owner: gateway.ID})
	if r.Device("0-ICD") != sensor || r.DeviceByHardwareID("icd") != sensor || r.Device("0-NONE") != nil {
		t.Error("look-ups")
	}
	if all := r.Devices(); len(all) != 2 {
		t.Errorf("%d devices", len(all))
	}
	removed, err := r.DeleteDevice(gateway.ID)
	if err != nil || !slices.Equal(removed, []string{gateway.ID, "0-ICD"}) {
		t.Errorf("removed %v, %v", removed, err)
	}
	if r.Device("0-ICD") != nil || r.DeviceByHardwareID("gw") != nil || len(r.Devices()) != 0 {
		t.Error("devices left")
	}
	if _, err := r.DeleteDevice(gateway.ID); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestUpdateDevice(t *testing.T) {
	r := registry.New()
	der, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	old := add(t, r, &registry.Device{HardwareID: "d", Details: registry.Details{Metadata: map[string]any{"city": "Hamburg"}}})
	old.Heard(5)
	end := old.Poll()
	changed, err := r.UpdateDevice(old.ID, func(d *registry.Device) error {
		d.State, d.PublicKey, d.Models = registry.Activated, der, []string{"urn:a"}
		d.Metadata["city"] = "Bremen"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if old.State != registry.Registered || old.Metadata["city"] != "Hamburg" || old.Key() != nil {
		t.Error("the former state was modified")
	}
	if changed.Key() == nil || !changed.Implements("urn:a") || changed.Implements("urn:b") || r.Device(old.ID) != changed {
		t.Errorf("changed to %+v", changed)
	}
	if changed.LastHeard() != 5 || !changed.Polling() {
		t.Error("presence lost")
	}
	end()
	if changed.Polling() {
		t.Error("still polling")
	}
	refuse := errors.New("no")
	if _, err := r.UpdateDevice(old.ID, func(d *registry.Device) error { d.Bound = true; return refuse }); !errors.Is(err, refuse) || r.Device(old.ID).Bound {
		t.Errorf("refused change: %v", err)
	}
	if _, err := r.UpdateDevice(old.ID, func(d *registry.Device) error { d.PublicKey = []byte("x"); return nil }); err == nil || r.Device(old.ID).Key() == nil {
		t.Errorf("broken key: %v", err)
	}
	if _, err := r.UpdateDevice("0-NONE", nil); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("unknown device: %v", err)
	}
}

func TestRoaming(t *testing.T) {
	r := registry.New()
	one := add(t, r, &registry.Device{HardwareID: "gw1", Kind: registry.Gateway})
	two := add(t, r, &registry.Device{HardwareID: "gw2", Kind: registry.Gateway})
	icd := add(t, r, &registry.Device{HardwareID: "icd", Kind: registry.Indirect, Owner: one.ID})
	if _, err := r.UpdateDevice(icd.ID, func(d *registry.Device) error { d.Owner = two.ID; return nil }); err != nil {
		t.Fatal(err)
	}
	if removed, _ := r.DeleteDevice(one.ID); len(removed) != 1 {
		t.Errorf("removed with its former gateway: %v", removed)
	}
	if removed, _ := r.DeleteDevice(two.ID); len(removed) != 2 {
		t.Errorf("not removed with its gateway: %v", removed)
	}
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New()
		d := add(t, r, &registry.Device{HardwareID: "d"})
		if _, err := r.Issue("0-NONE", registry.ScopeDevice, time.Hour); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("token of nobody: %v", err)
		}
		first, err := r.Issue(d.ID, registry.ScopeActivation, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString(first.Text) {
			t.Errorf("token %q", first.Text)
		}
		token, device, ok := r.Token(first.Text)
		if !ok || device != d || token.Scope != registry.ScopeActivation {
			t.Errorf("found %+v %v", token, ok)
		}
		time.Sleep(time.Hour)
		if _, _, ok := r.Token(first.Text); ok {
			t.Error("an expired token was found")
		}
		var texts []string
		for range 40 {
			token, err := r.Issue(d.ID, registry.ScopeDevice, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, token.Text)
		}
		valid := 0
		for _, text := range texts {
			if _, _, ok := r.Token(text); ok {
				valid++
			}
		}
		if _, _, ok := r.Token(texts[39]); !ok || valid != 32 {
			t.Errorf("%d of 40 tokens count, want the newest 32", valid)
		}
		if _, err := r.DeleteDevice(d.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := r.Token(texts[39]); ok {
			t.Error("a token of a removed device was found")
		}
	})
}

func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	der, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := registry.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddModel(newModel(t, pump)); err != nil {
		t.Fatal(err)
	}
	d := add(t, r, &registry.Device{HardwareID: "d", Secret: []byte("s"), Details: registry.Details{Name: "Device", Location: map[string]float64{"latitude": 53.5}}})
	gone := add(t, r, &registry.Device{HardwareID: "gone"})
	d, err = r.UpdateDevice(d.ID, func(d *registry.Device) error {
		d.State, d.PublicKey, d.Models, d.Resources = registry.Activated, der, []string{"urn:test:pump"}, map[string][]string{"a/b": {"GET"}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := r.Issue(d.ID, registry.ScopeDevice, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DeleteDevice(gone.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.AddModel(newModel(t, `{"urn":"urn:late","name":"late"}`)); err == nil {
		t.Error("a change after Close")
	}
	for range 2 { // the second time from a journal that was written anew
		r, lost, err := registry.Open(path)
		if err != nil || lost != 0 {
			t.Fatal(lost, err)
		}
		again := r.Device(d.ID)
		if again == nil || again.State != registry.Activated || string(again.Secret) != "s" || again.Key() == nil || again.Name != "Device" ||
			again.Location["latitude"] != 53.5 || !slices.Equal(again.Resources["a/b"], []string{"GET"}) || again.Created != d.Created {
			t.Errorf("device %+v", again)
		}
		if m := r.Model("urn:test:pump"); m == nil || m.Attribute("speed") == nil || m.User != "tester" {
			t.Errorf("model %+v", m)
		}
		if found, owner, ok := r.Token(token.Text); !ok || owner != again || !found.Expires.Equal(token.Expires) || found.Scope != registry.ScopeDevice {
			t.Errorf("token %+v %v", found, ok)
		}
		if r.Device(gone.ID) != nil || len(r.Devices()) != 1 {
			t.Error("a removed device came back")
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A device that fetches tokens for years does not make the journal grow without end.
func TestJournalStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	r, _, err := registry.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := add(t, r, &registry.Device{HardwareID: "d"})
	var last registry.Token
	for range 25_000 {
		if last, err = r.Issue(d.ID, registry.ScopeDevice, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 3<<20 {
		t.Errorf("the journal has %d bytes, %v", info.Size(), err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r, _, err = registry.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, ok := r.Token(last.Text); !ok {
		t.Error("the newest token was lost")
	}
	if info, _ := os.Stat(path); info.Size() > 64<<10 {
		t.Errorf("after opening the journal has %d bytes", info.Size())
	}
}

func TestOpenDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, []byte("something else, long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := registry.Open(path); err == nil {
		t.Error("no error for a foreign file")
	}
}

func TestConcurrentUse(t *testing.T) {
	r := registry.New()
	d := add(t, r, &registry.Device{HardwareID: "d"})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for k := range 50 {
				add(t, r, &registry.Device{HardwareID: fmt.Sprint(i, "-", k)})
				token, err := r.Issue(d.ID, registry.ScopeDevice, time.Hour)
				if err != nil {
					t.Error(err)
				}
				r.Token(token.Text)
				r.Devices()
				if _, err := r.UpdateDevice(d.ID, func(d *registry.Device) error { d.Activated++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := r.Device(d.ID).Activated; got != 200 {
		t.Errorf("%d updates counted, want 200", got)
	}
}

func BenchmarkToken(b *testing.B) {
	r := registry.New()
	d := add(b, r, &registry.Device{HardwareID: "d"})
	token, err := r.Issue(d.ID, registry.ScopeDevice, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := r.Token(token.Text); !ok {
			b.Fatal("not found")
		}
	}
}
