package fidelity_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// role is what a request, or a message in one, is for.
type role string

// The calls, in the order in which a device comes to make them.
const (
	tokenBefore    role = "token before activation"
	tokenCorrected role = "token again with the server's time"
	policyCall     role = "activation policy"
	activation     role = "direct activation"
	tokenAfter     role = "token after activation"
	tokenAtStart   role = "token of an activated device"
	modelRefused   role = "device model that is refused with 401"
	tokenRenewed   role = "token after 401"
	modelAgain     role = "device model again after 401"
	model          role = "device model"
	policies       role = "device policies"
	sending        role = "messages, long polling"
	longPoll       role = "long poll"
	sendingPolling role = "messages, polling"
	poll           role = "poll"
	assertions     role = "every assertion" // of the token calls, looked at together
	gatewayCall    role = "direct activation of a gateway"
	indirect       role = "indirect activation"
	indirectSecret role = "indirect activation with a secret"
	indirectBound  role = "indirect activation, restricted"
)

// The messages.
const (
	firstReport    role = "resources report at activation"
	report         role = "resources report of the dispatcher"
	dataOne        role = "DATA of one attribute"
	dataUpdate     role = "DATA of several attributes"
	dataWritten    role = "DATA after an attribute write"
	dataCustom     role = "custom DATA"
	alert          role = "ALERT"
	answerWrite    role = "RESPONSE to an attribute write"
	answerCall     role = "RESPONSE to an action"
	answerCallWith role = "RESPONSE to an action with argument"
	answerUnknown  role = "RESPONSE to an unknown resource"
)

// calls and contents list the roles in order.
var (
	calls = []role{
		tokenBefore, tokenCorrected, policyCall, activation, tokenAfter, tokenAtStart, modelRefused, tokenRenewed, modelAgain, model, policies,
		sending, longPoll, sendingPolling, poll, gatewayCall, indirect, indirectSecret, indirectBound, assertions,
	}
	contents = []role{
		firstReport, report, dataOne, dataUpdate, dataWritten, dataCustom, alert, answerWrite, answerCall, answerCallWith, answerUnknown,
	}
)

// scenario is a kind of run.
type scenario string

const (
	longPolling scenario = "long polling"
	polling     scenario = "polling"
	restarted   scenario = "restart, 401 once"
	wrongClock  scenario = "wrong clock"
	behind      scenario = "gateway"
	messageOnly scenario = "messages of other recordings"
)

// expected are the roles that a run of each kind shows, if the client plays them.
var expected = map[scenario][]role{
	longPolling: {tokenBefore, policyCall, activation, tokenAfter, model, policies, sending, longPoll,
		firstReport, report, dataOne, dataWritten, alert, answerWrite, answerCall, answerCallWith, answerUnknown},
	polling:     {sendingPolling, poll},
	restarted:   {tokenAtStart, modelRefused, tokenRenewed, modelAgain},
	wrongClock:  {tokenCorrected},
	behind:      {gatewayCall, indirect, indirectSecret, indirectBound},
	messageOnly: {dataUpdate, dataCustom},
}

// played is what one client did: for each role that a run was recorded for, the
// facets of all its requests or messages; nil where it made none.
type played map[role]facets

// play adds a run to what a client did. requests are those that it got.
func (p played) play(t testing.TB, kind scenario, run []exchange, id ids) {
	t.Helper()
	for _, r := range expected[kind] {
		if _, known := p[r]; !known {
			p[r] = nil
		}
	}
	for i, e := range run {
		if kind != messageOnly {
			p.note(kind, callRole(kind, run, i), callFacets(t, e))
		}
		if strings.HasSuffix(e.path, "/oauth2/token") {
			p.noteAssertion(assertionFacets(t, e.body))
		}
		for _, m := range messagesOf(t, e.body) {
			p.note(kind, messageRole(m, id), messageFacets(t, m, id))
		}
	}
}

// note merges facets into a role that the scenario is about.
func (p played) note(kind scenario, r role, f facets) {
	if !slices.Contains(expected[kind], r) {
		return
	}
	merged := p[r]
	if merged == nil {
		p[r] = f
		return
	}
	for name := range allNames(merged, f) {
		merged[name] = union(orAbsent(merged[name]), orAbsent(f[name]))
	}
}

// noteAssertion merges facets that not every assertion has.
func (p played) noteAssertion(f facets) {
	if p[assertions] == nil {
		p[assertions] = facets{}
	}
	for name, value := range f {
		if old := p[assertions][name]; old != "" {
			value = union(old, value)
		}
		p[assertions][name] = value
	}
}

func allNames(fs ...facets) map[string]bool {
	names := make(map[string]bool)
	for _, f := range fs {
		for name := range maps.Keys(f) {
			names[name] = true
		}
	}
	return names
}

func orAbsent(text string) string {
	if text == "" {
		return absent
	}
	return text
}

// union joins values that requests of one role have.
func union(a, b string) string {
	all := append(strings.Split(a, " or "), strings.Split(b, " or ")...)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " or ")
}

// callRole tells what the i-th request of a run is for.
func callRole(kind scenario, run []exchange, i int) role {
	e := run[i]
	before := func(path string) (n int) {
		for _, other := range run[:i] {
			if other.path == path {
				n++
			}
		}
		return n
	}
	switch {
	case strings.HasSuffix(e.path, "/oauth2/token"):
		return tokenRole(kind, before(e.path))
	case strings.HasSuffix(e.path, "/activation/policy"):
		return policyCall
	case strings.HasSuffix(e.path, "/activation/direct") && kind == behind:
		return gatewayCall
	case strings.HasSuffix(e.path, "/activation/direct"):
		return activation
	case strings.HasSuffix(e.path, "/activation/indirect/device"):
		return indirectRole(string(e.body))
	case strings.HasSuffix(e.path, "/devicePolicies"):
		return policies
	case strings.Contains(e.path, "/deviceModels/") && kind != restarted:
		return model
	case strings.Contains(e.path, "/deviceModels/"):
		if before(e.path) == 0 {
			return modelRefused
		}
		return modelAgain
	case kind == polling && messagesOrNothing(e) == "messages":
		return sendingPolling
	case kind == polling:
		return poll
	case strings.Contains(e.query, "iot.sync"):
		return longPoll
	}
	return sending
}

func messagesOrNothing(e exchange) string {
	if len(e.body) > len("[]") {
		return "messages"
	}
	return "nothing"
}

// tokenRole tells what the n-th token call of a run is for, from 0.
func tokenRole(kind scenario, n int) role {
	switch {
	case kind == restarted && n == 0:
		return tokenAtStart
	case kind == restarted:
		return tokenRenewed
	case kind == wrongClock && n == 1:
		return tokenCorrected
	case n == 0:
		return tokenBefore
	}
	return tokenAfter
}

// indirectRole tells how a device behind a gateway is registered.
func indirectRole(body string) role {
	switch {
	case strings.Contains(body, `"ICD-HW-1"`):
		return indirectSecret
	case strings.Contains(body, `"ICD-RESTRICTED"`):
		return indirectBound
	}
	return indirect
}

// messageRole tells what a message is for.
func messageRole(m message, id ids) role {
	attributes := strings.HasSuffix(m.Payload.Format, ":attributes")
	_, written := m.Payload.Data["maxThreshold"]
	switch {
	case m.Type == "RESOURCES_REPORT" && len(m.Payload.Value.Resources) == 1:
		return firstReport
	case m.Type == "RESOURCES_REPORT":
		return report
	case m.Type == "ALERT":
		return alert
	case m.Type == "RESPONSE":
		return answerRole(id.requests[m.Payload.RequestID].Payload.URL)
	case !attributes:
		return dataCustom
	case len(m.Payload.Data) > 1:
		return dataUpdate
	case written:
		return dataWritten
	}
	return dataOne
}

func answerRole(url string) role {
	switch {
	case strings.Contains(url, "/attributes/"):
		return answerWrite
	case strings.HasSuffix(url, "/actions/reset"):
		return answerCall
	case strings.HasSuffix(url, "/actions/calibrate"):
		return answerCallWith
	}
	return answerUnknown
}
