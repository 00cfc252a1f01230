package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// A segment is a file that begins with
//
//	offset  bytes
//	0       8      magic
//	8       4      format version
//	12      8      highest sequence number before this segment
//	20      8      reading of the outbox's clock, milliseconds
//	28      8      time on the wall then, milliseconds since the epoch
//	36      24     zero
//	60      4      CRC-32C of the bytes before
//
// and goes on with records. All numbers are little-endian.
const (
	segmentHeaderSize = 64
	formatVersion     = 1
	minSegment        = 64 << 10
	maxSegment        = 16 << 20
)

const magic = "IOTCSBOX"

// nextName is the file in which a segment is made before it gets its name;
// lockName the lock; quarantineName the folder of damaged bytes.
const (
	nextName       = "next"
	lockName       = "lock"
	quarantineName = "quarantine"
)

// segment is one file of the log.
type segment struct {
	number uint32
	size   atomic.Int64 // bytes of header and records
	live   int          // messages of the index that lie here
	held   int          // reads under way and drops not told yet
	stuck  bool         // it could not be deleted or moved, which was logged
}

func segmentName(number uint32) string { return fmt.Sprintf("%010d.segment", number) }

// segmentNumber reads a file name; ok is false for files that are none of ours.
func segmentNumber(name string) (number uint32, ok bool) {
	digits, ok := strings.CutSuffix(name, ".segment")
	if !ok || len(digits) != 10 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && n > 0
}

// segmentHeader is the content of a header.
type segmentHeader struct {
	last  uint64 // highest sequence number before
	clock int64
	wall  int64
}

func (h segmentHeader) encode() []byte {
	b := make([]byte, 0, segmentHeaderSize)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, formatVersion)
	b = binary.LittleEndian.AppendUint64(b, h.last)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.clock))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.wall))
	b = append(b, make([]byte, 24)...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// decodeSegmentHeader reads a header; ok is false if it is damaged. The version
// counts only in an intact header, so that a flipped bit is no newer version.
func decodeSegmentHeader(data []byte) (h segmentHeader, ok bool, err error) {
	if len(data) < segmentHeaderSize || string(data[:8]) != magic ||
		crc32.Checksum(data[:60], castagnoli()) != binary.LittleEndian.Uint32(data[60:]) {
		return segmentHeader{}, false, nil
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != formatVersion {
		return segmentHeader{}, false, fmt.Errorf("%w: format %d, known is %d", ErrVersion, v, formatVersion)
	}
	return segmentHeader{
		last:  binary.LittleEndian.Uint64(data[12:]),
		clock: int64(binary.LittleEndian.Uint64(data[20:])),
		wall:  int64(binary.LittleEndian.Uint64(data[28:])),
	}, true, nil
}

// folder is the outbox's place on its disk.
type folder struct {
	disk Disk
	path string
	sync bool // flush names and new files
}

func (f *folder) name(name string) string { return filepath.Join(f.path, name) }

func (f *folder) open(number uint32) (File, error) {
	return f.disk.Open(f.name(segmentName(number)))
}

// write puts content under a name, at once and completely or not at all.
func (f *folder) write(name string, content ...[]byte) error {
	if err := f.fill(content); err != nil {
		return err
	}
	if err := f.disk.Rename(f.name(nextName), f.name(name)); err != nil {
		return err
	}
	return f.syncNames()
}

// fill makes the file that gets its name afterwards. It is closed then: not every
// system renames open files.
func (f *folder) fill(content [][]byte) error {
	file, err := f.disk.Create(f.name(nextName))
	if err != nil {
		return err
	}
	at := int64(0)
	for _, part := range content {
		if err == nil {
			_, err = file.WriteAt(part, at)
			at += int64(len(part))
		}
	}
	if err == nil && f.sync {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// remove deletes a file, durably.
func (f *folder) remove(name string) error {
	if err := f.disk.Remove(f.name(name)); err != nil && !absent(err) {
		return err
	}
	return f.syncNames()
}

func (f *folder) syncNames() error {
	if !f.sync {
		return nil
	}
	return f.disk.SyncFolder(f.path)
}

// segments lists the numbers of the segments, oldest first.
func (f *folder) segments() ([]uint32, error) {
	names, err := f.disk.List(f.path)
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, name := range names {
		if n, ok := segmentNumber(name); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
