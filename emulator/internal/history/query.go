package history

import (
	"sort"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Query says which messages are wanted. The zero Query wants all.
type Query struct {
	Device string           // source, or destination of messages to devices; "" for all
	Type   wire.MessageType // 0 for all
	Since  int64            // arrival, inclusive, in ms since the epoch
	Until  int64            // arrival, exclusive; 0 for no end
}

func (q *Query) matches(m *Message) bool {
	if q.Type != 0 && m.Type != q.Type {
		return false
	}
	return q.Device == "" || !m.ToDevice && m.Source == q.Device || m.ToDevice && m.Destination == q.Device
}

// bounds gives the part of the messages that arrived in time. It is for a holder of the lock.
func (h *History) bounds(q *Query) []*Message {
	first := sort.Search(len(h.messages), func(i int) bool { return h.messages[i].Received >= q.Since })
	end := len(h.messages)
	if q.Until != 0 {
		end = sort.Search(len(h.messages), func(i int) bool { return h.messages[i].Received >= q.Until })
	}
	return h.messages[first:max(first, end)]
}

// Oldest gives the messages that match, in the order of arrival, at most limit after the first skip ones; a limit below 0 is none.
func (h *History) Oldest(q Query, skip, limit int) []*Message {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []*Message
	for _, m := range h.bounds(&q) {
		if found = take(found, m, &q, &skip); len(found) == limit {
			break
		}
	}
	return found
}

// Newest is [History.Oldest] in the opposite order.
func (h *History) Newest(q Query, skip, limit int) []*Message {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []*Message
	part := h.bounds(&q)
	for i := len(part) - 1; i >= 0; i-- {
		if found = take(found, part[i], &q, &skip); len(found) == limit {
			break
		}
	}
	return found
}

func take(found []*Message, m *Message, q *Query, skip *int) []*Message {
	if !q.matches(m) {
		return found
	}
	if *skip > 0 {
		*skip--
		return found
	}
	return append(found, m)
}

// Count gives the number of messages that match.
func (h *History) Count(q Query) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	count := 0
	for _, m := range h.bounds(&q) {
		if q.matches(m) {
			count++
		}
	}
	return count
}

// Message finds a message by its id, nil if it is not there. It looks at all of them.
func (h *History) Message(id wire.UUID) *Message {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, m := range h.messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}
