package dispatch

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is returned by everything that is used after Close, and is the
	// reason given for messages that were still waiting then.
	ErrClosed = errors.New("closed")
	// ErrEmpty refuses a call of Queue without messages.
	ErrEmpty = errors.New("no message to queue")
	// ErrNoStore refuses to hold messages without Config.Store.
	ErrNoStore = errors.New("there is no store to hold messages in")
)

// FullError refuses messages that do not fit into the queue. None of those
// offered together was accepted.
type FullError struct {
	Capacity int // messages that the queue can hold
	Waiting  int // messages that it holds now, those under way included
	Offered  int // messages that were refused
}

// Error tells the figures.
func (e *FullError) Error() string {
	return fmt.Sprintf("send queue is full: %d of %d messages waiting, %d more refused", e.Waiting, e.Capacity, e.Offered)
}

// LeftError is returned by Close when messages were still waiting.
type LeftError struct {
	Messages int   // how many are lost; each was reported as failed with [ErrClosed]
	Stored   int   // how many are in the store, and will be sent by the next dispatcher
	Cause    error // why they could not be sent, such as an expired context
}

// Error tells how many messages were left.
func (e *LeftError) Error() string {
	if e.Stored == 0 {
		return fmt.Sprintf("closed with %d messages not sent: %v", e.Messages, e.Cause)
	}
	return fmt.Sprintf("closed with %d messages lost and %d kept in the outbox: %v", e.Messages, e.Stored, e.Cause)
}

// Unwrap returns the cause.
func (e *LeftError) Unwrap() error { return e.Cause }

// RefusedError is the reason given for a message that the server refused for
// good, by itself or more often than its reliability allows.
type RefusedError struct {
	Attempts int   // times that the server answered
	Err      error // the last answer
}

// Error tells the attempts and the answer.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused by the server after %d attempts: %v", e.Attempts, e.Err)
}

// Unwrap returns the last answer.
func (e *RefusedError) Unwrap() error { return e.Err }
