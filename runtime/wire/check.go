package wire

// CheckRequest tells whether a device can carry out a received message: it is
// a REQUEST with an id or a clientId, a source to answer to, a method and a
// url. Everything else may be missing (docs/protocol/messages.md §8.7: a device
// answers what it can). The error is an *InvalidError with ErrNotForDevice or
// ErrMissing.
func (m *Message) CheckRequest() error {
	if m.Type != TypeRequest || m.Request == nil {
		return &InvalidError{Pointer: "/type", Code: CodeOther, Err: ErrNotForDevice}
	}
	var c checker
	c.need("/id", m.ID != "" || m.hasClientID(), CodeNoID)
	c.need("/source", m.Source != "", CodeNoSource)
	c.need("/payload/method", m.Request.Method != "", CodeMethod)
	c.need("/payload/url", m.Request.URL != "", CodeURL)
	return c.result()
}

// CheckFromDevice tells whether a server may take a received message
// (docs/protocol/messages.md §12, §7): DATA, ALERT, RESPONSE or
// RESOURCES_REPORT with source, eventTime (not -1), priority, reliability and
// the required members of its payload, names and texts within the limits of §5.
// Whether the sender may speak for the source is for the caller to find out.
// The error is an *InvalidError with ErrNotForServer, ErrMissing, ErrEmpty,
// ErrNumber, ErrEmptyKey, ErrNotUTF8 or a *LimitError.
//
// Not asked for: clientId, destination and sender, requestId (the Java client
// leaves it out when the request had no id), the description of an alert. An
// item without value passes; a server that reads like the Java client drops it.
func (m *Message) CheckFromDevice() error {
	if m.Type == TypeRequest || !m.payloadFits() {
		return &InvalidError{Pointer: "/type", Code: CodeOther, Err: ErrNotForServer}
	}
	var c checker
	c.need("/source", m.Source != "", CodeNoSource)
	c.need("/priority", !m.Absent.Has(MemberPriority), CodeNoPriority)
	c.need("/reliability", !m.Absent.Has(MemberReliability), CodeNoReliability)
	c.need("/eventTime", !m.Absent.Has(MemberEventTime), CodeOther)
	c.eventTime(m.EventTime)
	c.properties(m.Properties)
	c.fromDevice(m)
	return c.result()
}

func (c *checker) fromDevice(m *Message) {
	switch m.Type {
	case TypeData:
		c.data(m.Data, m.Absent, checkReceived)
	case TypeAlert:
		c.alert(m.Alert, m.Absent, checkReceived)
		c.need("/payload/severity", !m.Absent.Has(MemberSeverity), CodeAlertSeverity)
	case TypeResponse:
		c.need("/payload/statusCode", !m.Absent.Has(MemberStatusCode), CodeNoStatus)
		c.need("/payload/url", !m.Absent.Has(MemberURL), CodeOther)
		c.need("/payload/headers", !m.Absent.Has(MemberHeaders), CodeOther)
		c.need("/payload/body", !m.Absent.Has(MemberBody), CodeNoResponseBody)
	case TypeResourcesReport:
		c.report(m.Report, m.Absent)
	}
}

// hasClientID reports whether the message has a clientId of any form.
func (m *Message) hasClientID() bool { return m.ClientText != "" || !m.ClientID.IsZero() }

// payloadFits reports whether the message has the payload of its type and no
// other.
func (m *Message) payloadFits() bool {
	there := [...]bool{m.Data != nil, m.Alert != nil, m.Request != nil, m.Response != nil, m.Report != nil}
	types := [...]MessageType{TypeData, TypeAlert, TypeRequest, TypeResponse, TypeResourcesReport}
	fits := false
	for i, t := range types {
		if there[i] != (t == m.Type) {
			return false
		}
		fits = fits || there[i]
	}
	return fits
}
