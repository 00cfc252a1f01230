package dispatch

import (
	"strconv"
	"time"
)

// State tells how the device stands with its server.
type State uint8

const (
	// Connecting: no answer yet.
	Connecting State = iota
	// Online: the last call was answered.
	Online
	// Backoff: the last call failed; the next one is tried at Status.Next.
	Backoff
	// Unauthorized: the server refuses the device's credentials; tried again
	// like Backoff.
	Unauthorized
	// Closed: the dispatcher was closed.
	Closed
)

// String names the state.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Online:
		return "online"
	case Backoff:
		return "backoff"
	case Unauthorized:
		return "unauthorized"
	case Closed:
		return "closed"
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Status is a state with its circumstances.
type Status struct {
	State State
	Err   error     // Backoff, Unauthorized: what failed
	Next  time.Time // Backoff, Unauthorized: when the next call is tried
}
