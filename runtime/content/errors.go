package content

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

// Why a transfer failed, or was refused before it began. The errors are wrapped
// with details: test for them with [errors.Is]. What the store answered is a
// [*transport.StatusError] in the chain.
var (
	// ErrClosed is returned by everything that is used after Close, and is the
	// reason of transfers that Close cut off.
	ErrClosed = transport.ErrClosed
	// ErrUnauthorized says that the store refuses the token also after it was
	// renewed, or that the IoT server refuses the device.
	ErrUnauthorized = transport.ErrUnauthorized
	// ErrUnreachable says that no connection came about or no answer came.
	ErrUnreachable = transport.ErrUnreachable
	// ErrCertificate says that the store's certificate was not accepted.
	ErrCertificate = transport.ErrCertificate
	// ErrTooLarge says that the content is larger than [Config].MaxLength.
	ErrTooLarge = errors.New("the content is too large")

	// ErrUnavailable says that the IoT server gives no access to a store: it has
	// none (412), cannot reach it (404), is busy (503), or its answer is not what
	// the protocol demands (docs/protocol/storage.md §2).
	ErrUnavailable = errors.New("the server gives no access to an object store")
	// ErrNotFound says that the store has no such object (404, 410).
	ErrNotFound = errors.New("the store has no such object")
	// ErrQuota says that the store has no room for the object (413, 507).
	ErrQuota = errors.New("the store has no room for the object")
	// ErrRedirect says that the store named another place. It is never followed.
	ErrRedirect = errors.New("the store redirects, which is not followed")
	// ErrChecksum says that the MD5 sum of what was transferred is not the one
	// that the store tells.
	ErrChecksum = errors.New("the content has another MD5 sum than the store tells")
	// ErrChanged says that the object in the store is not the one that
	// [Object.Stat] saw, or was replaced while it was downloaded.
	ErrChanged = errors.New("the object in the store was changed")
	// ErrCut says that the connection broke in the middle of the content, or
	// that the end of a download cannot be told from a break.
	ErrCut = errors.New("the transfer was cut")
	// ErrStalled says that the transfer made no progress for the response
	// timeout, or next to none for a minute.
	ErrStalled = errors.New("the transfer makes no progress")
	// ErrDiskFull says that there is no room for the download.
	ErrDiskFull = errors.New("there is no room on the disk")
	// ErrNotRewindable says that a transfer would have to start again, but its
	// reader cannot be read, or its writer written, a second time.
	ErrNotRewindable = errors.New("the transfer cannot start again: its reader or writer cannot be rewound")
	// ErrLength says that a source held fewer or more bytes than it announced.
	ErrLength = errors.New("the source is not as long as it said")
	// ErrCancelled is the reason of a transfer that [Object.Cancel] ended.
	ErrCancelled = errors.New("the transfer was cancelled")

	// ErrInsecure refuses a store that is reached by plain HTTP and is not on
	// this machine; see [Config].Insecure.
	ErrInsecure = errors.New("plain http is allowed for loopback addresses only")
	// ErrForeign refuses a URI that does not lie in the device's container: to
	// the device it is any other address.
	ErrForeign = errors.New("not a URI of the device's storage container")
	// ErrName refuses the name of an object.
	ErrName = errors.New("not a name of a storage object")
	// ErrHeader refuses a content type, an encoding or metadata.
	ErrHeader = errors.New("cannot stand in a header")
	// ErrQueueFull refuses a transfer when [Config].QueueSize of them wait.
	ErrQueueFull = errors.New("too many transfers are waiting")
	// ErrPending refuses a change of an object while it is transferred.
	ErrPending = errors.New("the object is being transferred")
	// ErrNoContent says that an object has neither a source nor a sink.
	ErrNoContent = errors.New("neither a source nor a sink is set")
)

// TransferError says why a transfer failed.
type TransferError struct {
	Upload   bool
	URI      string // "" if the container was never learned
	Name     string
	Attempts int   // requests for the content that were made
	Bytes    int64 // bytes of content that the last attempt moved
	Err      error
}

// Error names direction, object and reason.
func (e *TransferError) Error() string {
	where := e.URI
	if where == "" {
		where = strconv.Quote(e.Name)
	}
	what := "download"
	if e.Upload {
		what = "upload"
	}
	return fmt.Sprintf("%s of %s: %v", what, where, e.Err)
}

// Unwrap returns the reason.
func (e *TransferError) Unwrap() error { return e.Err }

// LeftError is returned by [Store.Close] when transfers were cut off.
type LeftError struct {
	Transfers int   // how many
	Stuck     int   // of these, how many still hang in a reader or writer of the application
	Cause     error // why Close did not wait longer
}

// Error tells the figures.
func (e *LeftError) Error() string {
	text := fmt.Sprintf("closed with %d transfers not finished: %v", e.Transfers, e.Cause)
	if e.Stuck > 0 {
		text += fmt.Sprintf("; %d hang in a reader or writer of the application", e.Stuck)
	}
	return text
}

// Unwrap returns the cause.
func (e *LeftError) Unwrap() error { return e.Cause }
