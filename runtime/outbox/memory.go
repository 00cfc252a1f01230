package outbox

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Memory is a [Store] without files and goroutines: what is put is committed at
// once, and the end of the process loses everything. [Memory.Reopen] stands for a
// restart. It is for tests.
type Memory struct {
	options Options
	clock   clock
	signal  chan struct{}

	mu       sync.Mutex
	closed   bool
	index    index
	messages map[uint64]*Message
}

// NewMemory returns an empty store. Of options only the limits count.
func NewMemory(options Options) (*Memory, error) {
	if err := options.setDefaults(); err != nil {
		return nil, err
	}
	return &Memory{
		options:  options,
		clock:    newClock(0, 0, time.Now),
		signal:   make(chan struct{}, 1),
		index:    newIndex(&options),
		messages: make(map[uint64]*Message),
	}, nil
}

// Reopen returns a store that holds what a closed one held: all messages wait,
// also those that were taken. The old one must not be used any more.
func (s *Memory) Reopen() (*Memory, error) {
	again, err := NewMemory(s.options)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	again.clock = s.clock
	again.index.last, again.index.committed = s.index.last, s.index.last
	var all []ref
	for p := range s.index.lanes {
		for r := range s.index.lanes[p] {
			l := &s.index.lanes[p][r]
			for _, e := range l.entries[l.head:] {
				if e.state != gone {
					all = append(all, ref{e, wire.Priority(p), wire.Reliability(r)})
				}
			}
		}
	}
	for _, d := range s.index.dropped { // not told: as if not dropped
		all = append(all, d.ref)
	}
	slices.SortFunc(all, func(a, b ref) int { return cmp.Compare(a.sequence, b.sequence) })
	for _, f := range all {
		again.index.restore(f)
		again.messages[f.sequence] = s.messages[f.sequence]
	}
	again.overflowed()
	return again, nil
}

// Last implements [Store].
func (s *Memory) Last() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.last
}

// Put implements [Store].
func (s *Memory) Put(ms []Message) (*Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if err := s.index.admit(ms); err != nil {
		return nil, err
	}
	now := s.clock.seconds()
	for i := range ms {
		m := ms[i]
		size := uint32(recordSize(&m))
		s.index.put(&m, size, now)
		m.Attempts, m.Held = 0, false
		m.JSON, m.Needs = append([]byte(nil), m.JSON...), append([]byte(nil), m.Needs...)
		s.messages[m.Sequence] = &m
		s.index.commit(ref{entry{sequence: m.Sequence}, m.Priority, m.Reliability})
	}
	s.overflowed()
	if len(ms) > 0 {
		notify(s.signal)
	}
	return nil, nil
}

// overflowed drops what exceeds the limits. The caller holds the lock.
func (s *Memory) overflowed() {
	now := s.clock.seconds()
	s.index.expire(now)
	s.index.enforce(now)
	if len(s.index.dropped) > 0 {
		notify(s.signal)
	}
}

// Take implements [Store].
func (s *Memory) Take(p wire.Priority, before uint64, limit Limit, visit func(*Message)) (next uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return None, ErrClosed
	}
	s.overflowed()
	refs, next := s.index.take(p, before, limit, nil)
	for _, f := range refs {
		m := *s.messages[f.sequence]
		m.Attempts = int(f.attempts)
		visit(&m)
	}
	return next, nil
}

// Return implements [Store].
func (s *Memory) Return(sequences []uint64, attempted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range sequences {
		s.index.giveBack(n, attempted)
	}
	s.overflowed()
}

// Remove implements [Store].
func (s *Memory) Remove(sequences []uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	for _, n := range sequences {
		if _, ok := s.index.remove(n); ok {
			delete(s.messages, n)
		}
	}
	return nil
}

// Drops implements [Store].
func (s *Memory) Drops(visit func(*Message, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for _, d := range s.index.dropped {
		m := *s.messages[d.sequence]
		m.Attempts = int(d.attempts)
		delete(s.messages, d.sequence)
		visit(&m, &DropError{Reason: d.reason, Age: time.Duration(d.age) * time.Second, Err: d.err})
	}
	s.index.dropped = nil
}

// Signal implements [Store].
func (s *Memory) Signal() <-chan struct{} { return s.signal }

// Stats implements [Store]; there are no files.
func (s *Memory) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Messages: s.index.kept.messages, Bytes: s.index.kept.bytes, Committed: s.index.committed}
}

// Close implements [Store].
func (s *Memory) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

var _ Store = (*Memory)(nil)
