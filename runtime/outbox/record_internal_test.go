package outbox

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func testMessage() *Message {
	return &Message{Sequence: 300, Encoded: wire.Encoded{
		ClientID: wire.UUID{1, 2, 3}, Source: strings.Repeat("s", 200), Format: "urn:x", Type: wire.TypeAlert,
		Priority: wire.High, Reliability: wire.GuaranteedDelivery, EventTime: -7, JSON: []byte(`{"a":1}`),
	}}
}

func TestMessageRecord(t *testing.T) {
	m := testMessage()
	raw := appendMessage(nil, m, 12_345, 99)
	if len(raw) != recordSize(m) {
		t.Errorf("%d bytes, want %d", len(raw), recordSize(m))
	}
	r, work, ok := parseRecord(append(raw, "rest"...))
	if !ok || work != len(raw) || r.sequence != 300 || r.kind() != kindMessage {
		t.Fatalf("record %+v, %d, %v", r, work, ok)
	}
	f, at, err := messageRef(r)
	if err != nil || f.stored != 12 || at != (stamps{12_345, 99}) || f.priority != wire.High || f.reliability != wire.GuaranteedDelivery || int(f.size) != len(raw) {
		t.Errorf("%+v %+v %v", f, at, err)
	}
	var got Message
	if err := decodeMessage(r, &got, func(b []byte) string { return string(b) }); err != nil {
		t.Fatal(err)
	}
	if got.ClientID != m.ClientID || got.Source != m.Source || got.Format != m.Format || got.Type != m.Type ||
		got.EventTime != m.EventTime || !bytes.Equal(got.JSON, m.JSON) || got.Sequence != 300 {
		t.Errorf("%+v", got)
	}
}

func TestMarks(t *testing.T) {
	for _, sequences := range [][]uint64{{1}, {5, 6, 7}, {9, 1, 2, 3, 8}, {None - 1}, {4, 4, 5}, {1 << 40, 3}} {
		raw := appendDone(nil, 77, slices.Clone(sequences))
		r, _, ok := parseRecord(raw)
		if !ok || r.sequence != 77 {
			t.Fatalf("%v: no record", sequences)
		}
		spans, err := readDone(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range sequences {
			if !slices.ContainsFunc(spans, func(s span) bool { return s.first <= n && n <= s.last }) {
				t.Errorf("%v: %d is not in %v", sequences, n, spans)
			}
		}
		total := uint64(0)
		for _, s := range spans {
			total += s.last - s.first + 1
		}
		unique := slices.Compact(slices.Sorted(slices.Values(sequences)))
		if total != uint64(len(unique)) {
			t.Errorf("%v: spans %v", sequences, spans)
		}
	}
	attempts := []attempt{{3, 1}, {1 << 50, 65_535}, {2, 0}}
	r, _, _ := parseRecord(appendAttempts(nil, 0, attempts))
	if got, err := readAttempts(r, nil); err != nil || !slices.Equal(got, attempts) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSegmentNames(t *testing.T) {
	for name, want := range map[string]uint32{
		segmentName(1): 1, segmentName(1<<32 - 1): 1<<32 - 1,
		"0000000000.segment": 0, "1.segment": 0, "00000000001.segment": 0, "4294967296.segment": 0, "-000000001.segment": 0, "0000000001.bad": 0, "next": 0,
	} {
		if n, ok := segmentNumber(name); n != want && ok || ok != (want > 0) {
			t.Errorf("%s is %d, %v", name, n, ok)
		}
	}
}

// TestScanIsLinear: content made to be read again and again takes no more time
// than other content.
func TestScanIsLinear(t *testing.T) {
	data := make([]byte, maxSegment)
	for at := 0; at+headerSize < len(data); at += headerSize {
		copy(data[at:], marker)
		binary.LittleEndian.PutUint32(data[at+4:], uint32(min(len(data)-at-headerSize, maxRecord-headerSize)))
	}
	start := time.Now()
	s := newScanner(data, 0)
	for _, bad, ok := s.next(); ok; _, bad, ok = s.next() {
		t.Fatalf("a record after %v", bad)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// FuzzScan: whatever the bytes are, the scanner returns in order regions and
// records that together are all of them, and every record is intact.
func FuzzScan(f *testing.F) {
	good := appendMessage(nil, testMessage(), 1, 2)
	marks := appendAttempts(appendDone(nil, 9, []uint64{3, 4, 9}), 9, []attempt{{3, 2}})
	f.Add(slices.Concat(good, marks, good))
	f.Add(slices.Concat(good[:30], good, []byte("noise"), marks[:10]))
	f.Add(slices.Concat([]byte(marker), good, make([]byte, 100)))
	f.Add([]byte(marker + marker + marker))
	damaged := slices.Concat(good, marks, good)
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		damaged[random.IntN(len(damaged))] ^= byte(random.Uint32())
		f.Add(slices.Clone(damaged))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newScanner(data, 0)
		at := 0
		for {
			r, bad, ok := s.next()
			if bad.start != at || bad.end < bad.start {
				t.Fatalf("region %v at %d", bad, at)
			}
			if !ok {
				if bad.end != len(data) {
					t.Fatalf("ended at %d of %d", bad.end, len(data))
				}
				cutOff(data[bad.start:])
				return
			}
			if s.found(r) != bad.end || !bytes.Equal(data[bad.end:s.at], r.raw) || checksum(r.raw) != binary.LittleEndian.Uint32(r.raw[16:]) {
				t.Fatalf("record at %d after region %v", s.found(r), bad)
			}
			at = s.at
			var m Message
			if _, _, err := messageRef(r); err == nil {
				_ = decodeMessage(r, &m, func(b []byte) string { return string(b) }) // must not panic
			}
			_, _ = readDone(r, nil)
			_, _ = readAttempts(r, nil)
		}
	})
}
