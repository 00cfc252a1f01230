package dispatch

import "sync/atomic"

// Counters are totals since the start or the last reset
// (docs/protocol/dispatch.md §8). Bytes are those of the messages' JSON.
type Counters struct {
	MessagesSent     int64
	BytesSent        int64
	MessagesReceived int64
	BytesReceived    int64
	MessagesRetried  int64
	ProtocolErrors   int64 // calls that failed and requests that could not be read
}

// counters is Counters while counting.
type counters struct {
	messagesSent, bytesSent, messagesReceived, bytesReceived, messagesRetried, protocolErrors atomic.Int64
}

func (c *counters) snapshot() Counters {
	return Counters{
		MessagesSent:     c.messagesSent.Load(),
		BytesSent:        c.bytesSent.Load(),
		MessagesReceived: c.messagesReceived.Load(),
		BytesReceived:    c.bytesReceived.Load(),
		MessagesRetried:  c.messagesRetried.Load(),
		ProtocolErrors:   c.protocolErrors.Load(),
	}
}

func (c *counters) reset() {
	for _, n := range []*atomic.Int64{&c.messagesSent, &c.bytesSent, &c.messagesReceived, &c.bytesReceived, &c.messagesRetried, &c.protocolErrors} {
		n.Store(0)
	}
}
