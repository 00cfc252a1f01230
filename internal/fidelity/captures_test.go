package fidelity_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// exchange is one request and its answer: recorded from an official client
// (testdata/captures/README.md), or from ours.
type exchange struct {
	run      string
	finished int // place in the order in which requests were answered
	method   string
	path     string      // escaped, as sent
	query    string      // as sent
	header   http.Header // Content-Length and Transfer-Encoding included
	body     []byte      // nil for none; of the token call the form
	status   int         // 0: the client went away
	answer   []byte      // compact JSON
}

// endpoint names the call of an exchange, without its query.
func (e *exchange) endpoint() string {
	return e.method + " " + strings.TrimSuffix(e.path, "/")
}

// readCapture reads the exchanges of one client in the order of their arrival.
func readCapture(t testing.TB, name string) (all []exchange) {
	t.Helper()
	file, err := os.Open("../../testdata/captures/" + name + ".jsonl")
	must(t, err)
	defer file.Close()
	for in := bufio.NewReader(file); ; {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 {
			return all
		}
		must(t, ignoreEOF(err))
		all = append(all, parseExchange(t, line))
	}
}

func parseExchange(t testing.TB, line []byte) exchange {
	t.Helper()
	var l struct {
		Run             string
		CompletionOrder int
		Method, Path    string
		Headers         map[string]string
		RequestBody     json.RawMessage
		RequestBodyRaw  string
		Status          int
		ResponseBody    json.RawMessage
	}
	must(t, json.Unmarshal(line, &l))
	path, query, _ := strings.Cut(l.Path, "?")
	e := exchange{
		run: l.Run, finished: l.CompletionOrder, method: l.Method, path: path, query: query,
		header: http.Header{}, body: compact(t, l.RequestBody), status: l.Status, answer: compact(t, l.ResponseBody),
	}
	for name, value := range l.Headers {
		e.header.Set(name, value)
	}
	if l.RequestBodyRaw != "" {
		e.body = []byte(l.RequestBodyRaw)
	}
	return e
}

// compact is a JSON text without blanks, nil for null.
func compact(t testing.TB, text json.RawMessage) []byte {
	t.Helper()
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	var b bytes.Buffer
	must(t, json.Compact(&b, text))
	return b.Bytes()
}

// ofRun keeps the exchanges of one run.
func ofRun(all []exchange, run string) []exchange {
	return slices.DeleteFunc(slices.Clone(all), func(e exchange) bool { return e.run != run })
}

// message is what the tests look at in a message of either direction.
type message struct {
	ID          string
	ClientID    string
	Source      string
	Destination string
	Type        string
	Priority    string
	Reliability string
	EventTime   int64
	Payload     struct {
		Method, URL string // of requests
		Body        []byte
		StatusCode  int // of responses
		RequestID   string
		Format      string
		Data        map[string]any
		Value       struct{ Resources []resource }
	}
	raw json.RawMessage
}

// resource is one entry of a resources report.
type resource struct{ Name, Path, Methods, Status, EndpointName string }

// parseMessages reads the messages of a body or an answer; nil where it is no
// array.
func parseMessages(text []byte) (all []message, err error) {
	if len(text) == 0 || text[0] != '[' {
		return nil, nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	for _, r := range raw {
		m := message{raw: r}
		if err := json.Unmarshal(r, &m); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// messagesOf is parseMessages for what a test knows to be right.
func messagesOf(t testing.TB, text []byte) []message {
	t.Helper()
	all, err := parseMessages(text)
	must(t, err)
	return all
}
