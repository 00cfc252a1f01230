package transport

import (
	"context"
	"time"
)

// Conn carries the calls of one activated device or gateway.
//
// Obligations of an implementation:
//   - All methods may be called from any goroutine; a Send and a Receive may be
//     under way at the same time.
//   - Every call ends when its context does, and within bounded time and memory
//     whatever the server answers.
//   - A call that the server refuses for its credentials is repeated once with
//     new ones before [ErrUnauthorized] is returned.
//   - Errors are those of this package, of the context, or of the network.
type Conn interface {
	// Send delivers a batch: body is a JSON array of messages and belongs to
	// the caller again when Send returns. The server may answer with requests
	// of up to acceptBytes; 0 asks for none.
	Send(ctx context.Context, body []byte, acceptBytes int) (Received, error)

	// Receive asks for requests of up to acceptBytes. The server holds the
	// call for up to hold if it has none; hold 0 returns at once.
	Receive(ctx context.Context, acceptBytes int, hold time.Duration) (Received, error)

	// Get fetches a resource below the API root, such as
	// "deviceModels/urn:com:acme:pump", with at most limit bytes.
	Get(ctx context.Context, resource Resource) ([]byte, error)

	// Post sends body to a resource and returns the answer, of at most limit bytes.
	Post(ctx context.Context, resource Resource, body []byte) ([]byte, error)

	// Skew is what has to be added to the local clock to get the server's; 0
	// until the server told its time.
	Skew() time.Duration

	// Close ends calls under way and releases connections. Later calls fail
	// with [ErrClosed].
	Close() error
}

// Resource names something on the server.
type Resource struct {
	Root  Root   // API root, zero for the public one
	Path  string // below the root, escaped, without a leading slash
	Query string // encoded, without the question mark; may be ""
	Limit int64  // largest answer in bytes; a larger one is [ErrTooLarge]
}

// Root is one of the API roots (docs/protocol/transport.md §2).
type Root uint8

const (
	// PublicRoot is /iot/api/v2.
	PublicRoot Root = iota
	// PrivateRoot is /iot/privateapi/v2, for device policies.
	PrivateRoot
)

// Received is what a server gave with the answer to Send or Receive.
type Received struct {
	// Requests are the messages for the device and what is behind it, one JSON
	// object each. The slices belong to the receiver.
	Requests [][]byte
	// MinAcceptBytes is the size of the first waiting request if it did not
	// fit into acceptBytes, else 0 (docs/protocol/messages.md §1.1).
	MinAcceptBytes int
}
