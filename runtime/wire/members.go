package wire

import (
	"math/bits"
	"strings"
)

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

	// The rest is the decoder's own, for finding duplicates.
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
	memberValue
	memberName
	memberPath
	memberStatus
	memberMethods
)

// memberNames lists the JSON names in the order of the constants.
const memberNames = "id clientId source destination priority reliability eventTime format data severity method url " +
	"headers body statusCode requestId reportType endpointName resources sender type direction receivedTime sentTime " +
	"properties diagnostics payload description params reconciliationMark value name path status methods"

// Has reports whether any member of other is in the set.
func (m Members) Has(other Members) bool { return m&other != 0 }

// String gives the JSON names of the members, separated by commas.
func (m Members) String() string {
	names := strings.Fields(memberNames)
	var list []string
	for rest := m; rest != 0; rest &= rest - 1 {
		if i := bits.TrailingZeros64(uint64(rest)); i < len(names) {
			list = append(list, names[i])
		}
	}
	return strings.Join(list, ",")
}

// memberOf gives the member of the envelope or of any payload that has the
// name; 0 for unknown names.
func memberOf(name string) Members {
	switch name {
	case "id":
		return MemberID
	case "clientId":
		return MemberClientID
	case "source":
		return MemberSource
	case "destination":
		return MemberDestination
	case "priority":
		return MemberPriority
	case "reliability":
		return MemberReliability
	case "eventTime":
		return MemberEventTime
	case "format":
		return MemberFormat
	case "data":
		return MemberData
	case "severity":
		return MemberSeverity
	case "method":
		return MemberMethod
	case "url":
		return MemberURL
	case "headers":
		return MemberHeaders
	case "body":
		return MemberBody
	case "statusCode":
		return MemberStatusCode
	case "requestId":
		return MemberRequestID
	case "reportType":
		return MemberReportType
	case "endpointName":
		return MemberEndpointName
	case "resources":
		return MemberResources
	}
	return otherMemberOf(name)
}

func otherMemberOf(name string) Members {
	switch name {
	case "sender":
		return memberSender
	case "type":
		return memberType
	case "direction":
		return memberDirection
	case "receivedTime":
		return memberReceivedTime
	case "sentTime":
		return memberSentTime
	case "properties":
		return memberProperties
	case "diagnostics":
		return memberDiagnostics
	case "payload":
		return memberPayload
	case "description":
		return memberDescription
	case "params":
		return memberParams
	case "reconciliationMark":
		return memberMark
	case "value":
		return memberValue
	case "name":
		return memberName
	case "path":
		return memberPath
	case "status":
		return memberStatus
	case "methods":
		return memberMethods
	}
	return 0
}
