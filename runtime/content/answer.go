package content

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

const (
	maxDetail     = 256 // bytes of an error's text
	maxProblem    = 8 << 10
	maxRetryAfter = time.Hour
)

// failure is the error for an answer that means failure. It reads what the store
// says about it.
func failure(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxProblem)) // as much as there is
	status := &transport.StatusError{
		Method:     resp.Request.Method,
		Path:       resp.Request.URL.EscapedPath(),
		Status:     resp.StatusCode,
		Detail:     detail(body),
		RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), time.Now()),
	}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fmt.Errorf("%w: %w", ErrUnauthorized, status)
	case s == http.StatusNotFound, s == http.StatusGone:
		return fmt.Errorf("%w: %w", ErrNotFound, status)
	case s == http.StatusRequestEntityTooLarge, s == http.StatusInsufficientStorage:
		return fmt.Errorf("%w: %w", ErrQuota, status)
	case s >= 300 && s < 400:
		return fmt.Errorf("%w: %w", ErrRedirect, status)
	}
	return status
}

// detail is the beginning of an error page, made fit for a log line.
func detail(body []byte) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(body), "�"))
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "")
	}
	return strings.TrimSpace(text)
}

// parseRetryAfter reads the header of that name: seconds or a date, at most an hour.
func parseRetryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// explain turns an error of net/http into one that a caller can act on. connected
// says that there was a connection. The original stays in the chain.
func explain(ctx context.Context, err error, connected bool) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause // the watcher's, Close's or the caller's
	}
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: %w", ErrCertificate, err)
	case connected:
		return fmt.Errorf("%w: %w", ErrCut, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
