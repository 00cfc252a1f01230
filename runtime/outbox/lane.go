package outbox

import "sort"

// state is where a message is in its life.
type state uint8

const (
	pending state = iota // put, not committed
	waiting              // may be taken or dropped
	taken
	gone
)

// entry is what the index knows of a message: 32 bytes without pointers, so that
// a million of them is nothing to the garbage collector.
type entry struct {
	sequence uint64
	segment  uint32 // number of the segment
	offset   uint32 // of the record in the segment
	size     uint32 // of the record
	stored   uint32 // reading of the outbox's clock in seconds
	attempts uint16
	state    state
	held     bool // pending: is taken once it is committed
}

// lane is a queue of entries of one priority and reliability with ascending
// numbers. Those that are gone leave when they come to its head.
type lane struct {
	entries []entry
	head    int
}

// push appends an entry, whose number must be the highest.
func (l *lane) push(e entry) {
	l.entries = append(l.entries, e)
}

// find returns the entry of a number, nil if there is none.
func (l *lane) find(sequence uint64) *entry {
	rest := l.entries[l.head:]
	if len(rest) == 0 || sequence < rest[0].sequence || sequence > rest[len(rest)-1].sequence {
		return nil
	}
	i := sort.Search(len(rest), func(i int) bool { return rest[i].sequence >= sequence })
	if rest[i].sequence != sequence || rest[i].state == gone {
		return nil
	}
	return &rest[i]
}

// free returns the position of the first entry from i on that is waiting, or
// pending and not held; -1 if there is none.
func (l *lane) free(i int) int {
	for ; i < len(l.entries); i++ {
		if e := &l.entries[i]; e.state == waiting || e.state == pending && !e.held {
			return i
		}
	}
	return -1
}

// trim lets those at the head leave that are gone. Room is given back when most
// of it is unused, so that each entry is moved once on average.
func (l *lane) trim() {
	for l.head < len(l.entries) && l.entries[l.head].state == gone {
		l.head++
	}
	switch left := len(l.entries) - l.head; {
	case left == 0 && cap(l.entries) > roomyLane:
		l.entries, l.head = nil, 0
	case left == 0:
		l.entries, l.head = l.entries[:0], 0
	case l.head > left && l.head > 64:
		kept := copy(l.entries, l.entries[l.head:])
		l.entries, l.head = l.entries[:kept], 0
		if cap(l.entries) > roomyLane && kept < cap(l.entries)/4 {
			l.entries = append(make([]entry, 0, 2*kept), l.entries...)
		}
	}
}

// roomyLane is the capacity up to which an empty lane keeps its memory.
const roomyLane = 4096
