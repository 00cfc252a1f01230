package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// modelMessage is what a history must know of a message.
type modelMessage struct {
	source   string
	client   wire.UUID
	received int64
	value    int64
	id       wire.UUID
}

// TestAgainstModel does random things to a history with a folder, which is killed and closed between, and wants its answers to be those
// of a plain list.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runAgainstModel(t, rand.New(rand.NewPCG(seed, 2))) })
	}
}

func runAgainstModel(t *testing.T, random *rand.Rand) {
	dir := t.TempDir()
	limits := history.Limits{Messages: 50 + random.IntN(100)}
	h := open(t, dir, limits)
	var kept []modelMessage
	values := make(map[string]int64)
	duplicates := int64(0)
	for step := range 150 {
		switch action := random.IntN(20); {
		case action == 0: // killed
			h = open(t, dir, limits)
			duplicates = 0
		case action == 1:
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h = open(t, dir, limits)
			duplicates = 0
		default:
			var batch []history.Incoming
			var fresh []modelMessage
			for range 1 + random.IntN(12) {
				m := modelMessage{source: fmt.Sprint("0-", random.IntN(3)), client: wire.NewUUID(), value: random.Int64N(1000)}
				if len(kept) > 0 && random.IntN(5) == 0 {
					m = kept[random.IntN(len(kept))]
				}
				batch, fresh = append(batch, incoming(t, m.source, m.client, m.value)), append(fresh, m)
			}
			for i, stored := range add(t, h, batch...) {
				known := slices.ContainsFunc(kept, func(k modelMessage) bool { return k.source == fresh[i].source && k.client == fresh[i].client })
				if known != (stored == nil) {
					t.Fatalf("step %d: stored %v, known before %v", step, stored, known)
				}
				if known {
					duplicates++
					continue
				}
				fresh[i].received, fresh[i].id = stored.Received, stored.ID
				kept = append(kept, fresh[i])
				values[fresh[i].source] = fresh[i].value
			}
			kept = kept[max(0, len(kept)-limits.Messages):]
		}
		if h.Duplicates() != duplicates {
			t.Fatalf("step %d: %d duplicates, want %d", step, h.Duplicates(), duplicates)
		}
		compareQuery(t, step, h, kept, random)
		for source, want := range values {
			if got, _ := h.Values(source, "urn:pump")["speed"].Value.AsInteger(); got != want {
				t.Fatalf("step %d: value of %s is %d, want %d", step, source, got, want)
			}
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// compareQuery asks something and compares the answer with that of the plain list.
func compareQuery(t *testing.T, step int, h *history.History, kept []modelMessage, random *rand.Rand) {
	t.Helper()
	var q history.Query
	if random.IntN(2) == 0 {
		q.Device = fmt.Sprint("0-", random.IntN(4))
	}
	if len(kept) > 0 && random.IntN(2) == 0 {
		q.Since = kept[random.IntN(len(kept))].received
	}
	if len(kept) > 0 && random.IntN(2) == 0 {
		q.Until = kept[random.IntN(len(kept))].received
	}
	var want []wire.UUID
	for _, m := range kept {
		if (q.Device == "" || m.source == q.Device) && m.received >= q.Since && (q.Until == 0 || m.received < q.Until) {
			want = append(want, m.id)
		}
	}
	if got := h.Count(q); got != len(want) {
		t.Fatalf("step %d: %+v: count %d, want %d", step, q, got, len(want))
	}
	skip, limit := random.IntN(5), 1+random.IntN(10)
	page := func(all []wire.UUID) []wire.UUID {
		all = all[min(skip, len(all)):]
		return all[:min(limit, len(all))]
	}
	ids := func(messages []*history.Message) (all []wire.UUID) {
		for _, m := range messages {
			all = append(all, m.ID)
		}
		return all
	}
	if got := ids(h.Oldest(q, skip, limit)); !slices.Equal(got, page(want)) {
		t.Fatalf("step %d: %+v: oldest %v, want %v", step, q, got, page(want))
	}
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	if got := ids(h.Newest(q, skip, limit)); !slices.Equal(got, page(reversed)) {
		t.Fatalf("step %d: %+v: newest %v, want %v", step, q, got, page(reversed))
	}
}
