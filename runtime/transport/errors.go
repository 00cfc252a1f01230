package transport

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Conditions that a caller can act on; they are wrapped with details.
var (
	// ErrClosed is returned by calls after Close.
	ErrClosed = errors.New("connection is closed")
	// ErrUnauthorized says that the server refused the device's credentials
	// also after they were renewed.
	ErrUnauthorized = errors.New("the server refuses the device's credentials")
	// ErrTooLarge says that an answer exceeds the limit of its kind.
	ErrTooLarge = errors.New("the server's answer is too large")
	// ErrMalformed says that an answer is not what the protocol demands.
	ErrMalformed = errors.New("the server's answer cannot be understood")
	// ErrUnreachable says that no answer came: no route, no name, nobody
	// listening, a cut connection, silence. The error of the network is in the
	// chain.
	ErrUnreachable = errors.New("the server cannot be reached")
	// ErrCertificate says that the server's certificate was not accepted: it is
	// expired, for another host, or signed by nobody who is trusted. The x509
	// error is in the chain.
	ErrCertificate = errors.New("the server's certificate is not accepted")
	// ErrClock says that the device's clock is set before the time at which
	// the program was built, so that no certificate can be checked.
	ErrClock = errors.New("the device's clock is wrong")
	// ErrUnsupported says that the provisioning file names a transport that
	// this runtime does not speak.
	ErrUnsupported = errors.New("transport is not supported")
)

// StatusError is an answer with a status that means failure.
type StatusError struct {
	Method     string
	Path       string // without host and query
	Status     int
	Detail     string        // title or detail of the problem document, at most 512 bytes; may be ""
	RetryAfter time.Duration // what the server asked for, at most an hour; 0 if nothing
}

// Error tells call, status and detail.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}
