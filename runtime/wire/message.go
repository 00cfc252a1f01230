package wire

// Header holds the members that every message has (docs/protocol/messages.md
// §2), as a sender fills them in.
type Header struct {
	ClientID    UUID        // sender's id of the message
	Source      string      // endpoint id of the device that the message is about
	Destination string      // "" from a device, but for the answer to a request
	Sender      string      // "" from a device
	EventTime   int64       // milliseconds since the epoch, by the server's clock (§3.2)
	Priority    Priority    // §4 gives the defaults per message type
	Reliability Reliability // §4 gives the defaults per message type

	// Properties are name to values; left out of the message when empty. A
	// name without values is an empty array.
	Properties map[string][]string

	// Diagnostics are name to bool, string, int64 or float64 (§9); left out of
	// the message when empty. Values of other types are not written;
	// CheckHeader reports them.
	Diagnostics map[string]any
}

// Encoded is one message ready to be queued: what every layer above the encoder
// passes on. It repeats from the message what queues order and filter by.
type Encoded struct {
	ClientID    UUID
	Source      string
	Format      string // "" unless DATA or ALERT
	Type        MessageType
	Priority    Priority
	Reliability Reliability
	EventTime   int64  // milliseconds since the epoch
	JSON        []byte // the complete message object; DecodeMessage walks its items

	// Attachments are what the message must not leave without; a sender that
	// does not know them sends JSON as it is.
	Attachments []Attachment
}

// Directions of a message in the server's view (docs/protocol/messages.md §4).
const (
	FromDevice = "FROM_DEVICE"
	ToDevice   = "TO_DEVICE"
)

// Message is any message, as decoded or as put together for Append. Exactly one
// payload pointer is set, the one that belongs to Type.
type Message struct {
	ID string // given by the server; "" from most devices
	Header

	// ClientText is the clientId as it was received, which need not be a UUID;
	// Header.ClientID is zero then. Append writes it in place of ClientID
	// unless it is "".
	ClientText string

	Type MessageType

	// The server's view of a stored message; "" and 0 are left out.
	Direction    string // FromDevice or ToDevice
	ReceivedTime int64  // milliseconds since the epoch
	SentTime     int64  // milliseconds since the epoch

	Data     *DataPayload
	Alert    *AlertPayload
	Request  *Request
	Response *Response
	Report   *ResourcesReport

	// Absent names the members that the decoder did not find, so that the
	// checks can tell a missing one from one with the zero value. It is zero
	// for a message made in memory.
	Absent Members
}

// DataPayload is the payload of DATA (docs/protocol/messages.md §7.1).
type DataPayload struct {
	Format string // URN of the attributes of a model or of a DATA format
	Items  []Item // in the order of the message
}

// AlertPayload is the payload of ALERT (docs/protocol/messages.md §7.2).
type AlertPayload struct {
	Format      string // URN of an ALERT format
	Description string
	Severity    Severity // 0 stands for SeveritySignificant, the default, when written
	Items       []Item   // in the order of the message, may be empty
}

// Resource is one entry of a resources report.
type Resource struct {
	EndpointName string   // may be ""
	Name         string   // free text; clients repeat the path
	Path         string   // unique per endpoint, without leading slash
	Removed      bool     // status REMOVED; else ADDED
	Methods      []string // upper case; need not be there when removed
}

// ResourcesReport is the payload of RESOURCES_REPORT
// (docs/protocol/messages.md §7.3).
type ResourcesReport struct {
	ReportType         ReportType
	EndpointName       string // endpoint that the resources belong to
	ReconciliationMark string // left out when ""
	Resources          []Resource
}

// Response is the payload of RESPONSE (docs/protocol/messages.md §7.5).
type Response struct {
	StatusCode int
	RequestID  string // id (not clientId) of the request; left out when ""
	URL        string // "" from the clients
	Headers    map[string][]string
	Body       []byte // raw; base64 on the wire
}
