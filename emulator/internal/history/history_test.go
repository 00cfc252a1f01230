package history_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

var noClient wire.UUID

// incoming makes a DATA message of a device; the value is that of its attribute speed.
func incoming(t testing.TB, source string, client wire.UUID, value int64) history.Incoming {
	t.Helper()
	text := wire.AppendData(nil, &wire.Header{ClientID: client, Source: source, EventTime: 5, Priority: wire.Low}, "urn:pump:attributes",
		[]wire.Item{{Name: "speed", Value: wire.IntegerValue(value)}, {Name: "name", Value: wire.StringValue(fmt.Sprint("n", value))}})
	m, err := wire.DecodeMessage(text)
	if err != nil {
		t.Fatal(err)
	}
	return history.Incoming{Message: m, JSON: text}
}

func add(t testing.TB, h *history.History, batch ...history.Incoming) []*history.Message {
	t.Helper()
	stored, err := h.Add(batch...)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func open(t testing.TB, dir string, limits history.Limits) *history.History {
	t.Helper()
	h, lost, err := history.Open(dir, limits)
	if err != nil || lost != 0 {
		t.Fatal(lost, err)
	}
	return h
}

func sequence(messages []*history.Message) []uint64 {
	var all []uint64
	for _, m := range messages {
		all = append(all, m.Seq)
	}
	return all
}

func Example() {
	h := history.New(history.Limits{})
	text := []byte(`{"clientId":"c-1","source":"0-AB","type":"DATA","eventTime":1,"payload":{"format":"urn:pump:attributes","data":{"speed":12}}}`)
	m, err := wire.DecodeMessage(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		if _, err := h.Add(history.Incoming{Message: m, JSON: text}); err != nil {
			fmt.Println(err)
		}
	}
	speed, _ := h.Values("0-AB", "urn:pump")["speed"].Value.AsNumber()
	fmt.Println(len(h.Newest(history.Query{Device: "0-AB"}, 0, 10)), h.Duplicates(), speed)
	// Output: 1 1 12
}

func TestAdd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := history.New(history.Limits{})
		start := time.Now().UnixMilli()
		var times []int64
		for range 3 {
			for _, m := range add(t, h, incoming(t, "0-A", wire.NewUUID(), 1), incoming(t, "0-A", wire.NewUUID(), 2)) {
				times = append(times, m.Received-start)
			}
			time.Sleep(3 * time.Millisecond)
		}
		if !slices.Equal(times, []int64{0, 1, 3, 4, 6, 7}) {
			t.Errorf("arrival times %v: not unique and increasing", times)
		}
	})
}

func TestMessage(t *testing.T) {
	h := history.New(history.Limits{})
	in := incoming(t, "0-A", wire.NewUUID(), 1)
	in.Violations = []string{"speed is fast"}
	m := add(t, h, in)[0]
	if m.Seq != 1 || m.ID.IsZero() || m.Source != "0-A" || m.EventTime != 5 || m.Type != wire.TypeData || m.ToDevice || !slices.Equal(m.Violations, in.Violations) || string(m.JSON) != string(in.JSON) {
		t.Errorf("stored %+v", m)
	}
	in.JSON[5] = '#'
	if m.JSON[5] == '#' {
		t.Error("the history shares the memory of the caller")
	}
	if h.Message(m.ID) != m || h.Message(wire.NewUUID()) != nil {
		t.Error("look-up by id")
	}
	if h.Violating() != 1 || h.Last() != 1 {
		t.Errorf("%d violating, last %d", h.Violating(), h.Last())
	}
}

func TestRequestsKeepTheirID(t *testing.T) {
	h := history.New(history.Limits{})
	id := wire.NewUUID()
	text := wire.AppendRequest(nil, &wire.Header{ClientID: wire.NewUUID(), Source: "0-APP", Destination: "0-A"}, id.String(), &wire.Request{Method: "PUT", URL: "x"})
	m, err := wire.DecodeMessage(text)
	if err != nil {
		t.Fatal(err)
	}
	if stored := add(t, h, history.Incoming{Message: m, JSON: text, ToDevice: true})[0]; stored.ID != id || !stored.ToDevice || stored.Destination != "0-A" {
		t.Errorf("stored %+v", stored)
	}
	if got := h.Count(history.Query{Device: "0-A"}); got != 1 {
		t.Errorf("%d messages of the device", got)
	}
	if got := h.Count(history.Query{Device: "0-APP"}); got != 0 {
		t.Errorf("%d messages of the source of a request", got)
	}
}

func TestDuplicates(t *testing.T) {
	h := history.New(history.Limits{})
	client := wire.NewUUID()
	one := incoming(t, "0-A", client, 1)
	stored := add(t, h, one, incoming(t, "0-B", client, 1), one)
	if stored[0] == nil || stored[1] == nil || stored[2] != nil {
		t.Errorf("stored %v", stored)
	}
	if stored := add(t, h, one); stored[0] != nil || h.Duplicates() != 2 || h.Last() != 2 {
		t.Errorf("stored %v, %d duplicates", stored, h.Duplicates())
	}
	without := incoming(t, "0-A", noClient, 1)
	without.ClientText = ""
	add(t, h, without, without)
	other := incoming(t, "0-A", noClient, 1)
	other.ClientText = "not a UUID"
	add(t, h, other, other)
	if h.Duplicates() != 3 || h.Last() != 5 {
		t.Errorf("%d duplicates, %d messages", h.Duplicates(), h.Last())
	}
}

func TestLimits(t *testing.T) {
	h := history.New(history.Limits{Messages: 3})
	first := incoming(t, "0-A", wire.NewUUID(), 0)
	add(t, h, first)
	for i := range 4 {
		add(t, h, incoming(t, "0-A", wire.NewUUID(), int64(i)))
	}
	if got := sequence(h.Oldest(history.Query{}, 0, -1)); !slices.Equal(got, []uint64{3, 4, 5}) {
		t.Errorf("kept %v", got)
	}
	if stored := add(t, h, first); stored[0] == nil {
		t.Error("a message that is gone counts as duplicate")
	}
	size := history.New(history.Limits{Bytes: 5000})
	for i := range 100 {
		add(t, size, incoming(t, "0-A", wire.NewUUID(), int64(i)))
	}
	if n := size.Count(history.Query{}); n < 5 || n > 20 {
		t.Errorf("%d messages within 5000 bytes", n)
	}
	huge := incoming(t, "0-A", wire.NewUUID(), 1)
	huge.JSON = append(huge.JSON, strings.Repeat(" ", 6000)...)
	add(t, size, huge)
	if n := size.Count(history.Query{}); n != 0 {
		t.Errorf("%d messages after one that is larger than all may be", n)
	}
}

func TestQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := history.New(history.Limits{})
		var at []int64
		for i := range 6 {
			source := []string{"0-A", "0-B"}[i%2]
			at = append(at, add(t, h, incoming(t, source, wire.NewUUID(), int64(i)))[0].Received)
			time.Sleep(time.Second)
		}
		for _, test := range []struct {
			name        string
			query       history.Query
			skip, limit int
			want        []uint64
		}{
			{"all", history.Query{}, 0, -1, []uint64{1, 2, 3, 4, 5, 6}},
			{"page", history.Query{}, 2, 2, []uint64{3, 4}},
			{"behind the end", history.Query{}, 9, 2, nil},
			{"device", history.Query{Device: "0-B"}, 0, -1, []uint64{2, 4, 6}},
			{"page of device", history.Query{Device: "0-B"}, 1, 1, []uint64{4}},
			{"unknown device", history.Query{Device: "0-C"}, 0, -1, nil},
			{"since is inclusive", history.Query{Since: at[4]}, 0, -1, []uint64{5, 6}},
			{"until is exclusive", history.Query{Until: at[1]}, 0, -1, []uint64{1}},
			{"both", history.Query{Since: at[1], Until: at[3] + 1}, 0, -1, []uint64{2, 3, 4}},
			{"until before since", history.Query{Since: at[3], Until: at[1]}, 0, -1, nil},
			{"type", history.Query{Type: wire.TypeAlert}, 0, -1, nil},
			{"same type", history.Query{Type: wire.TypeData, Device: "0-A"}, 0, -1, []uint64{1, 3, 5}},
		} {
			t.Log(test.name)
			if got := sequence(h.Oldest(test.query, test.skip, test.limit)); !slices.Equal(got, test.want) {
				t.Errorf("oldest %v, want %v", got, test.want)
			}
			if test.skip == 0 && test.limit < 0 {
				got := sequence(h.Newest(test.query, 0, -1))
				slices.Reverse(got)
				if !slices.Equal(got, test.want) || h.Count(test.query) != len(test.want) {
					t.Errorf("newest %v, count %d", got, h.Count(test.query))
				}
			}
		}
		if got := sequence(h.Newest(history.Query{}, 1, 2)); !slices.Equal(got, []uint64{5, 4}) {
			t.Errorf("page of the newest: %v", got)
		}
	})
}

func TestAfter(t *testing.T) {
	h := history.New(history.Limits{})
	add(t, h, incoming(t, "0-A", wire.NewUUID(), 1), incoming(t, "0-A", wire.NewUUID(), 2))
	messages, changed := h.After(1)
	if !slices.Equal(sequence(messages), []uint64{2}) {
		t.Errorf("after 1: %v", sequence(messages))
	}
	select {
	case <-changed:
		t.Error("changed without a change")
	default:
	}
	add(t, h, incoming(t, "0-A", wire.NewUUID(), 3))
	select {
	case <-changed:
	case <-time.After(5 * time.Second):
		t.Error("no notice of the change")
	}
	if messages, _ := h.After(3); len(messages) != 0 {
		t.Errorf("after the last: %v", sequence(messages))
	}
}

func TestValues(t *testing.T) {
	h := history.New(history.Limits{})
	add(t, h, incoming(t, "0-A", wire.NewUUID(), 1), incoming(t, "0-B", wire.NewUUID(), 7))
	m := add(t, h, incoming(t, "0-A", wire.NewUUID(), 2))[0]
	values := h.Values("0-A", "urn:pump")
	if len(values) != 2 || values["speed"].Received != m.Received || values["name"].Value.Text() != "n2" {
		t.Errorf("values %v", values)
	}
	if n, ok := values["speed"].Value.AsInteger(); !ok || n != 2 {
		t.Errorf("speed %v", values["speed"])
	}
	if len(h.Values("0-A", "urn:other")) != 0 {
		t.Error("values of another model")
	}
	h.Forget("0-A")
	if len(h.Values("0-A", "urn:pump")) != 0 || len(h.Values("0-B", "urn:pump")) != 2 {
		t.Error("after Forget")
	}
}

func TestKept(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, history.Limits{})
	one := incoming(t, "0-A", wire.NewUUID(), 1)
	one.Violations = []string{"first", "second"}
	before := add(t, h, one, incoming(t, "0-A", wire.NewUUID(), 2))
	// killed: no Close
	again := open(t, dir, history.Limits{})
	after := again.Oldest(history.Query{}, 0, -1)
	if len(after) != 2 {
		t.Fatalf("%d messages after the restart", len(after))
	}
	for i, m := range after {
		if m.ID != before[i].ID || m.Received != before[i].Received || string(m.JSON) != string(before[i].JSON) || m.Source != "0-A" || m.EventTime != 5 || !slices.Equal(m.Violations, before[i].Violations) {
			t.Errorf("message %+v, was %+v", m, before[i])
		}
	}
	if n, _ := again.Values("0-A", "urn:pump")["speed"].Value.AsInteger(); n != 2 {
		t.Errorf("values %v", again.Values("0-A", "urn:pump"))
	}
	if stored := add(t, again, one); stored[0] != nil {
		t.Error("a message from before the restart is stored twice")
	}
	if m := add(t, again, incoming(t, "0-A", wire.NewUUID(), 3))[0]; m.Received <= before[1].Received {
		t.Error("the arrival time went back")
	}
	if err := errors.Join(again.Close(), h.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Add(incoming(t, "0-A", wire.NewUUID(), 4)); err == nil {
		t.Error("added after Close")
	}
	if again.Count(history.Query{}) != 3 {
		t.Error("a message that could not be kept was stored")
	}
}

// Values outlive the messages that brought them, across restarts too.
func TestFilesAreBounded(t *testing.T) {
	dir := t.TempDir()
	limits := history.Limits{Messages: 2000, Bytes: 4 << 20}
	h := open(t, dir, limits)
	only := incoming(t, "0-ONCE", wire.NewUUID(), 42)
	add(t, h, only)
	batch := make([]history.Incoming, 100)
	for range 250 {
		for i := range batch {
			batch[i] = incoming(t, "0-A", wire.NewUUID(), int64(i))
		}
		add(t, h, batch...)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "messages-*.log"))
	if err != nil || len(paths) > 4 || slices.Contains(paths, filepath.Join(dir, "messages-00000001.log")) {
		t.Errorf("files %v, %v", paths, err)
	}
	h = open(t, dir, limits) // killed
	if n, _ := h.Values("0-ONCE", "urn:pump")["speed"].Value.AsInteger(); n != 42 || h.Count(history.Query{Device: "0-ONCE"}) != 0 {
		t.Errorf("value of an evicted message: %d", n)
	}
	if got := h.Count(history.Query{}); got != 2000 {
		t.Errorf("%d messages after the restart", got)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h = open(t, dir, limits)
	defer h.Close()
	values := h.Values("0-A", "urn:pump")
	if n, _ := values["speed"].Value.AsInteger(); n != 99 || values["name"].Value.Text() != "n99" {
		t.Errorf("values after Close: %v", values)
	}
}

func TestTornMessages(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, history.Limits{})
	add(t, h, incoming(t, "0-A", wire.NewUUID(), 1))
	add(t, h, incoming(t, "0-A", wire.NewUUID(), 2))
	path := filepath.Join(dir, "messages-00000001.log")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-3); err != nil {
		t.Fatal(err)
	}
	again, lost, err := history.Open(dir, history.Limits{})
	if err != nil || lost == 0 || again.Count(history.Query{}) != 1 {
		t.Errorf("%d bytes lost, %d messages, %v", lost, again.Count(history.Query{}), err)
	}
	again.Close()
}

func TestForeignFiles(t *testing.T) {
	for _, name := range []string{"messages-00000001.log", "values.log", "messages-other.log"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("something else ", 5)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := history.Open(dir, history.Limits{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	h := history.New(history.Limits{Messages: 500})
	var group sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	group.Go(func() {
		for seq := uint64(0); ; {
			messages, changed := h.After(seq)
			for _, m := range messages {
				seq = m.Seq
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	})
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for k := range 200 {
				add(t, h, incoming(t, fmt.Sprint("0-", i), wire.NewUUID(), int64(k)))
				h.Newest(history.Query{Device: "0-1"}, 0, 5)
				h.Values("0-1", "urn:pump")
			}
		})
	}
	writers.Wait()
	cancel()
	group.Wait()
	if h.Last() != 800 || h.Count(history.Query{}) != 500 {
		t.Errorf("%d added, %d kept", h.Last(), h.Count(history.Query{}))
	}
}

func benchmarkAdd(b *testing.B, h *history.History) {
	batch := make([]history.Incoming, 100)
	for i := range batch {
		batch[i] = incoming(b, "0-A", wire.NewUUID(), int64(i))
	}
	var ids wire.UUIDSource
	b.ReportAllocs()
	for b.Loop() {
		for i := range batch {
			batch[i].ClientID = ids.New()
		}
		add(b, h, batch...)
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkAdd(b *testing.B) { benchmarkAdd(b, history.New(history.Limits{})) }

func BenchmarkAddKept(b *testing.B) {
	h := open(b, b.TempDir(), history.Limits{})
	defer h.Close()
	benchmarkAdd(b, h)
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	h := open(b, dir, history.Limits{})
	batch := make([]history.Incoming, 100)
	for range 100 {
		for i := range batch {
			batch[i] = incoming(b, "0-A", wire.NewUUID(), int64(i))
		}
		add(b, h, batch...)
	}
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		open(b, dir, history.Limits{})
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/10_000*1e6, "µs/message")
}
