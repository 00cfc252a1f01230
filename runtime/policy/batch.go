package policy

import (
	"slices"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// BatchStore keeps the messages of one endpoint that a device pipeline holds
// back. The default keeps them in memory; one on disk makes them survive a
// restart.
//
// Obligations of an implementation: it is called under the lock of the virtual
// device, and Release gives the messages out in the order in which Hold took
// them, those of earlier runs of the program first.
type BatchStore interface {
	// Hold keeps a copy of a message, durably if the store is durable.
	Hold(m *Message) error
	// Release hands the messages to emit, oldest first, and forgets each one
	// that emit took. It stops at the first error and returns it. A store that lies
	// where emit leads to may let the messages go by itself instead.
	Release(emit func(*Message) error) error
	// Held gives the number of messages that are kept and the bytes of their
	// JSON.
	Held() (messages, bytes int)
}

// batch is the state of the device pipeline (docs/protocol/policies.md §6.4).
type batch struct {
	step  *Step
	store BatchStore
	cost  func() Cost
	start int64 // from which intervals of batchByTime count
}

// newBatch completes the batch of an engine once the options are known.
func (e *Engine) newBatch(s *Step, start int64) {
	if s != nil && e.store == nil {
		e.store = &memoryStore{}
	}
	if s != nil {
		e.batch = &batch{step: s, store: e.store, cost: e.cost, start: start}
	}
}

// holds tells whether messages are held back, by this engine or an earlier one
// with the same store.
func (e *Engine) holds() bool {
	if e.store == nil {
		return false
	}
	messages, _ := e.store.Held()
	return messages > 0
}

// releaseAll sends whatever is held back.
func (e *Engine) releaseAll() error {
	if e.store == nil {
		return nil
	}
	return e.store.Release(e.host.Emit)
}

// WithBatchStore replaces the store of held messages. Messages that it has from
// an earlier run count from the start; a policy without device pipeline sends
// them when it is stopped or replaced, and a Gate as soon as it is told of such a
// policy.
func WithBatchStore(store BatchStore) StartOption {
	return func(e *Engine) { e.store = store }
}

// WithNetworkCost tells the class of the network in use; it is asked for each
// message. The default is Ethernet.
func WithNetworkCost(inUse func() Cost) StartOption {
	return func(e *Engine) { e.cost = inUse }
}

func ethernet() Cost { return Ethernet }

// admit sends a message, or lets the device pipeline hold it back. A message
// that is held is accepted: what hinders the batch from leaving is reported, and
// the batch tries again with the next message.
func (e *Engine) admit(m *Message) error {
	b := e.batch
	if b == nil {
		return e.host.Emit(m)
	}
	override := m.Type == wire.TypeAlert && m.Severity >= b.step.AlertSeverity
	messages, bytes := b.store.Held()
	if messages == 0 {
		b.advance(e.now)
	}
	if override {
		b.start = floor10(e.now)
	}
	leaves := override || b.leaves(messages+1)
	if leaves && messages == 0 {
		return e.host.Emit(m)
	}
	if messages >= MaxBatch || messages > 0 && bytes+len(m.JSON) > MaxBatchBytes {
		if err := b.store.Release(e.host.Emit); err != nil {
			return err
		}
		messages, bytes = 0, 0
	}
	if err := b.store.Hold(m); err != nil {
		return err
	}
	if leaves || messages+1 >= MaxBatch || bytes+len(m.JSON) >= MaxBatchBytes {
		e.report(b.store.Release(e.host.Emit))
	}
	return nil
}

// leaves tells whether a batch of so many messages is to be sent.
func (b *batch) leaves(messages int) bool {
	switch b.step.Function {
	case BatchBySize:
		return int64(messages) >= b.step.BatchSize
	case BatchByCost:
		return b.cost() <= b.step.NetworkCost
	}
	return false
}

// deadline is the end of the interval of batchByTime in which the first of the
// held messages came; none while nothing is held.
func (b *batch) deadline() (int64, bool) {
	if messages, _ := b.store.Held(); b.step.Function != BatchByTime || messages == 0 {
		return 0, false
	}
	return b.start + b.step.DelayLimit, true
}

// advance moves the interval so that it holds a time.
func (b *batch) advance(now int64) {
	if b.step.Function == BatchByTime && now >= b.start+b.step.DelayLimit {
		b.start += (now - b.start) / b.step.DelayLimit * b.step.DelayLimit
	}
}

// NetworkChanged tells that the class of the network in use may have changed:
// a batch that waits for a cheaper network leaves if it may now.
func (e *Engine) NetworkChanged(now int64) error {
	defer e.end(e.begin(now))
	if b := e.batch; b != nil && b.step.Function == BatchByCost && b.leaves(0) {
		return b.store.Release(e.host.Emit)
	}
	return nil
}

// memoryStore is the BatchStore of a device without durable storage.
type memoryStore struct {
	held  []*Message
	bytes int
}

func (s *memoryStore) Hold(m *Message) error {
	kept := *m
	kept.JSON = slices.Clone(m.JSON)
	s.held = append(s.held, &kept)
	s.bytes += len(kept.JSON)
	return nil
}

func (s *memoryStore) Release(emit func(*Message) error) error {
	for len(s.held) > 0 {
		m := s.held[0]
		if err := emit(m); err != nil {
			return err
		}
		s.bytes -= len(m.JSON)
		s.held[0] = nil
		s.held = s.held[1:]
	}
	s.held = nil
	return nil
}

func (s *memoryStore) Held() (messages, bytes int) { return len(s.held), s.bytes }
