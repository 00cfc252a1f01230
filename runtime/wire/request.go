package wire

import "strings"

// Request is the payload of REQUEST (docs/protocol/messages.md §7.4).
type Request struct {
	Method  string // upper case
	URL     string // relative, no leading slash, colons of URNs not escaped
	Headers map[string][]string
	Params  map[string]string // query parameters
	Body    []byte            // raw; base64 on the wire
}

// overrideHeader carries the effective method of a request, see EffectiveMethod.
const overrideHeader = "x-http-method-override"

// EffectiveMethod gives the method to carry out, in upper case: the first value
// of the header x-http-method-override if it is there and not empty, else
// Method (docs/protocol/messages.md §7.4, "header wins").
func (r *Request) EffectiveMethod() string {
	if method := HeaderValue(r.Headers, overrideHeader); method != "" {
		return uppered(method)
	}
	return uppered(r.Method)
}

// HeaderValue gives the first value of a header of a request or response, ""
// if there is none. The name is compared without regard to case; decoded
// headers are in lower case, in which case the look-up is direct.
func HeaderValue(headers map[string][]string, name string) string {
	values, ok := headers[name]
	if !ok {
		for other, v := range headers {
			if strings.EqualFold(other, name) {
				values = v
				break
			}
		}
	}
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
