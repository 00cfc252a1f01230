package outbox

import "time"

// clock measures how long messages have been stored. It counts the time that the
// outbox was open, by the machine's monotonic clock, and the time between two
// openings, by the clock on the wall where that can be believed. So a device that
// starts in 1970 and is told the time later ages nothing by that.
type clock struct {
	base  int64     // milliseconds counted before start
	start time.Time // with the monotonic reading
	wall  func() time.Time
}

// longestPause is the longest time between two openings that is believed; more
// is a clock that was set.
const longestPause = 366 * 24 * time.Hour

// newClock goes on from the last known reading, taken when the wall showed
// lastWall (milliseconds since the epoch); lastWall 0: unknown.
func newClock(last, lastWall int64, wall func() time.Time) clock {
	c := clock{base: max(0, last), start: time.Now(), wall: wall}
	pause := c.wallTime() - lastWall
	if lastWall != 0 && pause > 0 && pause <= longestPause.Milliseconds() {
		c.base += pause
	}
	return c
}

// now is the reading in milliseconds. It never goes back.
func (c *clock) now() int64 { return c.base + time.Since(c.start).Milliseconds() }

// seconds is now as the index keeps it.
func (c *clock) seconds() uint32 { return uint32(c.now() / 1000) }

// wallTime is what the wall shows, in milliseconds since the epoch.
func (c *clock) wallTime() int64 { return c.wall().UnixMilli() }
