package emulator_test

import (
	"fmt"
	"strings"
	"testing"
)

type messageView struct {
	ID, ClientID, Source, Destination, Sender, Priority, Reliability, Type, Direction, EventTimeAsString, ReceivedTimeAsString string
	EventTime, ReceivedTime, SentTime                                                                                          int64
	Properties                                                                                                                 map[string]any
	Payload                                                                                                                    struct {
		Format string
		Data   map[string]any
	}
	Links []struct{ Rel, Href string }
}

type messagePage struct {
	Items         []messageView
	Count, Offset int
	HasMore       bool
	Links         []any
}

func (s *site) messages(query string) messagePage {
	s.t.Helper()
	var page messagePage
	s.asUser("GET", "/messages?"+query, "").want(s.t, 200).into(s.t, &page)
	return page
}

func TestMessageBody(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	pretty := fmt.Sprintf(`[ {
		"clientId" : "c839d086-bb23-4cd3-8405-130f5fc92b5b", "source" : %q, "priority" : "LOW", "reliability" : "BEST_EFFORT",
		"eventTime" : 1.453427902124E12, "type" : "DATA", "properties" : { }, "Sender" : "decoy", "PAYLOAD" : 1,
		"payload" : { "format" : "urn:test:pump:attributes", "data" : { "speed" : 100 } } } ]`, d.id)
	d.call("POST", "/iot/api/v2/messages", []byte(pretty)).want(t, 202)
	page := s.messages("device=" + d.id)
	if page.Count != 1 {
		t.Fatalf("page %+v", page)
	}
	m := page.Items[0]
	if m.ID == "" || m.ClientID != "c839d086-bb23-4cd3-8405-130f5fc92b5b" || m.Source != d.id || m.Sender != "" || m.Priority != "LOW" || m.Reliability != "BEST_EFFORT" ||
		m.Type != "DATA" || m.Direction != "FROM_DEVICE" || m.EventTime != 1453427902124 || m.EventTimeAsString != "2016-01-22T01:58:22.124Z" ||
		m.ReceivedTime < 1e12 || m.SentTime != m.ReceivedTime || m.Properties == nil || m.Payload.Format != "urn:test:pump:attributes" || m.Payload.Data["speed"] != 100.0 {
		t.Errorf("message %+v", m)
	}
	var single messageView
	s.asUser("GET", "/messages/"+m.ID, "").want(t, 200).into(t, &single)
	if single.ID != m.ID || m.Links[0].Href != s.url+"/iot/api/v2/messages/"+m.ID {
		t.Errorf("message %+v", single)
	}
	s.asUser("GET", "/messages/x", "").wantProblem(t, 404)
	s.asUser("GET", "/messages/c839d086-bb23-4cd3-8405-130f5fc92b5b", "").wantProblem(t, 404)
}

func TestMessageQueries(t *testing.T) {
	s := start(t)
	one, two := s.activated("one", false), s.activated("two", false)
	for i := range 3 {
		speed := withPayload("data", map[string]any{"speed": i})
		one.send(one.data(speed, with("eventTime", 1000-i))).want(t, 202)
		two.send(two.data(speed, with("eventTime", 2000-i))).want(t, 202)
	}
	s.write(one, 9)
	all := s.messages("orderBy=deliveredTime:asc&limit=200").Items
	if len(all) != 7 {
		t.Fatalf("%d messages", len(all))
	}
	values := func(query string) string {
		t.Helper()
		var text []string
		for _, m := range s.messages(query).Items {
			text = append(text, fmt.Sprint(m.Source[0:1], m.Type[:1], m.Payload.Data["speed"]))
		}
		return strings.ReplaceAll(strings.Join(text, " "), "0", "")
	}
	const request = "R<nil>"
	for query, want := range map[string]string{
		"device=" + one.id: request + " D2 D1 D",
		"device=" + one.id + "&orderBy=deliveredTime:asc":         "D D1 D2 " + request,
		"device=" + one.id + "&orderBy=eventTime%3Aasc&type=DATA": "D2 D1 D",
		"device=" + two.id + "&limit=1&offset=1":                  "D1",
		"type=REQUEST":                                            request,
		"type=ALERT":                                              "",
		"type=WAKEUP":                                             "",
		"type=UPDATE_BUNDLE":                                      "",
		"type=RESOURCE":                                           "",
		fmt.Sprint("orderBy=receivedTime&since=", all[4].ReceivedTime):          "D2 D2 " + request,
		fmt.Sprint("orderBy=receivedTime&until=", all[1].ReceivedTime):          "D",
		`q={"payload.data.speed":{"$gte":1}}&orderBy=sentTime&device=` + two.id: "D1 D2",
		"expand=false&limit=1": request,
	} {
		if got := values(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]int{"": 7, "device=" + one.id: 4, "type=DATA": 6, "type=WAKEUP": 0, `q={"payload.data.speed":1}`: 2} {
		var body struct{ Count int }
		s.asUser("GET", "/messages/count?"+query, "").want(t, 200).into(t, &body)
		if body.Count != want {
			t.Errorf("count %s: %d, want %d", query, body.Count, want)
		}
	}
	if page := s.messages("limit=2&offset=2"); !page.HasMore || page.Offset != 2 || page.Links == nil {
		t.Errorf("page %+v", page)
	}
	for _, bad := range []string{"type=NEWS", "since=x", "until=-1", "orderBy=payload", "q={", "limit=-1"} {
		s.asUser("GET", "/messages?"+bad, "").wantProblem(t, 400)
	}
	s.asUser("GET", "/messages/count?type=NEWS", "").wantProblem(t, 400)
	s.asUser("GET", "/messages/count?q=[", "").wantProblem(t, 400)
	one.call("GET", "/iot/api/v2/messages", nil).wantProblem(t, 403)
}

// Requests are listed with the direction that tells them apart.
func TestRequestsAreListed(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	sent := s.write(d, 9)
	page := s.messages("device=" + d.id)
	if len(page.Items) != 1 || page.Items[0].Direction != "TO_DEVICE" || page.Items[0].ID != sent.ID || page.Items[0].Destination != d.id {
		t.Errorf("page %+v", page)
	}
}
