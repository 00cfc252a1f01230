package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// TestHeldMessagesAreNotLostOrReordered: uploads that end in any order, well or
// not, while the server fails now and then. Each message is delivered or told, and
// what is delivered of one source and priority is in the order of acceptance.
func TestHeldMessagesAreNotLostOrReordered(t *testing.T) {
	withQueues(t, func(t *testing.T, s *server, d *dispatch.Dispatcher, j *journal) {
		const seed = 7
		random := rand.New(rand.NewPCG(seed, 0))
		s.onSend = func(n int, _ []*wire.Message) error {
			if n%5 == 0 {
				return status(503)
			}
			return nil
		}
		sources := []string{"0-AB", "0-CD", "0-EF"}
		priorities := []wire.Priority{wire.Low, wire.Medium}
		var wanted, refused []string
		var mu sync.Mutex
		for i := range 600 {
			source, p := random.IntN(len(sources)), priorities[random.IntN(len(priorities))]
			name := fmt.Sprintf("%d/%d/%d", source, p, i)
			r := []wire.Reliability{wire.BestEffort, wire.GuaranteedDelivery}[random.IntN(2)]
			if random.IntN(3) > 0 {
				must(t, d.Queue(nil, of(sources[source], data(name, p, r))))
				wanted = append(wanted, name)
				continue
			}
			u, fails := new(upload), random.IntN(5) == 0
			await(t, d, u, of(sources[source], data("held "+name, p, r)))
			if fails {
				refused = append(refused, "held "+name)
			} else {
				wanted = append(wanted, "done "+name)
			}
			time.AfterFunc(time.Duration(random.IntN(10_000))*time.Millisecond, func() {
				mu.Lock()
				defer mu.Unlock()
				if fails {
					u.end(errUpload)
				} else {
					u.end(nil)
				}
			})
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
		}
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		j.mu.Lock()
		defer j.mu.Unlock()
		if got, want := slices.Sorted(slices.Values(j.failed)), slices.Sorted(slices.Values(refused)); !slices.Equal(got, want) {
			t.Errorf("failed %q, want %q", got, want)
		}
		if got, want := byLane(j.delivered), byLane(wanted); got != want {
			t.Errorf("seed %d: delivered\n%s\nwant\n%s", seed, got, want)
		}
	})
}

// byLane lists names by source and priority, in their order.
func byLane(names []string) string {
	lanes := make(map[string][]string)
	for _, name := range names {
		place := strings.TrimPrefix(name, "done ")
		lane := place[:strings.LastIndexByte(place, '/')]
		lanes[lane] = append(lanes[lane], name)
	}
	var b strings.Builder
	for _, lane := range []string{"0", "1", "2"} {
		for _, p := range []wire.Priority{wire.Low, wire.Medium} {
			key := fmt.Sprintf("%s/%d", lane, p)
			fmt.Fprintln(&b, key, lanes[key])
		}
	}
	return b.String()
}
