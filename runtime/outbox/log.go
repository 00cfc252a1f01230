package outbox

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Log is a [Store] in files. One goroutine of its own does all writing; it ends
// with Close.
type Log struct {
	options   Options
	folder    folder
	log       *slog.Logger
	lock      io.Closer
	clock     clock
	recovered Recovery

	signal chan struct{} // tells the user of the store
	wake   chan struct{} // tells the writer
	stop   chan struct{} // closed when the writer must end
	exited chan struct{}

	mu       sync.Mutex
	closed   bool
	index    index
	segments []*segment // by number; the newest is the last
	group    *group     // puts since the last commit; nil if none
	spare    *group     // to be used again
	marks    marks      // to be written

	aside    sync.Mutex // held while something is put into the quarantine
	closing  sync.Once
	closeErr error

	writer writer // belongs to the writing goroutine
	reader reader
}

// marks are what is to be written about messages that exist already.
type marks struct {
	done     []doneMark
	attempts []attempt
	written  *Commit // of Remove; nil if nobody waits
}

// doneMark is a message that is done with, and where it lies.
type doneMark struct {
	sequence uint64
	segment  uint32 // 0: nowhere for certain
}

// empty reports whether there is nothing to do. A Remove may wait although its marks
// are of no use any more: their segment was deleted.
func (m *marks) empty() bool {
	return len(m.done) == 0 && len(m.attempts) == 0 && m.written == nil
}

// group is the puts that are committed together.
type group struct {
	commit  *Commit
	buffer  []byte   // records, one after the other
	starts  []uint32 // where each begins
	entries []ref    // segment and offset are known when it is written
}

// Open opens the outbox in a folder, making both if need be. It reads everything
// once; messages that wait need no memory but for their place in the index.
//
// The folder is made for this user alone (0700, files 0600). Messages lie in it
// as they are, not encrypted.
//
// Errors: [ErrLocked], [ErrVersion], [ErrDiskFull], and those of the file
// system. Damage is no error: see [Recovery].
func Open(path string, options Options) (*Log, error) {
	if err := options.setDefaults(); err != nil {
		return nil, err
	}
	l := &Log{
		options: options,
		folder:  folder{disk: options.Disk, path: path, sync: options.Sync == Group},
		log:     options.Logger,
		index:   newIndex(&options),
		signal:  make(chan struct{}, 1),
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		exited:  make(chan struct{}),
	}
	if err := l.folder.disk.MakeFolder(path); err != nil {
		return nil, fmt.Errorf("opening the outbox: %w", explain(err))
	}
	lock, err := l.folder.disk.Lock(l.folder.name(lockName))
	if err != nil {
		return nil, fmt.Errorf("opening the outbox %s: %w", path, explain(err))
	}
	l.lock = lock
	if err := l.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the outbox %s: %w", path, explain(err)), lock.Close())
	}
	go l.run()
	return l, nil
}

// recover fills the index with what is in the folder.
func (l *Log) recover() error {
	rec := &recovery{folder: l.folder, log: l.log}
	if err := rec.read(); err != nil {
		return err
	}
	if err := l.folder.remove(nextName); err != nil {
		return err
	}
	rec.repair()
	l.clock = newClock(rec.newest.stored, rec.newest.wall, time.Now)
	byNumber := make(map[uint32]*segment, len(rec.findings))
	damaged := make(map[uint32]bool)
	for _, f := range rec.findings {
		l.segments = append(l.segments, f.segment)
		byNumber[f.number] = f.segment
		damaged[f.number] = f.damaged() || f.cut >= 0
	}
	found := rec.waiting()
	l.index.reserve(found)
	for _, f := range found {
		byNumber[f.segment].live++
		l.index.restore(f)
	}
	l.index.last = max(l.index.last, rec.last)
	l.index.committed = l.index.last
	rec.report.Messages = l.index.kept.messages
	l.recovered = rec.report
	l.overflowed()
	l.writer = writer{l: l}
	if n := len(l.segments); n > 0 {
		return l.writer.resume(l.segments[n-1], damaged[l.segments[n-1].number])
	}
	return nil
}

// Recovered tells what Open found.
func (l *Log) Recovered() Recovery { return l.recovered }

// Last implements [Store].
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index.last
}

// Put implements [Store].
func (l *Log) Put(ms []Message) (*Commit, error) {
	if len(ms) == 0 {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if err := l.index.admit(ms); err != nil {
		return nil, err
	}
	if l.group == nil {
		l.group = l.newGroup()
	}
	g, now, wall := l.group, l.clock.now(), l.clock.wallTime()
	for i := range ms {
		m := &ms[i]
		offset := len(g.buffer)
		g.buffer = appendMessage(g.buffer, m, now, wall)
		size := uint32(len(g.buffer) - offset)
		l.index.put(m, size, uint32(now/1000))
		e := entry{sequence: m.Sequence, size: size, stored: uint32(now / 1000)}
		g.starts = append(g.starts, uint32(offset))
		g.entries = append(g.entries, ref{e, m.Priority, m.Reliability})
	}
	notify(l.wake)
	return g.commit, nil
}

// newGroup returns an empty group. The caller holds the lock.
func (l *Log) newGroup() *group {
	g := l.spare
	if g == nil {
		g = new(group)
	}
	l.spare = nil
	g.commit = NewCommit()
	return g
}

// Return implements [Store].
func (l *Log) Return(sequences []uint64, attempted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range sequences {
		if n, ok := l.index.giveBack(s, attempted); ok && attempted {
			l.marks.attempts = append(l.marks.attempts, attempt{s, n})
		}
	}
	l.overflowed()
	if !l.marks.empty() {
		notify(l.wake)
	}
}

// overflowed drops what exceeds the limits and tells of it. The caller holds the
// lock.
func (l *Log) overflowed() {
	before := len(l.index.dropped)
	now := l.clock.seconds()
	l.index.expire(now)
	l.index.enforce(now)
	l.holdDropped(before)
	if len(l.index.dropped) > before {
		notify(l.signal)
	}
}

// holdDropped keeps the segments of messages that were dropped, from one on,
// until the drop is told.
func (l *Log) holdDropped(from int) {
	for _, d := range l.index.dropped[from:] {
		if s := l.segment(d.segment); s != nil && d.record == nil {
			s.live--
			s.held++
		}
	}
}

// segment returns the segment of a number, nil if there is none any more. The
// caller holds the lock.
func (l *Log) segment(number uint32) *segment {
	i, found := slices.BinarySearchFunc(l.segments, number, func(s *segment, n uint32) int {
		switch {
		case s.number < n:
			return -1
		case s.number > n:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return l.segments[i]
}

// Remove implements [Store].
func (l *Log) Remove(sequences []uint64) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	before := len(l.marks.done)
	for _, s := range sequences {
		if f, ok := l.index.remove(s); ok {
			l.marks.done = append(l.marks.done, doneMark{s, f.segment})
			l.segment(f.segment).live--
		}
	}
	if len(l.marks.done) == before {
		l.mu.Unlock()
		return nil
	}
	if l.marks.written == nil {
		l.marks.written = NewCommit()
	}
	written := l.marks.written
	l.mu.Unlock()
	notify(l.wake)
	<-written.decided
	return written.err
}

// Signal implements [Store].
func (l *Log) Signal() <-chan struct{} { return l.signal }

// Stats implements [Store].
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{
		Messages: l.index.kept.messages, Bytes: l.index.kept.bytes,
		Committed: l.index.committed, Files: len(l.segments),
	}
	for _, g := range l.segments {
		s.FileBytes += g.size.Load()
	}
	return s
}

// Close implements [Store].
func (l *Log) Close() error {
	l.closing.Do(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		close(l.stop)
		<-l.exited
		l.closeErr = errors.Join(explain(l.writer.close()), l.lock.Close())
	})
	return l.closeErr
}

// notify puts a token into a channel that holds one.
func notify(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

var _ Store = (*Log)(nil)
