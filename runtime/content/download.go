package content

import (
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
)

// copyBuffer is how many bytes of a download are moved at a time.
const copyBuffer = 64 << 10

// download is one transfer of content from the store. What was written stays
// from one attempt to the next, which asks for the rest.
type download struct {
	store *Store
	run   *run

	out    output // nil until there is something to write
	sum    hash.Hash
	buffer []byte
	seen   properties // of the answer that the content is from
	stale  bool       // what was written is of no use
	offset int64
	total  int64 // -1 if not known
	meter  *meter

	expected *properties // what Stat saw
}

// attempt asks for the content, or for the rest of it, once
// (docs/protocol/storage.md §5.2).
func (d *download) attempt(r *run) error {
	return d.store.authorized(r.ctx, r.object, func(p *permit) error {
		r.attempts++
		return d.get(p)
	})
}

func (d *download) get(p *permit) error {
	ctx, w := watch(d.run.ctx, d.store.config.ResponseTimeout)
	defer w.stop()
	req, err := d.store.request(ctx, http.MethodGet, d.run.object, p)
	if err != nil {
		return err
	}
	if v := d.seen.validator(); d.offset > 0 && v != "" && !d.stale {
		req.Header["Range"] = []string{"bytes=" + strconv.FormatInt(d.offset, 10) + "-"}
		req.Header["If-Range"] = []string{v}
	}
	resp, _, err := d.store.exchange(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	w.rest()
	if err := d.begin(resp); err != nil {
		return err
	}
	w.resume(0)
	if err := d.copy(resp.Body, w); err != nil {
		if broken, ok := err.(networkError); ok {
			return explain(ctx, broken.error, true)
		}
		return err
	}
	w.rest()
	d.meter.end()
	return d.finish(resp)
}

// begin looks at status and header before a byte is written.
func (d *download) begin(resp *http.Response) error {
	seen := readProperties(resp)
	switch {
	case resp.StatusCode == http.StatusOK:
		return d.start(seen, seen.length)
	case resp.StatusCode == http.StatusPartialContent:
		return d.resume(seen, resp.Header.Get("Content-Range"))
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && d.offset > 0:
		d.stale = true
		return fmt.Errorf("%w: %w meanwhile: %w", ErrCut, ErrChanged, failure(resp))
	}
	return failure(resp)
}

// resume goes on where the last attempt ended, if the answer is the rest of the
// same state of the object.
func (d *download) resume(seen properties, rangeText string) error {
	part, ok := parseContentRange(rangeText)
	if !ok || part.first != d.offset || part.last != part.total-1 || seen.length >= 0 && seen.length != part.total-part.first {
		d.stale = true
		return fmt.Errorf("%w: the store sends a part that was not asked for", ErrCut)
	}
	if d.offset == 0 {
		return d.start(seen, part.total)
	}
	if seen.disagrees(d.seen) || d.total >= 0 && part.total != d.total {
		d.stale = true
		return fmt.Errorf("%w: %w meanwhile", ErrCut, ErrChanged)
	}
	d.total, d.meter.total = part.total, part.total
	return nil
}

// start begins, or begins again, with the whole content.
func (d *download) start(seen properties, total int64) error {
	if limit := d.store.config.MaxLength; total > limit {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, total, limit)
	}
	if err := d.hold(seen); err != nil {
		return err
	}
	if total < 0 && d.expected != nil {
		total = d.expected.length
	}
	if err := d.rewind(); err != nil {
		return err
	}
	d.seen, d.total, d.offset, d.stale = seen, total, 0, false
	d.sum = md5.New()
	d.meter = d.store.meter(d.run, 0, total)
	return nil
}

// hold holds the answer against what Stat saw before the transfer.
func (d *download) hold(seen properties) error {
	s, o := d.store, d.run.object
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.expected != nil {
		d.expected, o.expected = o.expected, nil
	}
	if d.expected == nil || !d.expected.differs(seen) {
		return nil
	}
	o.learn(seen)
	return fmt.Errorf("%w since it was looked up", ErrChanged)
}

// rewind opens the sink, or empties it.
func (d *download) rewind() (err error) {
	if d.out == nil {
		d.buffer = make([]byte, copyBuffer)
		d.out, err = d.run.sink.open(d.store.config.disk)
	} else if d.offset > 0 {
		err = d.out.restart()
	}
	return full(err)
}

// networkError is an error of reading from the store, as against one of writing.
type networkError struct{ error }

// copy writes what comes.
func (d *download) copy(from io.Reader, w *watcher) error {
	limit := d.store.config.MaxLength
	for {
		n, err := from.Read(d.buffer)
		w.moved(n)
		w.rest()
		switch size := d.offset + int64(n); {
		case d.total >= 0 && size > d.total: // which is Stat's then
			return fmt.Errorf("%w since it was looked up: more than %d bytes", ErrChanged, d.total)
		case size > limit:
			return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
		}
		if werr := d.write(d.buffer[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return networkError{err}
		}
		w.resume(0)
	}
}

func (d *download) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	d.sum.Write(p)
	n, err := d.out.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return full(fmt.Errorf("write the content: %w", err))
	}
	d.offset += int64(n)
	d.meter.moved(d.offset)
	return nil
}

// finish checks what was written and keeps it.
func (d *download) finish(resp *http.Response) error {
	want, checked := d.seen.md5()
	delimited := resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 && d.total < 0
	switch {
	case d.total >= 0 && d.offset != d.total:
		return fmt.Errorf("%w: %d of %d bytes", ErrCut, d.offset, d.total)
	case checked && hexSum(d.sum) != want:
		d.stale = true
		return fmt.Errorf("%w: received %s, stored %s", ErrChecksum, hexSum(d.sum), want)
	case delimited && !checked:
		d.stale = true
		return fmt.Errorf("%w: the store told neither a length nor an MD5 sum, so that nobody knows", ErrCut)
	}
	if err := d.out.commit(); err != nil {
		d.out = nil // committed or removed, there is nothing to abort
		return full(fmt.Errorf("keep the content: %w", err))
	}
	d.out = nil
	s := d.store
	s.mu.Lock()
	defer s.mu.Unlock()
	d.seen.length = d.offset
	d.run.object.learn(d.seen)
	return nil
}

func (d *download) abort() {
	if d.out != nil {
		d.out.abort()
	}
}

// full marks an error that says that the disk is full.
func full(err error) error {
	if err != nil && isDiskFull(err) && !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}
