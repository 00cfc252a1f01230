package devicetest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

var valve = device.Model{
	URN: "urn:com:example:iot:valve",
	Attributes: []device.Attribute{
		{Name: "closedAt", Type: device.TypeDateTime, Writable: true},
		{Name: "open", Type: device.TypeBoolean, Writable: true},
		{Name: "plan", Type: device.TypeURI, Writable: true},
	},
	Actions: []device.Action{{Name: "flush", Arguments: []device.Argument{{Name: "value", Type: device.TypeInteger}}}},
}

func newValve(t *testing.T, c *devicetest.Client, endpoint string) *device.Virtual {
	t.Helper()
	v, err := device.NewVirtual(c, endpoint, &valve)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestClockStandsStill(t *testing.T) {
	c := devicetest.New()
	before := time.Now()
	if now := c.Now(); now.Before(before) {
		t.Errorf("the clock shows %v, before %v", now, before)
	}
	c.SetNow(time.UnixMilli(5))
	if now := c.Now(); !now.Equal(time.UnixMilli(5)) {
		t.Errorf("the stopped clock shows %v", now)
	}
	c.SetNow(time.Time{})
	if now := c.Now(); now.Before(before) {
		t.Errorf("the clock shows %v after it was released", now)
	}
}

func TestSentAndReset(t *testing.T) {
	c := devicetest.New()
	v := newValve(t, c, "0-A")
	if err := v.Set("open", true); err != nil {
		t.Fatal(err)
	}
	sent := c.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d messages", len(sent))
	}
	if value, ok := sent[0].Get("open"); value != true || !ok {
		t.Errorf("open = %v, %v", value, ok)
	}
	if _, ok := sent[0].Get("plan"); ok {
		t.Error("the message has a value that was not sent")
	}
	c.Reset()
	if len(c.Sent()) != 0 {
		t.Error("Reset kept messages")
	}
	if n := c.Deliver(); n != 1 {
		t.Errorf("%d messages waited after Reset, want 1", n)
	}
	if n := c.Deliver(); n != 0 {
		t.Errorf("%d messages were delivered twice", n)
	}
}

func TestRefusedMessagesAreNotRecorded(t *testing.T) {
	c := devicetest.New()
	v := newValve(t, c, "0-A")
	reason := errors.New("no room")
	c.Refuse(reason)
	if err := v.Set("open", true); !errors.Is(err, reason) {
		t.Errorf("error %v", err)
	}
	if len(c.Sent()) != 0 || c.Deliver() != 0 {
		t.Error("a refused message was recorded")
	}
}

func TestUnreadableMessageIsAnError(t *testing.T) {
	c := devicetest.New()
	if _, err := c.Enqueue(&wire.Encoded{JSON: []byte("{")}, nil); err == nil {
		t.Error("half a message was recorded")
	}
}

func TestWritesCarryEveryType(t *testing.T) {
	c := devicetest.New()
	v := newValve(t, c, "0-A")
	accept := func(device.ChangeSet) error { return nil }
	v.OnChange(func(_ ctx, set device.ChangeSet) error { return accept(set) })
	plan, err := device.ExternalURI("https://example.com/plan")
	if err != nil {
		t.Fatal(err)
	}
	closed := time.UnixMilli(1_511_805_927_387).UTC()
	a := c.WriteSeveral(t.Context(), holder{v},
		devicetest.Named("closedAt", closed), devicetest.Named("open", true), devicetest.Named("plan", plan))
	if a.Status != 202 {
		t.Fatalf("answer %+v", a)
	}
	for name, want := range map[string]any{"closedAt": closed, "open": true, "plan": plan} {
		if got, _ := v.Get(name); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
		if got, _ := c.Sent()[0].Get(name); got != want {
			t.Errorf("confirmed %s = %v, want %v", name, got, want)
		}
	}
}

func TestRequestsToADetachedDevice(t *testing.T) {
	c := devicetest.New()
	v := newValve(t, c, "0-A")
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if a := c.Call(t.Context(), holder{v}, "flush", devicetest.Named("value", 1)); a.Status != 404 {
		t.Errorf("answer %+v", a)
	}
	second := newValve(t, c, "0-A")
	c.Detach(v) // the first must not take the second's place away
	second.OnChange(func(ctx, device.ChangeSet) error { return nil })
	if a := c.Write(t.Context(), holder{second}, "open", true); a.Status != 202 {
		t.Errorf("answer %+v", a)
	}
}

func TestFailReachesTheSender(t *testing.T) {
	c := devicetest.New()
	first, second := newValve(t, c, "0-A"), newValve(t, c, "0-B")
	var heard []string
	first.OnError(func(e device.DeliveryError) { heard = append(heard, "first "+e.EndpointID) })
	second.OnError(func(e device.DeliveryError) { heard = append(heard, "second "+e.EndpointID) })
	if err := second.Set("open", true); err != nil {
		t.Fatal(err)
	}
	if n := c.Fail(errors.New("given up")); n != 1 {
		t.Errorf("%d messages failed", n)
	}
	if len(heard) != 1 || heard[0] != "second 0-B" {
		t.Errorf("heard %v", heard)
	}
}

func TestValueThatJSONCannotCarryPanics(t *testing.T) {
	c := devicetest.New()
	v := newValve(t, c, "0-A")
	defer func() {
		if recover() == nil {
			t.Error("a channel was sent as JSON")
		}
	}()
	c.Write(t.Context(), holder{v}, "open", make(chan int))
}
