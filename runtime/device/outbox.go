package device

import (
	"errors"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
)

// outboxConfig is what the program says about its outbox.
type outboxConfig struct {
	dir     string // "": no outbox
	options outbox.Options
}

// OutboxSync says when a message counts as stored.
type OutboxSync = outbox.Sync

// What WithOutboxSync takes.
const (
	// SyncGroup flushes to the disk: what a call accepted survives a power
	// failure. Messages that are sent while a flush is under way share the next.
	SyncGroup = outbox.Group
	// SyncOff hands over to the operating system: what a call accepted survives
	// the end of the program, however sudden, but not that of the machine.
	SyncOff = outbox.Off
)

// Conditions of the outbox, each distinct for [errors.Is].
var (
	// ErrOutboxLocked: another process has the outbox open, or this one a second
	// time. An outbox belongs to one device.
	ErrOutboxLocked = outbox.ErrLocked
	// ErrOutboxVersion: the files of the outbox are those of a newer version of
	// this program. They are left as they are.
	ErrOutboxVersion = outbox.ErrVersion
	// ErrDiskFull: there is no space left for the outbox. What was to be stored
	// is not sent.
	ErrDiskFull = outbox.ErrDiskFull
)

// OutboxFullError refuses messages for which the limits of the outbox leave no
// room, except by dropping what is more reliable.
type OutboxFullError = outbox.FullError

// DropError is the reason given for a message that the outbox gave up: it was too
// old, or more waited than the limits allow, or its record is damaged.
type DropError = outbox.DropError

// WithOutbox keeps messages in a folder until the server has them, so that they
// survive the end of the program. It is made if need be, and belongs to one device
// or gateway with everything behind it; messages lie in it unencrypted.
//
// Durable are all values, data and alerts but those of [NoGuarantee]. For them nil
// from a setter, from Send, Raise, Submit and [Device.Queue] says that they are on
// stable storage, unless [WithOutboxSync] says otherwise; nil from Offer says so of
// what the policies let through or batch. An error of the outbox says that they
// will not be sent. Calls wait for the disk without holding others up, and share
// its flushes. What waits in the outbox does not count against [WithQueueSize].
// What is found in it when the device is opened is sent first.
// docs/reliability.md has the whole promise.
//
// Without it a warning is logged and messages live in memory only.
func WithOutbox(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("outbox: no folder given")
		}
		c.outbox.dir = dir
		return nil
	}
}

// WithOutboxSync sets when a message counts as stored. Default [SyncGroup].
func WithOutboxSync(s OutboxSync) Option {
	return func(c *config) error {
		if s > SyncOff {
			return fmt.Errorf("outbox sync %v: use SyncGroup or SyncOff", s)
		}
		c.outbox.options.Sync = s
		return nil
	}
}

// WithOutboxMaxMessages sets how many messages may wait in the outbox; each needs
// 32 bytes of memory. Of what is too many the oldest of the lowest reliability is
// given up, with a [*DropError]. Default 1,000,000.
func WithOutboxMaxMessages(n int) Option {
	return positive("outbox messages", n, func(c *config) { c.outbox.options.MaxMessages = n })
}

// WithOutboxMaxBytes bounds what waits in the outbox, like
// [WithOutboxMaxMessages]; the files may take twice as much and 16 MiB more.
// Default 256 MiB.
func WithOutboxMaxBytes(n int64) Option {
	return positive("outbox bytes", n, func(c *config) { c.outbox.options.MaxBytes = n })
}

// WithOutboxMaxAge sets how long a message may wait in the outbox before it is
// given up, with a [*DropError]. Only time that has certainly passed counts: no
// step of the clock makes a message older. Default 7 days.
func WithOutboxMaxAge(d time.Duration) Option {
	return positive("outbox age", d, func(c *config) { c.outbox.options.MaxAge = d })
}

// openOutbox opens the outbox, or says that there is none. It comes before the
// activation: what hinders it must not come up once the server knows the device.
func (d *Device) openOutbox() error {
	log := d.component("outbox")
	if d.config.outbox.dir == "" {
		log.Warn("there is no outbox: messages that wait are lost when the program ends, see WithOutbox")
		return nil
	}
	options := d.config.outbox.options
	options.Logger = log
	opened, err := outbox.Open(d.config.outbox.dir, options)
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	found := opened.Recovered()
	log.Debug("outbox", "folder", d.config.outbox.dir, "waiting", found.Messages, "damaged", found.Damaged)
	d.outbox = opened
	return nil
}

// closeOutbox comes last: until then messages are accepted and settled.
func (d *Device) closeOutbox() error {
	if d.outbox == nil {
		return nil
	}
	return d.outbox.Close()
}
