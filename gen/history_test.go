package gen_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen"
	"github.com/iotcs-go/iotcs/internal/racetest"
)

// Wire names that give the same Go names, so that history matters.
var colliding = []string{"left-door", "left_door", "leftDoor", "LeftDoor", "left.door", "a-b", "a_b", "aB", "update", "Update", "on-change", "virtual", "3d", "3-d", "x3d", "温度", "über-druck", "überDruck"}

// However attributes come, go and change places: as long as the lock is kept, none that stays is renamed, through files on disk and all.
func TestRemainingNamesNeverChange(t *testing.T) {
	steps := 60
	if racetest.Enabled {
		steps = 10
	}
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		w := world{t, t.TempDir()}
		before := make(map[string]string)
		var all []string
		for range steps {
			all = change(rnd, all)
			w.write("models/m.json", historyModel(all))
			w.generate(gen.Flags{}, gen.WriteOptions{})
			now := namesByWire(t, w.read("generated/iotcs-gen.lock"))
			code := w.read("generated/m/device.go")
			for _, wire := range all {
				name := now[wire]
				if name == "" || !strings.Contains(code, ") Set"+name+"(") {
					t.Fatalf("seed %d: %q has no setter Set%s", seed, wire, name)
				}
				if old := before[wire]; old != "" && old != name {
					t.Fatalf("seed %d: %q was %s and is %s", seed, wire, old, name)
				}
			}
			before = now
		}
	}
}

// change adds, removes or moves some names.
func change(rnd *rand.Rand, all []string) []string {
	all = slices.Clone(all)
	for range 1 + rnd.IntN(4) {
		if i := rnd.IntN(len(colliding)); !slices.Contains(all, colliding[i]) {
			all = append(all, colliding[i])
		}
	}
	for range rnd.IntN(4) {
		if len(all) > 0 {
			i := rnd.IntN(len(all))
			all = slices.Delete(all, i, i+1)
		}
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func historyModel(attributes []string) string {
	var members []string
	for _, a := range attributes {
		members = append(members, fmt.Sprintf(`{"name": %q, "type": "INTEGER", "writable": true}`, a))
	}
	return `{"urn": "urn:test:m", "name": "M", "attributes": [` + strings.Join(members, ",\n") + `]}`
}

var attributeFact = regexp.MustCompile(`(?m)^urn:test:m attribute (\S+) (\S+)$`)

func namesByWire(t *testing.T, lock string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	taken := make(map[string]string)
	for _, m := range attributeFact.FindAllStringSubmatch(lock, -1) {
		if other := taken[m[2]]; other != "" {
			t.Fatalf("%q and %q are both called %s", other, m[1], m[2])
		}
		all[m[1]], taken[m[2]] = m[2], m[1]
	}
	return all
}

// Without a lock the names are a function of the model alone, not of the order of its members.
func TestNamesWithoutHistory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var want string
	for range 5 {
		all := slices.Clone(colliding)
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		w := world{t, t.TempDir()}
		w.write("models/m.json", historyModel(all))
		w.generate(gen.Flags{}, gen.WriteOptions{})
		got := w.read("generated/m/device.go")
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatal("the order of attributes changes the code")
		}
	}
}
