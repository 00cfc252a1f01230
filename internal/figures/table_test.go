package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCells(t *testing.T) {
	tests := []struct {
		name   string
		figure figure
		want   [5]string
	}{
		{"held", figure{name: "f", values: []float64{5e-6}, write: micros}.atMost(6e-6), [5]string{"f", "5.00 µs", "", "≤ 6.00 µs", "held"}},
		{"exactly the bound", figure{name: "f", values: []float64{6e-6}, write: micros}.atMost(6e-6), [5]string{"f", "6.00 µs", "", "≤ 6.00 µs", "held"}},
		{"too much", figure{name: "f", values: []float64{6.1e-6}, write: micros}.atMost(6e-6), [5]string{"f", "6.10 µs", "", "≤ 6.00 µs", "NOT HELD"}},
		{"enough", figure{name: "f", values: []float64{41}, write: perSecond}.atLeast(40), [5]string{"f", "41 /s", "", "≥ 40 /s", "held"}},
		{"too little", figure{name: "f", values: []float64{39}, write: perSecond}.atLeast(40), [5]string{"f", "39 /s", "", "≥ 40 /s", "NOT HELD"}},
		{"median of three", figure{name: "f", values: []float64{9e6, 1e6, 4e6}, write: megabytes}.atMost(5e6), [5]string{"f", "4.0 MB", "1.0 MB to 9.0 MB", "≤ 5.0 MB", "held"}},
		{"median of two", figure{name: "f", values: []float64{0.3, 0.1}, write: millis}, [5]string{"f", "100 ms", "100 ms to 300 ms", "", ""}},
		{"not measured", figure{name: "f", write: kilobytes}.atMost(8000), [5]string{"f", "not measured", "", "≤ 8.00 kB", ""}},
		{"no bound", figure{name: "f", values: []float64{0}, write: number}, [5]string{"f", "0", "", "", ""}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.figure.cells()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTabulate: results of known size come out as what they are.
func TestTabulate(t *testing.T) {
	r := &results{
		stores:   []storeResult{{Flush: time.Millisecond, Put: 31 * time.Microsecond, Drain: 2 * time.Microsecond, Open: 200 * time.Millisecond}},
		own:      []sending{{spent{Wall: 2 * time.Second, CPU: time.Second / 2, Peak: 30e6}, time.Second, 100_000}},
		stored:   []sending{{spent{Wall: 4 * time.Second, CPU: time.Second, Peak: 31e6}, time.Second, 100_000}},
		unsynced: []sending{{spent{Wall: 4 * time.Second, CPU: 2 * time.Second, Peak: 31e6}, time.Second, 100_000}},
		peer:     []sending{{spent{Wall: time.Second, CPU: time.Second, Peak: 90e6}, time.Second / 10, 2000}},
		virtuals: []virtualsResult{{2000, 9000, 0}},
	}
	c := config{Messages: 100_000, Virtuals: 10, PeerMessages: 2000, Peer: true}
	got := map[string]string{}
	for _, f := range tabulate(c, r) {
		cells := f.cells()
		got[f.name] = strings.TrimSpace(cells[1] + " " + cells[4])
	}
	want := map[string]string{
		"disk: a write that is flushed":                           "1000.00 µs",
		"outbox: put with group commit, 64 writers":               "31.00 µs NOT HELD",
		"outbox: drain":                                           "2.00 µs held",
		"outbox: open with 100000 waiting":                        "200 ms held",
		"device: 100000 messages over TLS, 100 a call":            "50000 /s held",
		"device: CPU for each message":                            "5.00 µs held",
		"device: peak memory":                                     "30.0 MB held",
		"emulator: CPU for each message":                          "10.00 µs",
		"device with outbox, 64 setters: 100000 messages":         "25000 /s",
		"device with outbox: CPU for each message":                "10.00 µs",
		"device with outbox: peak memory":                         "31.0 MB",
		"device with outbox, no flush, 1 setter: 100000 messages": "25000 /s",
		"device with outbox, no flush: CPU for each message":      "20.00 µs",
		"10 virtual devices, new: each":                           "2.00 kB held",
		"10 virtual devices, one value sent: each":                "9.00 kB NOT HELD",
		"10 virtual devices: goroutines of all":                   "0 held",
		"JavaScript client: 2000 messages over TLS, 100 a call":   "2000 /s",
		"JavaScript client: CPU for each message":                 "500.00 µs",
		"JavaScript client: peak memory":                          "90.0 MB",
		"emulator: CPU for each message of the JavaScript client": "50.00 µs",
		"JavaScript client to device: CPU":                        "100 ×",
		"JavaScript client to device: peak memory":                "3 ×",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !complete(tabulate(c, r)) {
		t.Error("everything is there, but the table counts as incomplete")
	}
	r.peer = nil
	if complete(tabulate(c, r)) {
		t.Error("without the official client the table counts as complete")
	}
	c.Peer = false
	if !complete(tabulate(c, r)) {
		t.Error("the official client is not wanted, but missed")
	}
}

func TestTalk(t *testing.T) {
	var out bytes.Buffer
	talk := newTalk(strings.NewReader("send\ncount\n"), &out)
	for _, want := range []string{"send", "count"} {
		if got, more := talk.next(); got != want || !more {
			t.Errorf("command %q, %v", got, more)
		}
	}
	if _, more := talk.next(); more {
		t.Error("a command after the last")
	}
	if err := talk.answer(spent{Peak: 7}); err != nil || out.String() != `{"answer":{"Wall":0,"CPU":0,"Peak":7}}`+"\n" {
		t.Errorf("answer %q, %v", &out, err)
	}
}
