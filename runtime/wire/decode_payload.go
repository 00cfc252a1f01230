package wire

import (
	"encoding/base64"
	"math"
	"slices"
)

// payload reads the payload of the message's type.
func (d *decoder) payload(m *Message) {
	switch m.Type {
	case TypeData:
		m.Data = new(DataPayload)
		m.Absent |= d.data(m.Data)
	case TypeAlert:
		m.Alert = new(AlertPayload)
		m.Absent |= d.alert(m.Alert)
	case TypeRequest:
		m.Request = new(Request)
		m.Absent |= d.request(m.Request)
	case TypeResponse:
		m.Response = new(Response)
		m.Absent |= d.response(m.Response)
	case TypeResourcesReport:
		m.Report = new(ResourcesReport)
		m.Absent |= d.resourcesReport(m.Report)
	}
}

func (d *decoder) data(p *DataPayload) (absent Members) {
	if _, ok := d.begin(CodeNoDataPayload); !ok {
		return 0
	}
	const known = MemberFormat | MemberData
	var given memberState
	for member, ok := d.next(true, known, &given); ok; member, ok = d.next(false, known, &given) {
		switch member {
		case MemberFormat:
			p.Format = d.string(CodeDataFormat)
		case MemberData:
			p.Items = d.items(CodeDataItems)
		}
	}
	return given.absent(known)
}

func (d *decoder) alert(p *AlertPayload) (absent Members) {
	if _, ok := d.begin(CodeNoAlertPayload); !ok {
		return 0
	}
	const told = MemberFormat | MemberData | MemberSeverity
	var given memberState
	for member, ok := d.next(true, told|memberDescription, &given); ok; member, ok = d.next(false, told|memberDescription, &given) {
		switch member {
		case MemberFormat:
			p.Format = d.string(CodeAlertFormat)
		case MemberData:
			p.Items = d.items(CodeAlertItems)
		case MemberSeverity:
			p.Severity = enum(d, CodeAlertSeverity, ErrUnknownValue, ParseSeverity)
		case memberDescription:
			p.Description = d.string(CodeAlertDescription)
		}
	}
	return given.absent(told)
}

// items reads the values of DATA and ALERT. A null is kept as an item without
// value; arrays and objects have no meaning and are refused.
func (d *decoder) items(code Code) []Item {
	if _, ok := d.begin(code); !ok {
		return nil
	}
	var (
		room  [8]Item
		items = room[:0]
		names nameSet
	)
	for t, ok := d.member(true); ok; t, ok = d.member(false) {
		name := d.name(t)
		if !names.add(name) {
			d.report(t.start-1, code, ErrDuplicate, name)
		}
		at := d.pos
		value, scalar := d.scalar(code)
		if !scalar && d.err == nil {
			d.report(at, code, ErrWrongType, d.text[at:d.pos])
		}
		items = append(items, Item{Name: name, Value: value})
	}
	if len(items) == 0 {
		return nil
	}
	all := make([]Item, len(items)) // room stays on the stack
	copy(all, items)
	return all
}

// nameSet tells names apart: few by looking at each, many by a map.
type nameSet struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

// add reports whether the name is new.
func (s *nameSet) add(name string) bool {
	if slices.Contains(s.few[:s.n], name) {
		return false
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if _, found := s.many[name]; found {
		return false
	}
	if s.many == nil {
		s.many = make(map[string]struct{})
	}
	s.many[name] = struct{}{}
	return true
}

func (d *decoder) request(r *Request) (absent Members) {
	if _, ok := d.begin(CodeNoRequestPayload); !ok {
		return 0
	}
	const told = MemberMethod | MemberURL | MemberHeaders | MemberBody
	var given memberState
	for member, ok := d.next(true, told|memberParams, &given); ok; member, ok = d.next(false, told|memberParams, &given) {
		switch member {
		case MemberMethod:
			r.Method = uppered(d.string(CodeMethod))
		case MemberURL:
			r.URL = d.string(CodeURL)
		case MemberHeaders:
			r.Headers = d.lists(true)
		case memberParams:
			r.Params = d.params()
		case MemberBody:
			r.Body = d.body(CodeNotBase64)
		}
	}
	return given.absent(told)
}

func (d *decoder) response(r *Response) (absent Members) {
	if _, ok := d.begin(CodeNoResponse); !ok {
		return 0
	}
	const told = MemberStatusCode | MemberRequestID | MemberURL | MemberHeaders | MemberBody
	var given memberState
	for member, ok := d.next(true, told, &given); ok; member, ok = d.next(false, told, &given) {
		switch member {
		case MemberStatusCode:
			r.StatusCode = d.status()
		case MemberRequestID:
			r.RequestID = d.string(CodeRequestID)
		case MemberURL:
			r.URL = d.string(CodeOther)
		case MemberHeaders:
			r.Headers = d.lists(true)
		case MemberBody:
			r.Body = d.body(CodeResponseBody)
		}
	}
	return given.absent(told)
}

// status reads a status code: any number that int holds on every platform.
func (d *decoder) status() int {
	d.peek()
	at := d.pos
	code := d.integer(CodeStatus)
	if code < math.MinInt32 || math.MaxInt32 < code {
		d.report(at, CodeStatus, ErrNumber, d.text[at:d.pos])
		return 0
	}
	return int(code)
}

// body reads a base64 string (padded, line breaks allowed); nil when empty.
func (d *decoder) body(code Code) []byte {
	at := d.pos
	text := d.string(code)
	if text == "" {
		return nil
	}
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		d.report(at, code, ErrNotBase64, "")
		return nil
	}
	return body
}
