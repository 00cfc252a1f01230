package outbox

import (
	"encoding/binary"
	"hash/crc32"
)

// For tests outside the package, which may import outboxtest.

// Place is where a record lies in a segment.
type Place struct {
	Start, End int
	Sequence   uint64
	Message    bool
}

// Places lists the intact records of a segment.
func Places(data []byte) (places []Place) {
	s := newScanner(data, segmentHeaderSize)
	for {
		r, _, ok := s.next()
		if !ok {
			return places
		}
		places = append(places, Place{s.found(r), s.at, r.sequence, r.kind() == kindMessage})
	}
}

// SegmentHeaderSize is where the records of a segment begin.
const SegmentHeaderSize = segmentHeaderSize

// WithVersion returns a segment whose intact header says another version.
func WithVersion(data []byte, version uint32) []byte {
	data = append([]byte(nil), data...)
	binary.LittleEndian.PutUint32(data[8:], version)
	binary.LittleEndian.PutUint32(data[60:], crc32.Checksum(data[:60], castagnoli()))
	return data
}

// WithRecord appends an intact record of any payload to a segment.
func WithRecord(data []byte, sequence uint64, payload ...byte) []byte {
	data = append([]byte(nil), data...)
	start := len(data)
	return end(append(begin(data, sequence), payload...), start)
}

// MaxQuarantine is how many bytes the quarantine keeps.
const MaxQuarantine = maxQuarantine
