package outbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Recovery is what [Open] found in the folder.
type Recovery struct {
	Messages    int   // that wait
	CutBytes    int64 // of an incomplete record at the end of the log, cut off
	Damaged     int   // places that could not be read, outside that end
	Quarantined int64 // bytes of them that were copied into the quarantine
}

// maxSegmentFile is what can lawfully be in one file: records are added while the
// file is smaller than a segment.
const maxSegmentFile = maxSegment + maxRecord + segmentHeaderSize

// finding is what was read of one segment.
type finding struct {
	*segment
	header   segmentHeader
	intact   bool     // the header is
	length   int64    // of the file
	good     []region // runs of intact records
	bad      []region // everything else behind the header, but for the cut
	cut      int64    // where an incomplete record at the end begins, else -1
	from, to int      // its messages among all
}

func (f *finding) damaged() bool { return !f.intact || len(f.bad) > 0 }

// recovery reads a folder of segments.
type recovery struct {
	folder   folder
	log      *slog.Logger
	findings []*finding
	messages []ref // in the order of the log
	done     []span
	attempts []attempt
	last     uint64 // highest number seen
	newest   stamps // of the message or segment with the highest reading
	buffer   []byte
	report   Recovery
}

// read reads all segments and changes nothing.
func (rec *recovery) read() error {
	numbers, err := rec.folder.segments()
	if err != nil {
		return err
	}
	for i, number := range numbers {
		f := &finding{segment: &segment{number: number}, cut: -1}
		if err := rec.load(f); err != nil {
			return fmt.Errorf("reading %s: %w", segmentName(number), err)
		}
		if err := rec.scan(f, i == len(numbers)-1); err != nil {
			return fmt.Errorf("reading %s: %w", segmentName(number), err)
		}
		rec.findings = append(rec.findings, f)
	}
	return nil
}

// load reads a segment's file into the buffer. What exceeds the largest lawful
// size is not read and counts as damage.
func (rec *recovery) load(f *finding) (err error) {
	file, err := rec.folder.open(f.number)
	if err != nil {
		return err
	}
	defer file.Close()
	if f.length, err = file.Size(); err != nil {
		return err
	}
	n := int(min(f.length, maxSegmentFile))
	rec.buffer = slices.Grow(rec.buffer[:0], n)[:n]
	_, err = io.ReadFull(io.NewSectionReader(file, 0, int64(n)), rec.buffer)
	return err
}

// scan finds the records of the segment in the buffer.
func (rec *recovery) scan(f *finding, newest bool) (err error) {
	if f.header, f.intact, err = decodeSegmentHeader(rec.buffer); err != nil {
		return err
	}
	if f.intact {
		rec.saw(stamps{f.header.clock, f.header.wall})
		rec.last = max(rec.last, f.header.last)
	}
	f.from = len(rec.messages)
	defer func() { f.to = len(rec.messages) }()
	start := min(segmentHeaderSize, len(rec.buffer))
	if !f.intact {
		start = 0 // if the header was cut out, records begin before its end
	}
	s := newScanner(rec.buffer, start)
	for {
		r, bad, ok := s.next()
		if !ok {
			rec.tail(f, bad, newest)
			break
		}
		if bad.start == 0 && !f.intact {
			bad.start = min(bad.end, segmentHeaderSize)
		}
		f.addBad(bad)
		at := s.found(r)
		if err := rec.record(f, r, at); errors.Is(err, errPayload) {
			f.addBad(region{at, s.at})
			continue
		} else if err != nil {
			return err
		}
		f.addGood(region{at, s.at})
	}
	if f.length > int64(len(rec.buffer)) {
		f.bad = append(f.bad, region{len(rec.buffer), len(rec.buffer)})
	}
	f.size.Store(f.length)
	return nil
}

// tail decides about what is left behind the last record: in the newest segment
// an incomplete record is what a crash leaves.
func (rec *recovery) tail(f *finding, left region, newest bool) {
	if left.start == left.end {
		return
	}
	if newest && f.intact && f.length == int64(left.end) && cutOff(rec.buffer[left.start:left.end]) {
		f.cut = int64(left.start)
		return
	}
	f.addBad(left)
}

func (f *finding) addBad(r region) {
	switch n := len(f.bad); {
	case r.start == r.end:
	case n > 0 && f.bad[n-1].end == r.start:
		f.bad[n-1].end = r.end
	default:
		f.bad = append(f.bad, r)
	}
}

func (f *finding) addGood(r region) {
	if n := len(f.good); n > 0 && f.good[n-1].end == r.start {
		f.good[n-1].end = r.end
		return
	}
	f.good = append(f.good, r)
}

// record notes what an intact record says. errPayload is returned for one that
// cannot be understood.
func (rec *recovery) record(f *finding, r record, at int) (err error) {
	switch r.kind() {
	case kindMessage, kindNeedy:
		m, t, err := messageRef(r)
		if err != nil {
			return err
		}
		m.segment, m.offset = f.number, uint32(at)
		rec.messages = append(rec.messages, m)
		rec.saw(t)
	case kindDone:
		if rec.done, err = readDone(r, rec.done); err != nil {
			return err
		}
	case kindAttempts:
		if rec.attempts, err = readAttempts(r, rec.attempts); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: record of kind %d", ErrVersion, r.kind())
	}
	if r.sequence != None {
		rec.last = max(rec.last, r.sequence)
	}
	return nil
}

// saw keeps the highest reading of the clock.
func (rec *recovery) saw(t stamps) {
	if t.stored >= rec.newest.stored {
		rec.newest = t
	}
}

// waiting returns the messages that are not done with, by number and with their
// attempts. Of a message that was written twice the newer record counts.
func (rec *recovery) waiting() []ref {
	all := rec.messages
	bySequence := func(a, b ref) int { return cmp.Compare(a.sequence, b.sequence) }
	if !slices.IsSortedFunc(all, bySequence) {
		slices.SortStableFunc(all, bySequence)
	}
	slices.SortFunc(rec.done, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	slices.SortStableFunc(rec.attempts, func(a, b attempt) int { return cmp.Compare(a.sequence, b.sequence) })
	kept, spans, counts := all[:0], rec.done, rec.attempts
	for i, f := range all {
		if i+1 < len(all) && all[i+1].sequence == f.sequence {
			continue
		}
		for len(spans) > 0 && spans[0].last < f.sequence {
			spans = spans[1:]
		}
		if len(spans) > 0 && spans[0].first <= f.sequence {
			continue
		}
		for len(counts) > 0 && counts[0].sequence <= f.sequence {
			if counts[0].sequence == f.sequence {
				f.attempts = max(f.attempts, counts[0].attempts)
			}
			counts = counts[1:]
		}
		kept = append(kept, f)
	}
	return kept
}
