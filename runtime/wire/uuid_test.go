package wire

import (
	"encoding"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

var _ encoding.TextAppender = UUID{}

func TestRandomUUIDs(t *testing.T) {
	var source UUIDSource
	for name, next := range map[string]func() UUID{"NewUUID": NewUUID, "UUIDSource": source.New} {
		t.Run(name, func(t *testing.T) {
			seen := make(map[UUID]bool)
			for range 10000 {
				u := next()
				if version, variant := u[6]>>4, u[8]>>6; version != 4 || variant != 2 {
					t.Fatalf("%v: version %d, variant %d", u, version, variant)
				}
				if seen[u] {
					t.Fatalf("%v given twice", u)
				}
				seen[u] = true
			}
		})
	}
}

func TestUUIDSourcesDiffer(t *testing.T) {
	var a, b UUIDSource
	if a.New() == b.New() {
		t.Error("two sources give the same UUID")
	}
}

func TestUUIDSourceIsConcurrent(t *testing.T) {
	var (
		source UUIDSource
		group  sync.WaitGroup
		lists  [4][500]UUID
	)
	for i := range lists {
		group.Go(func() {
			for j := range lists[i] {
				lists[i][j] = source.New()
			}
		})
	}
	group.Wait()
	seen := make(map[UUID]bool)
	for i := range lists {
		for _, u := range lists[i] {
			if seen[u] {
				t.Fatalf("%v given twice", u)
			}
			seen[u] = true
		}
	}
}

func TestParseUUID(t *testing.T) {
	const text = "702c74e0-4b25-42d3-ab7e-d01f4497b1d5"
	want := UUID{0x70, 0x2c, 0x74, 0xe0, 0x4b, 0x25, 0x42, 0xd3, 0xab, 0x7e, 0xd0, 0x1f, 0x44, 0x97, 0xb1, 0xd5}
	for _, form := range []string{text, strings.ToUpper(text)} {
		got, err := ParseUUID(form)
		if err != nil || got != want {
			t.Errorf("ParseUUID(%q) = %v, %v", form, got, err)
		}
	}
	if want.String() != text {
		t.Errorf("String() = %q, want %q", want.String(), text)
	}
	if got, err := want.AppendText([]byte("x")); string(got) != "x"+text || err != nil {
		t.Errorf("AppendText = %q, %v", got, err)
	}
	if want.IsZero() || !(UUID{}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestParseUUIDRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":         "",
		"short":         "702c74e0-4b25-42d3-ab7e-d01f4497b1d",
		"long":          "702c74e0-4b25-42d3-ab7e-d01f4497b1d55",
		"no dashes":     "702c74e04b2542d3ab7ed01f4497b1d50000",
		"dash moved":    "702c74e-04b25-42d3-ab7e-d01f4497b1d5",
		"no hex digit":  "702c74e0-4b25-42d3-ab7e-d01f4497b1dg",
		"no hex, first": "x02c74e0-4b25-42d3-ab7e-d01f4497b1d5",
		"braces":        "{702c74e0-4b25-42d3-ab7e-d01f4497b1d}",
		"not ASCII":     "é02c74e0-4b25-42d3-ab7e-d01f4497b1d",
	} {
		if u, err := ParseUUID(text); !errors.Is(err, ErrUUID) || !u.IsZero() {
			t.Errorf("%s: ParseUUID(%q) = %v, %v", name, text, u, err)
		}
	}
}

func TestUUIDTextRoundTrips(t *testing.T) {
	for range 1000 {
		u := NewUUID()
		if got, err := ParseUUID(u.String()); got != u || err != nil {
			t.Fatalf("ParseUUID(%q) = %v, %v", u, got, err)
		}
	}
	var all UUID
	for i := range all {
		all[i] = byte(i * 17) // every digit
	}
	if got := all.String(); got != "00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("String() = %q", got)
	}
}

func TestUUIDsDoNotAllocate(t *testing.T) {
	if racetest.Enabled {
		t.Skip("allocation counts mean nothing under the race detector")
	}
	var source UUIDSource
	dst := make([]byte, 0, 64)
	for name, f := range map[string]func(){
		"NewUUID":        func() { NewUUID() },
		"UUIDSource.New": func() { source.New() },
		"AppendText":     func() { dst, _ = NewUUID().AppendText(dst[:0]) },
		"ParseUUID":      func() { ParseUUID("702c74e0-4b25-42d3-ab7e-d01f4497b1d5") },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
