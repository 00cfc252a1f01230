package wire

import (
	"encoding/base64"
	"strconv"
)

// AppendData appends a DATA message (docs/protocol/messages.md §7.1). A server
// refuses one without items. The package comment says what all encoders promise.
func AppendData(dst []byte, h *Header, format string, items []Item) []byte {
	dst = appendHeader(dst, h, TypeData)
	return appendDataPayload(dst, format, items)
}

func appendDataPayload(dst []byte, format string, items []Item) []byte {
	dst = append(dst, `,"payload":{"format":`...)
	dst = appendString(dst, format)
	dst = appendItems(dst, items)
	return append(dst, '}', '}')
}

// AppendAlert appends an ALERT message (docs/protocol/messages.md §7.2). The
// severity 0 stands for SeveritySignificant, the default.
func AppendAlert(dst []byte, h *Header, format, description string, severity Severity, items []Item) []byte {
	dst = appendHeader(dst, h, TypeAlert)
	return appendAlertPayload(dst, format, description, severity, items)
}

func appendAlertPayload(dst []byte, format, description string, severity Severity, items []Item) []byte {
	if severity == 0 {
		severity = SeveritySignificant
	}
	dst = append(dst, `,"payload":{"format":`...)
	dst = appendString(dst, format)
	dst = appendItems(dst, items)
	dst = append(dst, `,"severity":"`...)
	dst = append(dst, severity.String()...)
	dst = append(dst, `","description":`...)
	dst = appendString(dst, description)
	return append(dst, '}', '}')
}

// AppendResponse appends a RESPONSE message (docs/protocol/messages.md §7.5).
// Names of headers are written in lower case.
func AppendResponse(dst []byte, h *Header, r *Response) []byte {
	dst = appendHeader(dst, h, TypeResponse)
	return appendResponsePayload(dst, r)
}

func appendResponsePayload(dst []byte, r *Response) []byte {
	dst = append(dst, `,"payload":{"statusCode":`...)
	dst = strconv.AppendInt(dst, int64(r.StatusCode), 10)
	dst = append(dst, `,"url":`...)
	dst = appendString(dst, r.URL)
	if r.RequestID != "" {
		dst = append(dst, `,"requestId":`...)
		dst = appendString(dst, r.RequestID)
	}
	dst = append(dst, `,"headers":`...)
	dst = appendLists(dst, r.Headers, true)
	dst = append(dst, `,"body":`...)
	dst = appendBody(dst, r.Body)
	return append(dst, '}', '}')
}

// AppendRequest appends a REQUEST message as a server sends it, with its id
// (docs/protocol/messages.md §7.4). Names of headers are written in lower case.
func AppendRequest(dst []byte, h *Header, id string, r *Request) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, id)
	dst = append(dst, `,"clientId":"`...)
	dst = h.ClientID.append(dst)
	dst = append(dst, '"', ',')
	dst = appendRoute(dst, h)
	dst = appendKind(dst, h, TypeRequest, "")
	return appendRequestPayload(dst, r)
}

func appendRequestPayload(dst []byte, r *Request) []byte {
	dst = append(dst, `,"payload":{"method":`...)
	dst = appendString(dst, r.Method)
	dst = append(dst, `,"url":`...)
	dst = appendString(dst, r.URL)
	dst = append(dst, `,"headers":`...)
	dst = appendLists(dst, r.Headers, true)
	dst = append(dst, `,"params":`...)
	dst = appendParams(dst, r.Params)
	dst = append(dst, `,"body":`...)
	dst = appendBody(dst, r.Body)
	return append(dst, '}', '}')
}

// AppendResourcesReport appends a RESOURCES_REPORT message
// (docs/protocol/messages.md §7.3).
func AppendResourcesReport(dst []byte, h *Header, r *ResourcesReport) []byte {
	dst = appendHeader(dst, h, TypeResourcesReport)
	return appendReportPayload(dst, r)
}

func appendReportPayload(dst []byte, r *ResourcesReport) []byte {
	dst = append(dst, `,"payload":{"type":"JSON","value":{"reportType":"`...)
	dst = append(dst, r.ReportType.String()...)
	dst = append(dst, `","endpointName":`...)
	dst = appendString(dst, r.EndpointName)
	if r.ReconciliationMark != "" {
		dst = append(dst, `,"reconciliationMark":`...)
		dst = appendString(dst, r.ReconciliationMark)
	}
	dst = append(dst, `,"resources":[`...)
	for i := range r.Resources {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendResource(dst, &r.Resources[i])
	}
	return append(dst, "]}}}"...)
}

func appendResource(dst []byte, r *Resource) []byte {
	dst = append(dst, '{')
	if r.EndpointName != "" {
		dst = append(dst, `"endpointName":`...)
		dst = appendString(dst, r.EndpointName)
		dst = append(dst, ',')
	}
	dst = append(dst, `"name":`...)
	dst = appendString(dst, r.Name)
	dst = append(dst, `,"path":`...)
	dst = appendString(dst, r.Path)
	if r.Removed {
		dst = append(dst, `,"status":"REMOVED"`...)
	} else {
		dst = append(dst, `,"status":"ADDED"`...)
	}
	if len(r.Methods) > 0 {
		dst = append(dst, `,"methods":"`...)
		for i, method := range r.Methods {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendEscaped(dst, method)
		}
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// appendItems appends the member "data" with its leading comma.
func appendItems(dst []byte, items []Item) []byte {
	dst = append(dst, `,"data":`...)
	if len(items) == 0 {
		return append(dst, '{', '}')
	}
	before := byte('{')
	for i := range items {
		dst = appendName(dst, before, items[i].Name)
		dst = items[i].Value.AppendJSON(dst)
		before = ','
	}
	return append(dst, '}')
}

func appendBody(dst, body []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, body)
	return append(dst, '"')
}
