package device_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// TestAllocsOfSendingWithPolicies: looking after policies costs a set nothing.
func TestAllocsOfSendingWithPolicies(t *testing.T) {
	if racetest.Enabled {
		t.Skip(racetest.Reason)
	}
	c := newCloud(t)
	c.addPlant()
	d := c.open(c.assets("D-1", true, plantURN), device.WithQueueSize(1_000_000), device.WithLogger(slog.New(slog.DiscardHandler)))
	b, err := device.Bind(d, d.EndpointID(), &plant)
	must(t, err)
	must(t, d.Wait(t.Context(), device.StateOnline))
	c.cut(true)
	at := time.UnixMilli(1_511_805_927_387)
	for range 2000 {
		must(t, sixValues(b, at))
	}
	// The queue's own entry and its buffer are what is left.
	if n := testing.AllocsPerRun(1000, func() { must(t, sixValues(b, at)) }); n > 3 {
		t.Errorf("update of six: %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { must(t, b.SetInteger(attrSpeed, 47)) }); n > 3 {
		t.Errorf("set: %v allocations", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = d.Close(ctx) // thousands of messages are left, on purpose
}

// TestPoliciesAreAskedForOnce: the look-up of a virtual device, to the byte.
func TestPoliciesAreAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []string
		c := newCloud(t, emulator.WithObserver(func(e emulator.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(e.URL, "devicePolicies") {
				asked = append(asked, e.URL)
			}
		}))
		c.addPlant()
		d := c.open(c.assets("D-1", true, plantURN))
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		must(t, b.OfferInteger(attrSpeed, 5))
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		want := "/iot/privateapi/v2/deviceModels/urn%3Acom%3Aexample%3Aiot%3Aplant/devicePolicies?q=%7B%22devices.id%22%3A%22" + d.EndpointID() + "%22%7D&fields=id%2Cpipelines%2Cenabled%2ClastModified"
		if len(asked) != 1 || asked[0] != want {
			t.Errorf("asked %q\nwant  %q", asked, want)
		}
	})
}

func TestOfferGoesOnWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		assets := c.assets("D-1", true, plantURN)
		c.cut(true)
		d := c.open(assets)
		strict := c.open(c.assets("D-2", true, plantURN), device.RequirePolicy())
		b, err := device.Bind(d, d.EndpointID(), &plant)
		must(t, err)
		held, err := device.Bind(strict, strict.EndpointID(), &plant)
		must(t, err)
		must(t, b.OfferInteger(attrSpeed, 5))
		must(t, held.OfferInteger(attrSpeed, 6))
		if _, ok := b.Integer(attrSpeed); ok {
			t.Error("the value did not wait for an answer")
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if v, _ := b.Integer(attrSpeed); v != 5 {
			t.Errorf("the value is %d after the wait", v)
		}
		time.Sleep(24 * time.Hour)
		if _, ok := held.Integer(attrSpeed); ok {
			t.Error("the value went on though a policy is required")
		}
		c.cut(false)
		c.wait(carries("speed", 5))
		c.wait(carries("speed", 6)) // the server says that there is none
	})
}
