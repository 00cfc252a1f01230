package outbox

import (
	"encoding/binary"
	"io"
	"slices"
)

// tidy deletes segments that are done with, from the oldest on: a mark must not
// be deleted before the messages that it speaks of.
func (w *writer) tidy() {
	for {
		s := w.doneWith()
		if s == nil {
			break
		}
		if err := w.l.folder.remove(segmentName(s.number)); err != nil {
			if !s.stuck {
				w.l.log.Warn("a segment of the outbox cannot be deleted", "segment", segmentName(s.number), "error", err)
			}
			s.stuck = true
			break
		}
		w.l.forget(s)
	}
	if s := w.sparse(); s != nil {
		w.move(s)
		notify(w.l.wake) // to delete it, and to look at the next one
	}
}

// doneWith returns the oldest segment if it can be deleted.
func (w *writer) doneWith() *segment {
	l := w.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) < 2 || l.segments[0].live > 0 || l.segments[0].held > 0 {
		return nil
	}
	return l.segments[0]
}

// forget removes a deleted segment and the marks that are of no use any more.
func (l *Log) forget(s *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = slices.Delete(l.segments, 0, 1)
	l.marks.done = slices.DeleteFunc(l.marks.done, func(d doneMark) bool { return d.segment == s.number })
}

// sparse returns the oldest segment if so much of all segments is done with that
// what still waits in it should be moved.
func (w *writer) sparse() *segment {
	l := w.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) < 2 {
		return nil
	}
	var total int64
	for _, s := range l.segments {
		total += s.size.Load()
	}
	oldest := l.segments[0]
	if oldest.live == 0 || oldest.held > 0 || oldest.stuck ||
		total <= 2*l.index.kept.bytes+4*int64(l.options.SegmentSize) {
		return nil
	}
	return oldest
}

// moved is a message that was written again at the end of the log.
type moved struct {
	ref
	segment, offset uint32 // where it lies now
}

// move writes the messages that wait in the oldest segment again. When that is
// flushed the segment is done with.
func (w *writer) move(s *segment) {
	w.ends = w.ends[:0]
	copies, err := w.copy(s)
	if err == nil {
		err = w.flush()
	}
	if err == nil && len(copies) > 0 && w.l.folder.sync {
		if err = w.file.Sync(); err == nil {
			w.unsynced = false
		}
	}
	if err != nil {
		w.l.log.Warn("messages of an old segment of the outbox cannot be moved", "segment", segmentName(s.number), "error", err)
		s.stuck = true
		if w.rollBack() != nil {
			w.leave() // the next segment is begun; what failed was logged
		}
		return
	}
	w.good = w.size
	w.l.relocate(s, copies)
}

// copy appends the records of the messages that wait in a segment.
func (w *writer) copy(s *segment) (copies []moved, err error) {
	data, err := w.l.folder.content(s.number)
	if err != nil {
		return nil, err
	}
	scan := newScanner(data, min(segmentHeaderSize, len(data)))
	for {
		r, bad, ok := scan.next()
		if bad.start < bad.end {
			w.l.setAside(s.number, int64(bad.start), data[bad.start:bad.end])
		}
		if !ok {
			return copies, nil
		}
		if !isMessage(r.kind()) {
			continue
		}
		f, _, err := messageRef(r)
		if err != nil {
			continue // Open has seen it, and nothing of it is in the index
		}
		attempts, here := w.l.liesAt(f, s.number, uint32(scan.found(r)))
		if !here {
			continue
		}
		segment, offset, err := w.place()
		if err != nil {
			return nil, err
		}
		start := len(w.out)
		w.out = append(w.out, r.raw...)
		binary.LittleEndian.PutUint16(w.out[start+headerSize+atAttempts:], attempts)
		w.out = end(w.out, start)
		copies = append(copies, moved{f, segment, offset})
	}
}

// content reads a whole segment.
func (f *folder) content(number uint32) ([]byte, error) {
	file, err := f.open(number)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, min(size, maxSegmentFile))
	_, err = io.ReadFull(io.NewSectionReader(file, 0, int64(len(data))), data)
	return data, err
}

// liesAt reports whether a message of the index lies at a place, and how often it
// was attempted.
func (l *Log) liesAt(f ref, segment, offset uint32) (attempts uint16, here bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.index.lanes[f.priority][f.reliability].find(f.sequence)
	if e == nil || e.segment != segment || e.offset != offset || e.state == pending {
		return 0, false
	}
	return e.attempts, true
}

// relocate makes the index find messages where they were moved. Of those that
// left meanwhile the copy is done with. Messages that are still in the segment
// then cannot be read.
func (l *Log) relocate(s *segment, copies []moved) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range copies {
		to := l.segment(c.segment)
		if e := l.index.lanes[c.priority][c.reliability].find(c.sequence); e != nil {
			e.segment, e.offset = c.segment, c.offset
			s.live--
			to.live++
			continue
		}
		if d := l.droppedAs(c.sequence); d != nil {
			d.segment, d.offset = c.segment, c.offset
			s.held--
			to.held++
			continue
		}
		l.marks.done = append(l.marks.done, doneMark{c.sequence, c.segment})
	}
	if s.live > 0 {
		l.lose(s)
	}
}

func (l *Log) droppedAs(sequence uint64) *drop {
	for i := range l.index.dropped {
		if d := &l.index.dropped[i]; d.sequence == sequence && d.record == nil {
			return d
		}
	}
	return nil
}

// lose drops the waiting messages of a segment that cannot be read; those that
// are taken are found out about when they are taken again. The caller holds the
// lock.
func (l *Log) lose(s *segment) {
	before := len(l.index.dropped)
	l.index.lose(s.number, errUnreadable, l.clock.seconds())
	l.holdDropped(before)
	s.stuck = s.live > 0
	if len(l.index.dropped) > before {
		notify(l.signal)
	}
}
