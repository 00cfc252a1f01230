package emulator

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// Transfers of content.
const (
	transferBuffer  = 64 << 10
	transferTimeout = time.Minute // without any progress
	maxDiscard      = 64 << 20    // bytes that are read of a body that nobody wants
)

// receive writes the body of the request to content. Who sends nothing for a minute is given up.
func (c *call) receive(content io.Writer) error {
	control := http.NewResponseController(c.w)
	buffer := make([]byte, transferBuffer)
	for {
		if err := control.SetReadDeadline(time.Now().Add(transferTimeout)); err != nil {
			return err
		}
		n, err := c.r.Body.Read(buffer)
		if _, err := content.Write(buffer[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return bodyError(err)
		}
	}
	_ = control.SetReadDeadline(time.Time{}) // fails when the client is gone
	return nil
}

// discard reads what is left of the body and tells whether it came to its end: not when that is too far away.
func (c *call) discard() bool {
	return c.receive(&limitedDiscard{left: maxDiscard}) == nil
}

// limitedDiscard forgets what is written to it, but not without end.
type limitedDiscard struct{ left int }

// Write fails at the end.
func (d *limitedDiscard) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// give answers with content of the given length. Who takes nothing for a minute is given up.
func (c *call) give(status int, length int64, content io.Reader) error {
	c.w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	c.w.WriteHeader(status)
	control := http.NewResponseController(c.w)
	if c.r.Method != http.MethodHead {
		if err := pump(c.w, content, control); err != nil {
			return &brokenAnswer{err}
		}
	}
	if err := control.Flush(); err != nil {
		return &brokenAnswer{err}
	}
	_ = control.SetWriteDeadline(time.Time{}) // fails when the client has its answer and closed the connection
	return nil
}

func pump(w io.Writer, content io.Reader, control *http.ResponseController) error {
	buffer := make([]byte, transferBuffer)
	for {
		n, err := content.Read(buffer)
		if n > 0 {
			if err := control.SetWriteDeadline(time.Now().Add(transferTimeout)); err != nil {
				return err
			}
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// brokenAnswer says that an answer ended after its beginning: no other can be given.
type brokenAnswer struct{ cause error }

// Error tells the cause.
func (b *brokenAnswer) Error() string { return "emulator: the answer broke: " + b.cause.Error() }

// Unwrap gives the cause.
func (b *brokenAnswer) Unwrap() error { return b.cause }
