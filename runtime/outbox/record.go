package outbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// A record is
//
//	offset  bytes
//	0       4      marker
//	4       4      length of the payload
//	8       8      sequence number; of a mark the highest one so far
//	16      4      CRC-32C of bytes 4 to 16 and of the payload
//	20             payload
//
// All numbers are little-endian. The first byte of the payload is its kind.
const (
	headerSize = 20
	maxRecord  = 16 << 20 // of header and payload
)

// marker begins a record. None of its bytes occurs in UTF-8, hence not in the
// JSON of a message.
const marker = "\xf8\xfb\xfe\xf9"

// Kinds of payload. The rest of the byte's values is for records to come; a
// reader that meets a kind it does not know refuses the outbox as written by a
// newer version.
const (
	kindMessage  = 1
	kindDone     = 2 // mark: messages that are done with
	kindAttempts = 3 // mark: how often messages were attempted
	kindNeedy    = 4 // a message with needs
)

func isMessage(kind byte) bool { return kind == kindMessage || kind == kindNeedy }

// The payload of a message, behind the kind: type, priority, reliability,
// attempts (2 bytes), reading of the outbox's clock, time on the wall, event time
// (8 bytes each, milliseconds), client id (16), source and format (each its
// length as a varint, then the bytes), of a message with needs those (like a text),
// JSON to the end.
const (
	atType        = 1
	atPriority    = 2
	atReliability = 3
	atAttempts    = 4
	atStored      = 6
	atWall        = 14
	atEventTime   = 22
	atClientID    = 30
	atSource      = 46
)

// errPayload says that an intact record does not hold what its kind demands.
var errPayload = errors.New("payload is malformed")

// castagnoli gives the table of CRC-32C; the package keeps it.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// recordSize is the size of a message's record.
func recordSize(m *Message) int {
	size := headerSize + atSource + varintSize(len(m.Source)) + len(m.Source) + varintSize(len(m.Format)) + len(m.Format) + len(m.JSON)
	if len(m.Needs) > 0 {
		size += varintSize(len(m.Needs)) + len(m.Needs)
	}
	return size
}

func varintSize(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// begin appends the header of a record, which end completes.
func begin(dst []byte, sequence uint64) []byte {
	dst = append(dst, marker...)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, sequence)
	return append(dst, 0, 0, 0, 0)
}

// end fills in length and checksum of the record that begins at start.
func end(dst []byte, start int) []byte {
	binary.LittleEndian.PutUint32(dst[start+4:], uint32(len(dst)-start-headerSize))
	binary.LittleEndian.PutUint32(dst[start+16:], checksum(dst[start:]))
	return dst
}

// checksum is that of a complete record.
func checksum(record []byte) uint32 {
	sum := crc32.Update(0, castagnoli(), record[4:16])
	return crc32.Update(sum, castagnoli(), record[headerSize:])
}

// appendMessage appends the record of a message.
func appendMessage(dst []byte, m *Message, stored, wall int64) []byte {
	start, kind := len(dst), byte(kindMessage)
	if len(m.Needs) > 0 {
		kind = kindNeedy
	}
	dst = begin(dst, m.Sequence)
	dst = append(dst, kind, byte(m.Type), byte(m.Priority), byte(m.Reliability), 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(stored))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(wall))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.EventTime))
	dst = append(dst, m.ClientID[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(m.Source)))
	dst = append(dst, m.Source...)
	dst = binary.AppendUvarint(dst, uint64(len(m.Format)))
	dst = append(dst, m.Format...)
	if kind == kindNeedy {
		dst = binary.AppendUvarint(dst, uint64(len(m.Needs)))
		dst = append(dst, m.Needs...)
	}
	dst = append(dst, m.JSON...)
	return end(dst, start)
}

// record is one that was found intact.
type record struct {
	sequence uint64
	raw      []byte // header and payload
}

func (r record) payload() []byte { return r.raw[headerSize:] }
func (r record) kind() byte      { return r.raw[headerSize] }

// parseRecord reads the record at the start of data. work is the number of bytes
// that had to be looked at.
func parseRecord(data []byte) (r record, work int, ok bool) {
	if len(data) < headerSize || string(data[:4]) != marker {
		return record{}, 0, false
	}
	length := binary.LittleEndian.Uint32(data[4:])
	if length == 0 || length > maxRecord-headerSize || int(length) > len(data)-headerSize {
		return record{}, 0, false
	}
	raw := data[:headerSize+int(length)]
	if binary.LittleEndian.Uint32(raw[16:]) != checksum(raw) {
		return record{}, len(raw), false
	}
	return record{binary.LittleEndian.Uint64(raw[8:]), raw}, len(raw), true
}

// cutOff reports whether data, which no record can be read from, is the start of
// a record whose end is missing, or room that was never written to.
func cutOff(data []byte) bool {
	if len(bytes.Trim(data, "\x00")) == 0 {
		return true
	}
	n := min(len(data), len(marker))
	if string(data[:n]) != marker[:n] {
		return false
	}
	if len(data) < headerSize {
		return true
	}
	length := binary.LittleEndian.Uint32(data[4:])
	return length <= maxRecord-headerSize && int(length) > len(data)-headerSize
}

// stamps are the times in the record of a message.
type stamps struct{ stored, wall int64 }

// messageRef reads from a message's record what the index needs.
func messageRef(r record) (f ref, t stamps, err error) {
	p := r.payload()
	if len(p) < atSource || int(p[atPriority]) >= priorities || int(p[atReliability]) >= reliabilities ||
		r.sequence == 0 || r.sequence == None {
		return ref{}, stamps{}, errPayload
	}
	t = stamps{int64(binary.LittleEndian.Uint64(p[atStored:])), int64(binary.LittleEndian.Uint64(p[atWall:]))}
	f.sequence = r.sequence
	f.size = uint32(len(r.raw))
	f.stored = uint32(min(max(0, t.stored/1000), 1<<32-1))
	f.attempts = binary.LittleEndian.Uint16(p[atAttempts:])
	f.priority, f.reliability = wire.Priority(p[atPriority]), wire.Reliability(p[atReliability])
	return f, t, nil
}

// decodeMessage reads a message; m.JSON and m.Needs lie in the record. text makes the
// strings.
func decodeMessage(r record, m *Message, text func([]byte) string) error {
	p := r.payload()
	if !isMessage(r.kind()) || len(p) < atSource {
		return errPayload
	}
	source, rest, ok := cutText(p[atSource:])
	if !ok {
		return errPayload
	}
	format, json, ok := cutText(rest)
	if !ok {
		return errPayload
	}
	m.Needs = nil
	if r.kind() == kindNeedy {
		if m.Needs, json, ok = cutText(json); !ok {
			return errPayload
		}
	}
	m.Sequence = r.sequence
	m.Attempts = int(binary.LittleEndian.Uint16(p[atAttempts:]))
	m.Type = wire.MessageType(p[atType])
	m.Priority, m.Reliability = wire.Priority(p[atPriority]), wire.Reliability(p[atReliability])
	m.EventTime = int64(binary.LittleEndian.Uint64(p[atEventTime:]))
	m.ClientID = wire.UUID(p[atClientID:atSource])
	m.Source, m.Format, m.JSON = text(source), text(format), json
	return nil
}

// cutText takes a text with its length off data.
func cutText(data []byte) (text, rest []byte, ok bool) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return nil, nil, false
	}
	end := n + int(length)
	return data[n:end], data[end:], true
}
