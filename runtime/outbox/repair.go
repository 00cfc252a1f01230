package outbox

import (
	"fmt"
	"path/filepath"
	"slices"
)

// maxQuarantine bounds what the quarantine holds. Beyond it the oldest copies
// are deleted.
const maxQuarantine = 16 << 20

// repair cuts the incomplete end of the log off and rewrites segments that are
// damaged. What fails is logged and stays as it is: it can be read nevertheless.
func (rec *recovery) repair() {
	for _, f := range rec.findings {
		switch {
		case f.damaged():
			rec.rewrite(f)
		case f.cut >= 0:
			rec.cut(f)
		}
	}
}

// cut shortens a segment to its last record.
func (rec *recovery) cut(f *finding) {
	file, err := rec.folder.open(f.number)
	if err == nil {
		defer file.Close()
		err = file.Truncate(f.cut)
	}
	if err == nil && rec.folder.sync {
		err = file.Sync()
	}
	if err != nil {
		rec.log.Warn("the incomplete end of a segment cannot be cut off", "segment", segmentName(f.number), "error", err)
		return
	}
	rec.log.Info("an incomplete record at the end of the outbox was cut off", "segment", segmentName(f.number), "bytes", f.length-f.cut)
	rec.report.CutBytes += f.length - f.cut
	f.size.Store(f.cut)
	f.cut = -1
}

// rewrite moves what is bad into the quarantine and replaces the segment by its
// good records.
func (rec *recovery) rewrite(f *finding) {
	rec.report.Damaged += len(f.bad)
	if !f.intact {
		rec.report.Damaged++
	}
	name := segmentName(f.number)
	if err := rec.load(f); err != nil {
		rec.log.Error("a damaged segment cannot be read again", "segment", name, "error", err)
		return
	}
	for _, bad := range f.bad {
		if bad.start == bad.end {
			continue // what lies beyond the largest lawful file
		}
		bytes := rec.buffer[bad.start:bad.end]
		if err := rec.folder.quarantine(f.number, int64(bad.start), bytes); err != nil {
			rec.log.Error("damage in the outbox cannot be put into the quarantine", "segment", name, "offset", bad.start, "error", err)
			return
		}
		rec.report.Quarantined += int64(len(bytes))
		rec.log.Error("damage in the outbox was put into the quarantine", "segment", name, "offset", bad.start, "bytes", len(bytes))
	}
	header := f.header
	if !f.intact {
		header = segmentHeader{last: rec.last, clock: rec.newest.stored, wall: rec.newest.wall}
	}
	parts := [][]byte{header.encode()}
	size := int64(segmentHeaderSize)
	for _, good := range f.good {
		parts = append(parts, rec.buffer[good.start:good.end])
		size += int64(good.end - good.start)
	}
	if err := rec.folder.write(name, parts...); err != nil {
		rec.log.Error("a damaged segment cannot be replaced", "segment", name, "error", err)
		return
	}
	f.size.Store(size)
	f.cut, f.intact, f.bad = -1, true, nil
	rec.shift(f)
}

// shift corrects where the messages of a rewritten segment lie.
func (rec *recovery) shift(f *finding) {
	at := segmentHeaderSize
	messages := rec.messages[f.from:f.to]
	for _, good := range f.good {
		for ; len(messages) > 0 && int(messages[0].offset) < good.end; messages = messages[1:] {
			messages[0].offset = uint32(at + int(messages[0].offset) - good.start)
		}
		at += good.end - good.start
	}
}

// quarantine keeps a copy of bytes that could not be read. The name tells where
// they lay; the same damage is kept once.
func (f *folder) quarantine(segment uint32, offset int64, bytes []byte) error {
	q := folder{disk: f.disk, path: f.name(quarantineName), sync: f.sync}
	if err := q.disk.MakeFolder(q.path); err != nil {
		return err
	}
	if err := q.prune(int64(len(bytes))); err != nil {
		return err
	}
	if err := f.syncNames(); err != nil {
		return err
	}
	return q.write(fmt.Sprintf("%010d-%010d.bad", segment, offset), bytes)
}

// prune makes room for more bytes by deleting the oldest copies.
func (f *folder) prune(more int64) error {
	names, err := f.disk.List(f.path)
	if err != nil {
		return err
	}
	slices.Sort(names)
	var total int64
	sizes := make(map[string]int64, len(names))
	for _, name := range names {
		if filepath.Ext(name) != ".bad" {
			continue
		}
		file, err := f.disk.Open(f.name(name))
		if err != nil {
			return err
		}
		sizes[name], err = file.Size()
		file.Close()
		if err != nil {
			return err
		}
		total += sizes[name]
	}
	for _, name := range names {
		if total+more <= maxQuarantine {
			return nil
		}
		if size, ours := sizes[name]; ours {
			if err := f.remove(name); err != nil {
				return err
			}
			total -= size
		}
	}
	return nil
}
