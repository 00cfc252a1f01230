package wire

import "strings"

// maxDetail bounds what an error repeats of a message.
const maxDetail = 64

// DecodeMessage reads one message object (docs/protocol/messages.md §2, §7).
//
// What is there must be right: text that is no JSON, a known member of the
// wrong JSON type, an unknown enumeration name, a name given twice, a string
// that is no UTF-8, nesting beyond 64 levels, a number outside its range, a body
// that is no base64 are refused, each with a *DecodeError. The message type and
// its payload object must be there. Any other member may be missing or null: it
// gets its zero value (priority Low, reliability BestEffort) and is named in
// Message.Absent; CheckRequest and CheckFromDevice judge that. Unknown members
// are ignored, in any order.
//
// Strings of the message share one copy of data; strings.Clone what outlives
// the message. Body is a copy of its own. A \u escape of half a surrogate pair
// reads as U+FFFD. Headers and properties follow the Java client: names of
// headers are turned to lower case, a repeated name adds its values, a value
// that is no array is read as no values, but for a plain string, which counts
// as one.
func DecodeMessage(data []byte) (*Message, error) {
	d := decoder{scanner: scanner{text: string(data)}}
	m := new(Message)
	d.message(m)
	if err := d.failure(m); err != nil {
		return nil, err
	}
	return m, nil
}

// decoder adds to the scanner the first error that is not one of syntax: after
// it the walk goes on, since the rest of the message tells who is to be
// answered.
type decoder struct {
	scanner
	fault *DecodeError
	under string // what to add to the pointer at the fault's offset
}

func (d *decoder) report(at int, code Code, err error, detail string) {
	if d.fault == nil {
		d.fault = &DecodeError{Offset: int64(at), Code: code, Err: err,
			Detail: strings.Clone(detail[:min(len(detail), maxDetail)])}
	}
}

func (d *decoder) missing(object int, member Members, code Code) {
	if d.fault == nil {
		d.under = "/" + member.String()
		d.report(object, code, ErrMissing, "")
	}
}

// failure gives the error of the walk: one of syntax first, since it means that
// nothing else can be relied on.
func (d *decoder) failure(m *Message) error {
	fault := d.fault
	if d.err != nil {
		fault, d.under = &DecodeError{Offset: int64(d.errAt), Code: CodeSyntax, Err: d.err}, ""
		if d.text == "" {
			fault.Code = CodeNoText
		}
	}
	if fault == nil {
		return nil
	}
	fault.Pointer = pointerAt(d.text, int(fault.Offset)) + d.under
	fault.ID, fault.Source, fault.Destination = m.ID, m.Source, m.Destination
	return fault
}

// toldMembers are the members of the envelope that Message.Absent tells,
// headerMembers all that it has.
const (
	toldMembers = MemberID | MemberClientID | MemberSource | MemberDestination |
		MemberPriority | MemberReliability | MemberEventTime
	headerMembers = toldMembers | memberSender | memberType | memberDirection | memberReceivedTime |
		memberSentTime | memberProperties | memberDiagnostics | memberPayload
)

func (d *decoder) message(m *Message) {
	m.Priority, m.Reliability = Low, BestEffort
	start, ok := d.begin(CodeSyntax)
	if !ok {
		return
	}
	var given memberState
	payload := -1 // where the payload is, when it came before the type
	for first := true; ; first = false {
		member, ok := d.next(first, headerMembers, &given)
		if !ok {
			break
		}
		if member != memberPayload {
			d.header(m, member)
			continue
		}
		if m.Type != 0 {
			d.payload(m)
			continue
		}
		payload = d.pos
		d.skip()
	}
	m.Absent |= given.absent(toldMembers)
	if !d.finish() {
		return
	}
	switch {
	case !given.values.Has(memberType):
		d.missing(start, memberType, CodeNoType)
	case m.Type == 0: // reported where it stood
	case !given.values.Has(memberPayload):
		d.missing(start, memberPayload, payloadCode(m.Type))
	case payload >= 0:
		d.pos, d.depth = payload, 1
		d.payload(m)
	}
}

// begin enters an object. It reports and passes over anything else.
func (d *decoder) begin(code Code) (start int, ok bool) {
	if d.peek() != '{' {
		d.wrong(code)
		return 0, false
	}
	start = d.pos
	return start, d.open()
}

// memberState tells which members of an object were given, as values or as
// null.
type memberState struct{ values, nulls Members }

// absent gives those of the members that have no value.
func (s *memberState) absent(members Members) Members { return members &^ s.values }

// next moves to the value of the next member if that is one of the known, no
// repetition and not null, and notes it. It passes over all others and gives 0
// for them.
func (d *decoder) next(first bool, known Members, given *memberState) (member Members, ok bool) {
	name, ok := d.member(first)
	if !ok {
		return 0, false
	}
	text, _ := d.unquote(name) // a name that is not UTF-8 is an unknown one
	member = memberOf(text) & known
	switch {
	case member == 0:
	case given.values.Has(member) || given.nulls.Has(member):
		d.report(name.start-1, CodeSyntax, ErrDuplicate, text)
	case d.peek() == 'n': // null, or an error that skip finds
		given.nulls |= member
	default:
		given.values |= member
		return member, true
	}
	d.skip()
	return 0, d.err == nil
}

// header reads one member of the envelope other than the payload.
func (d *decoder) header(m *Message, member Members) {
	switch member {
	case MemberID:
		m.ID = d.string(CodeID)
	case MemberClientID:
		m.ClientText = d.string(CodeID)
		m.ClientID, _ = parseUUID(m.ClientText) // need not be one
	case MemberSource:
		m.Source = d.string(CodeOther)
	case MemberDestination:
		m.Destination = d.string(CodeOther)
	case memberSender:
		m.Sender = d.string(CodeOther)
	case MemberPriority:
		m.Priority = enum(d, CodePriority, ErrUnknownValue, ParsePriority)
	case MemberReliability:
		m.Reliability = enum(d, CodeReliability, ErrUnknownValue, ParseReliability)
	case MemberEventTime:
		m.EventTime = d.integer(CodeOther)
	case memberType:
		m.Type = enum(d, CodeType, ErrUnknownType, ParseMessageType)
	case memberDirection:
		m.Direction = enum(d, CodeOther, ErrUnknownValue, parseDirection)
	case memberReceivedTime:
		m.ReceivedTime = d.integer(CodeOther)
	case memberSentTime:
		m.SentTime = d.integer(CodeOther)
	case memberProperties:
		m.Properties = d.lists(false)
	case memberDiagnostics:
		m.Diagnostics = d.diagnostics()
	}
}

func parseDirection(text string) (string, bool) {
	return text, text == FromDevice || text == ToDevice
}

// payloadCode is the number for a missing payload. The list of
// docs/protocol/messages.md §10 names 1201 and 1301; the others follow suit.
func payloadCode(t MessageType) Code {
	switch t {
	case TypeData:
		return CodeNoDataPayload
	case TypeAlert:
		return CodeNoAlertPayload
	case TypeRequest:
		return CodeNoRequestPayload
	case TypeResponse:
		return CodeNoResponse
	}
	return CodeOther
}
