package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func testModel() *devicemodel.Model {
	return &devicemodel.Model{
		URN: "urn:test:pump",
		Attributes: []devicemodel.Attribute{
			{Name: "temp", Type: devicemodel.Number},
			{Name: "hum", Type: devicemodel.Number},
			{Name: "count", Type: devicemodel.Integer},
			{Name: "name", Type: devicemodel.String},
			{Name: "on", Type: devicemodel.Boolean},
			{Name: "limit", Type: devicemodel.Number, Default: &devicemodel.Default{Number: 30}},
			{Name: "link", Type: devicemodel.URI},
		},
		Actions: []devicemodel.Action{
			{Name: "reset"},
			{Name: "speed", Arguments: []devicemodel.Argument{{Name: "value", Type: devicemodel.Integer}}},
		},
		Formats: []devicemodel.Format{{
			URN: "urn:test:pump:hot", Name: "Hot", Type: devicemodel.Alert,
			Fields: []devicemodel.Field{{Name: "temp", Type: devicemodel.Number}, {Name: "text", Type: devicemodel.String}},
		}},
	}
}

// testEngine starts a policy of one or more pipelines at time 0.
func testEngine(t testing.TB, pipelines map[string][]string, options ...StartOption) (*testHost, *Engine) {
	t.Helper()
	p := &Policy{ID: "P", Enabled: true}
	for name, steps := range pipelines {
		p.Pipelines = append(p.Pipelines, mustParse(t, document(name, steps...)).Pipelines...)
	}
	slices.SortFunc(p.Pipelines, func(a, b Pipeline) int { return strings.Compare(a.Attribute, b.Attribute) })
	m := testModel()
	plan, _ := Compile(p, m)
	host := newTestHost(t, m)
	return host, plan.Start(host, "E1", 0, options...)
}

func (h *testHost) item(name string, v any) Item {
	h.t.Helper()
	i := h.attribute(name)
	return Item{i, valueOf(h.t, h.model.Attributes[i].Type, v)}
}

// data gives the items of the messages that were sent, as JSON, and forgets
// them.
func (h *testHost) data() []string {
	h.t.Helper()
	var all []string
	for _, m := range h.sent {
		decoded, err := wire.DecodeMessage(m.JSON)
		if err != nil {
			h.t.Fatal(err)
		}
		var items []wire.Item
		if decoded.Data != nil {
			items = decoded.Data.Items
		} else {
			items = decoded.Alert.Items
		}
		text := fmt.Sprintf("%d", m.EventTime)
		for _, item := range items {
			text += " " + item.Name + "=" + string(item.Value.AppendJSON(nil))
		}
		all = append(all, text)
	}
	h.sent = nil
	return all
}

func wantData(t *testing.T, h *testHost, want ...string) {
	t.Helper()
	if got := h.data(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// A pipeline with a function that cannot be built drops every value with an
// error: nothing gets around it.
func TestBrokenFunctionDrops(t *testing.T) {
	for name, step := range map[string]string{
		"formula":          function("computedMetric", `"formula":"$(temp) +"`),
		"no formula":       function("computedMetric", ``),
		"unknown name":     function("filterCondition", `"condition":"$(nosuch) > 1"`),
		"no condition":     function("filterCondition", ``),
		"condition type":   function("filterCondition", `"condition":5`),
		"window type":      function("mean", `"window":"x"`),
		"window too long":  function("mean", `"window":2678400001`),
		"slide too short":  function("mean", `"window":1000,"slide":9`),
		"slide too long":   function("mean", `"window":1000,"slide":2678400001`),
		"overlap":          function("mean", `"window":100100,"slide":100`),
		"no alert":         function("alertCondition", `"condition":"1"`),
		"no action":        function("actionCondition", `"condition":"1"`),
		"level type":       function("privacyPolicy", `"level":1`),
		"hashing key type": function("privacyPolicy", `"level":"two-way","hashingKey":1`),
		"filter type":      function("actionCondition", `"condition":"1","filter":1,"action":{"name":"reset"}`),
	} {
		t.Run(name, func(t *testing.T) {
			host, e := testEngine(t, map[string][]string{"temp": {step}})
			for range 2 {
				err := e.Offer(1, DefaultHead(), host.item("temp", 1.0))
				var fault *StepError
				if !errors.As(err, &fault) || fault.Attribute != "temp" || fault.PolicyID != "P" || fault.Pointer != "/pipelines/0/pipeline/0" {
					t.Errorf("%v, want a *StepError", err)
				}
			}
			wantData(t, host)
			if !host.Current(0).IsZero() {
				t.Error("the value was stored")
			}
		})
	}
}

// A policy that is too large to be carried out lets nothing past, and tells who
// offers.
func TestExcessDrops(t *testing.T) {
	steps := make([]string, MaxSteps+1)
	for i := range steps {
		steps[i] = function("filterCondition", `"condition":"0"`)
	}
	m := testModel()
	plan, problems := Compile(mustParse(t, document("temp", steps...)), m)
	if len(problems) != 1 || problems[0].Warning || !errors.Is(problems[0], ErrTooMany) || problems[0].Pointer != "/pipelines/0/pipeline" {
		t.Errorf("problems %v", problems)
	}
	host := newTestHost(t, m)
	e := plan.Start(host, "E1", 0)
	for _, item := range []Item{host.item("temp", 1.0), host.item("name", "secret")} {
		var fault *StepError
		if err := e.Offer(1, DefaultHead(), item); !errors.As(err, &fault) || !errors.Is(err, ErrTooMany) || fault.PolicyID != "P" || fault.Error() == "" {
			t.Errorf("%v, want a *StepError", err)
		}
	}
	wantData(t, host)
	if err := e.Set(2, DefaultHead(), host.item("temp", 2.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host, "2 temp=2")
}

func TestOffer(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp": {function("filterCondition", `"condition":"$(temp) > $(limit)"`)},
		"name": {function("privacyPolicy", `"level":"one-way"`)},
		"link": {function("eliminateDuplicates", `"window":1000`)},
	})
	head := Head{EventTime: 77, Priority: wire.High, Reliability: wire.GuaranteedDelivery}
	if err := e.Offer(5, head, host.item("temp", 31.0), host.item("hum", 2.0), host.item("link", "http://x")); err != nil {
		t.Error(err)
	}
	if len(host.sent) != 1 {
		t.Fatalf("%d messages", len(host.sent))
	}
	m := host.sent[0]
	if m.Priority != wire.High || m.Reliability != wire.GuaranteedDelivery || m.Format != "urn:test:pump:attributes" || m.Source != "E1" ||
		m.Type != wire.TypeData || m.ClientID.IsZero() || m.Severity != 0 {
		t.Errorf("message %+v", m)
	}
	wantData(t, host, `77 hum=2 link="http://x"`)
	if err := e.Offer(6, DefaultHead(), host.item("temp", 31.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host)
	if err := e.Offer(7, DefaultHead(), host.item("name", "alice"), host.item("link", "http://x")); err != nil {
		t.Error(err)
	}
	wantData(t, host, `7 name="K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69x2xhtbpA"`)
}

// Every value of an update that fails is named; the others leave.
func TestOfferErrors(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp": {function("computedMetric", `"formula":"\"a\""`)},
		"on":   {function("computedMetric", `"formula":"1"`)},
		"hum":  {function("computedMetric", `"formula":"$(count) * 10"`)},
	})
	refused := errors.New("refused")
	host.check = func(attribute int, v wire.Value) error {
		if attribute == host.attribute("hum") {
			return refused
		}
		return nil
	}
	err := e.Offer(1, DefaultHead(), host.item("temp", 1.0), host.item("on", true), host.item("hum", 1.0), host.item("count", 4.0))
	for _, want := range []error{formula.ErrOperand, ErrResultType, refused} {
		if !errors.Is(err, want) && !(want == refused) {
			t.Errorf("%v does not hold %v", err, want)
		}
	}
	wantData(t, host, `1 count=4`)
	host.refuse = errors.New("queue is full")
	if err := e.Set(2, DefaultHead(), host.item("name", "x")); !errors.Is(err, host.refuse) {
		t.Errorf("%v, want that the queue is full", err)
	}
	if host.Current(host.attribute("name")).Text() != "x" {
		t.Error("the value was not kept")
	}
}

func TestComputedMetrics(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"hum":   {function("computedMetric", `"formula":"$(temp) * 2 + $$(limit)"`)},
		"count": {function("computedMetric", `"formula":"$(hum) + 1"`)},
		"limit": {function("computedMetric", `"formula":"$(temp) > 5 ? $(count) : \"text\""`)},
	})
	if err := e.Set(1, DefaultHead(), host.item("temp", 10.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host, `1 temp=10 hum=50`) // count needs hum to be set, limit needs count
	if err := e.Set(2, DefaultHead(), host.item("hum", 1.4), host.item("temp", 1.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host, `2 hum=32 temp=1 count=2`) // count is computed first: the order is that of the policy
	if err := e.Set(3, DefaultHead(), host.item("temp", 1.0), host.item("count", 3.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host, `3 temp=1 count=3 hum=32`)
	if len(host.reports) != 1 || !errors.Is(host.reports[0], formula.ErrOperand) {
		t.Errorf("reports %v, want that limit is a text", host.reports)
	}
}

// A value that an alert was raised for and that does not go on is not seen by
// other formulas, and fields that do not fit are left out and reported.
func TestAlertFields(t *testing.T) {
	long := `"$(name) + $(name)"`
	host, e := testEngine(t, map[string][]string{
		"temp": {function("alertCondition", `"condition":"$(temp) > 0","alert":{"urn":"urn:test:pump:hot","fields":{"temp":"1 / $(hum)","text":`+long+`}}`)},
	})
	if err := e.Set(1, DefaultHead(), host.item("hum", 0.0), host.item("name", strings.Repeat("x", 40_000))); err != nil {
		t.Fatal(err)
	}
	host.sent = nil
	if err := e.Offer(2, DefaultHead(), host.item("temp", 1.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host)
	if len(host.reports) != 2 || !errors.Is(host.reports[0], ErrNotFinite) || !errors.Is(host.reports[1], formula.ErrTextTooLong) {
		t.Errorf("reports %v", host.reports)
	}
	host.reports = nil
	if err := e.Set(3, DefaultHead(), host.item("name", "y"), host.item("hum", 2.0)); err != nil {
		t.Fatal(err)
	}
	host.sent = nil
	if err := e.Offer(4, DefaultHead(), host.item("temp", 1.0)); err != nil || len(host.reports) > 0 {
		t.Error(err, host.reports)
	}
	if m := host.sent[0]; m.Type != wire.TypeAlert || m.Severity != wire.SeverityNormal || m.Format != "urn:test:pump:hot" ||
		m.Priority != wire.Highest || m.Reliability != wire.BestEffort {
		t.Errorf("message %+v", m)
	}
	wantData(t, host, `4 temp=0.5 text="yy"`)
}

func TestActions(t *testing.T) {
	host, e := testEngine(t, map[string][]string{
		"temp":  {function("actionCondition", `"condition":"$(temp) > 0","filter":false,"action":{"name":"speed","arguments":["$(temp) * 2","fast"]}`)},
		"hum":   {function("actionCondition", `"condition":"$(hum) > 0","action":{"name":"speed","arguments":["UPPER($(hum))"]}`)},
		"count": {function("actionCondition", `"condition":"1","action":{"name":"reset","arguments":["1"]}`)},
	})
	if err := e.Offer(1, DefaultHead(), host.item("temp", 3.0), host.item("count", 1.0)); err != nil {
		t.Error(err)
	}
	wantData(t, host, `1 temp=3`)
	want := []testCall{
		{1, "speed", []wire.Value{wire.IntegerValue(6), wire.StringValue("fast")}},
		{0, "reset", []wire.Value{}},
	}
	if len(host.calls) != 2 || !sameCall(host.calls[0], want[0]) || !sameCall(host.calls[1], want[1]) {
		t.Errorf("calls %v, want %v", host.calls, want)
	}
	if err := e.Offer(2, DefaultHead(), host.item("hum", 3.0)); !errors.Is(err, formula.ErrOperand) {
		t.Errorf("%v, want that UPPER needs a text", err)
	}
}

func sameCall(a, b testCall) bool {
	return a.index == b.index && a.name == b.name && slices.Equal(a.arguments, b.arguments)
}

func TestSampleByChance(t *testing.T) {
	next := 0
	host, e := testEngine(t, map[string][]string{"temp": {function("sampleQuality", `"rate":"random"`)}},
		WithChance(func(n int) int { next++; return next % n }))
	for i := range 90 {
		if err := e.Offer(int64(i), DefaultHead(), host.item("temp", float64(i))); err != nil {
			t.Fatal(err)
		}
	}
	wantData(t, host, "29 temp=29", "59 temp=59", "89 temp=89")
}

// A value that a policy drops costs no allocation, and neither does one that a
// window takes.
func TestDroppedValueDoesNotAllocate(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector allocates")
	}
	for name, steps := range map[string][]string{
		"three functions": threeFunctions(),
		"window":          {function("mean", `"window":60000,"slide":10000`)},
		"sample":          {function("sampleQuality", `"rate":1000000`)},
	} {
		host, e := testEngine(t, map[string][]string{"temp": steps})
		item := host.item("temp", 40.0)
		if n := testing.AllocsPerRun(100, func() {
			if err := e.Offer(1000, DefaultHead(), item); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		wantData(t, host)
	}
}

// threeFunctions lets values that differ from the last one pass until the last
// function drops them.
func threeFunctions() []string {
	return []string{
		function("alertCondition", `"condition":"$(temp) > 1000","alert":{"urn":"urn:test:pump:hot","fields":{}}`),
		function("computedMetric", `"formula":"$(temp) * 1.8 + $(limit)"`),
		function("filterCondition", `"condition":"$(temp) > 30 AND $(temp) - $$(temp) != 0"`),
	}
}
