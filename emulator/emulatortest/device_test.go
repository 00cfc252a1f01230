package emulatortest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// openDevice opens this project's own device.
func openDevice(t testing.TB, cloud *emulatortest.Server, d *emulatortest.Device, opts ...device.Option) *device.Device {
	t.Helper()
	dev, err := device.Open(t.Context(), d.Path, d.Passphrase, append([]device.Option{device.WithDialer(cloud.Dial), device.WithPolicyStore(t.TempDir())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := dev.Close(ctx); err != nil {
			t.Errorf("close the device: %v", err)
		}
	})
	return dev
}

// TestOwnDevice leads this project's device through its life: activation, values, an alert, a cloud write, an action, a resource.
func TestOwnDevice(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, append(opts, emulatortest.Strict())...)
		cloud.AddModel(pumpModel)
		known := cloud.AddDevice("pump-7")
		dev := openDevice(t, cloud, known, device.WithSettleTime(time.Millisecond)) // after it nobody's requests are answered
		ctx := t.Context()
		if err := dev.Activate(ctx, pumpURN); err != nil {
			t.Fatal(err)
		}
		if dev.EndpointID() != known.EndpointID || cloud.Device("pump-7").State != "ACTIVATED" {
			t.Errorf("activated as %s, registered as %s", dev.EndpointID(), known.EndpointID)
		}
		cloud.WaitMessage(ctx, emulatortest.Type(wire.TypeResourcesReport))
		model, err := dev.Model(ctx, pumpURN)
		if err != nil {
			t.Fatal(err)
		}
		pump, err := device.NewVirtual(dev, dev.EndpointID(), model)
		if err != nil {
			t.Fatal(err)
		}
		if err := pump.Set("speed", int64(100)); err != nil {
			t.Fatal(err)
		}
		m := cloud.WaitMessage(ctx, emulatortest.Attribute(pumpURN, "speed"))
		if v, _ := emulatortest.Value(m, "speed"); !v.Same(wire.IntegerValue(100)) || m.Source != known.EndpointID {
			t.Errorf("message %s", m.JSON)
		}
		alert, err := pump.NewAlert("urn:test:pump:hot")
		if err != nil {
			t.Fatal(err)
		}
		if err := alert.Raise(nil); err != nil {
			t.Fatal(err)
		}
		cloud.WaitMessage(ctx, emulatortest.Alert("urn:test:pump:hot"))

		written := make(chan any, 1)
		if err := pump.OnAttributeChange("speed", func(_ context.Context, c device.Change[any]) error { written <- c.New; return nil }); err != nil {
			t.Fatal(err)
		}
		if answer := cloud.WriteAttribute(known.EndpointID, pumpURN, "speed", 1200).Answer(ctx); answer.StatusCode != 202 {
			t.Errorf("answer to the write: %d %s", answer.StatusCode, answer.Body)
		}
		if got := <-written; got != int64(1200) {
			t.Errorf("the device was asked for %v", got)
		}
		cloud.WaitMessage(ctx, emulatortest.Attribute(pumpURN, "speed"))

		called := make(chan struct{}, 1)
		if err := pump.OnAction("stop", func(context.Context, *device.ActionCall) error { called <- struct{}{}; return nil }); err != nil {
			t.Fatal(err)
		}
		if answer := cloud.CallAction(known.EndpointID, pumpURN, "stop", nil).Answer(ctx); answer.StatusCode != 202 {
			t.Errorf("answer to the action: %d %s", answer.StatusCode, answer.Body)
		}
		<-called
		if answer := cloud.Send(known.EndpointID, &wire.Request{Method: "GET", URL: "no/such/resource"}).Answer(ctx); answer.StatusCode != 404 {
			t.Errorf("answer of nobody: %d", answer.StatusCode)
		}
		if n := cloud.Duplicates(); n != 0 {
			t.Errorf("%d duplicates", n)
		}
	})
}

// What was queued while the server was down arrives when it is up again, each message once.
func TestOwnDeviceThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := emulatortest.New(t, emulatortest.InMemory(), emulatortest.Strict())
		cloud.AddModel(pumpModel)
		known := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
		dev := openDevice(t, cloud, known)
		send := func(speed int64) {
			t.Helper()
			m := device.DataMessage(pumpURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(speed)})
			m.Reliability = wire.GuaranteedDelivery
			if err := dev.Queue(m); err != nil {
				t.Fatal(err)
			}
		}
		send(1)
		cloud.WaitMessage(t.Context(), emulatortest.Attribute(pumpURN, "speed"))
		cloud.Down()
		for speed := range int64(20) {
			send(speed + 2)
		}
		time.Sleep(5 * time.Minute)
		cloud.ExpectNone(time.Second, emulatortest.Attribute(pumpURN, "speed"))
		cloud.Up()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for want := range int64(20) {
			m := cloud.WaitMessage(ctx, emulatortest.Attribute(pumpURN, "speed"))
			if v, _ := emulatortest.Value(m, "speed"); !v.Same(wire.IntegerValue(want + 2)) {
				t.Fatalf("came %v, want %d", v, want+2)
			}
		}
		cloud.ExpectNone(time.Minute, emulatortest.Attribute(pumpURN, "speed"))
	})
}

// A device that the server forgot is told so, at its next token.
func TestOwnDeviceThatWasRemoved(t *testing.T) {
	cloud := emulatortest.New(t)
	cloud.AddModel(pumpModel)
	known := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
	dev, err := device.Open(t.Context(), known.Path, known.Passphrase, device.WithDialer(cloud.Dial))
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close(t.Context()) // cannot deliver what is left, and says so
	message := func() *wire.Message {
		return device.DataMessage(pumpURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(1)})
	}
	if err := dev.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Emulator().RemoveDevice(known.EndpointID); err != nil {
		t.Fatal(err)
	}
	if err := dev.Send(t.Context(), message()); !errors.Is(err, device.ErrUnauthorized) {
		t.Errorf("%v, want ErrUnauthorized", err)
	}
}

// BenchmarkOwnDevice is this project's device sending batches of 100 to the emulator over TLS, both in one process.
func BenchmarkOwnDevice(b *testing.B) {
	cloud := emulatortest.New(b)
	cloud.AddModel(pumpModel)
	known := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
	const window = 10_000
	dev := openDevice(b, cloud, known, device.WithMaxMessagesPerPost(100), device.WithQueueSize(2*window))
	b.ReportAllocs()
	for b.Loop() {
		if err := dev.WaitCapacity(b.Context(), window); err != nil {
			b.Fatal(err)
		}
		if err := dev.Queue(device.DataMessage(pumpURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(1)})); err != nil {
			b.Fatal(err)
		}
	}
	if err := dev.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
