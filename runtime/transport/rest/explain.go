package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// released is when this source was last set: no correct clock shows an earlier
// time. It tells a device whose clock starts in 1970 at every boot from a server
// with a bad certificate.
var released = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

// explain turns an error of a call into one that a caller can act on. The
// original stays in the chain.
func (c *Client) explain(ctx context.Context, r request, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		switch {
		case errors.Is(cause, transport.ErrClosed):
			return transport.ErrClosed
		case errors.Is(cause, errStalled), errors.Is(cause, errSlow):
			return fmt.Errorf("%s %s: %w: %w", r.method, r.path, transport.ErrUnreachable, cause)
		}
		return err
	}
	var certificate *tls.CertificateVerificationError
	if !errors.As(err, &certificate) {
		return fmt.Errorf("%s %s: %w: %w", r.method, r.path, transport.ErrUnreachable, err)
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(released) {
		return fmt.Errorf("%w: it shows %s, which is before this program was made; set it before connecting: %w",
			transport.ErrClock, time.Now().UTC().Format(time.RFC3339), err)
	}
	return fmt.Errorf("%w: %w", transport.ErrCertificate, err)
}

// detail is the text of a problem document, or the first of another body, made
// fit for a log line.
func detail(body []byte) string {
	var problem struct{ Title, Detail string }
	text := string(body)
	if json.Unmarshal(body, &problem) == nil && problem.Title+problem.Detail != "" {
		text = problem.Detail
		if text == "" {
			text = problem.Title
		}
	}
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "")
	}
	return strings.TrimSpace(text)
}
