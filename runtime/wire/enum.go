package wire

import "strconv"

// MessageType is the kind of a message (docs/protocol/messages.md §4). The zero
// value is no type.
type MessageType uint8

// The five types that devices and server exchange. WAKEUP and UPDATE_BUNDLE
// are names for filters only (§7.6) and have no value here.
const (
	TypeData MessageType = iota + 1
	TypeAlert
	TypeRequest
	TypeResponse
	TypeResourcesReport
)

// String gives the name on the wire, such as "DATA".
func (t MessageType) String() string {
	switch t {
	case TypeData:
		return "DATA"
	case TypeAlert:
		return "ALERT"
	case TypeRequest:
		return "REQUEST"
	case TypeResponse:
		return "RESPONSE"
	case TypeResourcesReport:
		return "RESOURCES_REPORT"
	}
	return number("MessageType", uint8(t))
}

// ParseMessageType reads the name on the wire; "RESOURCE", the Java reader's
// name of a resources report (§7.3), is taken too.
func ParseMessageType(text string) (MessageType, bool) {
	switch text {
	case "DATA":
		return TypeData, true
	case "ALERT":
		return TypeAlert, true
	case "REQUEST":
		return TypeRequest, true
	case "RESPONSE":
		return TypeResponse, true
	case "RESOURCES_REPORT", "RESOURCE":
		return TypeResourcesReport, true
	}
	return 0, false
}

// Priority orders messages in the send queue (docs/protocol/messages.md §4).
// The zero value is Lowest.
type Priority uint8

// The priorities, in ascending order.
const (
	Lowest Priority = iota
	Low
	Medium
	High
	Highest
)

// String gives the name on the wire, such as "LOW".
func (p Priority) String() string {
	switch p {
	case Lowest:
		return "LOWEST"
	case Low:
		return "LOW"
	case Medium:
		return "MEDIUM"
	case High:
		return "HIGH"
	case Highest:
		return "HIGHEST"
	}
	return number("Priority", uint8(p))
}

// ParsePriority reads the name on the wire.
func ParsePriority(text string) (Priority, bool) {
	switch text {
	case "LOWEST":
		return Lowest, true
	case "LOW":
		return Low, true
	case "MEDIUM":
		return Medium, true
	case "HIGH":
		return High, true
	case "HIGHEST":
		return Highest, true
	}
	return 0, false
}

// Reliability says how hard a message is tried (docs/protocol/messages.md §4).
// The zero value is NoGuarantee.
type Reliability uint8

// The reliabilities, in ascending order.
const (
	NoGuarantee Reliability = iota
	BestEffort
	GuaranteedDelivery
)

// String gives the name on the wire, such as "BEST_EFFORT".
func (r Reliability) String() string {
	switch r {
	case NoGuarantee:
		return "NO_GUARANTEE"
	case BestEffort:
		return "BEST_EFFORT"
	case GuaranteedDelivery:
		return "GUARANTEED_DELIVERY"
	}
	return number("Reliability", uint8(r))
}

// ParseReliability reads the name on the wire.
func ParseReliability(text string) (Reliability, bool) {
	switch text {
	case "NO_GUARANTEE":
		return NoGuarantee, true
	case "BEST_EFFORT":
		return BestEffort, true
	case "GUARANTEED_DELIVERY":
		return GuaranteedDelivery, true
	}
	return 0, false
}

// Severity is how grave an alert is (docs/protocol/messages.md §4). Values
// compare in the order low, normal, significant, critical; the zero value is
// no severity.
type Severity uint8

// The severities, in ascending order.
const (
	SeverityLow Severity = iota + 1
	SeverityNormal
	SeveritySignificant
	SeverityCritical
)

// String gives the name on the wire, such as "SIGNIFICANT".
func (s Severity) String() string {
	switch s {
	case SeverityLow:
		return "LOW"
	case SeverityNormal:
		return "NORMAL"
	case SeveritySignificant:
		return "SIGNIFICANT"
	case SeverityCritical:
		return "CRITICAL"
	}
	return number("Severity", uint8(s))
}

// ParseSeverity reads the name on the wire.
func ParseSeverity(text string) (Severity, bool) {
	switch text {
	case "LOW":
		return SeverityLow, true
	case "NORMAL":
		return SeverityNormal, true
	case "SIGNIFICANT":
		return SeveritySignificant, true
	case "CRITICAL":
		return SeverityCritical, true
	}
	return 0, false
}

// ReportType is what a resources report does to the server's list
// (docs/protocol/messages.md §7.3). The zero value is no type.
type ReportType uint8

// The kinds of report.
const (
	ReportUpdate ReportType = iota + 1
	ReportDelete
	ReportReconciliation
)

// String gives the name on the wire, such as "UPDATE".
func (r ReportType) String() string {
	switch r {
	case ReportUpdate:
		return "UPDATE"
	case ReportDelete:
		return "DELETE"
	case ReportReconciliation:
		return "RECONCILIATION"
	}
	return number("ReportType", uint8(r))
}

// ParseReportType reads the name on the wire.
func ParseReportType(text string) (ReportType, bool) {
	switch text {
	case "UPDATE":
		return ReportUpdate, true
	case "DELETE":
		return ReportDelete, true
	case "RECONCILIATION":
		return ReportReconciliation, true
	}
	return 0, false
}

// number is the text of a value outside its enumeration: for logs and for a
// server to refuse, not for the wire.
func number(name string, value uint8) string {
	return name + "(" + strconv.Itoa(int(value)) + ")"
}
