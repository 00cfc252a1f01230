package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The delay after a lookup that failed doubles from the first to the longest.
const (
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
)

// LookUp asks the server for what is due at a time: the policies of virtual
// devices that it was not asked about, or could not answer about, and whether
// policies from the store are the newest. Errors are reported; what failed is
// due again after a delay that grows with each failure.
func (m *Manager) LookUp(ctx context.Context, now time.Time) {
	m.work.Lock()
	defer m.work.Unlock()
	for _, x := range m.dueMembers(now) {
		if ctx.Err() != nil {
			return
		}
		err := m.lookUp(ctx, x)
		if err == nil {
			continue
		}
		m.mu.Lock()
		x.failure++
		x.at = now.Add(retryDelay(x.failure))
		m.mu.Unlock()
		m.report(fmt.Errorf("look-up for device %s: %w", x.device, err))
	}
	m.confirm(ctx, now)
	m.forget()
}

func retryDelay(failures int) time.Duration {
	delay := firstRetry
	for i := 1; i < failures && delay < longestRetry; i++ {
		delay *= 2
	}
	return min(delay, longestRetry)
}

func (m *Manager) dueMembers(now time.Time) []*member {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []*member
	for _, x := range m.members {
		if x.due && !x.at.After(now) {
			due = append(due, x)
		}
	}
	return due
}

// stale is a policy of the store that the server was not asked about yet.
type stale struct {
	model   string
	at      time.Time // when to ask
	failure int       // of questions, in a row
}

// confirm asks the server once for each policy of the store that a device has,
// and takes its copy if it is newer. Of a policy that the server does not have
// any more, each device is looked up again.
func (m *Manager) confirm(ctx context.Context, now time.Time) {
	for id, s := range m.dueStale(now) {
		if ctx.Err() != nil {
			return
		}
		holders := m.holdersOf(s.model, id)
		data, err := m.remote.download(ctx, s.model, id)
		switch {
		case errors.Is(err, errGone):
			m.confirmed(id)
			m.askAgain(s.model, now, func(x *member) bool { return slices.Contains(holders, x) })
		case err != nil:
			m.mu.Lock()
			s.failure++
			s.at = now.Add(retryDelay(s.failure))
			m.mu.Unlock()
			m.report(fmt.Errorf("policy %q of the store: %w", id, err))
		default:
			m.confirmed(id)
			m.renew(id, data, holders)
		}
	}
}

func (m *Manager) dueStale(now time.Time) map[string]*stale {
	m.mu.Lock()
	defer m.mu.Unlock()
	due := map[string]*stale{}
	for id, s := range m.stale {
		if m.held(id) && !s.at.After(now) {
			due[id] = s
		}
	}
	return due
}

// held tells whether a member has a policy. It is for the holder of the lock.
func (m *Manager) held(id string) bool {
	for _, x := range m.members {
		if x.policy == id {
			return true
		}
	}
	return false
}

func (m *Manager) confirmed(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.stale, id)
}

// renew gives the server's copy of a policy of the store to those who have it,
// if it is newer.
func (m *Manager) renew(id string, data []byte, holders []*member) {
	m.mu.Lock()
	ours := m.policies[id]
	m.mu.Unlock()
	p, err := Parse(data)
	if err == nil && p.ID != id {
		err = fmt.Errorf("%w: policy %q instead", ErrAnswer, p.ID)
	}
	if err != nil {
		m.report(fmt.Errorf("policy %q: %w", id, err))
		return
	}
	if ours != nil && p.LastModified <= ours.LastModified {
		return
	}
	if _, _, err := m.accept(data); err == nil {
		for _, x := range holders {
			m.give(x, id)
		}
	}
}

// NextLookUp gives the time at which LookUp has something to do; ok is false
// when nothing is due.
func (m *Manager) NextLookUp() (at time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.members {
		if x.due && (!ok || x.at.Before(at)) {
			at, ok = x.at, true
		}
	}
	for id, s := range m.stale {
		if m.held(id) && (!ok || s.at.Before(at)) {
			at, ok = s.at, true
		}
	}
	return at, ok
}

// Run looks up whatever is due, when it is due, until ctx is done. The caller
// starts it in a goroutine of its own and waits for its end.
func (m *Manager) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.wake:
		case <-timer.C:
		}
		m.LookUp(ctx, time.Now())
		timer.Stop()
		if at, ok := m.NextLookUp(); ok {
			timer.Reset(time.Until(at))
		}
	}
}
