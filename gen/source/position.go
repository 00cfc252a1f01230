package source

import (
	"bytes"
	"unicode/utf8"
)

// Position is a place in a file as editors count it.
type Position struct {
	Line int // from 1; lines end with LF
	Col  int // from 1, in characters (Unicode code points); a byte that is not UTF-8 counts as one
}

// Locator turns byte offsets of one text into positions. Ask in rising order: then a whole file costs one pass over its text.
// Offsets that fall back start again from the beginning. Not safe for concurrent use.
type Locator struct {
	data []byte
	off  int // everything before is counted
	pos  Position
}

// NewLocator returns a locator for data. A byte order mark takes part in offsets, but has no column.
func NewLocator(data []byte) *Locator {
	l := &Locator{data: data}
	l.rewind()
	return l
}

func (l *Locator) rewind() {
	l.off, l.pos = 0, Position{1, 1}
	if bytes.HasPrefix(l.data, []byte("\xef\xbb\xbf")) {
		l.off = 3
	}
}

// Position gives the place of the character at offset. Offsets outside the text give the place of its first character or the place
// after its last; an offset inside a character gives that character's place.
func (l *Locator) Position(offset int64) Position {
	to := l.runeStart(int(max(0, min(offset, int64(len(l.data))))))
	if to < l.off {
		l.rewind()
	}
	if to <= l.off {
		return l.pos
	}
	part := l.data[l.off:to]
	if n := bytes.Count(part, []byte{'\n'}); n > 0 {
		l.pos.Line += n
		l.pos.Col = 1
		part = part[bytes.LastIndexByte(part, '\n')+1:]
	}
	l.pos.Col += utf8.RuneCount(part)
	l.off = to
	return l.pos
}

// runeStart moves back from the inside of a character to its first byte.
func (l *Locator) runeStart(at int) int {
	for i := at; i >= max(0, at-utf8.UTFMax+1) && i < len(l.data); i-- {
		if utf8.RuneStart(l.data[i]) {
			return i
		}
	}
	return at
}
