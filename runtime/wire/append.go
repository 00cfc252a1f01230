package wire

import (
	"maps"
	"slices"
	"strconv"
)

// Append appends the message as one compact JSON object, the server's members
// (id, direction, receivedTime, sentTime) included when they are set, in the
// order of the Append functions. It first checks what
// docs/protocol/messages.md §5 and §7 demand of a sender:
//
//   - what CheckHeader checks;
//   - the payload of the type and no other (ErrPayload);
//   - DATA and ALERT: a format, names and values that pass CheckKey and
//     CheckValue, no name twice, at least one item in DATA;
//   - REQUEST: a clientId, method and url; REQUEST and RESPONSE: headers in characters 32
//     to 126 whose names differ in lower case;
//   - RESOURCES_REPORT: type, endpoint, resources with name, path and, unless
//     removed, methods; at least one resource in an update;
//   - UTF-8 everywhere.
//
// The error is an *InvalidError, dst comes back unchanged then. Any
// other message without a clientId is written without. DecodeMessage reads an equal message
// back, but for kinds of values (KindDateTime is read as KindInteger, KindURI
// as KindString, whole numbers below 2^63 as KindInteger).
func (m *Message) Append(dst []byte) ([]byte, error) {
	if err := m.check(); err != nil {
		return dst, err
	}
	return m.append(dst), nil
}

// append is Append without checks. The payload must fit the type.
func (m *Message) append(dst []byte) []byte {
	dst = appendEnvelope(dst, m)
	switch m.Type {
	case TypeData:
		return appendDataPayload(dst, m.Data.Format, m.Data.Items)
	case TypeAlert:
		a := m.Alert
		return appendAlertPayload(dst, a.Format, a.Description, a.Severity, a.Items)
	case TypeRequest:
		return appendRequestPayload(dst, m.Request)
	case TypeResponse:
		return appendResponsePayload(dst, m.Response)
	}
	return appendReportPayload(dst, m.Report)
}

// CheckHeader checks the common members of a message to be sent: a source,
// priority and reliability from their enumerations, an eventTime other than -1
// (which Java readers refuse), properties within the limits of
// docs/protocol/messages.md §5, diagnostics of the four types with finite
// numbers, UTF-8 everywhere. The error is an *InvalidError.
func CheckHeader(h *Header) error {
	var c checker
	c.header(h)
	return c.result()
}

func (c *checker) header(h *Header) {
	c.need("/source", h.Source != "", CodeNoSource)
	c.utf8(h.Source, "/source")
	c.utf8(h.Destination, "/destination")
	c.utf8(h.Sender, "/sender")
	if h.Priority > Highest {
		c.add(CodePriority, ErrUnknownValue, "/priority")
	}
	if h.Reliability > GuaranteedDelivery {
		c.add(CodeReliability, ErrUnknownValue, "/reliability")
	}
	c.eventTime(h.EventTime)
	c.properties(h.Properties)
	c.diagnostics(h.Diagnostics)
}

func (c *checker) diagnostics(diagnostics map[string]any) {
	if len(diagnostics) == 0 {
		return
	}
	const pointer = "/diagnostics"
	for _, name := range slices.Sorted(maps.Keys(diagnostics)) {
		c.utf8(name, pointer, name)
		value, ok := diagnosticValue(diagnostics[name])
		if !ok {
			c.add(CodeOther, ErrWrongType, pointer, name)
			continue
		}
		if value.Kind() == KindString {
			c.utf8(value.Text(), pointer, name) // no limit of length here
			continue
		}
		c.add(CodeOther, CheckValue(value), pointer, name)
	}
}

// check checks the message as Append promises.
func (m *Message) check() error {
	var c checker
	if !m.payloadFits() {
		c.add(CodeType, ErrPayload, "/payload")
		return c.result()
	}
	c.header(&m.Header)
	c.utf8(m.ID, "/id")
	c.utf8(m.ClientText, "/clientId")
	if _, ok := parseDirection(m.Direction); !ok && m.Direction != "" {
		c.add(CodeOther, ErrUnknownValue, "/direction")
	}
	switch m.Type {
	case TypeData:
		c.data(m.Data, 0, CheckValue)
		c.utf8(m.Data.Format, "/payload/format")
		c.distinct(m.Data.Items, CodeDataItems)
	case TypeAlert:
		c.sentAlert(m.Alert)
	case TypeRequest:
		c.need("/clientId", m.hasClientID(), CodeID) // without it the Java client's receiver ends
		c.sentRequest(m.Request)
	case TypeResponse:
		c.utf8(m.Response.URL, "/payload/url")
		c.utf8(m.Response.RequestID, "/payload/requestId")
		c.headers(m.Response.Headers)
	case TypeResourcesReport:
		c.sentReport(m.Report)
	}
	return c.result()
}

func (c *checker) distinct(items []Item, code Code) {
	var names nameSet
	for i := range items {
		if !names.add(items[i].Name) {
			c.add(code, ErrDuplicate, "/payload/data", items[i].Name)
		}
	}
}

func (c *checker) sentAlert(a *AlertPayload) {
	c.alert(a, 0, CheckValue)
	c.utf8(a.Format, "/payload/format")
	c.utf8(a.Description, "/payload/description")
	if a.Severity > SeverityCritical {
		c.add(CodeAlertSeverity, ErrUnknownValue, "/payload/severity")
	}
	c.distinct(a.Items, CodeAlertItems)
}

func (c *checker) sentRequest(r *Request) {
	c.need("/payload/method", r.Method != "", CodeMethod)
	c.need("/payload/url", r.URL != "", CodeURL)
	c.utf8(r.Method, "/payload/method")
	c.utf8(r.URL, "/payload/url")
	c.headers(r.Headers)
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		c.utf8(name, "/payload/params", name)
		c.utf8(r.Params[name], "/payload/params", name)
	}
}

func (c *checker) sentReport(r *ResourcesReport) {
	const pointer = "/payload/value"
	c.report(r, 0)
	if r.ReportType > ReportReconciliation {
		c.add(CodeOther, ErrUnknownValue, pointer+"/reportType")
	}
	c.utf8(r.EndpointName, pointer+"/endpointName")
	c.utf8(r.ReconciliationMark, pointer+"/reconciliationMark")
	for i := range r.Resources {
		resource, index := &r.Resources[i], strconv.Itoa(i)
		c.utf8(resource.EndpointName, pointer+"/resources", index, "endpointName")
		c.utf8(resource.Name, pointer+"/resources", index, "name")
		c.utf8(resource.Path, pointer+"/resources", index, "path")
		for _, method := range resource.Methods {
			c.utf8(method, pointer+"/resources", index, "methods")
		}
	}
}
