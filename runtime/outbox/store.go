package outbox

import (
	"math"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Store keeps messages until they are removed. [Log] and [Memory] implement it;
// outboxtest.TestStore checks an implementation.
//
// A message is in one of three states: put but not committed yet, waiting, or
// taken. It leaves the store in one of two ways: by Remove, or as a drop. One that
// is put as held is taken by being committed, and waits once it is returned.
//
// Obligations of an implementation:
//   - All methods may be called from any goroutine. Put, Return, Last and Stats
//     never wait for a disk.
//   - Sequence numbers order messages. They grow for ever, across restarts too.
//   - What Commit reports as stored is there after a restart, unless it was
//     removed or dropped. What it reports as failed is never taken.
//   - Messages of one priority are taken in the order of their numbers. A message
//     that was taken and returned is in its old place.
//   - Limits of messages, bytes and age hold for what waits. Whatever exceeds
//     them is dropped: of the messages with the lowest reliability the oldest.
//     Messages that are taken are never dropped.
//   - Every drop is given out by Drops exactly once; after a crash it may be
//     given out again.
type Store interface {
	// Last returns the highest sequence number that the store has ever held, 0 if
	// none.
	Last() uint64

	// Put takes messages over, all or none, and copies them. Their sequence
	// numbers must ascend and exceed Last; Attempts is ignored. They can be taken
	// once they are committed; the returned Commit tells when, nil: already.
	//
	// Errors: [ErrClosed], [ErrSequence], [*TooLargeError], and [*FullError] if
	// the limits leave room only by dropping something more reliable.
	Put(ms []Message) (*Commit, error)

	// Take hands the waiting messages of a priority, oldest first, to visit, as
	// far as their numbers are below before and the limit allows. The messages
	// are taken then and stay so until they are returned or removed. What visit
	// gets is valid until it returns.
	//
	// next is the number of the first message of that priority that is neither
	// taken nor held, committed or not, or [None]: nothing queued before it is left.
	//
	// Errors: [ErrClosed]. Messages that cannot be read any more are dropped.
	Take(p wire.Priority, before uint64, limit Limit, visit func(*Message)) (next uint64, err error)

	// Return gives taken messages back; attempted counts an attempt for each of
	// them. The count reaches the disk within about a second. A held message that is
	// not committed yet waits when it is.
	Return(sequences []uint64, attempted bool)

	// Remove ends the life of taken messages. When it returns they will not be
	// taken again, not even after the process was killed. An error says that this
	// could not be written; it is tried again with the next write, and until then
	// only a restart would bring the messages back.
	Remove(sequences []uint64) error

	// Drops hands every message that was dropped since the last call to visit,
	// with a [*DropError]. Of a message that cannot be read only number, priority
	// and reliability are known: its JSON is nil. What visit gets is valid until
	// it returns.
	Drops(visit func(*Message, error))

	// Signal returns a channel that gets a token after messages were committed
	// or dropped. It holds one token and is never closed.
	Signal() <-chan struct{}

	// Stats returns figures of this moment.
	Stats() Stats

	// Close stores what was put, ends the store's goroutines and gives its lock
	// up. Messages stay. Closing again does nothing.
	Close() error
}

// None, as a sequence number, stands for no message: it is above every other.
const None uint64 = math.MaxUint64

// Message is one stored message.
type Message struct {
	wire.Encoded
	// Sequence is its place in the order of all messages of the store.
	Sequence uint64
	// Attempts is the number of times that it was returned as attempted.
	Attempts int
	// Held, for Put, keeps the message from being taken, and so from being
	// dropped, until it is returned. A restart forgets it: the message waits then.
	Held bool
	// Needs is what the message must not leave without, in the words of whoever put
	// it; the store only keeps it.
	Needs []byte
}

// Limit bounds what one call of Take takes.
type Limit struct {
	Messages int
	Bytes    int // of stored records, which are somewhat longer than the JSON
}

// Stats are figures of a store. Messages that are taken count, those that are
// not committed do not.
type Stats struct {
	Messages  int
	Bytes     int64  // of the records of these messages
	Committed uint64 // every Put up to this number is decided
	Files     int    // segments on the disk
	FileBytes int64  // their size
}
