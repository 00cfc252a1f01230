package history

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Message is one stored message. Do not modify it.
type Message struct {
	Seq         uint64 // place in the history, from 1; without gaps
	ID          wire.UUID
	Received    int64 // arrival in ms since the epoch; unique
	EventTime   int64 // as the sender says, in ms since the epoch
	ToDevice    bool
	Type        wire.MessageType
	Source      string
	Destination string
	Violations  []string // how a message of a device breaks its model; nil when it does not
	JSON        []byte   // the message object as it came

	client clientKey
}

// clientKey tells messages of one sender apart.
type clientKey [16]byte

// overhead is what a message takes in memory beside its JSON text, in bytes.
const overhead = 300

func (m *Message) size() int64 { return int64(len(m.JSON)) + overhead }

// The form of a message in the journal: the fields below in their order, numbers as varints, texts with their lengths.
const recordVersion = 1

const flagToDevice = 1

func appendRecord(dst []byte, m *Message) []byte {
	flags := byte(0)
	if m.ToDevice {
		flags |= flagToDevice
	}
	dst = append(dst, recordVersion, flags, byte(m.Type))
	dst = append(dst, m.ID[:]...)
	dst = append(dst, m.client[:]...)
	dst = binary.AppendVarint(dst, m.Received)
	dst = binary.AppendVarint(dst, m.EventTime)
	dst = appendText(dst, m.Source)
	dst = appendText(dst, m.Destination)
	dst = binary.AppendUvarint(dst, uint64(len(m.Violations)))
	for _, text := range m.Violations {
		dst = appendText(dst, text)
	}
	return append(dst, m.JSON...)
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

var errRecord = errors.New("history: a record that this version did not write")

// parseRecord copies what it keeps of the record.
func parseRecord(record []byte) (*Message, error) {
	const fixed = 3 + 16 + 16
	if len(record) < fixed || record[0] != recordVersion {
		return nil, errRecord
	}
	m := &Message{ToDevice: record[1]&flagToDevice != 0, Type: wire.MessageType(record[2])}
	copy(m.ID[:], record[3:])
	copy(m.client[:], record[3+16:])
	r := reader{rest: record[fixed:]}
	m.Received = r.number()
	m.EventTime = r.number()
	m.Source = r.text()
	m.Destination = r.text()
	count := r.length()
	if count > len(r.rest) { // every text takes a byte at least
		return nil, errRecord
	}
	for range count {
		m.Violations = append(m.Violations, r.text())
	}
	if r.failed {
		return nil, errRecord
	}
	m.JSON = slices.Clone(r.rest)
	return m, nil
}

// reader takes fields from the front of a record.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) number() int64 {
	value, n := binary.Varint(r.rest)
	return advance(r, value, n)
}

func (r *reader) length() int {
	value, n := binary.Uvarint(r.rest)
	length := advance(r, value, n)
	if length > uint64(len(r.rest)) {
		r.failed = true
		return 0
	}
	return int(length)
}

func advance[T any](r *reader, value T, n int) T {
	if n <= 0 || r.failed {
		r.failed = true
		var zero T
		return zero
	}
	r.rest = r.rest[n:]
	return value
}

func (r *reader) text() string {
	length := r.length()
	text := string(r.rest[:length])
	r.rest = r.rest[length:]
	return text
}
