package outbox

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClock: only time that has certainly passed counts.
func TestClock(t *testing.T) {
	const day = 24 * time.Hour
	at := func(s string) int64 {
		w, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return w.UnixMilli()
	}
	tests := []struct {
		name          string
		before, after string // the wall at the last record and at the opening; "": unknown
		want          time.Duration
	}{
		{"a night", "2026-03-01", "2026-03-02", day},
		{"a year", "2026-03-01", "2027-03-01", 365 * day},
		{"the first opening", "", "2026-03-01", 0},
		{"the clock was set back", "2026-03-01", "2026-02-01", 0},
		{"started without a clock", "2026-03-01", "1970-01-02", 0},
		{"the clock was wrong before", "1970-01-02", "2026-03-01", 0},
		{"years forward", "2026-03-01", "2099-03-01", 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lastWall := int64(0)
				if tc.before != "" {
					lastWall = at(tc.before)
				}
				wall := time.UnixMilli(at(tc.after))
				c := newClock(5000, lastWall, func() time.Time { return wall })
				if got := time.Duration(c.now()-5000) * time.Millisecond; got != tc.want {
					t.Errorf("%v passed, want %v", got, tc.want)
				}
				wall = wall.Add(1000 * day) // set while the outbox is open
				time.Sleep(time.Minute)
				if got := time.Duration(c.now()-5000) * time.Millisecond; got != tc.want+time.Minute {
					t.Errorf("%v passed a minute later", got)
				}
			})
		})
	}
	c := newClock(-5, 0, time.Now)
	if c.now() < 0 {
		t.Error("a negative reading is believed")
	}
}
