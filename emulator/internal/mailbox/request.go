package mailbox

import (
	"net/http"
	"slices"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Status is where a request is (docs/protocol/management-api.md §9.2).
type Status string

// The states of a request.
const (
	Received   Status = "RECEIVED"   // not given to the device yet
	Dispatched Status = "DISPATCHED" // delivered, no answer yet
	Completed  Status = "COMPLETED"  // the answer is there, whatever its status code
	Failed     Status = "FAILED"     // never answered: expired, or the device is gone
)

// Request is a snapshot of a request.
type Request struct {
	ID          string // what the answer refers to
	Device      string // endpoint id of the device that the request is for
	Method, URL string // as sent to the device
	Status      Status
	Received    int64          // when the request came, in ms since the epoch
	Answered    int64          // when it was completed or failed, in ms since the epoch; 0 before
	Response    *wire.Response // the answer; of a failed request an empty one with status code 408 (expired) or 404 (device gone)
}

// Done tells whether the request has ended.
func (r *Request) Done() bool { return r.Status == Completed || r.Status == Failed }

// request is the life of a request. Its fields are guarded by the box.
type request struct {
	Request
	owner   string // whose queue it goes through
	message []byte // as it is delivered
	expires time.Time
	done    chan struct{} // closed at the end
}

// expire fails a request whose time is over.
func (r *request) expire(now time.Time) {
	if !r.Done() && !r.expires.After(now) {
		r.finish(Failed, &wire.Response{StatusCode: http.StatusRequestTimeout, RequestID: r.ID}, r.expires)
	}
}

func (r *request) finish(status Status, response *wire.Response, at time.Time) {
	r.Status, r.Response, r.Answered = status, response, at.UnixMilli()
	r.message = nil
	close(r.done)
}

// encode writes the message that a device gets (docs/protocol/messages.md §7.4). Braces inside of texts are written as escapes: the
// Java client finds the end of a message by counting braces (docs/protocol/transport.md §8.2).
func encode(id, device string, now time.Time, payload *wire.Request) []byte {
	header := &wire.Header{
		ClientID:    wire.NewUUID(),
		Source:      Source,
		Destination: device,
		EventTime:   now.UnixMilli(),
		Priority:    wire.Medium,
		Reliability: wire.BestEffort,
	}
	return escapeBraces(wire.AppendRequest(nil, header, id, payload))
}

func escapeBraces(message []byte) []byte {
	inText := false
	var escaped []byte
	copied := 0
	for i := 0; i < len(message); i++ {
		switch c := message[i]; {
		case c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText && (c == '{' || c == '}'):
			escaped = append(escaped, message[copied:i]...)
			if c == '{' {
				escaped = append(escaped, `\u007b`...)
			} else {
				escaped = append(escaped, `\u007d`...)
			}
			copied = i + 1
		}
	}
	if copied == 0 {
		return slices.Clip(message)
	}
	return append(escaped, message[copied:]...)
}
