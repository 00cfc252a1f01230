package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// randomizer makes messages of all kinds, with what is hard to carry in them.
type randomizer struct{ *rand.Rand }

func (r randomizer) pick(texts ...string) string { return texts[r.IntN(len(texts))] }

func (r randomizer) text() string {
	return r.pick("", "x", "speed", "0-DCD-A001", "a\"b\\c/d", "\x00\n\t\x1f\x7f", "é😀\u2028", "</script>", "null",
		strings.Repeat("long ", r.IntN(100)), string(rune(r.IntN(0xd800))))
}

func (r randomizer) printable() string {
	return r.pick("", "application/json", " ~", "a,b;c=\"d\"", "\\")
}

func (r randomizer) name(used map[string]bool) string {
	for {
		if name := r.pick("a", "b", "temperature", "é", "a\"b", "/~", "x y", "\u0001") + r.pick("", "1", "2", "3", "4"); !used[name] {
			used[name] = true
			return name
		}
	}
}

func (r randomizer) value() Value {
	switch r.IntN(6) {
	case 0:
		return IntegerValue(int64(r.Uint64()))
	case 1:
		for {
			f := math.Float64frombits(r.Uint64())
			if !math.IsNaN(f) && !math.IsInf(f, 0) {
				return NumberValue(f)
			}
		}
	case 2:
		return NumberValue(float64(r.IntN(100000)-50000) / 1000)
	case 3:
		return BooleanValue(r.IntN(2) == 0)
	case 4:
		return DateTimeValue(r.Int64N(1 << 42))
	}
	return StringValue(r.text())
}

func (r randomizer) items(least int) (items []Item) {
	used := make(map[string]bool)
	for range least + r.IntN(20) {
		items = append(items, Item{r.name(used), r.value()})
	}
	return items
}

func (r randomizer) lists(text func() string, names ...string) map[string][]string {
	var lists map[string][]string
	for range r.IntN(4) {
		if lists == nil {
			lists = make(map[string][]string)
		}
		var values []string
		for range r.IntN(3) {
			values = append(values, text())
		}
		lists[r.pick(names...)] = values
	}
	return lists
}

func (r randomizer) bytes() []byte {
	var body []byte
	for range r.IntN(50) {
		body = append(body, byte(r.Uint32()))
	}
	return body
}

func (r randomizer) message() *Message {
	m := &Message{
		ID: r.text(),
		Header: Header{
			ClientID: NewUUID(), Source: "0-" + r.text(), Destination: r.text(), Sender: r.text(),
			EventTime: r.Int64N(1 << 42), Priority: Priority(r.IntN(5)), Reliability: Reliability(r.IntN(3)),
			Properties: r.lists(r.text, "p", "q", "é\"", "P"),
		},
		Direction:    r.pick("", FromDevice, ToDevice),
		ReceivedTime: r.Int64N(1 << 42), SentTime: r.Int64N(2),
		Type: MessageType(r.IntN(5) + 1),
	}
	m.ClientText = m.ClientID.String()
	if r.IntN(2) == 0 {
		m.Diagnostics = map[string]any{"a": int64(r.Uint64()), "b": r.text(), "c": true, "d": r.Float64() + 0.1}
	}
	r.payload(m)
	return m
}

func (r randomizer) payload(m *Message) {
	headers := func() map[string][]string { return r.lists(r.printable, "content-type", "x-1", "a b", "~") }
	switch m.Type {
	case TypeData:
		m.Data = &DataPayload{Format: "urn:" + r.text(), Items: r.items(1)}
	case TypeAlert:
		m.Alert = &AlertPayload{"urn:" + r.text(), r.text(), Severity(r.IntN(4) + 1), r.items(0)}
	case TypeRequest:
		m.Request = &Request{r.pick("GET", "PUT", "É"), "u" + r.text(), headers(), nil, r.bytes()}
		if r.IntN(2) == 0 {
			m.Request.Params = map[string]string{r.text(): r.text(), "x": ""}
		}
	case TypeResponse:
		m.Response = &Response{r.IntN(1000) - 1, r.text(), r.text(), headers(), r.bytes()}
	case TypeResourcesReport:
		m.Report = &ResourcesReport{ReportType(r.IntN(3) + 1), "e" + r.text(), r.text(), []Resource{{Name: "n", Path: "p", Removed: true}}}
		for range r.IntN(5) {
			m.Report.Resources = append(m.Report.Resources,
				Resource{r.text(), "n" + r.text(), "p" + r.text(), r.IntN(2) == 0, []string{"GET", r.pick("PUT", "POST")}})
		}
	}
}

// TestRandomMessagesRoundTrip writes and reads messages of all kinds, and has
// encoding/json read them by the reference below.
func TestRandomMessagesRoundTrip(t *testing.T) {
	r := randomizer{rand.New(rand.NewPCG(3, 4))}
	count := make(map[MessageType]int)
	for range 1000 {
		m := r.message()
		count[m.Type]++
		text, err := m.Append(nil)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		back, err := DecodeMessage(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		checkReference(t, text, back)
		back.Absent = 0
		if !reflect.DeepEqual(normal(m), normal(back)) {
			t.Fatalf("%s:\nwrote %+v\n read %+v", text, m, back)
		}
	}
	if len(count) != 5 {
		t.Errorf("messages by type: %v", count)
	}
}

// reference is a message as encoding/json reads it.
type reference struct {
	ID, ClientID, Source, Destination, Sender, Priority, Reliability, Type, Direction string
	EventTime, ReceivedTime, SentTime                                                 json.Number
	Properties                                                                        map[string][]string
	Payload                                                                           struct {
		Format, Description, Severity, Method, URL, RequestID string
		Data                                                  map[string]any
		Headers                                               map[string][]string
		Params                                                map[string]string
		Body                                                  []byte
		StatusCode                                            int
		Value                                                 struct {
			ReportType, EndpointName, ReconciliationMark string
			Resources                                    []struct{ EndpointName, Name, Path, Status, Methods string }
		}
	}
}

func checkReference(t *testing.T, text []byte, m *Message) {
	t.Helper()
	var r reference
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	time := func(n json.Number) int64 { ms, _ := n.Int64(); return ms }
	own := []any{m.ID, m.ClientText, m.Source, m.Destination, m.Sender, m.Priority.String(), m.Reliability.String(),
		m.Type.String(), m.Direction, m.EventTime, m.ReceivedTime, m.SentTime, len(m.Properties)}
	theirs := []any{r.ID, r.ClientID, r.Source, r.Destination, r.Sender, r.Priority, r.Reliability,
		r.Type, r.Direction, time(r.EventTime), time(r.ReceivedTime), time(r.SentTime), len(r.Properties)}
	p := r.Payload
	switch m.Type {
	case TypeData:
		own, theirs = append(own, m.Data.Format), append(theirs, p.Format)
		checkItems(t, m.Data.Items, p.Data)
	case TypeAlert:
		own = append(own, m.Alert.Format, m.Alert.Description, m.Alert.Severity.String())
		theirs = append(theirs, p.Format, p.Description, p.Severity)
		checkItems(t, m.Alert.Items, p.Data)
	case TypeRequest:
		own = append(own, m.Request.Method, m.Request.URL, string(m.Request.Body), len(m.Request.Params), len(m.Request.Headers))
		theirs = append(theirs, p.Method, p.URL, string(p.Body), len(p.Params), len(p.Headers))
	case TypeResponse:
		own = append(own, m.Response.StatusCode, m.Response.RequestID, m.Response.URL, string(m.Response.Body), len(m.Response.Headers))
		theirs = append(theirs, p.StatusCode, p.RequestID, p.URL, string(p.Body), len(p.Headers))
	case TypeResourcesReport:
		own = append(own, m.Report.ReportType.String(), m.Report.EndpointName, m.Report.ReconciliationMark)
		theirs = append(theirs, p.Value.ReportType, p.Value.EndpointName, p.Value.ReconciliationMark)
		for i, resource := range p.Value.Resources {
			o := m.Report.Resources[i]
			own = append(own, o.EndpointName, o.Name, o.Path, o.Removed, strings.Join(o.Methods, ","))
			theirs = append(theirs, resource.EndpointName, resource.Name, resource.Path, resource.Status == "REMOVED", resource.Methods)
		}
	}
	if !reflect.DeepEqual(own, theirs) {
		t.Fatalf("%s:\n          own %q\nencoding/json %q", text, own, theirs)
	}
}

func checkItems(t *testing.T, items []Item, want map[string]any) {
	t.Helper()
	if len(items) != len(want) {
		t.Fatalf("%d items, encoding/json has %d", len(items), len(want))
	}
	for _, item := range items {
		same := false
		switch v := want[item.Name].(type) {
		case json.Number:
			f, _ := v.Float64()
			own, ok := item.Value.AsNumber()
			same = ok && own == f
		case bool:
			same = item.Value == BooleanValue(v)
		case string:
			same = item.Value == StringValue(v)
		}
		if !same {
			t.Fatalf("%q is %+v, encoding/json has %v", item.Name, item.Value, want[item.Name])
		}
	}
}

// TestDamagedMessages cuts captured messages off at every byte and changes every
// byte: no damage may panic or be told at a place that does not exist, and what
// is cut off is never taken.
func TestDamagedMessages(t *testing.T) {
	for _, text := range seedMessages(t) {
		for i := range text {
			if _, err := DecodeMessage(text[:i]); err == nil {
				t.Fatalf("taken: %s", text[:i])
			}
			for _, b := range []byte{'"', '{', '}', ',', '0', 'n', '\\', 0, 0xff} {
				damaged := slices.Clone(text)
				damaged[i] = b
				m, err := DecodeMessage(damaged)
				if err == nil {
					m.append(nil)
					continue
				}
				if wrong := err.(*DecodeError); wrong.Offset < 0 || wrong.Offset > int64(len(text)) {
					t.Fatalf("%s: %v", damaged, err)
				}
			}
		}
	}
}

// Decoding and encoding share nothing: the race detector watches.
func TestConcurrentUse(t *testing.T) {
	var group sync.WaitGroup
	data, header, items := []byte(typicalRequest), testHeader(), sixItems()
	for range 4 {
		group.Go(func() {
			for range 100 {
				m, err := DecodeMessage(data)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := m.Append(nil); err != nil {
					t.Error(err)
				}
				AppendData(nil, header, "f", items)
			}
		})
	}
	group.Wait()
}

// Texts that the Java client writes for numbers (docs/protocol/messages.md §6).
func TestJavaNumbers(t *testing.T) {
	for text, want := range map[string]Value{
		"5": IntegerValue(5), "5.25": NumberValue(5.25), "1.0E-4": NumberValue(0.0001), "1.0E7": IntegerValue(1e7),
		"1.2345678E7": IntegerValue(12345678), "1.511805927387E12": DateTimeValue(1511805927387),
		"-0": IntegerValue(0), "2.147483647E9": IntegerValue(2147483647),
	} {
		m := decode(t, `{"type":"DATA","payload":{"data":{"x":`+text+`}}}`)
		if got := m.Data.Items[0].Value; !got.Same(want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	m := decode(t, `{"type":"DATA","eventTime":1.511805927387E12,"payload":{}}`)
	if m.EventTime != 1511805927387 {
		t.Errorf("eventTime %d", m.EventTime)
	}
}
