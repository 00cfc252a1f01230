package outbox

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// errUnreadable is why a message is dropped whose record is not intact any more.
var errUnreadable = errors.New("the record fails its checksum")

// Bounds of one read: records that lie close to each other are read together.
const (
	largestRead = 256 << 10
	largestGap  = 4 << 10
)

// reader reads messages for Take and Drops, one caller at a time.
type reader struct {
	mu     sync.Mutex
	refs   []ref
	buffer []byte
	names  map[string]string // sources and formats, which repeat
	file   File
	number uint32 // of the segment that file is
}

// text makes a string, the same one for the same bytes.
func (r *reader) text(b []byte) string {
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	const most = 4096
	if r.names == nil || len(r.names) >= most {
		r.names = make(map[string]string)
	}
	s := string(b)
	r.names[s] = s
	return s
}

// Take implements [Store].
func (l *Log) Take(p wire.Priority, before uint64, limit Limit, visit func(*Message)) (next uint64, err error) {
	r := &l.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return None, ErrClosed
	}
	l.overflowed()
	r.refs, next = l.index.take(p, before, limit, r.refs[:0])
	for _, f := range r.refs {
		l.segment(f.segment).held++
	}
	l.mu.Unlock()
	l.visit(r.refs, func(m *Message, f ref, err error) {
		if err == nil {
			visit(m)
			return
		}
		l.damaged(f, err)
	})
	l.mu.Lock()
	for _, f := range r.refs {
		l.segment(f.segment).held--
	}
	l.mu.Unlock()
	return next, nil
}

// damaged drops a taken message that cannot be read.
func (l *Log) damaged(f ref, err error) {
	l.log.Error("a message in the outbox cannot be read", "sequence", f.sequence, "segment", segmentName(f.segment), "error", err)
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.index.dropped)
	if _, ok := l.index.damaged(f.sequence, err, l.clock.seconds()); ok {
		l.holdDropped(before)
		notify(l.signal)
	}
}

// visit reads messages, which are held, in their order.
func (l *Log) visit(refs []ref, visit func(m *Message, f ref, err error)) {
	defer l.reader.close()
	for len(refs) > 0 {
		n := together(refs)
		l.visitRun(refs[:n], visit)
		refs = refs[n:]
	}
}

// together is how many of the first refs are worth one read.
func together(refs []ref) int {
	first := refs[0]
	end := first.offset + first.size
	for i, f := range refs[1:] {
		if f.segment != first.segment || f.offset < end || f.offset-end > largestGap || f.offset+f.size-first.offset > largestRead {
			return i + 1
		}
		end = f.offset + f.size
	}
	return len(refs)
}

func (l *Log) visitRun(refs []ref, visit func(m *Message, f ref, err error)) {
	r := &l.reader
	first, last := refs[0], refs[len(refs)-1]
	data, err := r.read(&l.folder, first.segment, first.offset, last.offset+last.size-first.offset)
	if err != nil && len(refs) > 1 {
		for i := range refs {
			l.visitRun(refs[i:i+1], visit)
		}
		return
	}
	var m Message
	for _, f := range refs {
		if err == nil {
			err = l.decode(data[f.offset-first.offset:], f, &m)
		}
		if err != nil {
			m = Message{Sequence: f.sequence, Encoded: wire.Encoded{Priority: f.priority, Reliability: f.reliability}}
		}
		m.Attempts = int(f.attempts)
		visit(&m, f, err)
		err = nil
	}
}

// decode reads the record at the start of data. A damaged one is put into the
// quarantine.
func (l *Log) decode(data []byte, f ref, m *Message) error {
	r, _, ok := parseRecord(data[:f.size])
	if ok && r.sequence == f.sequence && decodeMessage(r, m, l.reader.text) == nil {
		return nil
	}
	l.setAside(f.segment, int64(f.offset), data[:f.size])
	return errUnreadable
}

// setAside puts damaged bytes into the quarantine.
func (l *Log) setAside(segment uint32, offset int64, bytes []byte) {
	l.aside.Lock()
	defer l.aside.Unlock()
	if err := l.folder.quarantine(segment, offset, bytes); err != nil {
		l.log.Error("damage in the outbox cannot be put into the quarantine", "segment", segmentName(segment), "offset", offset, "error", err)
	}
}

// read reads a part of a segment into the buffer.
func (r *reader) read(from *folder, segment, offset, length uint32) (data []byte, err error) {
	if r.file == nil || r.number != segment {
		r.close()
		if r.file, err = from.open(segment); err != nil {
			r.file = nil
			return nil, err
		}
		r.number = segment
	}
	if cap(r.buffer) < int(length) {
		r.buffer = make([]byte, length)
	}
	data = r.buffer[:length]
	if cap(r.buffer) > 4*largestRead {
		r.buffer = nil // one large message must not hold its memory for ever
	}
	if _, err := r.file.ReadAt(data, int64(offset)); err != nil {
		return nil, fmt.Errorf("reading %s: %w", segmentName(segment), err)
	}
	return data, nil
}

func (r *reader) close() {
	if r.file != nil {
		r.file.Close() // it was only read
		r.file = nil
	}
}

// dropsAtOnce bounds how many drops are read before they are marked.
const dropsAtOnce = 256

// Drops implements [Store].
func (l *Log) Drops(visit func(*Message, error)) {
	r := &l.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		drops := l.takeDrops()
		if len(drops) == 0 {
			return
		}
		for i := range drops {
			l.tellDrop(&drops[i], visit)
		}
		r.close()
		l.mu.Lock()
		for i := range drops {
			d := &drops[i]
			if s := l.segment(d.segment); s != nil && d.record == nil {
				s.held--
				l.marks.done = append(l.marks.done, doneMark{d.sequence, d.segment})
			}
		}
		l.mu.Unlock()
		notify(l.wake)
	}
}

func (l *Log) takeDrops() []drop {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	n := min(len(l.index.dropped), dropsAtOnce)
	drops := append([]drop(nil), l.index.dropped[:n]...)
	l.index.dropped = l.index.dropped[n:]
	if len(l.index.dropped) == 0 {
		l.index.dropped = nil
	}
	return drops
}

// tellDrop reads a dropped message, if it can be read, and hands it over.
func (l *Log) tellDrop(d *drop, visit func(*Message, error)) {
	why := &DropError{Reason: d.reason, Age: time.Duration(d.age) * time.Second, Err: d.err}
	tell := func(m *Message, _ ref, _ error) { visit(m, why) }
	bare := Message{Sequence: d.sequence, Attempts: int(d.attempts), Encoded: wire.Encoded{Priority: d.priority, Reliability: d.reliability}}
	switch {
	case d.reason == Damaged:
		visit(&bare, why)
	case d.record != nil:
		m := bare
		if r, _, ok := parseRecord(d.record); !ok || decodeMessage(r, &m, l.reader.text) != nil {
			m = bare // it was made here and cannot be malformed
		}
		visit(&m, why)
	default:
		l.visitRun([]ref{d.ref}, tell)
	}
}
