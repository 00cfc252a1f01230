package outbox

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// model is what the index should do, done plainly.
type model struct {
	messages []*modelled // by number
	max      int
}

type modelled struct {
	sequence    uint64
	priority    wire.Priority
	reliability wire.Reliability
	state       state
}

func (m *model) delete(sequence uint64) {
	m.messages = slices.DeleteFunc(m.messages, func(x *modelled) bool { return x.sequence == sequence })
}

// enforce drops as the index does and returns the numbers.
func (m *model) enforce() (dropped []uint64) {
	for {
		kept := 0
		var victim *modelled
		for _, x := range m.messages {
			if x.state != pending {
				kept++
			}
			if x.state == waiting && (victim == nil || x.reliability < victim.reliability) {
				victim = x
			}
		}
		if kept <= m.max || victim == nil {
			return dropped
		}
		dropped = append(dropped, victim.sequence)
		m.delete(victim.sequence)
	}
}

// TestIndexAgainstModel plays 200 random lives against the plain model.
func TestIndexAgainstModel(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		options := Options{MaxMessages: 40}
		if err := options.setDefaults(); err != nil {
			t.Fatal(err)
		}
		x, m := newIndex(&options), model{max: 40}
		next := uint64(0)
		check := func(step int, what string, got, want any, equal bool) {
			t.Helper()
			if !equal {
				t.Fatalf("seed %d, step %d: %s gives %v, want %v", seed, step, what, got, want)
			}
		}
		for step := range 400 {
			switch random.IntN(6) {
			case 0, 1:
				next += 1 + uint64(random.IntN(3))
				p, r := wire.Priority(random.IntN(2)), wire.Reliability(random.IntN(3))
				ms := []Message{{Sequence: next, Encoded: wire.Encoded{Priority: p, Reliability: r}}}
				if err := x.admit(ms); err != nil {
					if !errors.As(err, new(*FullError)) {
						t.Fatal(err)
					}
					break
				}
				x.put(&ms[0], uint32(recordSize(&ms[0])), 0)
				m.messages = append(m.messages, &modelled{next, p, r, pending})
			case 2: // commit or fail what is pending
				fail := random.IntN(4) == 0
				for _, y := range slices.Clone(m.messages) {
					if y.state != pending {
						continue
					}
					f := ref{entry{sequence: y.sequence, size: x.lanes[y.priority][y.reliability].find(y.sequence).size}, y.priority, y.reliability}
					if fail {
						x.fail(f, nil, errPayload)
						m.delete(y.sequence)
						continue
					}
					x.commit(f)
					y.state = waiting
				}
				x.dropped = nil
				x.enforce(0)
				var got []uint64
				for _, d := range x.dropped {
					got = append(got, d.sequence)
				}
				want := m.enforce()
				check(step, "enforce", got, want, slices.Equal(got, want))
			case 3:
				p, before, n := wire.Priority(random.IntN(2)), uint64(random.IntN(int(next)+2)), random.IntN(8)
				refs, first := x.take(p, before, Limit{n, 1 << 30}, nil)
				var got, want []uint64
				for _, f := range refs {
					got = append(got, f.sequence)
				}
				wantFirst := None
				for _, y := range m.messages {
					if y.priority != p || y.state == taken {
						continue
					}
					if y.state == pending || y.sequence >= before || len(want) == n {
						wantFirst = y.sequence
						break
					}
					y.state = taken
					want = append(want, y.sequence)
				}
				check(step, "take", got, want, slices.Equal(got, want))
				check(step, "first left", first, wantFirst, first == wantFirst)
			case 4:
				for _, y := range m.messages {
					if y.state == taken && random.IntN(2) == 0 {
						_, ok := x.giveBack(y.sequence, false)
						check(step, "giveBack", ok, true, ok)
						y.state = waiting
					}
				}
			case 5:
				for _, y := range slices.Clone(m.messages) {
					_, ok := x.remove(y.sequence)
					check(step, "remove", ok, y.state == taken, ok == (y.state == taken))
					if ok {
						m.delete(y.sequence)
					}
					if random.IntN(3) == 0 {
						break
					}
				}
			}
			var kept, free int
			for _, y := range m.messages {
				if y.state != pending {
					kept++
				}
				if y.state == waiting {
					free++
				}
			}
			gotFree := x.free[0].messages + x.free[1].messages + x.free[2].messages
			check(step, "count", x.kept.messages, kept, x.kept.messages == kept)
			check(step, "free", gotFree, free, gotFree == free)
			check(step, "pending", x.pending.messages, len(m.messages)-kept, x.pending.messages == len(m.messages)-kept)
		}
	}
}

// TestLaneGivesMemoryBack: what is left when a long queue has passed is small.
func TestLaneGivesMemoryBack(t *testing.T) {
	var l lane
	for i := range uint64(100_000) {
		l.push(entry{sequence: i + 1, state: waiting})
	}
	for i := range uint64(99_990) {
		l.find(i + 1).state = gone
		l.trim()
	}
	if c := cap(l.entries); c > roomyLane {
		t.Errorf("10 entries in room for %d", c)
	}
	for i := uint64(99_990); i < 100_000; i++ {
		if l.find(i+1) == nil {
			t.Fatalf("entry %d is lost", i+1)
		}
		l.find(i + 1).state = gone
	}
	l.trim()
	if len(l.entries) != 0 || l.find(5) != nil || l.free(0) >= 0 {
		t.Error("an empty lane is not empty")
	}
}
