package emulatortest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Message is one message as the server stored it. Its direction tells requests of the server from what devices sent.
type Message = emulator.Message

// Match says which messages are meant.
type Match func(m *Message) bool

// Any matches every message of a device.
func Any(*Message) bool { return true }

// Data matches DATA messages of the format: "<model urn>:attributes" for attributes.
func Data(format string) Match {
	return func(m *Message) bool { return m.Data != nil && m.Data.Format == format }
}

// Alert matches alerts of the format.
func Alert(format string) Match {
	return func(m *Message) bool { return m.Alert != nil && m.Alert.Format == format }
}

// Attribute matches DATA messages that hold a value of the attribute of the model.
func Attribute(modelURN, name string) Match {
	return func(m *Message) bool {
		_, ok := Value(m, name)
		return ok && m.Data != nil && m.Data.Format == modelURN+":attributes"
	}
}

// Type matches messages of the type.
func Type(t wire.MessageType) Match {
	return func(m *Message) bool { return m.Type == t }
}

// From matches messages about the device with the endpoint id.
func From(endpointID string) Match {
	return func(m *Message) bool { return m.Source == endpointID }
}

// All matches what all of the matches match.
func All(matches ...Match) Match {
	return func(m *Message) bool {
		return !slices.ContainsFunc(matches, func(match Match) bool { return !match(m) })
	}
}

// Value gives the value of an attribute or field that the message holds.
func Value(m *Message, name string) (wire.Value, bool) {
	var items []wire.Item
	switch {
	case m.Data != nil:
		items = m.Data.Items
	case m.Alert != nil:
		items = m.Alert.Items
	}
	for _, item := range items {
		if item.Name == name {
			return item.Value, true
		}
	}
	return wire.Value{}, false
}

// watcher keeps what devices sent, whatever the emulator forgets, and which messages a test has seen.
type watcher struct {
	mu   sync.Mutex
	all  []*Message // of devices, in the order of arrival
	seen map[*Message]bool
	last uint64 // number of the newest message that was looked at
}

// update takes in what came since and gives a channel that is closed when more comes.
func (w *watcher) update(s *emulator.Server) (<-chan struct{}, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	messages, more, err := s.Messages(w.last)
	if err != nil {
		return nil, err
	}
	for i := range messages {
		w.last = messages[i].Seq
		if messages[i].Direction == wire.FromDevice {
			w.all = append(w.all, &messages[i])
		}
	}
	return more, nil
}

// take gives the oldest message that matches and was not taken before.
func (w *watcher) take(match Match) *Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.all {
		if !w.seen[m] && match(m) {
			if w.seen == nil {
				w.seen = make(map[*Message]bool)
			}
			w.seen[m] = true
			return m
		}
	}
	return nil
}

// WaitMessage waits for a message of a device that matches and gives the oldest one that no earlier call gave: so a test may wait for
// the same thing several times, and for different things in any order. It fails the test when ctx ends first, which is after ten seconds
// if it has no deadline.
func (s *Server) WaitMessage(ctx context.Context, match Match) *Message {
	s.t.Helper()
	ctx, cancel := patient(ctx)
	defer cancel()
	for {
		more := s.update()
		if m := s.messages.take(match); m != nil {
			return m
		}
		select {
		case <-more:
		case <-ctx.Done():
			s.t.Fatalf("emulatortest: no such message (%v); came: %s", context.Cause(ctx), s.summary())
			return nil
		}
	}
}

// ExpectNone fails the test if there is a message of a device that matches and that no call of [Server.WaitMessage] gave, or if one
// comes within the time.
func (s *Server) ExpectNone(within time.Duration, match Match) {
	s.t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	for {
		more := s.update()
		if m := s.messages.take(match); m != nil {
			s.t.Fatalf("emulatortest: unexpected message %s", m.JSON)
		}
		select {
		case <-more:
		case <-end.C:
			return
		}
	}
}

func (s *Server) update() <-chan struct{} {
	s.t.Helper()
	more, err := s.messages.update(s.emulator)
	if err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
	return more
}

// Messages gives all messages of devices, in the order of arrival.
func (s *Server) Messages() []*Message {
	s.t.Helper()
	s.update()
	s.messages.mu.Lock()
	defer s.messages.mu.Unlock()
	return slices.Clone(s.messages.all)
}

// Violations gives the messages that broke their device model.
func (s *Server) Violations() []*Message {
	s.t.Helper()
	return slices.DeleteFunc(s.Messages(), func(m *Message) bool { return len(m.Violations) == 0 })
}

// Duplicates is how many messages devices sent again that had been stored before.
func (s *Server) Duplicates() int { return int(s.emulator.Duplicates()) }

// summary tells the last few messages, one a line.
func (s *Server) summary() string {
	const most = 20
	s.messages.mu.Lock()
	defer s.messages.mu.Unlock()
	if len(s.messages.all) == 0 {
		return "nothing"
	}
	var text strings.Builder
	if earlier := len(s.messages.all) - most; earlier > 0 {
		fmt.Fprintf(&text, "%d earlier ones,", earlier)
	}
	for _, m := range s.messages.all[max(0, len(s.messages.all)-most):] {
		note := ""
		if s.messages.seen[m] {
			note = " (waited for already)"
		}
		fmt.Fprintf(&text, "\n%s%s", m.JSON, note)
	}
	return text.String()
}
