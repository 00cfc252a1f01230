package content

import (
	"fmt"
	"hash"
	"io"
	"sync"
	"time"
)

// body is the content of an upload on its way: it counts, hashes and watches
// what net/http reads from another goroutine.
type body struct {
	mu     sync.Mutex // held while reading: Close waits
	src    io.ReadCloser
	length int64 // -1 if not known
	limit  int64
	exact  bool // more bytes than length are an error
	watch  *watcher
	sum    hash.Hash
	meter  *meter

	sent     int64
	whole    bool  // the end was reached
	err      error // of the source
	closed   bool
	released chan struct{}
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, io.ErrClosedPipe
	}
	b.watch.rest()
	n, err := b.read(p)
	b.watch.moved(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	b.whole = b.whole || err == io.EOF
	var extra time.Duration
	if b.whole || b.sent == b.length {
		extra = draining(b.sent)
	}
	b.watch.resume(extra)
	return n, err
}

// read reads the source up to its announced length.
func (b *body) read(p []byte) (int, error) {
	if b.sent == b.length {
		return 0, io.EOF
	}
	if b.length >= 0 && int64(len(p)) > b.length-b.sent {
		p = p[:b.length-b.sent]
	}
	n, err := b.src.Read(p)
	if n > 0 {
		b.sent += int64(n)
		b.sum.Write(p[:n])
		b.meter.moved(b.sent)
	}
	switch {
	case b.sent > b.limit:
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.limit)
	case err == io.EOF && b.length >= 0 && b.sent < b.length:
		return n, fmt.Errorf("%w: %d of %d bytes", ErrLength, b.sent, b.length)
	case b.sent == b.length && (err == nil || err == io.EOF):
		if err = b.atLength(); err != io.EOF {
			return 0, err // before the store has all
		}
		return n, nil // the next Read tells the end
	case err != nil && err != io.EOF:
		return n, fmt.Errorf("read the source: %w", err)
	}
	return n, err
}

// atLength returns io.EOF if the source has no more than it announced.
func (b *body) atLength() error {
	if !b.exact {
		return io.EOF
	}
	var more [1]byte
	switch n, err := io.ReadFull(b.src, more[:]); {
	case n > 0:
		return fmt.Errorf("%w: more than %d bytes", ErrLength, b.length)
	case err != io.EOF:
		return fmt.Errorf("read the source: %w", err)
	}
	return io.EOF
}

// Close implements [io.Closer]. net/http calls it when it needs the body no more.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	close(b.released)
	return b.src.Close()
}
