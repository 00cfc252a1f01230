package outbox

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Sync says what a commit waits for.
type Sync uint8

const (
	// Group flushes to the disk: what is committed survives a power failure.
	// Messages that are put while a flush is under way share the next one.
	Group Sync = iota
	// Off hands over to the operating system: what is committed survives the
	// end of the process, however sudden, but not that of the machine.
	Off
)

// String names the mode.
func (s Sync) String() string {
	switch s {
	case Group:
		return "group"
	case Off:
		return "off"
	}
	return "Sync(" + strconv.Itoa(int(s)) + ")"
}

// Options bound a store. Zero values stand for the defaults.
type Options struct {
	// MaxMessages is the number of messages that may wait; each needs 32 bytes of
	// memory. Default 1,000,000.
	MaxMessages int
	// MaxBytes bounds the records that wait. The files may take twice as much and
	// four segments more. Default 256 MiB.
	MaxBytes int64
	// MaxAge is how long a message may wait; negative: for ever. Only time that
	// has certainly passed counts: no step of the clock makes a message older.
	// Default 7 days.
	MaxAge time.Duration
	// Sync says what a commit waits for. Default [Group].
	Sync Sync

	// SegmentSize is the size in bytes at which a file is ended, 64 KiB to
	// 16 MiB. Default 4 MiB. Only a Log has files.
	SegmentSize int
	// Disk is where the files are; nil: the operating system's. Tests put a disk
	// here that fills up, fails or loses its power.
	Disk Disk
	// Logger hears of damage and of failures. Default: nothing is logged.
	Logger *slog.Logger
}

func (o *Options) setDefaults() error {
	if o.MaxMessages == 0 {
		o.MaxMessages = 1_000_000
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 256 << 20
	}
	if o.MaxAge == 0 {
		o.MaxAge = 7 * 24 * time.Hour
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = 4 << 20
	}
	if o.Disk == nil {
		o.Disk = systemDisk{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.MaxMessages < 0:
		return fmt.Errorf("outbox: at most %d messages", o.MaxMessages)
	case o.MaxBytes < 0:
		return fmt.Errorf("outbox: at most %d bytes", o.MaxBytes)
	case o.SegmentSize < minSegment || o.SegmentSize > maxSegment:
		return fmt.Errorf("outbox: segment size %d is not within %d to %d", o.SegmentSize, minSegment, maxSegment)
	case o.Sync > Off:
		return fmt.Errorf("outbox: %v is no way to sync", o.Sync)
	}
	return nil
}
