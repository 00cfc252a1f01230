package outbox

import "bytes"

// scanner walks the records of a segment. What is not a record is skipped to the
// next good one.
type scanner struct {
	data []byte
	at   int
	// budget bounds the bytes that are looked at while searching, so that no
	// content, however it was made, takes more than linear time.
	budget int
}

// region is a range of bytes.
type region struct{ start, end int }

func newScanner(data []byte, at int) *scanner {
	return &scanner{data: data, at: at, budget: 16*len(data) + 1<<20}
}

// next returns the next record and the region before it that is none. At the end
// ok is false; bad is then what is left.
func (s *scanner) next() (r record, bad region, ok bool) {
	start := s.at
	for s.at < len(s.data) {
		r, work, ok := parseRecord(s.data[s.at:])
		if ok {
			bad := region{start, s.at}
			s.at += len(r.raw)
			return r, bad, true
		}
		s.budget -= work
		found := -1
		if s.budget > 0 {
			found = bytes.Index(s.data[s.at+1:], []byte(marker))
		}
		if found < 0 {
			break
		}
		s.at += 1 + found
	}
	s.at = len(s.data)
	return record{}, region{start, len(s.data)}, false
}

// found tells where the record that next returned begins.
func (s *scanner) found(r record) int { return s.at - len(r.raw) }
