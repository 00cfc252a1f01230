package device

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"time"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// builtin is a resource that every device serves
// (docs/protocol/dispatch.md §10).
type builtin struct {
	path    string // below the capability prefix
	methods []string
	handler Handler
}

// builtins are the resources in the order in which they are reported.
func (d *Device) builtins(q *dispatch.Dispatcher) []builtin {
	get, put := http.MethodGet, http.MethodPut
	return []builtin{
		{"message_dispatcher/counters", []string{get}, func(context.Context, *wire.Message) *wire.Response { return counters(q) }},
		{"message_dispatcher/reset", []string{put}, func(context.Context, *wire.Message) *wire.Response {
			d.metrics.reset(q)
			q.ResetCounters()
			return &wire.Response{StatusCode: http.StatusOK}
		}},
		{"message_dispatcher/pollingInterval", []string{get, put}, func(_ context.Context, m *wire.Message) *wire.Response { return pollingInterval(q, m.Request) }},
		{"diagnostics/info", []string{get}, func(context.Context, *wire.Message) *wire.Response {
			return d.diagnostics.info(d.component("diagnostics"))
		}},
		{"diagnostics/testConnectivity", []string{get, put}, func(_ context.Context, m *wire.Message) *wire.Response { return d.connectivity.serve(m.Request) }},
		{"device_policy/policyChanged", []string{put}, d.policies.change},
	}
}

// announce registers the built-in resources and reports them.
func (d *Device) announce(q *dispatch.Dispatcher, endpointID string) error {
	var resources []wire.Resource
	for _, b := range d.builtins(q) {
		path := "deviceModels/" + capabilityPrefix + b.path
		served := b.methods
		if path == policy.ChangePath {
			// Announced as PUT by the official clients, sent as POST by the server
			// (docs/protocol/messages.md §8.4).
			served = []string{http.MethodPut, http.MethodPost}
		}
		if err := q.HandleDirect(endpointID, path, limitMethods(served, b.handler)); err != nil {
			return err
		}
		resources = append(resources, wire.Resource{EndpointName: endpointID, Name: path, Path: path, Methods: b.methods})
	}
	return d.report(endpointID, resources...)
}

// answerJSON is a 200 with a JSON body.
func answerJSON(v any) *wire.Response {
	body, err := json.Marshal(v)
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	return &wire.Response{
		StatusCode: http.StatusOK,
		Headers:    map[string][]string{"content-type": {"application/json"}},
		Body:       body,
	}
}

func refuse(status int, text string) *wire.Response {
	return &wire.Response{StatusCode: status, Body: []byte(text)}
}

// counters serves GET message_dispatcher/counters.
func counters(q *dispatch.Dispatcher) *wire.Response {
	c := q.Counters()
	return answerJSON(struct {
		Load             float64 `json:"load"` // percent with one decimal
		BytesSent        int64   `json:"totalBytesSent"`
		BytesReceived    int64   `json:"totalBytesReceived"`
		MessagesReceived int64   `json:"totalMessagesReceived"`
		MessagesRetried  int64   `json:"totalMessagesRetried"`
		MessagesSent     int64   `json:"totalMessagesSent"`
		ProtocolErrors   int64   `json:"totalProtocolErrors"`
	}{math.Trunc(q.Load()*1000) / 10, c.BytesSent, c.BytesReceived, c.MessagesReceived, c.MessagesRetried, c.MessagesSent, c.ProtocolErrors})
}

// maxPollingInterval bounds what the cloud may ask for: a day without asking for
// requests is as good as never.
const maxPollingInterval = 24 * time.Hour

// pollingInterval serves message_dispatcher/pollingInterval, in milliseconds; of
// the two keys in use "value" wins (docs/protocol/dispatch.md §10.3).
func pollingInterval(q *dispatch.Dispatcher, r *wire.Request) *wire.Response {
	if r.EffectiveMethod() == http.MethodGet {
		return answerJSON(struct {
			Value int64 `json:"value"`
		}{q.PollingInterval().Milliseconds()})
	}
	members, err := wire.DecodeObject(r.Body, nil)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	value, ok := member(members, "value")
	if !ok {
		value, ok = member(members, "pollingInterval")
	}
	ms := value.Number
	if !ok || value.Kind != wire.ScalarNumber || ms < 0 || ms != math.Trunc(ms) || ms > float64(maxPollingInterval.Milliseconds()) {
		return refuse(http.StatusBadRequest, `the body needs "value": milliseconds, 0 to 86400000`)
	}
	q.SetPollingInterval(time.Duration(ms) * time.Millisecond)
	return &wire.Response{StatusCode: http.StatusOK}
}
