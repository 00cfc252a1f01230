package use

import (
	"errors"
	"testing"

	"golden/types/bench"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

// values gives what the only message sent carries.
func values(t *testing.T, c *devicetest.Client) map[string]any {
	t.Helper()
	messages := c.Sent()
	if len(messages) != 1 {
		t.Fatalf("%d messages were sent", len(messages))
	}
	all := make(map[string]any)
	for _, v := range messages[0].Values {
		all[v.Name] = v.Value
	}
	return all
}

func equal(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d values, want %d", len(got), len(want))
	}
}

func TestAlert(t *testing.T) {
	c, b := newBench(t)
	alert := b.NewAllAlert(bench.AllFields{Boolean: true, Datetime: noon, Integer: 1, Number: 2.5, String: "x", Uri: page}).
		OptionalBoolean(false).OptionalDatetime(noon).OptionalInteger(3).OptionalNumber(4).OptionalString("y").OptionalUri(page).
		Severity(device.SeverityCritical)
	if len(c.Sent()) != 0 {
		t.Error("something was sent before Raise")
	}
	if err := alert.Raise(device.At(noon)); err != nil {
		t.Fatal(err)
	}
	equal(t, values(t, c), map[string]any{
		"boolean": true, "datetime": noon, "integer": int64(1), "number": 2.5, "string": "x", "uri": page,
		"optional-boolean": false, "optional-datetime": noon, "optional-integer": int64(3), "optional-number": 4.0, "optional-string": "y", "optional-uri": page,
	})
	m := c.Sent()[0]
	if !m.Alert || m.Format != bench.URN+":all" || m.Severity != device.SeverityCritical || !m.EventTime.Equal(noon) {
		t.Errorf("%+v", m)
	}
	if err := alert.Raise(); err != nil || len(c.Sent()) != 2 || c.Sent()[1].ClientID == m.ClientID {
		t.Errorf("raised again: %v", err)
	}
}

func TestAlertNamesForgottenFields(t *testing.T) {
	c, b := newBench(t)
	err := b.NewAllAlert(bench.AllFields{String: "x"}).Raise()
	if !errors.Is(err, device.ErrZeroTime) || !errors.Is(err, device.ErrEmptyURI) || len(c.Sent()) > 0 {
		t.Errorf("%v, %d messages", err, len(c.Sent()))
	}
}

func TestBareAlert(t *testing.T) {
	c, b := newBench(t)
	if err := b.NewBareAlert().Raise(); err != nil {
		t.Fatal(err)
	}
	if m := c.Sent()[0]; !m.Alert || m.Severity != device.SeveritySignificant || len(m.Values) > 0 {
		t.Errorf("%+v", m)
	}
}

func TestData(t *testing.T) {
	c, b := newBench(t)
	if err := b.NewPairData(noon, "x").Submit(); err != nil {
		t.Fatal(err)
	}
	equal(t, values(t, c), map[string]any{"from": noon, "note": "x"})
	c.Reset()
	if err := b.NewTwinsData(bench.TwinsDataFields{From: noon, To: noon.AddDate(0, 0, 1)}).Submit(); err != nil {
		t.Fatal(err)
	}
	equal(t, values(t, c), map[string]any{"from": noon, "to": noon.AddDate(0, 0, 1)})
	if m := c.Sent()[0]; m.Alert || m.Format != bench.URN+":twins" {
		t.Errorf("%+v", m)
	}
}

func TestErrorsOfFormats(t *testing.T) {
	c, b := newBench(t)
	lost := errors.New("lost")
	var alert, data error
	if err := b.NewBareAlert().OnError(func(e device.DeliveryError) { alert = e.Err }).Raise(); err != nil {
		t.Fatal(err)
	}
	if err := b.NewPairData(noon, "x").OnError(func(e device.DeliveryError) { data = e.Err }).Submit(); err != nil {
		t.Fatal(err)
	}
	if n := c.Fail(lost); n != 2 || !errors.Is(alert, lost) || !errors.Is(data, lost) {
		t.Errorf("%d messages, alert %v, data %v", n, alert, data)
	}
}

// An update that does not escape costs nothing.
func TestUpdateAllocatesNothing(t *testing.T) {
	_, b := newBench(t)
	if n := testing.AllocsPerRun(100, func() {
		b.Update().Integer(1).Number(2).Boolean(true)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
