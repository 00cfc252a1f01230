package wire

import "strings"

// Members is a set of members of a message.
type Members uint64

// The members that Message.Absent can name. Those of the payload stand for the
// member of the payload that the message has.
const (
	MemberID Members = 1 << iota
	MemberClientID
	MemberSource
	MemberDestination
	MemberPriority
	MemberReliability
	MemberEventTime
	MemberFormat
	MemberData
	MemberSeverity
	MemberMethod
	MemberURL
	MemberHeaders
	MemberBody
	MemberStatusCode
	MemberRequestID
	MemberReportType
	MemberEndpointName
	MemberResources

	// The decoder's own: it looks out for duplicates of these.
	memberSender
	memberType
	memberDirection
	memberReceivedTime
	memberSentTime
	memberProperties
	memberDiagnostics
	memberPayload
	memberDescription
	memberParams
	memberMark
	memberPayloadType
	memberValue
	memberName
	memberPath
	memberStatus
	memberMethods

	memberCount = iota
)

// Has reports whether any member of other is in the set.
func (m Members) Has(other Members) bool { return m&other != 0 }

// String gives the JSON names of the members, separated by commas.
func (m Members) String() string {
	var names []string
	for i := range memberCount {
		if m.Has(1 << i) {
			names = append(names, Members(1<<i).name())
		}
	}
	return strings.Join(names, ",")
}

// name gives the JSON name of a single member.
func (m Members) name() string {
	switch m {
	case MemberID:
		return "id"
	case MemberClientID:
		return "clientId"
	case MemberSource:
		return "source"
	case MemberDestination:
		return "destination"
	case MemberPriority:
		return "priority"
	case MemberReliability:
		return "reliability"
	case MemberEventTime:
		return "eventTime"
	case MemberFormat:
		return "format"
	case MemberData:
		return "data"
	case MemberSeverity:
		return "severity"
	case MemberMethod:
		return "method"
	case MemberURL:
		return "url"
	case MemberHeaders:
		return "headers"
	case MemberBody:
		return "body"
	case MemberStatusCode:
		return "statusCode"
	case MemberRequestID:
		return "requestId"
	case MemberReportType:
		return "reportType"
	case MemberEndpointName:
		return "endpointName"
	case MemberResources:
		return "resources"
	case memberPayload:
		return "payload"
	case memberPayloadType, memberType:
		return "type"
	case memberValue:
		return "value"
	case memberName:
		return "name"
	case memberPath:
		return "path"
	case memberMethods:
		return "methods"
	}
	return number("Members", 0)
}
