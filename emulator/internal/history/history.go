package history

import (
	"crypto/sha256"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Limits bound what a history holds. The oldest messages go first.
type Limits struct {
	Messages int   // number of messages; 0 means [DefaultMessages]
	Bytes    int64 // memory of all messages, and about as much of the disk; 0 means [DefaultBytes]
}

// Limits of a history for which none are given.
const (
	DefaultMessages = 100_000
	DefaultBytes    = 64 << 20
)

// History is the store. Make one with [New] or [Open].
type History struct {
	limits Limits
	ids    wire.UUIDSource

	mu         sync.RWMutex
	messages   []*Message // in the order of arrival
	next       uint64     // sequence number of the next message
	last       int64      // newest arrival time
	bytes      int64
	seen       map[sender]struct{}
	values     map[valuesKey]map[string]*Value
	duplicates int64
	violating  int64
	changed    chan struct{} // closed by the next Add; nil while nobody waits
	files      *files        // nil: nothing is kept
	record     []byte
}

// sender identifies a message by who sent it and what the sender calls it.
type sender struct {
	source string
	client clientKey
}

// New makes an empty history that keeps nothing.
func New(limits Limits) *History {
	if limits.Messages <= 0 {
		limits.Messages = DefaultMessages
	}
	if limits.Bytes <= 0 {
		limits.Bytes = DefaultBytes
	}
	return &History{
		limits: limits,
		next:   1,
		seen:   make(map[sender]struct{}),
		values: make(map[valuesKey]map[string]*Value),
	}
}

// Incoming is a message to be stored.
type Incoming struct {
	*wire.Message        // Source should be a text that lives on anyway: the history keeps it
	ToDevice      bool   // a request of the server; else a message of a device
	JSON          []byte // the message object; copied
	Violations    []string
}

// Add stores the messages of one call and gives them in their order, nil in the place of each that was there already. When the history
// cannot be kept, it stores nothing and returns the error.
func (h *History) Add(batch ...Incoming) ([]*Message, error) {
	stored := make([]*Message, len(batch))
	fresh := make([]Message, len(batch))
	texts := make([]byte, 0, totalSize(batch))
	h.mu.Lock()
	defer h.mu.Unlock()
	now, last := time.Now().UnixMilli(), h.last
	duplicates, violating := 0, 0
	for i := range batch {
		in := &batch[i]
		m := &fresh[i]
		m.client = clientOf(in.Message)
		if key := (sender{in.Source, m.client}); m.client != (clientKey{}) && !in.ToDevice {
			if _, ok := h.seen[key]; ok {
				duplicates++
				continue
			}
			h.seen[key] = struct{}{}
		}
		start := len(texts)
		texts = append(texts, in.JSON...)
		last = max(now, last+1)
		m.ID, m.Received, m.EventTime = h.idOf(in), last, in.EventTime
		m.ToDevice, m.Type, m.Violations = in.ToDevice, in.Type, in.Violations
		m.Source, m.Destination = in.Source, strings.Clone(in.Destination)
		m.JSON = texts[start:len(texts):len(texts)]
		stored[i] = m
		if len(m.Violations) > 0 {
			violating++
		}
	}
	if err := h.keep(stored); err != nil {
		h.unsee(stored)
		return nil, err
	}
	h.last = last
	h.duplicates += int64(duplicates)
	h.violating += int64(violating)
	for i, m := range stored {
		if m != nil {
			h.put(m)
			h.learn(m, batch[i].Message)
		}
	}
	h.evict()
	h.wake()
	return stored, nil
}

func totalSize(batch []Incoming) int {
	total := 0
	for i := range batch {
		total += len(batch[i].JSON)
	}
	return total
}

// idOf gives the id of a request as it is, and a new one to what devices send, whatever id they gave.
func (h *History) idOf(in *Incoming) wire.UUID {
	if in.ToDevice {
		if id, err := wire.ParseUUID(in.ID); err == nil {
			return id
		}
	}
	return h.ids.New()
}

// clientOf gives the key of the message's client id, zero when it has none. Ids that are no UUIDs count by their hash.
func clientOf(m *wire.Message) clientKey {
	switch {
	case !m.ClientID.IsZero():
		return clientKey(m.ClientID)
	case m.ClientText == "":
		return clientKey{}
	}
	sum := sha256.Sum256([]byte(m.ClientText))
	return clientKey(sum[:16])
}

func (m *Message) sender() sender { return sender{m.Source, m.client} }

// unsee takes back what Add noted of messages that could not be kept.
func (h *History) unsee(stored []*Message) {
	for _, m := range stored {
		if m != nil {
			delete(h.seen, m.sender())
		}
	}
}

// put adds a message that is kept. It is for the holder of the lock.
func (h *History) put(m *Message) {
	m.Seq = h.next
	h.next++
	h.messages = append(h.messages, m)
	h.bytes += m.size()
}

// evict drops the oldest messages until the limits hold. It is for the holder of the lock.
func (h *History) evict() {
	drop := 0
	for len(h.messages)-drop > h.limits.Messages || h.bytes > h.limits.Bytes && drop < len(h.messages) {
		m := h.messages[drop]
		h.bytes -= m.size()
		delete(h.seen, m.sender())
		h.messages[drop] = nil
		drop++
	}
	h.messages = h.messages[drop:]
}

func (h *History) wake() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// After gives the messages behind the sequence number, and a channel that is closed when more come.
func (h *History) After(seq uint64) ([]*Message, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	start := sort.Search(len(h.messages), func(i int) bool { return h.messages[i].Seq > seq })
	return slices.Clone(h.messages[start:]), h.changed
}

// Duplicates is how many messages came that were there already.
func (h *History) Duplicates() int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.duplicates
}

// Violating is how many messages with violations were stored since the start.
func (h *History) Violating() int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.violating
}

// Last gives the sequence number of the newest message, 0 if there never was one.
func (h *History) Last() uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.next - 1
}
