package fidelity_test

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// replay is a server that answers as the server of a recorded run did: each call
// gets what the official client got for the same call, the first the first
// answer, and so on. Requests for the device are handed out in the recorded order
// and not before the device has sent as many values and responses as had been
// sent then; though only to calls that offer room for them
// (docs/protocol/transport.md §8.1): the official JavaScript client takes them
// with every call, ours and the Java client with polls. What the device sends is
// checked and kept.
//
// Put in place of what was recorded: the masked access tokens, and the server's
// time, which is told as far from the device's as it was then.
type replay struct {
	*tap
	t        testing.TB
	secret   string
	answers  map[string][]exchange // by endpoint, in the order of arrival
	beside   map[string][]byte     // answers for calls that the run does not hold, by path
	ahead    time.Duration         // server's clock minus the device's
	batches  []batch               // requests for the device
	requests map[string]message    // all of them, by id

	mu         sync.Mutex
	key        *rsa.PublicKey // of the activated device
	endpointID string
	behind     map[string]bool // endpoint ids of indirectly connected devices
	tokens     map[string]bool // token → for an activated device
	seen       []exchange
	sent       []message          // by the device
	values     int                // DATA messages among them
	responses  map[string]message // by id of the request
	changed    chan struct{}      // closed when something was sent
}

// batch is requests that travel together, and what the device has to send before.
type batch struct {
	requests          []message
	values, responses int
}

// newReplay makes the server of one run.
func newReplay(t testing.TB, run []exchange) *replay {
	t.Helper()
	if len(run) == 0 {
		t.Fatal("the recording has no such run")
	}
	s := &replay{
		t: t, answers: map[string][]exchange{}, beside: map[string][]byte{}, requests: map[string]message{},
		behind: map[string]bool{}, tokens: map[string]bool{}, responses: map[string]message{}, changed: make(chan struct{}),
	}
	for _, e := range run {
		s.answers[e.endpoint()] = append(s.answers[e.endpoint()], e)
	}
	s.collectRequests(run)
	for _, model := range []string{"humidity_sensor", "camera"} { // the JavaScript client does not ask
		s.beside[policiesPath+model+"/devicePolicies"] = []byte(`{"items":[],"links":[]}`)
	}
	s.tap = newTap(t, s.serve)
	return s
}

// collectRequests finds the requests that the official client got.
func (s *replay) collectRequests(run []exchange) {
	s.t.Helper()
	var b batch
	for _, e := range slices.SortedFunc(slices.Values(run), func(a, b exchange) int { return a.finished - b.finished }) {
		for _, m := range messagesOf(s.t, e.body) {
			b.count(m)
		}
		next := batch{requests: messagesOf(s.t, e.answer), values: b.values, responses: b.responses}
		if len(next.requests) == 0 {
			continue
		}
		// The first value is what made the recorded server send the first request.
		next.values = max(next.values, 1)
		s.batches = append(s.batches, next)
		for _, m := range next.requests {
			s.requests[m.ID] = m
		}
	}
}

// count notes a message of the device.
func (b *batch) count(m message) {
	switch m.Type {
	case "DATA":
		b.values++
	case "RESPONSE":
		b.responses++
	}
}

const (
	apiRoot      = "/iot/api/v2"
	messagesPath = apiRoot + "/messages"
	policiesPath = "/iot/privateapi/v2/deviceModels/urn%3Acom%3Aexample%3Aiot%3Adevice%3A" // the name of the model follows
)

func (s *replay) serve(w http.ResponseWriter, r *http.Request, e exchange) {
	s.mu.Lock()
	s.seen = append(s.seen, e)
	s.mu.Unlock()
	switch e.endpoint() {
	case "POST " + apiRoot + "/oauth2/token":
		s.serveToken(w, e)
	case "POST " + messagesPath:
		s.checkHeaders(e)
		s.serveMessages(w, r, e)
	case "POST " + apiRoot + "/activation/direct":
		s.checkHeaders(e)
		s.serveActivation(w, e)
	case "POST " + apiRoot + "/activation/indirect/device":
		s.checkHeaders(e)
		s.serveIndirect(w, e)
	default:
		s.checkHeaders(e)
		s.answer(w, s.next(e))
	}
}

// next is the recorded answer for a call. The device may ask for a model more
// often than the official client did; it gets the last answer again.
func (s *replay) next(e exchange) exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.answers[e.endpoint()]
	switch {
	case len(left) == 0 && s.beside[e.path] != nil:
		return exchange{status: http.StatusOK, answer: s.beside[e.path]}
	case len(left) == 0:
		s.t.Errorf("%s %s?%s: the recording has no such call", e.method, e.path, e.query)
		return exchange{status: http.StatusTeapot, answer: []byte("{}")}
	case len(left) > 1:
		s.answers[e.endpoint()] = left[1:]
	}
	return left[0]
}

func (s *replay) answer(w http.ResponseWriter, e exchange) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	w.Write(e.answer)
}

// serveToken checks the assertion and answers as recorded, with a token of its own.
func (s *replay) serveToken(w http.ResponseWriter, e exchange) {
	recorded := s.next(e)
	a, err := parseAssertion(e.body)
	s.mu.Lock()
	activated := s.endpointID != ""
	id := s.endpointID
	if err == nil {
		if !activated {
			id = a.issuer
		}
		err = a.verify(s.secret, s.key)
	}
	token := fmt.Sprintf("%032x", len(s.tokens)+1)
	if recorded.status == http.StatusOK {
		s.tokens[token] = activated
	}
	s.mu.Unlock()
	if life := a.expires.Sub(time.Now().Add(s.ahead)); recorded.status == http.StatusOK && !aQuarterOfAnHour(life) {
		s.t.Errorf("token: the assertion is valid for %v", life)
	}
	if err != nil || a.issuer != id || (a.scope == "") != activated {
		s.t.Errorf("token: issuer %q, scope %q: %v", a.issuer, a.scope, err)
	}
	text := strings.ReplaceAll(string(recorded.answer), "<token>", token)
	now := time.Now().Add(s.ahead).UnixMilli()
	recorded.answer = []byte(currentTime.ReplaceAllString(text, fmt.Sprintf("${1}%d", now)))
	s.answer(w, recorded)
}

// currentTime finds the server's time in a refusal.
var currentTime = regexp.MustCompile(`("currentTime":)[0-9]+`)

func (s *replay) serveActivation(w http.ResponseWriter, e exchange) {
	key, err := verifyActivation(e.body)
	if err != nil {
		s.t.Errorf("activation: %v", err)
	}
	recorded := s.next(e)
	var a struct{ EndpointID string }
	if err := json.Unmarshal(recorded.answer, &a); err != nil {
		s.t.Errorf("recorded activation: %v", err)
	}
	s.mu.Lock()
	s.key, s.endpointID = key, a.EndpointID
	s.mu.Unlock()
	s.answer(w, recorded)
}

// serveIndirect registers a device behind the gateway.
func (s *replay) serveIndirect(w http.ResponseWriter, e exchange) {
	s.mu.Lock()
	err := verifyIndirect(e.body, s.endpointID, s.key)
	s.mu.Unlock()
	recorded := s.next(e)
	var a struct{ EndpointID string }
	if err := errors.Join(err, json.Unmarshal(recorded.answer, &a)); err != nil {
		s.t.Errorf("indirect activation: %v", err)
	}
	s.mu.Lock()
	s.behind[a.EndpointID] = true
	s.mu.Unlock()
	s.answer(w, recorded)
}

// checkHeaders demands what every call but that for a token has.
func (s *replay) checkHeaders(e exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer, ok := strings.CutPrefix(e.header.Get("Authorization"), "Bearer ")
	activated, issued := s.tokens[bearer]
	name, id := "X-Activationid", ""
	if s.endpointID != "" {
		name, id = "X-Endpointid", s.endpointID
	}
	switch {
	case !ok || !issued || activated != (s.endpointID != ""):
		s.t.Errorf("%s: Authorization %q", e.path, e.header.Get("Authorization"))
	case id != "" && e.header.Get(name) != id, e.header.Get(name) == "":
		s.t.Errorf("%s: header %s is %q", e.path, name, e.header.Get(name))
	}
}

// serveMessages takes messages and hands out requests.
func (s *replay) serveMessages(w http.ResponseWriter, r *http.Request, e exchange) {
	sent, err := parseMessages(e.body)
	if err != nil {
		s.t.Errorf("messages %s: %v", e.body, err)
	}
	s.take(sent)
	query, err := url.ParseQuery(e.query)
	if err != nil {
		s.t.Errorf("query %s: %v", e.query, err)
	}
	accept, err := strconv.Atoi(query.Get("acceptBytes"))
	if err != nil {
		s.t.Errorf("acceptBytes: %v", err)
	}
	var requests []message
	if accept > 0 {
		requests = s.offer(r, accept, query)
	}
	body := []byte{'['}
	for i, m := range requests {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, m.raw...)
	}
	w.WriteHeader(http.StatusAccepted)
	w.Write(append(body, ']'))
}

// offer is what a call gets that takes requests. A long poll is held until there
// are some, for as long as it asks for, or until the device goes away, as the
// official clients did in the end (status null).
func (s *replay) offer(r *http.Request, accept int, query url.Values) []message {
	limit := time.Duration(0)
	if query.Has("iot.sync") {
		limit = 20 * time.Second
	}
	if timeout := query.Get("iot.timeout"); timeout != "" {
		seconds, err := strconv.Atoi(timeout)
		if err != nil || seconds < 1 {
			s.t.Errorf("iot.timeout is %q", timeout)
		}
		limit = time.Duration(seconds) * time.Second
	}
	for expired := time.After(limit); ; {
		requests, changed := s.pop(accept)
		if requests != nil {
			return requests
		}
		select {
		case <-changed:
		case <-expired:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// pop takes the next requests if it is time for them and there is room, and
// else returns what is closed when that may have changed.
func (s *replay) pop(accept int) ([]message, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.batches) == 0 || s.batches[0].values > s.values || s.batches[0].responses > len(s.responses) {
		return nil, s.changed
	}
	size := 0
	for _, m := range s.batches[0].requests {
		size += len(m.raw) + 2
	}
	if size > accept {
		return nil, s.changed
	}
	requests := s.batches[0].requests
	s.batches = s.batches[1:]
	return requests, nil
}

// take checks and keeps messages of the device.
func (s *replay) take(ms []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range ms {
		if m.ClientID == "" || m.Source != s.endpointID && !s.behind[m.Source] || m.Type == "" || m.Priority == "" || m.Reliability == "" || m.EventTime == 0 {
			s.t.Errorf("incomplete message %s", m.raw)
		}
		s.sent = append(s.sent, m)
		if m.Type == "DATA" {
			s.values++
		}
		if m.Type != "RESPONSE" {
			continue
		}
		asked, known := s.requests[m.Payload.RequestID]
		if _, twice := s.responses[m.Payload.RequestID]; twice || !known || asked.Source != m.Destination {
			s.t.Errorf("response %s: known request: %v, answered before: %v", m.raw, known, twice)
		}
		s.responses[m.Payload.RequestID] = m
	}
	if len(ms) > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// wait returns when condition holds of what the device has sent.
func (s *replay) wait(what string, condition func(sent []message, responses map[string]message) bool) {
	s.t.Helper()
	deadline := time.After(5 * time.Minute) // of the bubble
	for {
		s.mu.Lock()
		done, changed := condition(s.sent, s.responses), s.changed
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("%s: the device has sent only\n%s", what, s.story())
		}
	}
}

// answered reports whether every recorded request has been answered.
func (s *replay) answered(_ []message, responses map[string]message) bool {
	return len(responses) == len(s.requests)
}

// story lists what the device sent, for failures.
func (s *replay) story() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, e := range s.seen {
		fmt.Fprintf(&b, "%s %s?%s\n", e.method, e.path, e.query)
		if e.path == messagesPath {
			io.WriteString(&b, "    "+string(e.body)+"\n")
		}
	}
	return b.String()
}
