package emulator_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// A device that meets a fault delivers every value all the same.
func TestDeviceUnderFaults(t *testing.T) {
	for _, rule := range []string{
		"status=503,retry-after=3s,route=messages,every=3", "status=500,p=0.2,seed=1", "latency=900ms,every=2", "reset,p=0.2,seed=2",
		"truncate,route=messages,p=0.2,seed=3", "lost-answer,route=messages,p=0.2,seed=4", "repeat,route=messages", "redeliver,times=1",
		"skew=3h", "skew=-3h", "expired-token,every=4",
	} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { deliverUnder(t, rule) })
		})
	}
}

func deliverUnder(t *testing.T, rule string) {
	fault, err := emulator.ParseFault(rule)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlant(t, emulatortest.Emulator(emulator.WithFaults(fault)))
	file := p.AddDevice("TANK-1", emulatortest.Activated(tankURN))
	d, v := p.tank(file)
	var answered atomic.Int32
	err = d.Handle("", "echo", []string{"GET"}, func(context.Context, *wire.Message) *wire.Response {
		answered.Add(1)
		return &wire.Response{StatusCode: 200}
	})
	if err != nil {
		t.Fatal(err)
	}
	const values = 30
	for n := range values {
		offer(t, v, "level", n)
		if n == values/2 {
			if _, err := p.Emulator().Send(file.EndpointID, &wire.Request{Method: "GET", URL: "echo"}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Second)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Error(err)
	}
	came := make(map[string]int)
	for _, m := range p.Messages() {
		if n, ok := emulatortest.Value(m, "level"); ok {
			came[fmt.Sprint(n)]++
		}
	}
	reports := p.Emulator().Faults()
	if len(came) != values || reports[0].Fired == 0 {
		t.Errorf("%d of %d values came, fault %+v", len(came), values, reports[0])
	}
	for n, times := range came {
		if times != 1 {
			t.Errorf("value %s came %d times", n, times)
		}
	}
	least, most := int32(1), int32(1)
	switch fault.Kind {
	case emulator.FaultRedeliver:
		most = 2
	case emulator.FaultTruncate, emulator.FaultLostAnswer:
		least = 0 // a request in an answer that was cut is gone: the server had given it out
	}
	if got := answered.Load(); got < least || got > most {
		t.Errorf("the request came %d times", got)
	}
	t.Logf("the request came %d times, %d of %d calls met the fault", answered.Load(), reports[0].Fired, reports[0].Calls)
}
