package device_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/device"
)

func hotAlert(g generated) *device.Fields {
	f := new(device.Fields)
	f.Begin(g.Binding, formatHot)
	return f
}

func TestRaise(t *testing.T) {
	c, g := start(t)
	f := hotAlert(g)
	f.Number(1, 81.5)
	f.String(0, "pump 3")
	must(t, f.Raise(nil))
	must(t, f.Raise([]device.MessageOption{device.At(time.UnixMilli(7))}))
	sent := c.Sent()
	if len(sent) != 2 {
		t.Fatalf("%d messages", len(sent))
	}
	m := sent[0]
	if !m.Alert || m.Format != plantURN+":hot" || m.Description != "Too hot" || m.Severity != device.SeveritySignificant {
		t.Errorf("%+v", m)
	}
	if m.Priority != device.PriorityHighest || m.Reliability != device.GuaranteedDelivery {
		t.Errorf("%v, %v", m.Priority, m.Reliability)
	}
	if diff := cmp.Diff(map[string]any{"note": "pump 3", "temperature": 81.5}, values(m)); diff != "" {
		t.Error(diff)
	}
	if sent[1].ClientID == m.ClientID || !sent[1].EventTime.Equal(time.UnixMilli(7)) || len(sent[1].Values) != 2 {
		t.Errorf("the second time: %+v", sent[1])
	}
}

func TestRaiseRefuses(t *testing.T) {
	c, g := start(t)
	missing := hotAlert(g)
	missing.String(0, "x")
	bad := hotAlert(g)
	bad.Set("temperature", "hot").Set("nothing", 1)
	severity := hotAlert(g).Set("temperature", 1).Severity(9)
	data := new(device.Fields)
	data.Begin(g.Binding, formatReport)
	for name, tc := range map[string]struct {
		err  error
		want error
		text string
	}{
		"required field left out": {missing.Raise(nil), device.ErrFieldMissing, "temperature"},
		"wrong type":              {bad.Raise(nil), device.ErrWrongType, "temperature"},
		"unknown field":           {bad.Raise(nil), device.ErrUnknownName, "nothing"},
		"severity":                {severity.Raise(nil), nil, "severity 9"},
		"a DATA format":           {data.Raise(nil), nil, "Submit"},
		"an ALERT format":         {missing.Submit(nil), nil, "Raise"},
		"no field of DATA":        {data.Submit(nil), nil, "at least one"},
		"bad option":              {hotAlert(g).Set("temperature", 1).Raise([]device.MessageOption{device.At(time.Time{})}), device.ErrZeroTime, "event time"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.text) || tc.want != nil && !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: error %v", name, tc.err)
		}
	}
	if len(c.Sent()) != 0 {
		t.Error("something was sent")
	}
}

func TestBareAlertAndSeverity(t *testing.T) {
	c, g := start(t)
	f, err := g.Virtual().NewAlert(plantURN + ":bare")
	must(t, err)
	must(t, f.Severity(device.SeverityCritical).Raise(nil))
	m := c.Sent()[0]
	if m.Severity != device.SeverityCritical || len(m.Values) != 0 || !strings.Contains(m.JSON, `"data":{}`) {
		t.Errorf("%+v", m)
	}
}

func TestSubmit(t *testing.T) {
	c, g := start(t)
	f := new(device.Fields)
	f.Begin(g.Binding, formatReport)
	f.Integer(0, 5)
	f.DateTime(1, time.UnixMilli(6))
	f.URI(2, uri(t, "urn:y"))
	f.Boolean(3, true)
	must(t, f.Submit([]device.MessageOption{device.WithPriority(device.PriorityMedium)}))
	m := c.Sent()[0]
	if m.Alert || m.Format != "urn:elsewhere:report" || m.Priority != device.PriorityMedium || m.Reliability != device.BestEffort {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(m.JSON, `"data":{"count":5,"when":6,"where":"urn:y","whole":true}`) {
		t.Errorf("JSON %s", m.JSON)
	}
}

func TestNewFieldsByURN(t *testing.T) {
	_, g := start(t)
	if _, err := g.Virtual().NewAlert("urn:nothing"); !errors.Is(err, device.ErrUnknownName) {
		t.Errorf("unknown alert: %v", err)
	}
	if _, err := g.Virtual().NewAlert("urn:elsewhere:report"); err == nil {
		t.Error("a DATA format as alert")
	}
	if _, err := g.Virtual().NewData(plantURN + ":hot"); err == nil {
		t.Error("an ALERT format as data")
	}
	if _, err := g.Virtual().NewData("urn:elsewhere:report"); err != nil {
		t.Error(err)
	}
}

func TestDeliveryErrors(t *testing.T) {
	lost := errors.New("gave up")
	c, g := start(t)
	var heard []string
	g.OnAttributeError(attrSpeed, func(e device.DeliveryError) {
		heard = append(heard, "speed")
		if len(e.Values) != 1 || e.Values[0].Name != "speed" || e.Values[0].Value != int64(5) {
			t.Errorf("values %+v", e.Values)
		}
	})
	g.OnAttributeError(attrOn, func(device.DeliveryError) { heard = append(heard, "on") })
	g.Virtual().OnError(func(e device.DeliveryError) {
		heard = append(heard, "device")
		if !errors.Is(&e, lost) || e.EndpointID != endpoint || e.ClientID == "" || !e.EventTime.Equal(time.UnixMilli(1_511_805_927_387)) {
			t.Errorf("%+v", e)
		}
	})
	must(t, g.Virtual().Update().Set("speed", 5).Set("mode", "a").Send())
	if n := c.Fail(lost); n != 1 {
		t.Errorf("%d messages failed", n)
	}
	own := hotAlert(g).Set("temperature", 1).OnError(func(e device.DeliveryError) {
		heard = append(heard, "alert")
		if e.Format != plantURN+":hot" || e.Values[0].Name != "temperature" {
			t.Errorf("%+v", e)
		}
	})
	must(t, own.Raise(nil))
	c.Fail(lost)
	must(t, hotAlert(g).Set("temperature", 1).Raise(nil))
	c.Fail(lost)
	must(t, own.Raise(nil))
	if n := c.Deliver(); n != 1 {
		t.Errorf("%d messages delivered", n)
	}
	if diff := cmp.Diff([]string{"speed", "device", "alert", "device"}, heard); diff != "" {
		t.Error(diff)
	}
}

func TestDeliveryErrorsReachTheRightModel(t *testing.T) {
	c, g := start(t)
	other := device.Model{URN: plantURN + "2", Attributes: []device.Attribute{{Name: "speed", Type: device.TypeInteger}}}
	b, err := device.Bind(c, endpoint, &other)
	must(t, err)
	var heard []string
	g.Virtual().OnError(func(device.DeliveryError) { heard = append(heard, "plant") })
	b.Virtual().OnError(func(device.DeliveryError) { heard = append(heard, "other") })
	must(t, b.SetInteger(0, 1))
	c.Fail(errors.New("x"))
	must(t, g.SetInteger(attrSpeed, 1))
	c.Fail(errors.New("x"))
	if diff := cmp.Diff([]string{"other", "plant"}, heard); diff != "" {
		t.Error(diff)
	}
}
