package outbox

import (
	"errors"
	"time"
)

// largeWrite is how much is gathered before it is written.
const largeWrite = 256 << 10

// marksPerRecord bounds a mark, marks beyond that many get another one.
const marksPerRecord = 10_000

// writer appends records to the newest segment. It belongs to one goroutine.
type writer struct {
	l        *Log
	file     File // nil: the next record begins a segment
	segment  *segment
	size     int64  // bytes in the file
	good     int64  // bytes of it that are committed
	out      []byte // to be written at size
	scratch  []uint64
	ends     []segmentEnd // of this write
	unsynced bool         // marks are written, but not flushed
	failing  bool         // the last write failed, which was logged

	// Of the last commit:
	together int           // its messages
	took     time.Duration // how long its flush took
	ended    time.Time     // when it was over
}

// resume goes on with the newest segment of an earlier run, unless it is full or
// was damaged.
func (w *writer) resume(s *segment, damaged bool) error {
	if damaged || s.size.Load() >= int64(w.l.options.SegmentSize) {
		return nil
	}
	file, err := w.l.folder.open(s.number)
	if err != nil {
		return err
	}
	if w.l.folder.sync {
		// A killed process may have left what was read here unflushed.
		if err := file.Sync(); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	w.file, w.segment, w.size, w.good = file, s, s.size.Load(), s.size.Load()
	return nil
}

// write appends marks and messages and flushes them if there are messages. It
// fills in where these lie.
func (w *writer) write(g *group, m *marks, last uint64) error {
	w.ends = w.ends[:0]
	err := w.add(g, m, last)
	if err == nil {
		err = w.flush()
	}
	if err == nil && g != nil && w.l.folder.sync {
		start := time.Now()
		err = w.file.Sync()
		w.ended = time.Now()
		w.took, w.together = w.ended.Sub(start), len(g.entries)
		if err != nil {
			// What of the file is on the disk cannot be known any more.
			return errors.Join(err, w.rollBack(), w.leave())
		}
		w.unsynced = false
	}
	if err != nil {
		if undo := w.rollBack(); undo != nil {
			err = errors.Join(err, undo, w.leave())
		}
		return err
	}
	w.good = w.size
	if g == nil && w.l.folder.sync {
		w.unsynced = true
	}
	return nil
}

func (w *writer) add(g *group, m *marks, last uint64) error {
	for done := m.done; len(done) > 0; {
		n := min(len(done), marksPerRecord)
		w.scratch = w.scratch[:0]
		for _, d := range done[:n] {
			w.scratch = append(w.scratch, d.sequence)
		}
		done = done[n:]
		if _, _, err := w.place(); err != nil {
			return err
		}
		w.out = appendDone(w.out, last, w.scratch)
	}
	for attempts := m.attempts; len(attempts) > 0; {
		n := min(len(attempts), marksPerRecord)
		if _, _, err := w.place(); err != nil {
			return err
		}
		w.out = appendAttempts(w.out, last, attempts[:n])
		attempts = attempts[n:]
	}
	if g == nil {
		return nil
	}
	for i := range g.entries {
		f, start := &g.entries[i], g.starts[i]
		segment, offset, err := w.place()
		if err != nil {
			return err
		}
		f.segment, f.offset = segment, offset
		w.out = append(w.out, g.buffer[start:start+f.size]...)
	}
	return nil
}

// place returns where the next record will lie, beginning a segment if the
// newest one is full.
func (w *writer) place() (segment, offset uint32, err error) {
	if len(w.out) >= largeWrite {
		if err := w.flush(); err != nil {
			return 0, 0, err
		}
	}
	if w.file == nil || w.size+int64(len(w.out)) >= int64(w.l.options.SegmentSize) {
		if err := w.rotate(); err != nil {
			return 0, 0, err
		}
	}
	return w.segment.number, uint32(w.size + int64(len(w.out))), nil
}

// flush writes what was gathered.
func (w *writer) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.file.WriteAt(w.out, w.size)
	w.size += int64(len(w.out)) // after an error as much as this may have been written
	w.segment.size.Store(w.size)
	w.out = w.out[:0]
	if cap(w.out) > 4*largeWrite {
		w.out = nil
	}
	return err
}

// rollBack takes back what was written since the last success. The end of a segment
// may have been flushed already, so this is flushed too.
func (w *writer) rollBack() error {
	w.out = w.out[:0]
	for _, e := range w.ends {
		if err := w.shorten(e); err != nil {
			w.l.log.Warn("records that were refused cannot be cut off; a mark will say so", "segment", segmentName(e.number), "error", err)
		}
	}
	if w.file == nil || w.size == w.good {
		return nil
	}
	if err := w.file.Truncate(w.good); err != nil {
		return err
	}
	w.size = w.good
	w.segment.size.Store(w.size)
	if !w.l.folder.sync {
		return nil
	}
	return w.file.Sync()
}

// segmentEnd is a segment that was ended, and how much of it was committed before.
type segmentEnd struct {
	*segment
	good int64
}

// shorten takes back what was added to a segment before it was ended.
func (w *writer) shorten(e segmentEnd) error {
	file, err := w.l.folder.open(e.number)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(e.good); err != nil {
		return err
	}
	e.size.Store(e.good)
	if !w.l.folder.sync {
		return nil
	}
	return file.Sync()
}

// leave ends the newest segment as it is.
func (w *writer) leave() error {
	if w.file == nil {
		return nil
	}
	file := w.file
	w.file = nil
	return file.Close()
}

// rotate ends the newest segment and begins the next one. If there is no room for
// that, the newest one stays, so that what was written to it can be taken back.
func (w *writer) rotate() error {
	ended, last, good := w.file, w.segment, w.good
	if ended != nil {
		if err := w.flush(); err != nil {
			return err
		}
		if w.l.folder.sync {
			if err := ended.Sync(); err != nil {
				return errors.Join(err, w.leave())
			}
		}
	}
	if err := w.begin(); err != nil {
		return err
	}
	if ended != nil {
		w.ends = append(w.ends, segmentEnd{last, good})
		return ended.Close()
	}
	return nil
}

func (w *writer) begin() error {
	l := w.l
	l.mu.Lock()
	number := uint32(1)
	if n := len(l.segments); n > 0 {
		number = l.segments[n-1].number + 1
	}
	header := segmentHeader{last: l.index.last, clock: l.clock.now(), wall: l.clock.wallTime()}
	l.mu.Unlock()
	if err := l.folder.write(segmentName(number), header.encode()); err != nil {
		return err
	}
	file, err := l.folder.open(number)
	if err != nil {
		return err
	}
	s := &segment{number: number}
	s.size.Store(segmentHeaderSize)
	w.file, w.segment, w.size, w.good = file, s, segmentHeaderSize, segmentHeaderSize
	l.mu.Lock()
	l.segments = append(l.segments, s)
	l.mu.Unlock()
	return nil
}

// syncMarks flushes marks that were written without.
func (w *writer) syncMarks() {
	if !w.unsynced || w.file == nil {
		return
	}
	w.unsynced = false
	if err := w.file.Sync(); err != nil {
		w.l.log.Warn("marks of the outbox cannot be flushed; after a power failure messages may be sent again", "error", err)
	}
}

// report logs the beginning and the end of a time in which writes fail.
func (w *writer) report(err error) {
	switch {
	case err != nil && !w.failing:
		w.l.log.Error("the outbox cannot be written", "folder", w.l.folder.path, "error", err)
	case err == nil && w.failing:
		w.l.log.Info("the outbox can be written again", "folder", w.l.folder.path)
	}
	w.failing = err != nil
}

// close ends the last segment.
func (w *writer) close() error { return w.leave() }
