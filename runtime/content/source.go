package content

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// Source is where the content of an upload comes from: [FromFile], [FromBytes]
// or [FromReader].
type Source interface {
	// check refuses a source that cannot be read, as early as that can be known.
	check() error
	// open begins to read, again from the start if it was opened before. length
	// is -1 if it is not known. Reads end with the context.
	open(ctx context.Context) (r io.ReadCloser, length int64, err error)
}

// FromFile is the content of a regular file: as many bytes as it has when the
// transfer begins. A file that becomes shorter meanwhile fails with [ErrLength].
func FromFile(path string) Source { return fileSource(path) }

// FromBytes is content in memory. It is not copied and must not be changed
// before the transfer ended.
func FromBytes(b []byte) Source { return bytesSource(b) }

// FromReader is content of length bytes, or of a length that is not known: -1. It
// must end with io.EOF; with fewer or more bytes than announced the transfer
// fails with [ErrLength]. If r is an [io.Seeker] that can seek, a transfer that has to start
// again rewinds it to where it stood when FromReader was called; of other readers
// it fails with [ErrNotRewindable]. r is read by one goroutine at a time and is
// not closed.
func FromReader(r io.Reader, length int64) Source {
	s := &readerSource{r: r, length: max(length, -1)}
	if seeker, ok := r.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			s.seeker, s.start = seeker, start
		}
	}
	return s
}

type fileSource string

func (s fileSource) check() error {
	info, err := os.Stat(string(s)) // opening a pipe would wait for its other end
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", string(s))
	}
	return err
}

func (s fileSource) open(context.Context) (io.ReadCloser, int64, error) {
	if err := s.check(); err != nil {
		return nil, 0, err
	}
	f, err := os.Open(string(s))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

type bytesSource []byte

func (s bytesSource) check() error { return nil }

func (s bytesSource) open(context.Context) (io.ReadCloser, int64, error) {
	return io.NopCloser(bytes.NewReader(s)), int64(len(s)), nil
}

// readerSource is a reader of the application. Its Read may hang, so it is
// called on a goroutine of its own.
type readerSource struct {
	r      io.Reader
	length int64
	seeker io.Seeker // nil if r cannot be rewound
	start  int64

	mu     sync.Mutex
	opened bool
	pump   *pump // of the last open
}

func (s *readerSource) check() error {
	if s.r == nil {
		return fmt.Errorf("%w: the reader is nil", ErrNoContent)
	}
	return nil
}

func (s *readerSource) open(ctx context.Context) (io.ReadCloser, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		if s.seeker == nil {
			return nil, 0, ErrNotRewindable
		}
		if !s.pump.wait() {
			return nil, 0, fmt.Errorf("%w: it still hangs in Read", ErrNotRewindable)
		}
		if _, err := s.seeker.Seek(s.start, io.SeekStart); err != nil {
			return nil, 0, fmt.Errorf("%w: %w", ErrNotRewindable, err)
		}
	}
	s.opened = true
	s.pump = newPump(ctx, s.r)
	return s.pump, s.length, nil
}
