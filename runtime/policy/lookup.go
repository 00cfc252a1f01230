package policy

import (
	"context"
	"fmt"
	"maps"
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
	m.confirm(ctx)
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

// confirm asks the server once for each policy of the store that a device has,
// and takes its copy if it is newer. If the server cannot be asked, the next
// change message or start will do.
func (m *Manager) confirm(ctx context.Context) {
	m.mu.Lock()
	stale := maps.Clone(m.stale)
	m.mu.Unlock()
	for id, model := range stale {
		holders := m.membersOf(model, func(x *member) bool { return x.policy == id })
		if len(holders) == 0 {
			continue
		}
		m.mu.Lock()
		delete(m.stale, id)
		ours := m.policies[id]
		m.mu.Unlock()
		data, err := m.remote.download(ctx, model, id)
		if err != nil {
			m.report(fmt.Errorf("policy %q of the store: %w", id, err))
			continue
		}
		p, err := Parse(data)
		if err != nil || p.ID != id || p.LastModified <= ours.LastModified {
			m.report(err)
			continue
		}
		if _, err := m.accept(data); err == nil {
			for _, x := range holders {
				m.give(x, id)
			}
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
