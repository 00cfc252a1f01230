package device_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

func TestUpdateSendsOneMessage(t *testing.T) {
	c, g := start(t)
	must(t, g.SetInteger(attrSpeed, 1))
	c.Reset()
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	u := g.Virtual().Update(device.At(at), device.WithPriority(device.PriorityHigh), device.WithReliability(device.GuaranteedDelivery))
	u.Integer(attrSpeed, 2)
	u.Number(attrLevel, 1)
	u.String(attrMode, "a")
	u.Boolean(attrOn, true)
	u.DateTime(attrSince, at)
	u.URI(attrPicture, uri(t, "urn:x"))
	u.Integer(attrSpeed, 3)
	if v, _ := g.Integer(attrSpeed); v != 1 {
		t.Errorf("speed before Send is %d, want the old value", v)
	}
	must(t, u.Send())
	sent := c.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d messages", len(sent))
	}
	want := map[string]any{"speed": int64(3), "level": 1.0, "mode": "a", "on": true, "since": at, "picture": uri(t, "urn:x")}
	if diff := cmp.Diff(want, values(sent[0]), cmp.AllowUnexported(device.URI{})); diff != "" {
		t.Error(diff)
	}
	if m := sent[0]; !m.EventTime.Equal(at) || m.Priority != device.PriorityHigh || m.Reliability != device.GuaranteedDelivery {
		t.Errorf("options got lost: %+v", m)
	}
	if v, _ := g.Integer(attrSpeed); v != 3 {
		t.Errorf("speed after Send is %d", v)
	}
}

func TestUpdateThatRefuses(t *testing.T) {
	c, g := start(t)
	u := g.Virtual().Update(device.At(time.Time{}))
	u.Integer(attrSpeed, 2)
	u.Number(attrLevel, math.NaN())
	u.DateTime(attrSince, time.Time{})
	u.Set("nothing", 1).Set("on", "yes")
	err := u.Send()
	for _, want := range []error{device.ErrNotFinite, device.ErrZeroTime, device.ErrUnknownName, device.ErrWrongType} {
		if !errors.Is(err, want) {
			t.Errorf("error %v does not tell %v", err, want)
		}
	}
	if len(c.Sent()) != 0 {
		t.Error("something was sent")
	}
	if _, ok := g.Integer(attrSpeed); ok {
		t.Error("a value was stored")
	}
	if err := u.Send(); !errors.Is(err, device.ErrSent) {
		t.Errorf("second Send: %v", err)
	}
}

func TestUpdateIsUsedUp(t *testing.T) {
	c, g := start(t)
	u := g.Virtual().Update().Set("rpm", 5)
	must(t, u.Offer())
	if err := u.Send(); !errors.Is(err, device.ErrSent) {
		t.Errorf("Send after Offer: %v", err)
	}
	if err := u.Offer(); !errors.Is(err, device.ErrSent) {
		t.Errorf("Offer after Offer: %v", err)
	}
	if len(c.Sent()) != 1 {
		t.Errorf("%d messages", len(c.Sent()))
	}
}

func TestEmptyUpdateSendsNothing(t *testing.T) {
	c, g := start(t)
	must(t, g.Virtual().Update().Send())
	must(t, g.Virtual().Update().Offer())
	if len(c.Sent()) != 0 {
		t.Error("an empty update was sent")
	}
}

func TestBadMessageOptions(t *testing.T) {
	_, g := start(t)
	for name, o := range map[string]device.MessageOption{
		"priority":    device.WithPriority(9),
		"reliability": device.WithReliability(9),
		"zero time":   device.At(time.Time{}),
	} {
		if err := g.Virtual().Update(o).Set("speed", 1).Send(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestUpdateOfManyValues covers the values beyond those that cost no allocation.
func TestUpdateOfManyValues(t *testing.T) {
	m := device.Model{URN: "urn:wide"}
	for i := range 200 {
		m.Attributes = append(m.Attributes, device.Attribute{Name: "a" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)), Type: device.TypeInteger})
	}
	c := devicetest.New()
	b, err := device.Bind(c, endpoint, &m)
	must(t, err)
	u := b.Virtual().Update()
	for round := range 2 {
		for i := range m.Attributes {
			u.Integer(i, int64(i+1000*round))
		}
	}
	must(t, u.Send())
	sent := c.Sent()
	if len(sent) != 1 || len(sent[0].Values) != 200 {
		t.Fatalf("%d messages", len(sent))
	}
	for i, v := range sent[0].Values {
		if v.Name != m.Attributes[i].Name || v.Value != int64(i+1000) {
			t.Fatalf("value %d is %+v", i, v)
		}
	}
}
