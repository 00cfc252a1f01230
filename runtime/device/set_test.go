package device_test

import (
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

func TestSetSendsOneMessage(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		set  func(generated) error
		want map[string]any
		json string
	}{
		{"integer", func(g generated) error { return g.SetInteger(attrSpeed, 3000) }, map[string]any{"speed": int64(3000)}, `{"speed":3000}`},
		{"number", func(g generated) error { return g.SetNumber(attrLevel, -1.5) }, map[string]any{"level": -1.5}, `{"level":-1.5}`},
		{"string", func(g generated) error { return g.SetString(attrMode, "dü\"\n") }, map[string]any{"mode": "dü\"\n"}, `{"mode":"dü\"\n"}`},
		{"boolean", func(g generated) error { return g.SetBoolean(attrOn, false) }, map[string]any{"on": false}, `{"on":false}`},
		{"datetime", func(g generated) error { return g.SetDateTime(attrSince, noon.Add(1500*time.Microsecond)) }, map[string]any{"since": noon.Add(time.Millisecond)}, `{"since":1772366400001}`},
		{"uri", func(g generated) error { return g.SetURI(attrPicture, uri(t, "https://example.com/a")) }, map[string]any{"picture": uri(t, "https://example.com/a")}, `{"picture":"https://example.com/a"}`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			must(t, tc.set(g))
			sent := c.Sent()
			if len(sent) != 1 {
				t.Fatalf("%d messages, want 1", len(sent))
			}
			m := sent[0]
			if diff := cmp.Diff(tc.want, values(m), cmp.AllowUnexported(device.URI{})); diff != "" {
				t.Error(diff)
			}
			if m.Format != plantURN+":attributes" || m.EndpointID != endpoint || m.Alert {
				t.Errorf("message %+v", m)
			}
			if m.Priority != device.PriorityLow || m.Reliability != device.BestEffort {
				t.Errorf("priority %v, reliability %v", m.Priority, m.Reliability)
			}
			if !m.EventTime.Equal(time.UnixMilli(1_511_805_927_387)) {
				t.Errorf("event time %v", m.EventTime)
			}
			if !strings.Contains(m.JSON, `"data":`+tc.json) {
				t.Errorf("JSON %s, want data %s", m.JSON, tc.json)
			}
		})
	}
}

func TestSetTheSameValueTwiceSendsTwice(t *testing.T) {
	c, g := start(t)
	must(t, g.SetInteger(attrSpeed, 5))
	must(t, g.SetInteger(attrSpeed, 5))
	sent := c.Sent()
	if len(sent) != 2 {
		t.Fatalf("%d messages, want 2", len(sent))
	}
	if sent[0].ClientID == sent[1].ClientID {
		t.Error("both messages have one client id")
	}
}

func TestSetRefuses(t *testing.T) {
	long := strings.Repeat("x", 65_536)
	tests := []struct {
		name string
		set  func(generated) error
		want error // sentinel; nil: the text alone
		text string
	}{
		{"above the range", func(g generated) error { return g.SetInteger(attrSpeed, 3001) }, nil, "speed: 3001 is outside 0 to 3000"},
		{"below the range", func(g generated) error { return g.SetNumber(attrLevel, -1.51) }, nil, "level: -1.51 is outside -1.5 to 99.5"},
		{"beyond 32 bits", func(g generated) error { return g.SetInteger(attrSpeed, 1<<31) }, nil, "speed: 2147483648 is outside -2147483648 to 2147483647"},
		{"not a number", func(g generated) error { return g.SetNumber(attrLevel, math.NaN()) }, device.ErrNotFinite, "level"},
		{"infinite", func(g generated) error { return g.SetNumber(attrLevel, math.Inf(-1)) }, device.ErrNotFinite, "level"},
		{"not UTF-8", func(g generated) error { return g.SetString(attrMode, "\xff") }, device.ErrNotUTF8, "mode"},
		{"text too long", func(g generated) error { return g.SetString(attrMode, long) }, nil, "65536"},
		{"zero time", func(g generated) error { return g.SetDateTime(attrSince, time.Time{}) }, device.ErrZeroTime, "since"},
		{"time not exact", func(g generated) error { return g.SetDateTime(attrSince, time.UnixMilli(1<<53+1)) }, nil, "since"},
		{"empty URI", func(g generated) error { return g.SetURI(attrPicture, device.URI{}) }, device.ErrEmptyURI, "picture"},
		{"offer above the range", func(g generated) error { return g.OfferInteger(attrSpeed, 3001) }, nil, "outside"},
		{"offer of the zero time", func(g generated) error { return g.OfferDateTime(attrSince, time.Time{}) }, device.ErrZeroTime, "since"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			err := tc.set(g)
			if err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Fatalf("error %v, want %q in it", err, tc.text)
			}
			if tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v is not %v", err, tc.want)
			}
			if len(c.Sent()) != 0 {
				t.Error("a refused value was sent")
			}
			if _, ok := g.Virtual().LastKnown("speed"); ok {
				t.Error("a refused value was stored")
			}
		})
	}
}

func TestRangeErrorCarriesTheBounds(t *testing.T) {
	_, g := start(t)
	var r *device.RangeError
	if err := g.SetInteger(attrSpeed, -1); !errors.As(err, &r) {
		t.Fatalf("error %v", err)
	}
	if want := (device.RangeError{Attribute: "speed", Value: -1, Low: 0, High: 3000}); *r != want {
		t.Errorf("%+v, want %+v", *r, want)
	}
}

func TestLengthErrorTellsTheLimit(t *testing.T) {
	_, g := start(t)
	var l *device.LengthError
	if err := g.SetString(attrMode, strings.Repeat("é", 32_768)); !errors.As(err, &l) {
		t.Fatalf("error %v", err)
	}
	if l.Limit != 65_535 || l.Length != 65_536 {
		t.Errorf("%+v", l)
	}
	must(t, g.SetString(attrMode, strings.Repeat("x", 65_535)))
}

func TestQueueFullKeepsTheValue(t *testing.T) {
	c, g := start(t)
	full := &device.QueueFullError{Capacity: 10, Waiting: 10, Offered: 1}
	c.Refuse(full)
	err := g.SetInteger(attrSpeed, 12)
	var got *device.QueueFullError
	if !errors.As(err, &got) || *got != *full {
		t.Fatalf("error %v", err)
	}
	if v, ok := g.Integer(attrSpeed); v != 12 || !ok {
		t.Errorf("value %d, %v; want it kept", v, ok)
	}
	c.Refuse(nil)
	must(t, g.SetInteger(attrSpeed, 13))
	if len(c.Sent()) != 1 {
		t.Errorf("%d messages", len(c.Sent()))
	}
}

func TestGetters(t *testing.T) {
	_, g := start(t)
	if v, ok := g.Integer(attrTarget); v != 7 || !ok {
		t.Errorf("default of target: %d, %v", v, ok)
	}
	if v, ok := g.Number(attrLevel); v != 2.5 || !ok {
		t.Errorf("default of level: %v, %v", v, ok)
	}
	if _, ok := g.Virtual().LastKnown("target"); ok {
		t.Error("a default counts as last known value")
	}
	if v, ok := g.String(attrMode); v != "" || ok {
		t.Errorf("mode before the first value: %q, %v", v, ok)
	}
	if v, ok := g.Boolean(attrOn); v || ok {
		t.Errorf("on before the first value: %v, %v", v, ok)
	}
	if v, ok := g.DateTime(attrSince); !v.IsZero() || ok {
		t.Errorf("since before the first value: %v, %v", v, ok)
	}
	if v, ok := g.URI(attrPicture); !v.IsZero() || ok {
		t.Errorf("picture before the first value: %v, %v", v, ok)
	}
	must(t, g.SetString(attrMode, ""))
	if v, ok := g.String(attrMode); v != "" || !ok {
		t.Errorf("an empty text is a value: %q, %v", v, ok)
	}
	must(t, g.SetBoolean(attrOn, true))
	must(t, g.SetDateTime(attrSince, time.UnixMilli(5)))
	must(t, g.SetURI(attrPicture, uri(t, "urn:x")))
	on, _ := g.Boolean(attrOn)
	since, _ := g.DateTime(attrSince)
	picture, _ := g.URI(attrPicture)
	if !on || !since.Equal(time.UnixMilli(5)) || since.Location() != time.UTC || picture.String() != "urn:x" {
		t.Errorf("on %v, since %v, picture %v", on, since, picture)
	}
}

func TestSetByName(t *testing.T) {
	tests := []struct {
		name  string
		attr  string
		value any
		want  any
		err   error
	}{
		{"int", "speed", 5, int64(5), nil},
		{"uint8", "speed", uint8(5), int64(5), nil},
		{"int16", "speed", int16(5), int64(5), nil},
		{"uint64 too large", "speed", uint64(math.MaxUint64), nil, new(device.RangeError)},
		{"whole float", "speed", 5.0, int64(5), nil},
		{"fraction", "speed", 5.5, nil, device.ErrWrongType},
		{"text for a number", "speed", "5", nil, device.ErrWrongType},
		{"alias", "rpm", 6, int64(6), nil},
		{"unknown", "nothing", 6, nil, device.ErrUnknownName},
		{"empty name", "", 6, nil, device.ErrUnknownName},
		{"number from int", "level", 3, 3.0, nil},
		{"number from float32", "level", float32(0.5), 0.5, nil},
		{"NaN", "level", math.NaN(), nil, device.ErrNotFinite},
		{"nil", "level", nil, nil, device.ErrWrongType},
		{"bool", "on", true, true, nil},
		{"bool from int", "on", 1, nil, device.ErrWrongType},
		{"time", "since", time.UnixMilli(9), time.UnixMilli(9).UTC(), nil},
		{"time from ms", "since", int64(9), time.UnixMilli(9).UTC(), nil},
		{"time from float", "since", 9.0, nil, device.ErrWrongType},
		{"uri from text", "picture", "https://a/b", "https://a/b", nil},
		{"uri from url", "picture", &url.URL{Scheme: "https", Host: "a"}, "https://a", nil},
		{"uri from bad text", "picture", "https://a/%zz", nil, errors.New("")},
		{"empty uri", "picture", "", nil, device.ErrEmptyURI},
		{"string", "mode", "auto", "auto", nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, g := start(t)
			err := g.Virtual().Set(tc.attr, tc.value)
			if (err != nil) != (tc.err != nil) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if tc.err != nil {
				checkError(t, err, tc.err)
				return
			}
			got, _ := g.Virtual().Get(tc.attr)
			if u, ok := got.(device.URI); ok {
				got = u.String()
			}
			if got != tc.want {
				t.Errorf("value %v (%T), want %v", got, got, tc.want)
			}
			if name := c.Sent()[0].Values[0].Name; tc.attr == "rpm" && name != "speed" {
				t.Errorf("sent as %q, want the name of the model", name)
			}
		})
	}
}

// checkError tells a *RangeError by type, an error without text by presence,
// and sentinels by identity.
func checkError(t *testing.T, err, want error) {
	t.Helper()
	if _, ok := want.(*device.RangeError); ok {
		if !errors.As(err, new(*device.RangeError)) {
			t.Errorf("error %v, want a RangeError", err)
		}
		return
	}
	if want.Error() != "" && !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func TestOfferWithoutPoliciesSends(t *testing.T) {
	c, g := start(t)
	must(t, g.OfferInteger(attrSpeed, 1))
	must(t, g.OfferNumber(attrLevel, 1))
	must(t, g.OfferString(attrMode, "a"))
	must(t, g.OfferBoolean(attrOn, true))
	must(t, g.OfferDateTime(attrSince, time.UnixMilli(1)))
	must(t, g.OfferURI(attrPicture, uri(t, "urn:x")))
	must(t, g.Virtual().Offer("target", 5))
	if err := g.Virtual().Offer("nothing", 5); !errors.Is(err, device.ErrUnknownName) {
		t.Errorf("error %v", err)
	}
	if n := len(c.Sent()); n != 7 {
		t.Errorf("%d messages, want 7", n)
	}
}

func TestClosedVirtualDevice(t *testing.T) {
	c, g := start(t)
	fields := new(device.Fields)
	fields.Begin(g.Binding, formatBare)
	g.OnIntegerChange(attrTarget, device.Accept)
	must(t, g.SetInteger(attrSpeed, 1))
	must(t, g.Virtual().Close())
	must(t, g.Virtual().Close())
	for name, err := range map[string]error{
		"set":    g.SetInteger(attrSpeed, 2),
		"update": g.Virtual().Update().Set("speed", 2).Send(),
		"alert":  fields.Raise(nil),
	} {
		if !errors.Is(err, device.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if a := c.Write(t.Context(), g, "target", 9); a.Status != 404 {
		t.Errorf("write after Close: %+v", a)
	}
	if _, err := device.Bind(c, endpoint, &plant); err != nil {
		t.Errorf("binding the endpoint again: %v", err)
	}
}

func TestBindRefuses(t *testing.T) {
	c, _ := start(t)
	if _, err := device.Bind(c, endpoint, &plant); !errors.Is(err, device.ErrDuplicate) {
		t.Errorf("second binding: %v", err)
	}
	if _, err := device.Bind(c, "", &plant); err == nil {
		t.Error("an empty endpoint id is accepted")
	}
	if _, err := device.Bind(c, "0-CD", &plant); err != nil {
		t.Errorf("another endpoint: %v", err)
	}
	bad := func() device.VirtualOption { return device.WithStrictAccess(true) }
	if _, err := device.NewVirtual(devicetest.New(), endpoint, &plant, bad()); err != nil {
		t.Errorf("an option: %v", err)
	}
}
