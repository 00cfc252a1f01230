package outbox

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrLocked says that another process has the outbox open, or this process a
	// second time.
	ErrLocked = errors.New("outbox is in use by another process")
	// ErrVersion says that the files were written by a newer version of this
	// package. They are left as they are.
	ErrVersion = errors.New("outbox was written by a newer version")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("outbox is closed")
	// ErrSequence refuses numbers that do not ascend.
	ErrSequence = errors.New("sequence numbers must ascend")
	// ErrDiskFull says that the disk, or what this user may have of it, is used
	// up. The error of the system is in the chain too.
	ErrDiskFull = errors.New("no space left for the outbox")
)

// FullError refuses messages for which there is no room, except by dropping what
// is more reliable.
type FullError struct {
	Messages, MaxMessages int   // waiting, and the limit
	Bytes, MaxBytes       int64 // of their records
	Offered               int   // messages that were refused
}

// Error tells the figures.
func (e *FullError) Error() string {
	return fmt.Sprintf("outbox is full: %d of %d messages, %d of %d bytes, %d more messages refused", e.Messages, e.MaxMessages, e.Bytes, e.MaxBytes, e.Offered)
}

// TooLargeError refuses a message that no record can hold.
type TooLargeError struct{ Size, Limit int } // in bytes

// Error tells the size.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("message of %d bytes is larger than the %d that the outbox can hold", e.Size, e.Limit)
}

// Reason tells why a message was dropped.
type Reason uint8

const (
	// TooOld: it waited longer than Options.MaxAge.
	TooOld Reason = iota + 1
	// TooMany: more than Options.MaxMessages would have waited.
	TooMany
	// TooMuch: more than Options.MaxBytes would have waited.
	TooMuch
	// Damaged: its record cannot be read any more.
	Damaged
	// NotStored: writing it failed. The error of its Commit says the same.
	NotStored
)

// String says the reason in words.
func (r Reason) String() string {
	switch r {
	case TooOld:
		return "it was too old"
	case TooMany:
		return "too many messages waited"
	case TooMuch:
		return "too many bytes waited"
	case Damaged:
		return "its record is damaged"
	case NotStored:
		return "it could not be stored"
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// DropError is why the store gave a message up.
type DropError struct {
	Reason Reason
	Age    time.Duration // for how long the message had been stored
	Err    error         // Damaged, NotStored: what failed
}

// Error tells the reason.
func (e *DropError) Error() string {
	text := "dropped from the outbox: " + e.Reason.String()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what failed.
func (e *DropError) Unwrap() error { return e.Err }
