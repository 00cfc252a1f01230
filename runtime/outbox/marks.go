package outbox

import (
	"encoding/binary"
	"slices"
)

// span is a run of sequence numbers.
type span struct{ first, last uint64 }

// attempt is a message with the number of its attempts.
type attempt struct {
	sequence uint64
	attempts uint16
}

// appendDone appends the mark that says that messages are done with: for each run
// of numbers the distance from the one before and its length less one. It sorts
// sequences.
func appendDone(dst []byte, last uint64, sequences []uint64) []byte {
	slices.Sort(sequences)
	start := len(dst)
	dst = append(begin(dst, last), kindDone)
	previous := uint64(0)
	for i := 0; i < len(sequences); {
		run := i + 1
		for run < len(sequences) && sequences[run] <= sequences[run-1]+1 {
			run++
		}
		dst = binary.AppendUvarint(dst, sequences[i]-previous)
		dst = binary.AppendUvarint(dst, sequences[run-1]-sequences[i])
		previous = sequences[run-1]
		i = run
	}
	return end(dst, start)
}

// readDone appends the runs of a mark to dst.
func readDone(r record, dst []span) ([]span, error) {
	p := r.payload()[1:]
	previous := uint64(0)
	for len(p) > 0 {
		distance, n := binary.Uvarint(p)
		if n <= 0 {
			return dst, errPayload
		}
		length, k := binary.Uvarint(p[n:])
		if k <= 0 || length > None-previous || distance > None-previous-length {
			return dst, errPayload
		}
		p = p[n+k:]
		first := previous + distance
		previous = first + length
		dst = append(dst, span{first, previous})
	}
	return dst, nil
}

// appendAttempts appends the mark that tells how often messages were attempted.
func appendAttempts(dst []byte, last uint64, attempts []attempt) []byte {
	start := len(dst)
	dst = append(begin(dst, last), kindAttempts)
	for _, a := range attempts {
		dst = binary.AppendUvarint(dst, a.sequence)
		dst = binary.AppendUvarint(dst, uint64(a.attempts))
	}
	return end(dst, start)
}

// readAttempts appends what a mark tells to dst.
func readAttempts(r record, dst []attempt) ([]attempt, error) {
	p := r.payload()[1:]
	for len(p) > 0 {
		sequence, n := binary.Uvarint(p)
		if n <= 0 {
			return dst, errPayload
		}
		attempts, k := binary.Uvarint(p[n:])
		if k <= 0 || attempts > 1<<16-1 {
			return dst, errPayload
		}
		p = p[n+k:]
		dst = append(dst, attempt{sequence, uint16(attempts)})
	}
	return dst, nil
}
