package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// MaxRecord is the length of the longest record in bytes: an envelope around the largest device model.
const MaxRecord = 48 << 20

// ErrForeign says that a file is no journal of this version.
var ErrForeign = errors.New("journal: not a journal, or of another version")

const (
	magic      = "iotcs-journal 1\n"
	headerSize = 8 // length and CRC of a record, little-endian
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Journal is an open journal file.
type Journal struct {
	mu     sync.Mutex
	file   *os.File
	size   int64
	buffer []byte // for joining the records of one Append
	err    error  // a write failed: nothing more is accepted
}

// Open opens or makes the journal and calls replay with every record in the order of writing; replay must not keep the slice. What
// stands behind the last whole record is cut off; lost is the number of bytes. An error of replay ends the reading and is returned.
func Open(path string, replay func(record []byte) error) (j *Journal, lost int64, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("journal: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("journal: %w", err)
	}
	if info.Size() < int64(len(magic)) {
		j = &Journal{file: file}
		return j, info.Size(), j.begin()
	}
	whole, err := read(file, replay)
	if err != nil {
		return nil, 0, fmt.Errorf("journal: %s: %w", path, err)
	}
	j = &Journal{file: file, size: whole}
	return j, info.Size() - whole, j.cut()
}

// begin makes an empty journal of the file.
func (j *Journal) begin() error {
	if err := j.cut(); err != nil {
		return err
	}
	if _, err := j.file.WriteString(magic); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.size = int64(len(magic))
	return nil
}

// cut removes what stands behind the journal's size and goes there.
func (j *Journal) cut() error {
	if err := j.file.Truncate(j.size); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// read gives the offset behind the last whole record.
func read(file io.Reader, replay func(record []byte) error) (whole int64, err error) {
	reader := bufio.NewReaderSize(file, 256<<10)
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(reader, start); err != nil || string(start) != magic {
		return 0, errors.Join(ErrForeign, err)
	}
	whole = int64(len(magic))
	var header [headerSize]byte
	var record []byte
	for {
		if _, err := io.ReadFull(reader, header[:]); err != nil {
			return whole, atEnd(err)
		}
		length := binary.LittleEndian.Uint32(header[:4])
		if length > MaxRecord {
			return whole, nil
		}
		if uint32(cap(record)) < length {
			record = make([]byte, length)
		}
		record = record[:length]
		if _, err := io.ReadFull(reader, record); err != nil {
			return whole, atEnd(err)
		}
		if crc32.Checksum(record, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
			return whole, nil
		}
		if err := replay(record); err != nil {
			return whole, err
		}
		whole += headerSize + int64(length)
	}
}

// atEnd turns the end of the file, expected or not, into nil.
func atEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// Append writes the records in one call of the operating system: after a crash all of them are there, or the first few. After an
// error nothing more can be appended; every later call returns the same error.
func (j *Journal) Append(records ...[]byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	j.buffer = j.buffer[:0]
	for _, record := range records {
		if len(record) > MaxRecord {
			return fmt.Errorf("journal: a record of %d bytes, at most %d allowed", len(record), MaxRecord)
		}
		j.buffer = appendRecord(j.buffer, record)
	}
	if _, err := j.file.Write(j.buffer); err != nil {
		j.err = fmt.Errorf("journal: %w", err)
		return j.err
	}
	j.size += int64(len(j.buffer))
	if cap(j.buffer) > 1<<20 {
		j.buffer = nil
	}
	return nil
}

func appendRecord(dst, record []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(record)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(record, castagnoli))
	return append(dst, record...)
}

// Size gives the length of the file in bytes.
func (j *Journal) Size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

// Sync returns when everything appended is on the disk.
func (j *Journal) Sync() error {
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Close brings everything to the disk and closes the file. Later calls of Append fail.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.err, fs.ErrClosed) {
		return nil
	}
	j.err = fmt.Errorf("journal: %w", fs.ErrClosed)
	if err := errors.Join(j.file.Sync(), j.file.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Write makes the file a journal of the records that fill adds, durably and in one step: whatever happens, the file is the old one or
// the new one. An error of fill leaves the old one. The journal at path must not be open.
func Write(path string, fill func(add func(record []byte) error) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".journal-*") // mode 0600
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer os.Remove(temp.Name())
	writer := bufio.NewWriterSize(temp, 256<<10)
	_, err = writer.WriteString(magic)
	var buffer []byte
	err = errors.Join(err, fill(func(record []byte) error {
		if len(record) > MaxRecord {
			return fmt.Errorf("a record of %d bytes, at most %d allowed", len(record), MaxRecord)
		}
		buffer = appendRecord(buffer[:0], record)
		_, err := writer.Write(buffer)
		return err
	}))
	if err = errors.Join(err, writer.Flush(), temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return SyncFolder(filepath.Dir(path))
}
