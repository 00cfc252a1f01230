package outbox

import "context"

// Commit is the fate of messages that were put: stored or failed. A nil Commit
// says that they are stored already. All methods may be called from any
// goroutine.
type Commit struct {
	decided chan struct{}
	err     error
}

// NewCommit returns an undecided Commit, for implementations of [Store].
func NewCommit() *Commit { return &Commit{decided: make(chan struct{})} }

// Decide says that the messages are stored, or why they are not. It must be
// called once.
func (c *Commit) Decide(err error) {
	c.err = err
	close(c.decided)
}

// Wait returns when the fate is decided: nil for stored, else what failed. If ctx
// ends first, its error is returned and the fate stays open.
func (c *Commit) Wait(ctx context.Context) error {
	if c == nil {
		return nil
	}
	select {
	case <-c.decided:
		return c.err
	default:
	}
	select {
	case <-c.decided:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Decided tells whether the fate is decided, and which it is.
func (c *Commit) Decided() (bool, error) {
	if c == nil {
		return true, nil
	}
	select {
	case <-c.decided:
		return true, c.err
	default:
		return false, nil
	}
}
