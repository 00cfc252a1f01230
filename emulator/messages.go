package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// messageQuery reads the parameters that say which messages are wanted (docs/protocol/management-api.md §7). none is true for types
// that are known but never come.
func messageQuery(values query.Values) (q history.Query, none bool, err error) {
	q.Device = values.Get("device")
	if text := values.Get("type"); text != "" {
		t, ok := wire.ParseMessageType(text)
		none = !ok && (text == "WAKEUP" || text == "UPDATE_BUNDLE")
		if !ok && !none {
			return q, false, fmt.Errorf("%w: type=%.40q", query.ErrParameter, text)
		}
		q.Type = t
	}
	if q.Since, err = query.Number(values, "since", 0); err != nil {
		return q, false, err
	}
	q.Until, err = query.Number(values, "until", 0)
	return q, none, err
}

// getMessages lists messages, the newest first unless the caller wants another order.
func (s *Server) getMessages(c *call) error {
	page, err := query.ParsePage(c.query)
	if err != nil {
		return err
	}
	q, none, err := messageQuery(c.query)
	if err != nil {
		return err
	}
	order, err := query.ParseOrder(c.query.Get("orderBy"))
	if err != nil {
		return err
	}
	filter, err := query.ParseFilter(c.query.Get("q"))
	if err != nil {
		return err
	}
	var found []*history.Message
	total := 0
	if !none {
		found, total, err = s.selectMessages(c, q, filter, order, page)
		if err != nil {
			return err
		}
	}
	return c.page(renderAll(found, func(m *history.Message) any { return messageBodyOf(c, m) }), page, total)
}

// selectMessages gives a page of messages and the number of all that match. Without a filter and in the order of arrival only the page
// is looked up.
func (s *Server) selectMessages(c *call, q history.Query, filter *query.Filter, order query.Order, page query.Page) ([]*history.Message, int, error) {
	newestFirst, byEvent, err := messageOrder(order)
	if err != nil {
		return nil, 0, err
	}
	if filter == nil && !byEvent {
		if newestFirst {
			return s.history.Newest(q, page.Offset, page.Limit), s.history.Count(q), nil
		}
		return s.history.Oldest(q, page.Offset, page.Limit), s.history.Count(q), nil
	}
	all := s.history.Oldest(q, 0, -1)
	if filter != nil {
		all = slices.DeleteFunc(all, func(m *history.Message) bool { return !filter.Match(messageDocument(m)) })
	}
	if byEvent {
		slices.SortStableFunc(all, func(a, b *history.Message) int { return cmp.Compare(a.EventTime, b.EventTime) })
	}
	if newestFirst {
		slices.Reverse(all)
	}
	found, _ := query.Slice(all, page)
	return found, len(all), nil
}

// messageOrder takes the keys that clients sort messages by; times of arrival and delivery are one here.
func messageOrder(order query.Order) (newestFirst, byEvent bool, err error) {
	if len(order) == 0 {
		return true, false, nil
	}
	switch order[0].Path {
	case "deliveredTime", "receivedTime", "sentTime":
	case "eventTime":
		byEvent = true
	default:
		return false, false, fmt.Errorf("%w: messages are ordered by deliveredTime, receivedTime, sentTime or eventTime", query.ErrParameter)
	}
	return order[0].Descending, byEvent, nil
}

func (s *Server) countMessages(c *call) error {
	q, none, err := messageQuery(c.query)
	if err != nil {
		return err
	}
	filter, err := query.ParseFilter(c.query.Get("q"))
	if err != nil {
		return err
	}
	n := 0
	switch {
	case none:
	case filter == nil:
		n = s.history.Count(q)
	default:
		_, n, err = s.selectMessages(c, q, filter, nil, query.Page{Limit: 1})
		if err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, map[string]int{"count": n})
}

func (s *Server) getMessage(c *call) error {
	id, err := wire.ParseUUID(c.params["id"])
	if err != nil {
		return problem(http.StatusNotFound, "there is no such message")
	}
	m := s.history.Message(id)
	if m == nil {
		return problem(http.StatusNotFound, "there is no such message")
	}
	return c.json(http.StatusOK, messageBodyOf(c, m))
}

// messageBody is a stored message as people see it. All members are there: the Java client reads a page with a message that lacks one
// as empty (docs/protocol/management-api.md §7).
type messageBody struct {
	ID                   string          `json:"id"`
	ClientID             string          `json:"clientId"`
	Source               string          `json:"source"`
	Destination          string          `json:"destination"`
	Sender               string          `json:"sender"`
	Priority             string          `json:"priority"`
	Reliability          string          `json:"reliability"`
	EventTime            int64           `json:"eventTime"`
	EventTimeAsString    string          `json:"eventTimeAsString"`
	ReceivedTime         int64           `json:"receivedTime"`
	ReceivedTimeAsString string          `json:"receivedTimeAsString"`
	SentTime             int64           `json:"sentTime"`
	SentTimeAsString     string          `json:"sentTimeAsString"`
	Type                 string          `json:"type"`
	Direction            string          `json:"direction"`
	Properties           json.RawMessage `json:"properties"`
	Diagnostics          json.RawMessage `json:"diagnostics,omitempty"`
	Payload              json.RawMessage `json:"payload"`
	Violations           []string        `json:"violations,omitempty"` // this emulator's own
	Links                []link          `json:"links"`
}

func messageBodyOf(c *call, m *history.Message) messageBody {
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(m.JSON, &sent); err != nil {
		sent = nil // cannot be: the text was read when it came
	}
	direction := wire.FromDevice
	if m.ToDevice {
		direction = wire.ToDevice
	}
	return messageBody{
		ID:       m.ID.String(),
		ClientID: textOf(sent["clientId"]), Source: m.Source, Destination: m.Destination, Sender: textOf(sent["sender"]),
		Priority: textOf(sent["priority"]), Reliability: textOf(sent["reliability"]),
		EventTime: m.EventTime, EventTimeAsString: timeText(m.EventTime),
		ReceivedTime: m.Received, ReceivedTimeAsString: timeText(m.Received),
		SentTime: m.Received, SentTimeAsString: timeText(m.Received),
		Type: m.Type.String(), Direction: direction,
		Properties: objectOf(sent["properties"]), Diagnostics: sent["diagnostics"], Payload: objectOf(sent["payload"]),
		Violations: m.Violations,
		Links:      []link{{"self", c.link("/messages/" + m.ID.String())}},
	}
}

// messageDocument gives a message as filters see it: what was sent, and what the server adds.
func messageDocument(m *history.Message) map[string]any {
	doc := document(json.RawMessage(m.JSON))
	if doc == nil {
		doc = make(map[string]any, 6) // cannot be: the text was read when it came
	}
	doc["id"], doc["source"], doc["type"] = m.ID.String(), m.Source, m.Type.String()
	doc["eventTime"], doc["receivedTime"], doc["sentTime"] = m.EventTime, m.Received, m.Received
	doc["direction"] = wire.FromDevice
	if m.ToDevice {
		doc["direction"] = wire.ToDevice
	}
	return doc
}

// textOf gives a JSON string, "" for everything else.
func textOf(raw json.RawMessage) string {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return ""
	}
	return text
}

// objectOf gives a JSON object, an empty one in the place of null and of nothing.
func objectOf(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return json.RawMessage("{}")
	}
	return raw
}
