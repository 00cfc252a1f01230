package fidelity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// facets are what is compared of a request or a message: what it is about, and
// a text that is equal where the wire is equal but for ids, times and keys.
type facets map[string]string

// absent is the value of a facet that a request does not have.
const absent = "absent"

// callFacets takes a request apart, but for messages in its body.
func callFacets(t testing.TB, e exchange) facets {
	t.Helper()
	f := facets{"path": strings.ReplaceAll(e.path, sensorURN, "{model}")}
	f["path"] = strings.ReplaceAll(f["path"], url.QueryEscape(sensorURN), "{model, escaped}")
	f["method"] = e.method
	queryFacets(t, f, e.query)
	headerFacets(f, e)
	switch {
	case e.body == nil:
		f["body"] = "none"
	case e.path == messagesPath && string(e.body) == "[]":
		f["body"] = "`[]`"
	case e.path == messagesPath:
		f["body"] = "messages"
	case strings.HasSuffix(e.path, "/oauth2/token"):
		tokenFacets(t, f, e.body)
	default:
		f["body"] = "JSON"
		f.add("body", decodeJSON(t, e.body), ids{})
	}
	return f
}

// queryFacets compares parameters by name, as no server cares about their order.
func queryFacets(t testing.TB, f facets, query string) {
	t.Helper()
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, raw, has := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(raw)
		must(t, err)
		switch {
		case !has:
			value = "without value"
		case name == "OSVersion":
			value = "release"
		case name == "OSName" && value != "Linux":
			value = "Go's name of the system" // GOOS, whatever this machine is
		case name == "acceptBytes" && value != "0":
			free, err := strconv.Atoi(value)
			if err != nil || free > 4190 {
				t.Errorf("acceptBytes=%s", value)
			}
			value = "free bytes of 4190"
		case name == "q":
			value = regexp.MustCompile(`0-DCD-\w+`).ReplaceAllString(value, "{endpoint id}")
		}
		f["parameter `"+name+"`"] = "`" + value + "`"
	}
}

// headerFacets compares what a server can make something of, framing included.
func headerFacets(f facets, e exchange) {
	for name := range e.header {
		value := e.header.Get(name)
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Connection":
			continue
		case "Authorization":
			value = regexp.MustCompile(`^Bearer .+`).ReplaceAllString(value, "Bearer {token}")
			if value == "" {
				value = "empty"
			}
		case "X-Activationid":
			name, value = "X-ActivationId", "{activation id}"
		case "X-Endpointid":
			name, value = "X-EndpointId", "{endpoint id}"
		}
		f["header `"+name+"`"] = "`" + value + "`"
	}
	f["framing"] = "neither length nor chunks"
	if e.header.Get("Transfer-Encoding") != "" {
		f["framing"] = "chunked"
	}
	if length := e.header.Get("Content-Length"); length == "0" {
		f["framing"] = "`Content-Length: 0`"
	} else if length != "" {
		f["framing"] = "`Content-Length`"
	}
	f["connection"] = "kept"
	if strings.EqualFold(e.header.Get("Connection"), "close") {
		f["connection"] = "closed after the call"
	}
}

// tokenFacets compares the form of a token call and the assertion in it.
func tokenFacets(t testing.TB, f facets, form []byte) {
	t.Helper()
	a, err := parseAssertion(form)
	must(t, err)
	f["body"] = "form"
	f["form"] = "`" + strings.ReplaceAll(string(form), strings.Join(a.segments[:], "."), "{assertion}") + "`"
	f["header of the assertion"] = texts(a.header)
	claims := maps.Clone(a.claims)
	for _, name := range []string{"iss", "sub"} {
		if claims[name] == a.issuer {
			claims[name] = "{id}"
		}
	}
	claims["exp"] = "{time}"
	f["claims of the assertion"] = texts(claims)
}

// assertionFacets compares how assertions are written. Whether a segment needs
// padding is a matter of the id's length, so all assertions of a client are
// looked at together.
func assertionFacets(t testing.TB, form []byte) facets {
	t.Helper()
	a, err := parseAssertion(form)
	must(t, err)
	f := facets{"text of the claims": "compact"}
	if strings.Contains(a.claimsText, `", "`) {
		f["text of the claims"] = "blanks after commas"
	}
	for i, name := range []string{"header", "claims", "signature"} {
		raw, err := decodeSegment(a.segments[i])
		must(t, err)
		if len(raw)%3 == 0 {
			continue
		}
		f["padding of the "+name] = "none"
		if strings.HasSuffix(a.segments[i], "=") {
			f["padding of the "+name] = "`=`"
		}
	}
	return f
}

// texts writes an object with its members sorted.
func texts(object map[string]any) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(object)) {
		fmt.Fprintf(&b, " %s=%v", name, object[name])
	}
	return "`" + strings.TrimSpace(b.String()) + "`"
}

// ids are what stands for something else in a message.
type ids struct {
	endpoint string
	requests map[string]message
}

// messageFacets takes one message apart: its members, their types, and the
// values of those that have a fixed meaning.
func messageFacets(t testing.TB, m message, id ids) facets {
	t.Helper()
	f := facets{}
	f.add("", decodeJSON(t, m.raw), id)
	return f
}

func decodeJSON(t testing.TB, text []byte) (v any) {
	t.Helper()
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	must(t, in.Decode(&v))
	return v
}

// add adds the facets of a JSON value with the given place.
func (f facets) add(place string, v any, id ids) {
	switch v := v.(type) {
	case map[string]any:
		if place == "payload.data" {
			f["member `"+place+"`"] = "object of scalars"
			return // the model says what is in it
		}
		if len(v) == 0 {
			f["member `"+place+"`"] = "`{}`"
		}
		for name, member := range v {
			f.add(strings.TrimPrefix(place+"."+name, "."), member, id)
		}
	case []any:
		f.addArray(place, v, id)
	default:
		f["member `"+place+"`"] = "`" + scalarText(place, v, id) + "`"
	}
}

// addArray lists texts in the order of the alphabet, and of objects the members.
func (f facets) addArray(place string, array []any, id ids) {
	var list []string
	for _, element := range array {
		object, ok := element.(map[string]any)
		if !ok {
			text := strings.Replace(scalarText(place, element, id), capabilityURN, "…", 1)
			list = append(list, strings.Replace(text, sensorURN, "{model}", 1))
			continue
		}
		path, _ := object["path"].(string)
		list = append(list, fmt.Sprint(strings.TrimPrefix(path, capabilities), " ", object["methods"]))
		delete(object, "methods")
		if object["name"] == path {
			object["name"] = "the path"
		}
		object["path"] = "a path"
		f.add(place+"[]", object, id)
	}
	slices.Sort(list)
	f["member `"+place+"`"] = "`" + strings.Join(list, "`, `") + "`"
}

const (
	capabilityURN = "urn:oracle:iot:dcd:capability:"
	capabilities  = "deviceModels/" + capabilityURN
)

var (
	uuidText   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	longBase64 = regexp.MustCompile(`^[A-Za-z0-9+/]{200,}={0,2}$`)
)

// scalarText is a value with what differs from run to run replaced by its kind.
func scalarText(place string, v any, id ids) string {
	switch v := v.(type) {
	case json.Number:
		ms, err := strconv.ParseInt(string(v), 10, 64)
		if err == nil && ms > time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() {
			return "{ms}"
		}
		if place == "remainingRetries" {
			return "{number}"
		}
		return string(v)
	case string:
		if place == "body.serialNumber" {
			return "{text}" // the programs of the recordings counted in their own ways
		}
		_, known := secrets[v]
		_, request := id.requests[v]
		body, err := base64.StdEncoding.DecodeString(v)
		switch {
		case v == id.endpoint && v != "":
			return "{endpoint id}"
		case known:
			return "{activation id}"
		case request:
			return "{id of the request}"
		case uuidText.MatchString(v):
			return "{UUID}"
		case longBase64.MatchString(v):
			return "{base64}"
		case place == "payload.body" && v != "" && err == nil:
			return "base64 of " + string(body)
		case place == "payload.format":
			return regexp.MustCompile(`^urn:com:example:iot:device:\w+`).ReplaceAllString(v, "{model}")
		case v == "":
			return `""`
		}
		return v
	}
	return fmt.Sprint(v)
}
