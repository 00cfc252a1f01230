package wire

import (
	"slices"
)

// appendHeader appends everything of a device's message up to and without the
// payload.
func appendHeader(dst []byte, h *Header, t MessageType) []byte {
	dst = append(dst, `{"clientId":"`...)
	dst = h.ClientID.append(dst)
	dst = append(dst, '"', ',')
	dst = appendRoute(dst, h)
	return appendKind(dst, h, t, "")
}

// appendEnvelope is appendHeader for any message. The members that only the
// server sets are left out when they are empty, as is a clientId that is in
// neither form.
func appendEnvelope(dst []byte, m *Message) []byte {
	dst = append(dst, '{')
	if m.ID != "" {
		dst = append(dst, `"id":`...)
		dst = appendString(dst, m.ID)
		dst = append(dst, ',')
	}
	switch {
	case m.ClientText != "":
		dst = append(dst, `"clientId":`...)
		dst = appendString(dst, m.ClientText)
		dst = append(dst, ',')
	case !m.ClientID.IsZero():
		dst = append(dst, `"clientId":"`...)
		dst = m.ClientID.append(dst)
		dst = append(dst, '"', ',')
	}
	dst = appendRoute(dst, &m.Header)
	if m.ReceivedTime != 0 {
		dst = append(dst, `,"receivedTime":`...)
		dst = appendMillis(dst, m.ReceivedTime)
	}
	if m.SentTime != 0 {
		dst = append(dst, `,"sentTime":`...)
		dst = appendMillis(dst, m.SentTime)
	}
	return appendKind(dst, &m.Header, m.Type, m.Direction)
}

// appendRoute appends source to eventTime.
func appendRoute(dst []byte, h *Header) []byte {
	dst = append(dst, `"source":`...)
	dst = appendString(dst, h.Source)
	if h.Destination == "" && h.Sender == "" { // as from any device
		dst = append(dst, `,"destination":"","sender":"","priority":"`...)
	} else {
		dst = append(dst, `,"destination":`...)
		dst = appendString(dst, h.Destination)
		dst = append(dst, `,"sender":`...)
		dst = appendString(dst, h.Sender)
		dst = append(dst, `,"priority":"`...)
	}
	dst = append(dst, h.Priority.String()...)
	dst = append(dst, `","reliability":"`...)
	dst = append(dst, h.Reliability.String()...)
	dst = append(dst, `","eventTime":`...)
	return appendMillis(dst, h.EventTime)
}

// appendKind appends type, direction, properties and diagnostics with the
// leading comma.
func appendKind(dst []byte, h *Header, t MessageType, direction string) []byte {
	dst = append(dst, `,"type":"`...)
	dst = append(dst, t.String()...)
	dst = append(dst, '"')
	if direction != "" {
		dst = append(dst, `,"direction":`...)
		dst = appendString(dst, direction)
	}
	if len(h.Properties) > 0 {
		dst = append(dst, `,"properties":`...)
		dst = appendLists(dst, h.Properties, false)
	}
	if len(h.Diagnostics) > 0 {
		dst = appendDiagnostics(dst, h.Diagnostics)
	}
	return dst
}

// sortedNames gives the names of a map in order, in room when it suffices.
func sortedNames[V any](room []string, m map[string]V) []string {
	names := room[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// appendLists appends an object of arrays of strings.
func appendLists(dst []byte, lists map[string][]string, lower bool) []byte {
	var room [8]string
	dst = append(dst, '{')
	for i, name := range sortedNames(room[:], lists) {
		if i > 0 {
			dst = append(dst, ',')
		}
		start := len(dst)
		dst = appendString(dst, name)
		if lower {
			lowerASCII(dst[start:])
		}
		dst = append(dst, ':', '[')
		for j, value := range lists[name] {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, value)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// lowerASCII turns the letters A to Z into lower case in place. The
// escapes of appendString keep their meaning: they have no upper-case letters.
func lowerASCII(text []byte) {
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + ('a' - 'A')
		}
	}
}

func appendParams(dst []byte, params map[string]string) []byte {
	var room [8]string
	dst = append(dst, '{')
	for i, name := range sortedNames(room[:], params) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = appendString(dst, params[name])
	}
	return append(dst, '}')
}

// appendDiagnostics appends the member with its leading comma.
func appendDiagnostics(dst []byte, diagnostics map[string]any) []byte {
	var room [8]string
	dst = append(dst, `,"diagnostics":{`...)
	first := true
	for _, name := range sortedNames(room[:], diagnostics) {
		value, ok := diagnosticValue(diagnostics[name])
		if !ok {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = value.AppendJSON(dst)
	}
	return append(dst, '}')
}

// diagnosticValue converts what Header.Diagnostics may hold.
func diagnosticValue(v any) (Value, bool) {
	switch v := v.(type) {
	case bool:
		return BooleanValue(v), true
	case string:
		return StringValue(v), true
	case int64:
		return IntegerValue(v), true
	case float64:
		return NumberValue(v), true
	}
	return Value{}, false
}
